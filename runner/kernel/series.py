# SPDX-License-Identifier: GPL-2.0-only
"""Patch series in folders, in quilt's format.

    kernels/series/NAME/README           first line: what it is
    kernels/series/NAME/base             series it stands on, as a kernel's name has them
    kernels/series/NAME/series           patches for any source
    kernels/series/NAME/SOURCE/series    patches for one source; wins
"""
from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.errors import UsageError, printable
from runner.kernel import diff
from runner.kernel.diff import FileDiff

_ENTRY = re.compile(r"(?P<patch>\S+)(?:\s+-p\s*(?P<strip>\d))?")


@dataclass(frozen=True)
class Patch:
    """One patch of a series, read and taken apart."""

    series: str                   # the Part's name
    name: str                     # as the series file has it
    files: tuple[FileDiff, ...]


@dataclass(frozen=True)
class Part:
    """One series of a kernel's stack."""

    name: str                     # of kernels/series, or a path with '/'
    folder: Path
    upto: int | None = None       # patches taken, from the first; None: all


@dataclass(frozen=True)
class Series:
    patches: tuple[Patch, ...] = ()

    def digest(self) -> str:
        """Of what the patches do; their descriptions and names are not in it."""
        seen = hashlib.sha256()
        for patch in self.patches:
            for file in patch.files:
                seen.update(repr(file).encode())
        return seen.hexdigest() if self.patches else "vanilla"


def _home() -> Path:
    return paths.KERNELS / "series"


def names() -> list[str]:
    """All named series of the checkout, without vanilla."""
    try:
        folders = sorted(_home().iterdir())
    except FileNotFoundError:
        return []
    return [folder.name for folder in folders if folder.is_dir() and sources_of(folder.name)]


def sources_of(name: str) -> list[str]:
    """Sources a named series has patches for; 'any' for the common ones."""
    folder = _home() / name
    own = sorted(file.parent.name for file in folder.glob("*/series"))
    return own + (["any"] if (folder / "series").is_file() else [])


def find(name: str, source: str) -> Path | None:
    """The folder of a named series for a source."""
    for folder in (_home() / name / source, _home() / name):
        # A source described in the kernel's name holds slashes: never a folder.
        if "/" not in source or folder.name == name:
            if (folder / "series").is_file():
                return folder
    return None


def description(name: str) -> str:
    """First line of the series' README, '' where there is none."""
    for file in sorted((_home() / name).glob("README*")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            text = line.strip("#= \t")
            if text and "SPDX" not in text:
                return printable(text, 120)
    return ""


def base(folder: Path) -> str:
    """What the series in `folder` stands on, as a kernel's name would say it.

    The file is beside the series, or beside the folders of its sources; ''
    where there is none.
    """
    for file in (folder / "base", folder.parent / "base"):
        if file.is_file():
            text = _read(file).decode("utf-8", "replace").strip()
            if len(text.split()) != 1:
                raise UsageError(f"{file}: {printable(text, 80)!r} is not one word: the series "
                                 "this one stands on, such as pagewise or pagewise+batched@3")
            return text
    return ""


def entries(folder: Path) -> list[tuple[str, int]]:
    """The patches a series file names, in order, and how much of their paths to strip.

    UsageError naming file and line of what is no such thing.
    """
    file = folder / "series"
    listed = []
    for number, line in enumerate(_read(file).decode("utf-8", "replace").splitlines(), 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        entry = _ENTRY.fullmatch(text)
        if entry is None:
            raise UsageError(f"{file}:{number}: {printable(text, 80)!r} is not the name of a "
                             "patch, optionally followed by -pN")
        patch = entry["patch"]
        if patch.startswith("/") or ".." in Path(patch).parts or not patch.isprintable():
            raise UsageError(f"{file}:{number}: {printable(patch, 80)} leads out of the series' "
                             "folder; keep patches beside the series file")
        listed.append((patch, int(entry["strip"] or 1)))
    if not listed:
        raise UsageError(f"{file}: names no patch; the series without patches is called vanilla")
    return listed


def load(stack: Sequence[Part]) -> Series:
    """Read all patches of a stack of series; an empty one is vanilla.

    UsageError naming file and line of what cannot be read, or asks for more
    than a change to text files inside the tree.
    """
    return Series(tuple(
        Patch(part.name, patch, diff.parse(_read(part.folder / patch), strip,
                                           f"series {part.name}: {patch}"))
        for part in stack for patch, strip in entries(part.folder)[:part.upto]))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
