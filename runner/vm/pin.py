# SPDX-License-Identifier: GPL-2.0-only
"""vCPU threads each on a CPU of their own, where the host has enough of them."""
from __future__ import annotations

import os
import re
from pathlib import Path

#: QEMU's names for its vCPU threads, with -name debug-threads=on.
_NAME = re.compile(r"CPU (\d+)/(KVM|TCG)")


def threads(pid: int, proc: Path = Path("/proc")) -> dict[int, int]:
    """Thread ids of a QEMU's vCPUs, by vCPU; those that run already."""
    by_name = {}
    try:
        for task in (proc / str(pid) / "task").iterdir():
            if name := _NAME.fullmatch((task / "comm").read_text(encoding="ascii").strip()):
                by_name[int(name[1])] = int(task.name)
    except OSError:
        pass                        # it has just ended
    return by_name


class Pinning:
    """Pins each vCPU thread as it appears; says what came of it."""

    def __init__(self, pid: int, vcpus: int) -> None:
        self._pid, self._vcpus = pid, vcpus
        self._cpus = sorted(os.sched_getaffinity(0))
        self.pinned: dict[int, int] = {}
        self.problem = "" if vcpus <= len(self._cpus) else \
            f"{vcpus} vCPUs do not fit on {len(self._cpus)} CPUs"

    def look(self) -> None:
        """Pin what has appeared since; cheap once all are."""
        if self.problem or len(self.pinned) == self._vcpus:
            return
        for vcpu, thread in threads(self._pid).items():
            if vcpu not in self.pinned and vcpu < self._vcpus:
                try:
                    os.sched_setaffinity(thread, {self._cpus[vcpu]})
                    self.pinned[vcpu] = self._cpus[vcpu]
                except OSError as error:
                    self.problem = f"vCPU {vcpu} cannot be pinned: {error.strerror}"
                    return

    def describe(self) -> str:
        """'0:0 1:1' (vCPU:CPU), or why not."""
        return self.problem or " ".join(f"{vcpu}:{cpu}" for vcpu, cpu
                                        in sorted(self.pinned.items()))
