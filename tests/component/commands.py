# SPDX-License-Identifier: GPL-2.0-only
"""What the guest's programs say when they are typed: a document, a mistake, their options."""
from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from runner import paths

Result = subprocess.CompletedProcess[str]


def document(result: Result) -> dict[str, Any]:
    assert (result.stderr, result.returncode) == ("", 0)
    loaded = json.loads(result.stdout)
    assert isinstance(loaded, dict)
    return loaded


def refused(program: str, result: Result, status: int = 2) -> str:
    """What the one line of an error says; nothing may look like a result."""
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.startswith(f"{program}: ") and result.stderr.count("\n") == 1
    return result.stderr.removeprefix(f"{program}: ").rstrip("\n")


def cannot_write(program: str, *arguments: str) -> None:
    """A document that finds no room is an error."""
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([str(paths.BUILD / program), *arguments], stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert result.returncode == 3
    assert result.stderr == f"{program}: standard output: No space left on device\n"


def explains_each_choice(program: str, shown: Result, count: int) -> None:
    """--help and the man page have every option of the program's table, which are so many."""
    assert shown.returncode == 0 and shown.stderr == ""
    manual = (paths.ROOT / f"docs/man/{program}.1").read_text(encoding="utf-8")
    source = (paths.ROOT / f"workloads/{program}/main.c").read_text(encoding="utf-8")
    options = re.findall(r'\{"([a-z-]+)", CHOICE_', source)
    assert len(options) == count
    for option in options:
        assert f"Fl -{option}" in manual and f"--{option}" in shown.stdout


def script(file: Path, text: str) -> Path:
    """A program of the test's own, in shell."""
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file
