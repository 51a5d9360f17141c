# SPDX-License-Identifier: GPL-2.0-only
"""What depends on a kernel's version: kernels/versions.toml."""
from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from runner import paths, tomlfile

#: Taken as often as this per page a lock matters, and is to have a name that a reader knows.
MATTERS = 0.05


@dataclass(frozen=True)
class Option:
    renamed: str              # what newer kernels are asked for: 'BASE_SMALL=n', '' where it went
    means: str                # what a difference in it may do


@dataclass(frozen=True)
class Known:
    seen: tuple[str, ...]     # versions, '6.12'
    options: dict[str, Option]
    counters: tuple[str, ...]               # of /proc/vmstat; '*' stands for anything
    locks: dict[str, frozenset[str]]        # by version: stable names that mattered there

    def newest(self) -> str:
        """The newest version that was looked through, '' where none was."""
        return max(self.seen, key=_number, default="")


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
        inner = table.table(name)
        options[name] = Option(inner.text("renamed", ""), inner.text("means", ""))
        inner.close()
    counters, locks = root.table("counters"), root.table("locks")
    known = Known(tuple(root.texts("seen", [])), options, tuple(counters.texts("names", [])),
                  {version: frozenset(locks.texts(version, [])) for version in locks.keys()})
    for inner in (counters, locks, root):
        inner.close()
    return known


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


def unseen(version: str) -> bool:
    """Whether a kernel of this version, '7.4', is newer than all that were looked through."""
    newest = read(place()).newest()
    return bool(version and newest) and _number(version) > _number(newest)


def series(release: str) -> str:
    """'7.3' of '7.3.4'."""
    return ".".join(release.split("-")[0].split(".")[:2])


def renamed(option: str) -> str:
    """What newer kernels are asked for instead, 'BASE_SMALL=n'; '' where that is not known."""
    other = read(place()).options.get(option)
    return other.renamed if other else ""


def means(option: str) -> str:
    """What a difference in an option may do, by either of its names; '' where that is not known."""
    for name, known in read(place()).options.items():
        if option in (name, known.renamed.partition("=")[0]):
            return known.means
    return ""
