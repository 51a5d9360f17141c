# SPDX-License-Identifier: GPL-2.0-only
"""Errors a user sees: one line that names what, where and what to do."""
from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Exit(enum.IntEnum):
    """Exit statuses of ./swapscale, as documented in docs/man/swapscale.1."""

    OK = 0
    REGRESSED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    CANNOT_MEASURE = 4
    INTERRUPTED = 130


class SwapscaleError(Exception):
    """The message is shown as it is, after 'swapscale: '; it is one line."""

    exit = Exit.CANNOT_MEASURE


class UsageError(SwapscaleError):
    """A command line, configuration, patch or file the user can correct."""

    exit = Exit.USAGE


class CannotMeasure(SwapscaleError):
    """The host, a build or a guest kept us from measuring."""

    exit = Exit.CANNOT_MEASURE


class SourceGone(UsageError):
    """A kernel's source is not where its name says."""


class ProgramFailed(CannotMeasure):
    """A helper program of the host ran, and ended with a status that is not 0."""


class DoesNotBuild(CannotMeasure):
    """The kernel's own fault: its source does not compile."""


@contextmanager
def written(place: Path, remedy: str = "make room there") -> Iterator[None]:
    """What is done to a file, whose name Python's error of a failed write does not have."""
    try:
        yield
    except OSError as error:
        raise CannotMeasure(f"{error.filename or place}: cannot be written: {error.strerror}; "
                            f"{remedy}") from None


def printable(text: str, limit: int = 200) -> str:
    """Text from a guest, a patch or a file, safe to print on a terminal in one line.

    Control characters and everything outside printable Unicode come out as
    backslash escapes; anything past `limit` characters is cut and marked.
    """
    out = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
                  for c in text)
    return out if len(out) <= limit else out[:limit - 1] + "…"
