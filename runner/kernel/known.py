# SPDX-License-Identifier: GPL-2.0-only
"""What depends on a kernel's version: kernels/versions.toml."""
from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from runner import paths, tomlfile


@dataclass(frozen=True)
class Option:
    renamed: str              # what newer kernels call it, '' where it went
    means: str                # what a difference in it may do


@dataclass(frozen=True)
class Known:
    seen: tuple[str, ...]     # versions, '6.12'
    options: dict[str, Option]


def place() -> Path:
    """The file that holds it."""
    return paths.KERNELS / "versions.toml"


@functools.cache
def read(file: Path) -> Known:
    """UsageError with file, line and key for everything that is not right."""
    root = tomlfile.load(file)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    options = {}
    table = root.table("option")
    for name in table.keys():
        one = table.table(name)
        options[name] = Option(one.text("renamed", ""), one.text("means", ""))
        one.close()
    found = Known(tuple(root.texts("seen", [])), options)
    root.close()
    return found


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


def unseen(version: str) -> bool:
    """Whether a kernel of this version, '7.4', is newer than all that were looked through."""
    seen = read(place()).seen
    return bool(version) and bool(seen) and _number(version) > max(map(_number, seen))


def renamed(option: str) -> str:
    """What newer kernels call an option, '' where nothing is known of that."""
    found = read(place()).options.get(option)
    return found.renamed if found else ""


def means(option: str) -> str:
    """What a difference in an option may do, by either of its names; '' where that is not known."""
    for name, one in read(place()).options.items():
        if option in (name, one.renamed):
            return one.means
    return ""
