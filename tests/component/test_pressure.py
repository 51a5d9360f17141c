# SPDX-License-Identifier: GPL-2.0-only
"""The program that measures another's pressure: its options, its child, its document."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRESSURE = ROOT / "build" / "pressure"


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    subprocess.run(["make", "-s", "build/pressure"], cwd=ROOT, check=True)


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PRESSURE, *args], capture_output=True, text=True, timeout=60,
                          check=False)


@pytest.mark.parametrize("args, says", [
    ((), "--seconds: missing"),
    (("--seconds", "0", "--", "/bin/true"), "--seconds: 0 is not above 0 and up to 86400"),
    (("--seconds", "1"), "no program to run after '--'"),
    (("--seconds", "1", "--progress-fd", "77", "--", "/bin/true"), "--progress-fd: Bad file"),
])
def test_bad_input(args: tuple[str, ...], says: str) -> None:
    done = run(*args)
    assert done.returncode == 2 and f"pressure: {says}" in done.stderr


def test_program_that_ends_early() -> None:
    done = run("--seconds", "60", "--", "/bin/sh", "-c", "echo noise; exit 3")
    assert done.returncode == 1
    assert "pressure: /bin/sh ended" in done.stderr and "with status 3" in done.stderr
    assert json.loads(done.stdout)["phases"]["steady"] is None    # its noise is not in there


def test_program_that_is_not_there() -> None:
    done = run("--seconds", "60", "--", "/no/such/program")
    assert "pressure: /no/such/program: No such file or directory" in done.stderr
    assert done.returncode == 1
