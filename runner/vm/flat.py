# SPDX-License-Identifier: GPL-2.0-only
"""Guests written in assembly: the accelerator probe, and the tests' own."""
from __future__ import annotations

import subprocess
from pathlib import Path

from runner.errors import CannotMeasure, printable

_LOAD_ADDRESS = "0x100000"     # as the sources' multiboot header says


def assemble(source: Path, image: Path) -> None:
    """A flat image for QEMU's -kernel; CannotMeasure where binutils fail."""
    parts = image.with_suffix(".o")
    try:
        for argv in (["as", "--64", "-o", str(parts), str(source)],
                     ["ld", "-Ttext", _LOAD_ADDRESS, "--oformat", "binary", "-e", "_start",
                      "-o", str(image), str(parts)]):
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True,
                           text=True, errors="replace", timeout=60)
    except FileNotFoundError as error:
        raise CannotMeasure(f"{error.filename}: is not installed; install package binutils"
                            ) from None
    except subprocess.CalledProcessError as error:
        first = (error.stderr.strip().splitlines() or ["failed"])[-1]
        raise CannotMeasure(f"{source}: cannot be assembled: {printable(first)}") from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{source}: cannot be assembled: the assembler hangs") from None
    finally:
        parts.unlink(missing_ok=True)
