# SPDX-License-Identifier: GPL-2.0-only
"""What a line of the guest's memory holds, as far as the kernel's symbols tell."""
from __future__ import annotations

from runner.lockstep import simfile
from runner.lockstep.reading import Reading
from runner.lockstep.symbols import Symbols

LINE = 64
_WORD = 8
_ADDRESSES = 1 << 64

#: Pointer of the kernel's -> what it points at, and how far that may reach in bytes: the
#: structures' sizes are not in a System.map, these are of the allocations they come from.
_STRUCTURES = {"swap_info": ("swap device {}", 1024), "node_data": ("node {}", 16384),
               "root_mem_cgroup": ("root memcg", 4096),
               "swapper_spaces": ("swap cache of device {}", 8192)}


class Names:
    """Of one sample: where things lie changes from boot to boot."""

    def __init__(self, symbols: Symbols, reading: Reading) -> None:
        self._symbols = symbols
        self._bases = self._words(simfile.PER_CPU_OFFSETS, reading.vcpus, reading)
        self._structures = []
        for pointer, count in simfile.POINTERS:
            what, reach = _STRUCTURES[pointer]
            for place, start in enumerate(self._words(pointer, count, reading)):
                if start:
                    self._structures.append((start, start + reach, what.format(place)))

    def _words(self, name: str, count: int, reading: Reading) -> list[int]:
        symbol = self._symbols.named(name)
        if not symbol:
            return []
        return [reading.peeks.get(symbol.start + _WORD * place, 0) for place in range(count)]

    def _known(self, address: int) -> str:
        """Part of a structure or of a per-CPU variable; '' where it is neither."""
        for start, end, what in self._structures:
            if start <= address < end:
                return f"{what} +{address - start:#x}"
        for cpu, base in enumerate(self._bases):
            if symbol := self._symbols.per_cpu.at((address - base) % _ADDRESSES):
                offset = (address - base) % _ADDRESSES - symbol.start
                return f"per-CPU {symbol.name}{f' +{offset:#x}' if offset else ''}, CPU {cpu}"
        return ""

    def line(self, address: int) -> str:
        """'swap device 0 +0x40', 'per-CPU runqueues +0x80, CPU 3', 'struct page', 'heap'."""
        if known := self._known(address):
            return known
        # Of several variables in a line the one that begins in it; lockdep's keys are none.
        for place in range(address, address + LINE, _WORD):
            symbol = self._symbols.at(place)
            if symbol and symbol.start >= address and not symbol.name.startswith("__key"):
                return symbol.name
        return self._at(address)

    def _at(self, address: int) -> str:
        if symbol := self._symbols.at(address):
            offset = address - symbol.start
            return f"{symbol.name} +{offset:#x}" if offset else symbol.name
        return {"direct map": "heap", "struct pages": "struct page"}.get(place_of(address),
                                                                         place_of(address))

    def code(self, low: int) -> str:
        return self._symbols.function(low)

    def lock(self, address: int) -> str:
        """'swap_avail_lock', 'swap device 0 +0xd8'."""
        return self._known(address) or self._at(address)


def place_of(address: int) -> str:
    """Which of the ranges an address lies in."""
    return next((name for name, start, size in simfile.RANGES
                 if start <= address < start + size), "elsewhere")
