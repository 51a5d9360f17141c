# SPDX-License-Identifier: GPL-2.0-only
"""What a lock class was born as: the one sound way to tell `#N` and nameless classes apart.

lockdep numbers classes of one name in the order in which each is first taken
(register_lock_class, count_matching_names), so `&xa->xa_lock#6` is the swap
cache's tree in one boot and `#5` in the next configuration.  What does not
move is the class's key.  The guest's /proc/lockdep gives name and key (real
addresses with `no_hash_pointers`), vmlinux's symbol table gives what lies
there and in which source file.  The two agree under `nokaslr`.  A key is
  the address of the `static struct lock_class_key __key` in the function
  that initialises the lock;
  that of the lock itself, where it is static;
  that of the boot CPU's copy, where it is static and per CPU
  (__is_kernel_percpu_address): then the key less the CPU's base is the
  symbol.  The base is a page's, and the classes named after their own per-CPU
  variable, as `hrtimer_bases.lock` is in every kernel, tell which.
"""
from __future__ import annotations

import bisect
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile

#: In a sample's evidence: the guest's /proc/lockdep, and the kernel's keys.
LOCKDEP_FILE = "steady-end.lockdep"
KEYS_FILE = "lock-keys.txt"

MAX_BYTES = 4 << 20
_HEAD = "swapscale-lock-keys 1"
#: Raise it when `write` keeps other symbols: old kernels are then built again.
FORMAT = 3
#: Keys are small: '__key' in the function that initialises the lock, or 'shadow_nodes_key'.
_KEY = re.compile(r"\w*_key(\.\d+)?", re.ASCII)
_SYMBOL = re.compile(r"([0-9a-f]{16}) (\d{1,9}) (\S{1,80}) (\S{1,120})", re.ASCII)
# Key, then what CONFIG_DEBUG_LOCKDEP and CONFIG_PROVE_LOCKING add, then the name.
_CLASS = re.compile(r"([0-9a-f]{8,16})(?: OPS: *\d+)?(?: FD: *\d+)?(?: BD: *\d+)?"
                    r"(?: [-+.?]{4,16})?: (.*)", re.ASCII)
PERCPU_START, PERCPU_END = "__per_cpu_start", "__per_cpu_end"
PAGE = 4096
LEAST_LOCK = 32              # bytes; a static lock's key is the dep_map within it
_NAME = re.compile(r"(.*?)(?:#(\d+))?(?:/(\d+))?", re.ASCII)


def printed(full: str) -> str:
    """What lock_stat prints for /proc/lockdep's full name (seq_stats' arithmetic), stripped."""
    parts = _NAME.fullmatch(full)
    if not parts:
        return full
    number = f"#{parts[2]}" if parts[2] else ""
    subclass = f"/{parts[3]}" if parts[3] else ""
    room = 38 - 2 * bool(number) - 2 * bool(subclass)
    # A number over 9 keeps its first digit only.
    return (parts[1][:room - 1] + number[:2] + subclass[:2]).strip(" ")


@dataclass(frozen=True)
class Symbol:
    """What lies at an address of the kernel."""

    address: int
    size: int
    file: str                 # 'swap_state.c'; '-' for a global symbol
    name: str                 # '__key.12', 'swap_avail_lock', 'percpu_swap_cluster'


@dataclass(frozen=True)
class Keys:
    """Lock class names, as lock_stat prints them, to what their keys are.

    A name has several places where classes print alike, and None among them
    where nothing is known at a class's key.
    """

    places: Mapping[str, frozenset[Symbol | None]]
    sources: frozenset[str]   # files of which the kernel has any symbol that could be a key

    def files(self, name: str) -> frozenset[str] | None:
        """Every source file a class of this name may come from; None where that is not known."""
        symbols = self.places.get(name, frozenset({None}))
        return None if None in symbols else frozenset(symbol.file for symbol in symbols if symbol)

    def file_of(self, name: str) -> str | None:
        """'swap_state.c'; None where unknown or where classes of several files print alike."""
        files = self.files(name) or frozenset()
        return next(iter(files)) if len(files) == 1 else None

    def symbol_of(self, name: str) -> str:
        """Static lock that the class is, for a name that says less; '' where it is none."""
        names = {symbol.name if symbol else "" for symbol in self.places.get(name, ())}
        return names.pop() if len(names) == 1 and not any(
            re.fullmatch(r"__key(\.\d+)?", static) for static in names) else ""


def _holds_locks(vmlinux: Path) -> set[str]:
    """Numbers of the sections whose objects can be locks or keys: data that may be written."""
    sections = set()
    for line in _readelf("--sections", vmlinux):
        # [Nr] Name Type Address Off Size ES Flg ...
        parts = re.fullmatch(r" *\[ *(\d+)\] (\S+) .*", line)
        if parts and re.fullmatch(r"\.(data|bss)(\.\S+)?", parts[2]):
            sections.add(parts[1])
    return sections


