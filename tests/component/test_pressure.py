# SPDX-License-Identifier: GPL-2.0-only
"""The program that measures another's pressure: its options, its child, its document."""
from __future__ import annotations

import json
import re
import subprocess

import pytest

from runner import paths
from tests.component.commands import Result, refused

PRESSURE = paths.BUILD / "pressure"


def run(*args: str) -> Result:
    return subprocess.run([PRESSURE, *args], capture_output=True, text=True, timeout=60,
                          check=False)


@pytest.mark.parametrize("args, says", [
    ((), "--seconds: missing"),
    (("--seconds", "0", "--", "/bin/true"), "--seconds: 0 is not above 0 and up to 86400"),
    (("--seconds", "1"), "no program to run after '--'"),
    (("--second-s", "1"), "--second-s: is unknown or lacks its value; --help shows what"),
    (("--seconds",), "--seconds: is unknown or lacks its value"),
    (("--seconds", "1", "--progress-fd", "77", "--", "/bin/true"), "--progress-fd: Bad file"),
])
def test_bad_input(args: tuple[str, ...], says: str) -> None:
    assert refused("pressure", run(*args)).startswith(says)


def test_help_and_the_man_page_have_every_option() -> None:
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    manual = (paths.ROOT / "docs/man/pressure.1").read_text(encoding="utf-8")
    source = (paths.ROOT / "workloads/pressure/main.c").read_text(encoding="utf-8")
    options = re.findall(r'\{"([a-z-]+)", (?:required|no)_argument', source)
    assert len(options) == 4
    for option in options:
        assert f"Fl -{option}" in manual
        assert f"--{option}" in done.stdout or option == "help"


def test_program_that_ends_early() -> None:
    done = run("--seconds", "60", "--", "/bin/sh", "-c", "echo noise; exit 3")
    assert done.returncode == 1
    assert "pressure: /bin/sh ended" in done.stderr and "with status 3" in done.stderr
    assert json.loads(done.stdout)["phases"]["steady"] is None    # its noise is not in there


def test_program_that_is_not_there() -> None:
    done = run("--seconds", "60", "--", "/no/such/program")
    assert "pressure: /no/such/program: No such file or directory" in done.stderr
    assert done.returncode == 1
