# SPDX-License-Identifier: GPL-2.0-only
"""The built swaptorture on this host: what needs neither swap nor a spoilt machine."""
from __future__ import annotations

import json
import subprocess
from functools import partial

import pytest

from runner import paths
from runner.metrics import torturefile
from tests.component import commands, flippedbit
from tests.component.commands import Result, document

PROGRAM = paths.BUILD / "swaptorture"
PAGE = 4096
SIZE = 64 << 20
TOLD = ("swaptorture", "seed", "threads", "rounds", "lru", "thp", "groups", "page_size",
        "mem_total_bytes", "size_bytes", "scenarios", "verification", "missed", "unsound", "left",
        "outcome")

refused = partial(commands.refused, "swaptorture")


def run(*arguments: str) -> Result:
    return subprocess.run([str(PROGRAM), *arguments], text=True, capture_output=True, timeout=120,
                          check=False)


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


def test_a_flipped_bit_is_found_and_named() -> None:
    found = json.loads(flippedbit.run(
        [str(PROGRAM), "--scenarios", "writers", "--size", str(SIZE), "--threads", "1"], PAGE, SIZE,
        page=5, offset=2113))
    assert found["outcome"] == "unsound"
    assert found["verification"]["bad"] == found["scenarios"][0]["bad"] >= 1
    bad = found["verification"]["first_bad"][0]
    assert (bad["thread"], bad["page"], bad["offset"]) == (100, 5, 2113)
    assert (bad["kind"], bad["wrong_bits"], bad["generation"]) == ("corrupt", 1, 1)


def test_help_and_version() -> None:
    shown = run("--help")
    manual = (paths.ROOT / "docs/man/swaptorture.1").read_text(encoding="utf-8")
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
    commands.cannot_write("swaptorture", "--scenarios", "writers", "--size", str(1 << 20))
