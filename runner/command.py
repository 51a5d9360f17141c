# SPDX-License-Identifier: GPL-2.0-only
"""Helper programs of the host, run with a clean environment."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runner.errors import CannotMeasure, ProgramFailed, printable

_SERIOUS = re.compile(r"(fatal|error|E): ")


def environment() -> dict[str, str]:
    """What a helper may see: no KCFLAGS, ARCH, MAKEFLAGS or GIT_DIR of the user's."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR") if key in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **kept}


def dying_with_us(argv: list[str], what: str, package: str = "") -> list[str]:
    """The command, such that it is told to end should this process be killed.

    CannotMeasure where the program is not installed; `package` holds it.
    """
    for program, holder in (("setpriv", "util-linux"), (argv[0], package or argv[0])):
        if shutil.which(program) is None:
            raise CannotMeasure(f"{what}: {printable(program)} is not installed; "
                                f"apt-get install {holder}")
    return ["setpriv", "--pdeathsig", "TERM", *argv]


def run(argv: list[str], what: str, package: str = "", cwd: Path | None = None,
        more: Mapping[str, str] | None = None) -> str:
    """stdout of a program; CannotMeasure 'WHAT: …' with what it says went wrong.

    `more`: variables that this program may see as well.
    """
    done = subprocess.run(dying_with_us(argv, what, package),
                          env={**environment(), **(more or {})}, cwd=cwd, capture_output=True,
                          check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        serious = [line for line in said if _SERIOUS.match(line)]
        why = (serious or said or [f"status {done.returncode}"])[0]
        raise ProgramFailed(f"{what}: {argv[0]} failed: {printable(why)}")
    return done.stdout.decode("utf-8", "replace")
