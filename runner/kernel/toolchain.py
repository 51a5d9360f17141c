# SPDX-License-Identifier: GPL-2.0-only
"""What compiles a kernel: the make command, and what of it shapes the image."""
from __future__ import annotations

import functools
import os
import shlex
from pathlib import Path

from runner import command
from runner.errors import UsageError, printable
from runner.kernel.definitions import Source

#: Who, where, when and how often: constant, so that equal input gives equal images.
_STAMPS = {"KBUILD_BUILD_TIMESTAMP": "2020-01-01 00:00:00 UTC", "KBUILD_BUILD_USER": "swapscale",
           "KBUILD_BUILD_HOST": "swapscale", "KBUILD_BUILD_VERSION": "1"}


@functools.cache
def versions(cc: str) -> tuple[str, ...]:
    """First line of 'CC --version' and 'ld --version'."""
    try:
        compiler = shlex.split(cc)
    except ValueError:
        compiler = []
    if not compiler:
        raise UsageError(f"cc: {printable(cc, 60)!r} is not a compiler")
    return tuple(command.run([*argv, "--version"], what, package).split("\n")[0]
                 for argv, what, package in ((compiler, f"compiler {printable(cc, 60)}", ""),
                                             (["ld"], "linker", "binutils")))


def make(source: Source, src: Path, out: Path, *targets: str) -> list[str]:
    """The make command for these targets of `src`, built in `out`."""
    return ["make", f"-j{len(os.sched_getaffinity(0))}", "-C", str(src), f"O={out}",
            "ARCH=x86_64", f"CC={source.cc}", "LOCALVERSION=",
            *[f"{key}={value}" for key, value in sorted(_STAMPS.items())],
            *[f"{key}={value}" for key, value in source.make], *targets]
