# SPDX-License-Identifier: GPL-2.0-only
"""vCPU threads are found by QEMU's names for them, and pinned where they fit."""
from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.vm import pin


def task(proc: Path, pid: int, tid: int, name: str) -> None:
    folder = proc / str(pid) / "task" / str(tid)
    folder.mkdir(parents=True)
    (folder / "comm").write_text(name + "\n")


@pytest.mark.parametrize("kind", ["KVM", "TCG"])
def test_threads_by_name(tmp_path: Path, kind: str) -> None:
    for tid, name in ((10, "qemu-system-x86"), (11, f"CPU 0/{kind}"), (13, f"CPU 1/{kind}"),
                      (14, "CPU 2/HVF"), (15, "worker")):
        task(tmp_path, 10, tid, name)
    assert pin.threads(10, tmp_path) == {0: 11, 1: 13}
    assert pin.threads(99, tmp_path) == {}


def test_too_many_vcpus_stay_where_they_are() -> None:
    made = pin.Pinning(os.getpid(), 1 + len(os.sched_getaffinity(0)))
    made.look()
    assert "do not fit on" in made.describe() and made.pinned == {}


@pytest.fixture
def vcpu() -> Iterator[int]:
    """A thread of ours that bears a vCPU's name."""
    named, done = threading.Event(), threading.Event()
    ids: list[int] = []

    def body() -> None:
        ctypes.CDLL(None).prctl(15, b"CPU 0/TCG", 0, 0, 0)  # PR_SET_NAME
        ids.append(threading.get_native_id())
        named.set()
        done.wait()
    thread = threading.Thread(target=body)
    thread.start()
    named.wait()
    yield ids[0]
    done.set()
    thread.join()


def test_a_thread_is_pinned(vcpu: int) -> None:
    first = min(os.sched_getaffinity(0))
    made = pin.Pinning(os.getpid(), 1)
    made.look()
    assert os.sched_getaffinity(vcpu) == {first}
    assert made.describe() == f"0:{first}"
