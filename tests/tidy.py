# SPDX-License-Identifier: GPL-2.0-only
"""clang-tidy over C files, two at a time, those left away that passed before as they are now.

    python3 -m tests.tidy FILE... -- FLAGS

What a file's result depends on: itself, every header it takes in, .clang-tidy, the flags and
clang-tidy's version.  One file a call: given several, clang-tidy 14 sees uninitialised va_lists in
files that it finds clean alone.
"""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner import paths
from tests import passed

TOOL, CONFIG = "clang-tidy", paths.ROOT / ".clang-tidy"
_WORKERS = 2


def _inputs(file: str, flags: Sequence[str], tool: bytes) -> list[bytes]:
    told = subprocess.run(["gcc", "-M", *flags, file], capture_output=True, text=True, check=True)
    taken = told.stdout.partition(":")[2].replace("\\\n", " ").split()
    return [tool, " ".join([file, *flags]).encode(),
            *(Path(one).read_bytes() for one in sorted(taken))]


def _check(file: str, flags: Sequence[str], tool: bytes) -> str:
    """What clang-tidy finds; '': nothing."""
    inputs = _inputs(file, flags, tool)
    if passed.before(inputs):
        return ""
    done = subprocess.run([TOOL, "--quiet", f"--config-file={CONFIG}", file, "--", *flags],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stdout.strip():
        passed.now(inputs)
        return ""
    return done.stdout or f"{file}: clang-tidy failed: {done.stderr}"


def main(words: Sequence[str]) -> int:
    at = words.index("--")
    files, flags = words[:at], words[at + 1:]
    tool = CONFIG.read_bytes() + subprocess.run(
        ["clang-tidy", "--version"], capture_output=True, check=True).stdout
    with ThreadPoolExecutor(_WORKERS) as pool:
        said = [one for one in pool.map(lambda file: _check(file, flags, tool), files) if one]
    print("".join(said), end="")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
