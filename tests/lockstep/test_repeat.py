# SPDX-License-Identifier: GPL-2.0-only
"""The same sample is the same to the byte, whatever else the host does and however many cores."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lockstep.guests import DONE, Simulated, assemble, run

MACHINE = Simulated(4, (0, 0, 1, 1), quantum=100, seed=5, named="leaf,span lock")


@contextmanager
def busy(cores: list[int]) -> Iterator[None]:
    """A loop on each of the cores."""
    loops = [subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c",
                               "while True: pass"]) for core in cores]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_repeats(tmp_path: Path) -> None:
    if not shutil.which("taskset"):
        pytest.skip("taskset is not here; install package util-linux")
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        pytest.skip("this machine gives us one core only")
    guest = assemble(tmp_path, "queue", CPUS=MACHINE.cpus, COUNT=100, HOLD=100)
    both, one = (("taskset", "-c", ",".join(map(str, some))) for some in (cores, cores[:1]))
    ends = [run(tmp_path, guest, MACHINE, prefix) for prefix in (both, one)]
    with busy(cores[:1]):
        ends.append(run(tmp_path, guest, MACHINE, one))
    with busy(cores):
        ends.append(run(tmp_path, guest, MACHINE, both))
    assert all(end.status == DONE and not end.stderr for end in ends)
    assert ends[0].json["begun"] == ends[0].json["ended"] == 1
    assert [end.text for end in ends] == [ends[0].text] * 4


def test_another_seed_is_another_sample(tmp_path: Path) -> None:
    guest = assemble(tmp_path, "queue", CPUS=4, COUNT=100, HOLD=100)
    texts = {run(tmp_path, guest, Simulated(4, quantum=100, seed=seed)).text
             for seed in (0, 1, 2)}
    assert len(texts) == 3
