# SPDX-License-Identifier: GPL-2.0-only
"""The built swaptorture on this host: what needs neither swap nor a spoilt machine."""
from __future__ import annotations

import json
import mmap
import os
import signal
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runner.metrics import torturefile

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "swaptorture"
PAGE = 4096
SIZE = 64 << 20
TOLD = ("swaptorture", "seed", "threads", "rounds", "lru", "thp", "groups", "page_size",
        "mem_total_bytes", "size_bytes", "scenarios", "verification", "missed", "unsound", "left",
        "outcome")

Result = subprocess.CompletedProcess[str]


def run(*arguments: str) -> Result:
    return subprocess.run([str(PROGRAM), *arguments], text=True, capture_output=True, timeout=120,
                          check=False)


def document(result: Result) -> dict[str, Any]:
    assert (result.stderr, result.returncode) == ("", 0)
    loaded = json.loads(result.stdout)
    assert isinstance(loaded, dict)
    return loaded


def refused(result: Result, status: int) -> str:
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.startswith("swaptorture: ") and result.stderr.count("\n") == 1
    return result.stderr.removeprefix("swaptorture: ").rstrip("\n")


def test_document() -> None:
    found = document(run("--scenarios", "writers,shared,advice", "--size", str(4 << 20),
                         "--threads", "3", "--seed", "7"))
    assert tuple(found) == TOLD
    assert (found["swaptorture"], found["seed"], found["threads"]) == (1, 7, 3)
    writers, shared, advice = found["scenarios"]
    assert [one["name"] for one in found["scenarios"]] == ["writers", "shared", "advice"]
    for one in found["scenarios"]:
        assert set(torturefile.COUNTS) | {"name", "seconds", "cut"} == set(one)
        assert one["verified"] >= (4 << 20) // PAGE // 3 * 3
        assert (one["bad"], one["cut"], one["swapoffs"], one["refusals"]) == (0, False, 0, 0)
    assert writers["pageouts"] == 0 < advice["pageouts"]
    assert shared["forks"] > 0
    assert found["verification"]["pages"] == sum(one["verified"] for one in found["scenarios"])
    assert found["unsound"] == [] and found["left"] is None


def test_a_point_that_is_not_reached_is_said_by_name() -> None:
    found = document(run("--scenarios", "writers", "--size", str(1 << 20)))
    if found["scenarios"][0]["pswpout"]:
        pytest.skip("this machine swaps out by itself right now: run it when there is free memory")
    assert found["missed"] == ["writers: no page was swapped out and in again"]
    assert found["outcome"] == "missed"


def test_time_that_is_up_is_said() -> None:
    found = document(run("--scenarios", "advice", "--size", str(SIZE), "--rounds", "1000",
                         "--limit", "1"))
    assert found["scenarios"][0]["cut"] is True
    assert found["verification"]["bad"] == 0


def region_start(pid: int) -> int:
    """Where the one mapping of SIZE bytes begins."""
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="ascii").splitlines():
        begin, end = (int(address, 16) for address in line.split()[0].split("-"))
        if end - begin == SIZE:
            return begin
    raise AssertionError(f"no mapping of {SIZE} bytes")


def damaged_run(fd: int, page: int, offset: int) -> tuple[int, str, bool]:
    """Flip a bit of a page already written, while the program is stopped.

    Gives exit status, document, and whether we came before the first check.
    """
    with (subprocess.Popen([str(PROGRAM), "--scenarios", "writers", "--size", str(SIZE),
                            "--threads", "1", "--progress-fd", str(fd)], pass_fds=(fd,),
                           text=True, stdout=subprocess.PIPE) as child,
          mmap.mmap(fd, PAGE) as shared):
        while struct.unpack_from("=Q", shared)[0] <= page and child.poll() is None:
            os.sched_yield()
        if child.poll() is None:
            child.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        in_time = struct.unpack_from("=Q", shared)[0] < SIZE // PAGE
        if in_time:
            with open(f"/proc/{child.pid}/mem", "r+b", buffering=0) as memory:
                where = region_start(child.pid) + page * PAGE + offset
                memory.seek(where)
                byte = memory.read(1)[0]
                memory.seek(where)
                memory.write(bytes([byte ^ 0x10]))
        child.send_signal(signal.SIGCONT)
        text, _ = child.communicate(timeout=120)
    return child.returncode, text, in_time


def test_a_flipped_bit_is_found_and_named() -> None:
    in_time = False
    while not in_time:     # a busy machine may let us in only after the writing
        fd = os.memfd_create("progress")
        try:
            os.ftruncate(fd, PAGE)
            status, text, in_time = damaged_run(fd, page=5, offset=2113)
        finally:
            os.close(fd)
        assert status == (1 if in_time else 0)
    found = json.loads(text)
    assert found["outcome"] == "unsound"
    assert found["verification"]["bad"] == found["scenarios"][0]["bad"] >= 1
    bad = found["verification"]["first_bad"][0]
    assert (bad["thread"], bad["page"], bad["offset"]) == (100, 5, 2113)
    assert (bad["kind"], bad["wrong_bits"], bad["generation"]) == ("corrupt", 1, 1)


def test_help_and_version() -> None:
    shown = run("--help")
    manual = (ROOT / "docs/man/swaptorture.1").read_text(encoding="utf-8")
    assert (shown.returncode, shown.stderr) == (0, "")
    for option in ("--scenarios", "--threads", "--rounds", "--size", "--seed", "--limit", "--lru",
                   "--thp", "--guest", "--progress-fd"):
        assert f"  {option}" in shown.stdout
        assert f"\n.It Fl -{option.removeprefix('--')}" in manual
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert run("--version").stdout == "swaptorture 1\n"


@pytest.mark.parametrize("arguments, status, line", [
    (["--scenarios", "nodes"], 2, "--scenarios: nodes changes the machine: only with --guest"),
    (["--scenarios", "writers", "--progress-fd", "40"], 3,
     "--progress-fd: 40: Bad file descriptor"),
])
def test_errors(arguments: list[str], status: int, line: str) -> None:
    assert refused(run(*arguments), status) == line


def test_output_that_cannot_be_written() -> None:
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([str(PROGRAM), "--scenarios", "writers", "--size", str(1 << 20)],
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=120,
                              check=False)
    assert done.returncode == 3
    assert done.stderr == "swaptorture: standard output: No space left on device\n"
