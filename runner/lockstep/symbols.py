# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's symbols, from the System.map beside its image."""
from __future__ import annotations

import bisect
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure

FILE = "System.map"
#: The last symbol of a section has no successor to end it.
_LAST = 64
_KERNEL = 0xFFFFFFFF80000000
_PER_CPU = ("__per_cpu_start", "__per_cpu_end")


@dataclass(frozen=True)
class Symbol:
    name: str
    start: int
    end: int                  # where the next begins


class Symbols:
    """By address and by name; all there is of a kernel that came without a map: nothing."""

    def __init__(self, lines: Iterable[str] = (), where: str = FILE) -> None:
        rows: list[tuple[int, str]] = []
        for number, line in enumerate(lines, 1):
            words = line.split()
            try:
                rows.append((int(words[0], 16), words[2]))
            except (IndexError, ValueError):
                raise CannotMeasure(f"{where}:{number}: is not 'ADDRESS TYPE NAME'; build the "
                                    "kernel again") from None
        rows.sort()
        starts = sorted({start for start, _ in rows})
        following = dict(zip(starts, starts[1:]))
        self._symbols = [Symbol(name, start, following.get(start, start + _LAST))
                         for start, name in rows]
        self._named: dict[str, Symbol] = {}
        for symbol in self._symbols:
            self._named.setdefault(symbol.name, symbol)
        low, high = (self._named.get(name) for name in _PER_CPU)
        span = (low.start, high.start) if low and high else (0, 0)
        self.per_cpu = _Index(symbol for symbol in self._symbols
                              if span[0] <= symbol.start < span[1])
        self._fixed = _Index(symbol for symbol in self._symbols
                             if symbol.start >= _KERNEL and not span[0] <= symbol.start < span[1])

    def __bool__(self) -> bool:
        return bool(self._symbols)

    def named(self, name: str) -> Symbol | None:
        return self._named.get(name)

    def beginning(self, *prefixes: str) -> list[Symbol]:
        """Symbols whose name begins with one of these, by address."""
        return [symbol for symbol in self._symbols if symbol.name.startswith(prefixes)]

    def at(self, address: int) -> Symbol | None:
        """Static code or data of the kernel that the address lies in."""
        return self._fixed.at(address)

    def function(self, low: int) -> str:
        """The function at a code's address or the low half of it; '?' where there is none."""
        symbol = self.at(low | 0xFFFFFFFF00000000)
        return symbol.name if symbol else "?"


class _Index:
    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._symbols = list(symbols)
        self._starts = [symbol.start for symbol in self._symbols]

    def at(self, address: int) -> Symbol | None:
        place = bisect.bisect_right(self._starts, address) - 1
        if place < 0 or address >= self._symbols[place].end:
            return None
        # Of several names of one address the first.
        return self._symbols[bisect.bisect_left(self._starts, self._starts[place])]


def keep(image: Path, evidence: Path) -> None:
    """Have the map of the kernel with this image beside what it names."""
    path = image.parent / FILE
    if path.is_file():
        try:
            os.link(path, evidence / FILE)
        except OSError:
            shutil.copyfile(path, evidence / FILE)


def load(folder: Path) -> Symbols:
    """Of the map in a folder; none where there is no map, CannotMeasure where it is not one."""
    path = folder / FILE
    try:
        return Symbols(path.read_text("ascii", "replace").splitlines(), str(path))
    except FileNotFoundError:
        return Symbols()
