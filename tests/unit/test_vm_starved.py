# SPDX-License-Identifier: GPL-2.0-only
"""The clock that a guest's limits go by stands while its QEMU waits for a CPU."""
from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.vm import starved


class Host:
    """A steady clock, and threads that wait."""

    def __init__(self) -> None:
        self.time = 100.0
        self.waits: dict[str, float] = {}

    def __call__(self) -> float:
        return self.time

    def read(self, pid: int) -> dict[str, float]:
        return dict(self.waits)


def test_who_is_not_let_run_has_all_its_time() -> None:
    host = Host()
    clock = starved.Clock(host)
    host.waits = {"1": 5.0, "2": 1.0}           # from before
    host.time += 1
    clock.look(0, host.read)
    assert clock.now() == 101.0
    host.time += 10
    host.waits = {"1": 5.5, "2": 10.0}
    clock.look(0, host.read)
    assert clock.waited == 9.0 and clock.now() == 102.0
    host.time += 10                             # asleep, or at work: nothing waits
    clock.look(0, host.read)
    assert clock.now() == 112.0


def test_a_wait_is_added_up_when_it_ends() -> None:
    host = Host()
    clock = starved.Clock(host)
    for _ in range(10):
        host.time += 3
        host.waits = {"1": 0.0}
        clock.look(0, host.read)
    assert clock.now() == 130.0
    host.time += 1
    host.waits = {"1": 28.0}
    clock.look(0, host.read)
    assert clock.now() == 130.0                 # stands until it is right again
    host.time += 30
    clock.look(0, host.read)
    assert clock.now() == 133.0


def test_threads_that_come_and_go() -> None:
    host = Host()
    clock = starved.Clock(host)
    for waits in ({"1": 0.0}, {"1": 1.0, "9": 70.0}, {"9": 70.5}, {}, {"3": 4.0}):
        host.time += 2
        host.waits = waits
        clock.look(0, host.read)
    assert clock.waited == 1.5


@given(st.lists(st.tuples(st.floats(0, 100), st.dictionaries(
    st.sampled_from("123"), st.floats(0, 1e6), max_size=3)), max_size=20))
def test_it_never_goes_back_and_never_runs_ahead(steps: list[tuple[float, dict[str, float]]]
                                                 ) -> None:
    host = Host()
    clock = starved.Clock(host)
    last = clock.now()
    for more, waits in steps:
        host.time += more
        host.waits = waits
        clock.look(0, host.read)
        assert last - 1e-9 <= clock.now() <= host.time
        last = clock.now()


def test_what_this_host_tells() -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this kernel has no /proc/PID/schedstat (CONFIG_SCHED_INFO)")
    cpu = min(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        for one in busy:
            os.sched_setaffinity(one.pid, {cpu})
        # Three on one CPU: each waits, and how long is in the file.
        until = time.monotonic() + 60
        while max(max(starved.waits(one.pid).values(), default=0.0) for one in busy) < 0.05:
            assert time.monotonic() < until, "three busy processes on one CPU, and none waits"
    finally:
        for one in busy:
            one.kill()
            one.wait()


def test_what_is_gone_waits_for_nothing(tmp_path: Path) -> None:
    assert starved.waits(1, tmp_path) == {}
    task = tmp_path / "7/task/8"
    task.mkdir(parents=True)
    for text, seconds in (("1 2500000000 3\n", {"8": 2.5}), ("", {}), ("1 x 3\n", {}),
                          ("1 -5 3\n", {}), ("1\n", {})):
        (task / "schedstat").write_text(text)
        assert starved.waits(7, tmp_path) == seconds
