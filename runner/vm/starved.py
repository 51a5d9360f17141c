# SPDX-License-Identifier: GPL-2.0-only
"""A clock that stands while QEMU waits for a CPU of the host.

A limit is on what a guest does, and one that is not let run does nothing: on a host of two CPUs
under a load of 29, a good kernel that boots in two seconds of CPU time was still at its first
lines after 100 s (three of three boots, measured), and a bisect laid that to its commit.  What each
thread waited is in /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst); without
it the clock is the host's.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

#: Seconds between two readings.
_EVERY = 0.25


def waits(pid: int, proc: Path = Path("/proc")) -> dict[str, float]:
    """Seconds that each thread of a process was ready to run and did not."""
    waited = {}
    try:
        for task in (proc / str(pid) / "task").iterdir():
            fields = (task / "schedstat").read_bytes().split()
            if len(fields) == 3 and fields[1].isdigit():
                waited[task.name] = int(fields[1]) / 1e9
    except OSError:
        pass    # it has ended, or a thread of it just now
    return waited


class Clock:
    """Seconds as they count for a guest; never goes back."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._begin = self._read = self._last = steady()
        self._before: dict[str, float] = {}
        self.waited = 0.0

    def look(self, pid: int, read: Callable[[int], dict[str, float]] = waits) -> None:
        """What has been waited since, by the thread that waited longest.

        The kernel adds a wait up when it ends, so that it may be longer than the time since the
        last look; all together are no longer than has passed.
        """
        now = self._steady()
        if now - self._read < _EVERY:
            return
        waited = read(pid)
        most = max((seconds - self._before.get(thread, seconds)
                    for thread, seconds in waited.items()), default=0.0)
        self.waited = min(self.waited + max(0.0, most), now - self._begin)
        self._before, self._read = waited, now

    def now(self) -> float:
        self._last = max(self._last, self._steady() - self.waited)
        return self._last