def _readelf(what: str, vmlinux: Path) -> list[str]:
    try:
        done = subprocess.run(["readelf", what, "--wide", str(vmlinux)], check=False,
                              capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise CannotMeasure(f"readelf: cannot be run: {error.strerror}; "
                            "install the package binutils") from None
    if done.returncode:
        raise CannotMeasure(f"{vmlinux}: readelf: {printable(done.stderr.strip())}")
    return done.stdout.splitlines()


def write(vmlinux: Path, out: Path) -> None:
    """Extract what a kernel's lock class keys may be; to be called once, after the build."""
    sections = _holds_locks(vmlinux)
    lines = [_HEAD]
    file = "-"
    for line in _readelf("--symbols", vmlinux):
        # Num: Value Size Type Bind Vis Ndx Name; local symbols follow their FILE.
        cells = line.split()
        if len(cells) < 8:
            continue
        kind, bind, section, name = cells[3], cells[4], cells[6], cells[7]
        if kind == "FILE":
            file = name
        elif name in (PERCPU_START, PERCPU_END) or kind == "OBJECT" and section in sections \
                and (int(cells[2], 0) >= LEAST_LOCK or _KEY.fullmatch(name)):
            lines.append(f"{cells[1]} {int(cells[2], 0)} {file if bind == 'LOCAL' else '-'} {name}")
    out.write_text("\n".join(lines) + "\n", encoding="ascii")


def _symbols(text: str, where: str) -> list[Symbol]:
    lines = text.splitlines()
    if not lines or lines[0] != _HEAD:
        raise CannotMeasure(f"{where}:1: is not {_HEAD!r}")
    symbols = []
    for number, line in enumerate(lines[1:], 2):
        parts = _SYMBOL.fullmatch(line)
        if not parts:
            raise CannotMeasure(f"{where}:{number}: is not 'address size file symbol'")
        symbols.append(Symbol(int(parts[1], 16), int(parts[2]), parts[3], parts[4]))
    return sorted(symbols, key=lambda symbol: symbol.address)


class _Kernel:
    """What lies where, in the kernel's image and in the boot CPU's copy of per-CPU data."""

    def __init__(self, symbols: list[Symbol], classes: list[tuple[int, str]]) -> None:
        ends = {symbol.name: symbol.address for symbol in symbols
                if symbol.name in (PERCPU_START, PERCPU_END)}
        self._start, self._end = ends.get(PERCPU_START, 0), ends.get(PERCPU_END, 0)
        self._symbols = [symbol for symbol in symbols if symbol.name not in ends and symbol.size]
        self._starts = [symbol.address for symbol in self._symbols]
        self._base = self._percpu_base(classes)

    def _percpu_base(self, classes: list[tuple[int, str]]) -> int | None:
        """Where the boot CPU's copy begins; None where the classes do not agree on one page."""
        bases = set()
        for key, name in classes:
            variable, _, member = name.partition(".")
            for symbol in self._symbols:
                if member and symbol.name == variable and self._start <= symbol.address < self._end:
                    base = key - (symbol.address - self._start)
                    if base % PAGE < min(symbol.size, PAGE) and self._image(key) is None:
                        bases.add(base - base % PAGE)
        return bases.pop() if len(bases) == 1 else None

    def _image(self, address: int) -> Symbol | None:
        at = bisect.bisect_right(self._starts, address) - 1
        # A subclass's key lies that many bytes into its class's.
        hit = at >= 0 and address < self._starts[at] + self._symbols[at].size
        return self._symbols[at] if hit else None

    def at(self, key: int) -> Symbol | None:
        symbol = self._image(key)
        if symbol is None and self._base is not None \
                and 0 <= key - self._base < self._end - self._start:
            symbol = self._image(key - self._base + self._start)
        return symbol

    def sources(self) -> frozenset[str]:
        return frozenset(symbol.file for symbol in self._symbols)


def combine(lockdep: str, keys: str, where: str = LOCKDEP_FILE) -> Keys:
    """Look every class of a /proc/lockdep up in a `write` file's text."""
    if not lockdep.startswith("all lock classes:\n"):
        raise CannotMeasure(f"{where}:1: is not 'all lock classes:'")
    # What does not match is dependencies of CONFIG_PROVE_LOCKING and empty lines.
    classes = [(int(parts[1], 16), parts[2]) for parts in map(_CLASS.fullmatch, lockdep.split("\n"))
               if parts]
    kernel = _Kernel(_symbols(keys, KEYS_FILE), classes)
    places: dict[str, set[Symbol | None]] = {}
    for key, name in classes:
        places.setdefault(printed(name), set()).add(kernel.at(key))
    return Keys({name: frozenset(symbols) for name, symbols in places.items()}, kernel.sources())


def load(evidence: Path) -> Keys | None:
    """The keys of a sample; None where its evidence has not both files."""
    if not all((evidence / name).is_file() for name in (LOCKDEP_FILE, KEYS_FILE)):
        return None
    lockdep = guestfile.raw(evidence / LOCKDEP_FILE, MAX_BYTES).decode("latin-1")
    keys = combine(lockdep, guestfile.text(evidence / KEYS_FILE, MAX_BYTES))
    # Hashed pointers or a moved kernel: then not one key is where it should be.
    known = any(place for places in keys.places.values() for place in places)
    return keys if known else None
