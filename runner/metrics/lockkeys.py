# SPDX-License-Identifier: GPL-2.0-only
"""Which source file a lock class was born in: the one sound way to tell `#N` apart.

lockdep numbers classes of one name in the order in which each is first taken
(register_lock_class, count_matching_names), so `&xa->xa_lock#6` is the swap
cache's tree in one boot and `#5` in the next configuration.  What does not
move is the class's key: the address of the `static struct lock_class_key
__key` in the function that initialises the lock.  The guest's /proc/lockdep
gives name and key (real addresses with `no_hash_pointers`), vmlinux's symbol
table gives the source file of each key.  The two agree under `nokaslr`.
"""
from __future__ import annotations

import bisect
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile

#: In a sample's evidence: the guest's /proc/lockdep, and the kernel's keys.
LOCKDEP_FILE = "steady-end.lockdep"
KEYS_FILE = "lock-keys.txt"

MAX_BYTES = 4 << 20
_HEAD = "swapscale-lock-keys 1"
_SYMBOL = re.compile(r"([0-9a-f]{16}) (\d{1,9}) (\S{1,80}) (\S{1,120})", re.ASCII)
# Key, then what CONFIG_DEBUG_LOCKDEP and CONFIG_PROVE_LOCKING add, then the name.
_CLASS = re.compile(r"([0-9a-f]{8,16})(?: OPS: *\d+)?(?: FD: *\d+)?(?: BD: *\d+)?"
                    r"(?: [-+.?]{4,16})?: (.+)", re.ASCII)
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
    return (parts[1][:room - 1] + number[:2] + subclass[:2]).strip()


@dataclass(frozen=True)
class Keys:
    """Lock class names, as lock_stat prints them, to the source files they come from."""

    files: dict[str, frozenset[str]]

    def file_of(self, name: str) -> str | None:
        """'swap_state.c'; None where unknown or where classes of several files print alike."""
        found = self.files.get(name, frozenset())
        return next(iter(found)) if len(found) == 1 else None


def write(vmlinux: Path, out: Path) -> None:
    """Extract a kernel's lock class keys; to be called once, after the build."""
    try:
        done = subprocess.run(["readelf", "--symbols", "--wide", str(vmlinux)], check=False,
                              capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise CannotMeasure(f"readelf: cannot be run: {error.strerror}; "
                            "install the package binutils") from None
    if done.returncode:
        raise CannotMeasure(f"{vmlinux}: readelf: {printable(done.stderr.strip())}")
    lines = [_HEAD]
    file = "-"
    for line in done.stdout.splitlines():
        # Num: Value Size Type Bind Vis Ndx Name; local symbols follow their FILE.
        cells = line.split()
        if len(cells) < 8:
            continue
        if cells[3] == "FILE":
            file = cells[7]
        elif cells[3] == "OBJECT" and cells[4] == "LOCAL" \
                and re.fullmatch(r"__key(\.\d+)?", cells[7]):
            lines.append(f"{cells[1]} {int(cells[2], 0)} {file} {cells[7]}")
    out.write_text("\n".join(lines) + "\n", encoding="ascii")


def _symbols(text: str, where: str) -> list[tuple[int, int, str]]:
    lines = text.splitlines()
    if lines[:1] != [_HEAD]:
        raise CannotMeasure(f"{where}:1: is not {_HEAD!r}")
    found = []
    for number, line in enumerate(lines[1:], 2):
        parts = _SYMBOL.fullmatch(line)
        if not parts:
            raise CannotMeasure(f"{where}:{number}: is not 'address size file symbol'")
        found.append((int(parts[1], 16), int(parts[2]), parts[3]))
    return sorted(found)


def combine(lockdep: str, keys: str, where: str = LOCKDEP_FILE) -> Keys:
    """Look every class of a /proc/lockdep up in a `write` file's text."""
    symbols = _symbols(keys, KEYS_FILE)
    starts = [symbol[0] for symbol in symbols]
    if not lockdep.startswith("all lock classes:\n"):
        raise CannotMeasure(f"{where}:1: is not 'all lock classes:'")
    files: dict[str, set[str]] = {}
    for line in lockdep.splitlines():
        parts = _CLASS.fullmatch(line)
        if not parts:
            continue  # dependencies of CONFIG_PROVE_LOCKING, empty lines
        address = int(parts[1], 16)
        at = bisect.bisect_right(starts, address) - 1
        # A subclass's key lies that many bytes into its class's.
        hit = at >= 0 and address < starts[at] + symbols[at][1]
        files.setdefault(printed(parts[2]), set()).add(symbols[at][2] if hit else "?")
    return Keys({name: frozenset(found) for name, found in files.items()})


def load(evidence: Path) -> Keys | None:
    """The keys of a sample; None where its evidence has not both files."""
    if not all((evidence / name).is_file() for name in (LOCKDEP_FILE, KEYS_FILE)):
        return None
    found = combine(guestfile.text(evidence / LOCKDEP_FILE, MAX_BYTES),
                    guestfile.text(evidence / KEYS_FILE, MAX_BYTES))
    # Hashed pointers or a moved kernel: then not one key is where it should be.
    known = any(files != {"?"} for files in found.files.values())
    return found if known else None
