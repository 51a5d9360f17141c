# SPDX-License-Identifier: GPL-2.0-only
"""/proc/lock_stat, versions 0.3 and 0.4, read strictly.

The kernel prints (kernel/locking/lockdep_proc.c, seq_stats): one row per
class and mode, the name in a column of its own width and the mode as `-R` or
`-W`; then, for a class that was waited for, the call sites that waited and
the call sites that held, each list below a line of dashes, and a dotted line.

What a cut looks like.  A cut inside a line or before the final newline is
seen.  So is one anywhere among the contended classes: the kernel sorts by
contentions, and lockdep's annotations (`rcu_read_lock`) never contend, so a
whole file ends with an uncontended class.  A cut between two rows of the
uncontended rest cannot be seen in the text; there the frames' sequence
numbers and checksums vouch for the file.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile

VERSIONS = ("0.3", "0.4")
#: lockdep knows at most 8192 classes, each with two rows and eight call sites.
MAX_BYTES = 4 << 20
MAX_LINE = 1024

_INTEGER = re.compile(r"\d{1,20}", re.ASCII)
_TIME = re.compile(r"\d{1,17}\.\d\d", re.ASCII)
_SITE = re.compile(r" +(\d{1,20}) +\[<([^>]*)>\] (\S.*)", re.ASCII)
_COUNTS = {"con-bounces": "con_bounces", "contentions": "contentions",
           "acq-bounces": "acq_bounces", "acquisitions": "acquisitions"}
_TIMES = {f"{kind}time-{part}": f"{kind}_{part}"
          for kind in ("wait", "hold") for part in ("min", "max", "total", "avg")}
_DERIVED = {"waittime-avg", "holdtime-avg"}  # version 0.4 alone prints them


@dataclass(frozen=True)
class Numbers:
    """One row: how one class was taken in one mode.  Times in microseconds."""

    con_bounces: int
    contentions: int
    wait_min: float
    wait_max: float
    wait_total: float
    acq_bounces: int
    acquisitions: int
    hold_min: float
    hold_max: float
    hold_total: float


@dataclass(frozen=True)
class CallSite:
    count: int
    address: str              # as printed: hashed unless no_hash_pointers
    symbol: str               # 'add_to_swap_cache+0x16e/0x310'

    @property
    def function(self) -> str:
        return self.symbol.split("+")[0].split(" ")[0]


@dataclass(frozen=True)
class LockClass:
    name: str                 # as printed, cut and numbered, without '-R' or '-W'
    write: Numbers | None
    read: Numbers | None
    waiters: tuple[CallSite, ...] = ()
    holders: tuple[CallSite, ...] = ()

    @property
    def rows(self) -> tuple[Numbers, ...]:
        return tuple(row for row in (self.write, self.read) if row is not None)

    @property
    def acquisitions(self) -> int:
        return sum(row.acquisitions for row in self.rows)

    @property
    def contentions(self) -> int:
        return sum(row.contentions for row in self.rows)

    @property
    def hold_total(self) -> float:
        return sum(row.hold_total for row in self.rows)

    @property
    def wait_total(self) -> float:
        return sum(row.wait_total for row in self.rows)


@dataclass(frozen=True)
class LockStat:
    version: str
    classes: tuple[LockClass, ...]   # as printed; two may bear one name
    disabled: bool                   # lockdep turned itself off: the counts stopped


class _Parser:
    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.at = 0
        self.lines = text.split("\n")
        if self.lines.pop():
            self.at = len(self.lines)
            self.fail("line is cut: the file does not end with a newline")

    def fail(self, what: str) -> NoReturn:
        raise CannotMeasure(f"{self.where}:{self.at + 1}: {what}")

    def peek(self) -> str | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    def take(self, wanted: str) -> str:
        line = self.peek()
        if line is None:
            self.fail(f"file ends where {wanted} should be")
        if len(line) > MAX_LINE:
            self.fail(f"line of {len(line)} characters; at most {MAX_LINE} are read")
        self.at += 1
        return line

    def reject(self, what: str) -> NoReturn:
        """Complain about the line just taken."""
        self.at -= 1
        self.fail(f"{what}: {printable(self.lines[self.at].strip(), 60)!r}")

    def header(self) -> tuple[str, bool]:
        first = self.take("'lock_stat version'")
        version = first.removeprefix("lock_stat version ")
        if version not in VERSIONS or version == first:
            self.reject(f"is not 'lock_stat version' {' or '.join(VERSIONS)}")
        disabled = (self.peek() or "").startswith("*WARNING*")
        if disabled:
            self.take("the warning")
        self.rule("-")
        names = self.take("the column names")
        title, found, rest = names.partition("class name")
        self.width = len(title) + len(found)
        self.columns = rest.split()
        known = set(_COUNTS) | set(_TIMES)
        if not found or title.strip() or self.width < 20 \
                or len(set(self.columns)) != len(self.columns) \
                or not known >= set(self.columns) >= known - _DERIVED:
            self.reject("columns are not those of lock_stat")
        self.rule("-")
        if self.take("an empty line"):
            self.reject("is not the empty line below the column names")
        return version, disabled

    def rule(self, mark: str) -> None:
        line = self.take(f"a line of '{mark}'")
        if not line.strip() or line.strip().strip(mark):
            self.reject(f"is not a line of '{mark}'")

    def row(self) -> tuple[str, str, Numbers]:
        line = self.take("a lock class")
        if line[self.width:self.width + 1] != ":":
            self.reject("is not a lock class's row, or is cut")
        name = line[:self.width]
        mode = name[-2:] if name.endswith(("-R", "-W")) else ""
        name = name.removesuffix(mode).strip()
        cells = line[self.width + 1:].split()
        if not name or len(cells) != len(self.columns):
            self.reject(f"a row has a name and {len(self.columns)} numbers; "
                        f"this has {len(cells)} numbers")
        values: dict[str, float] = {}
        for column, cell in zip(self.columns, cells):
            count = column in _COUNTS
            if not (_INTEGER if count else _TIME).fullmatch(cell):
                self.reject(f"{column} {printable(cell, 30)!r} is not a "
                            + ("whole number" if count else "time with two decimals"))
            if count:
                values[_COUNTS[column]] = number = int(cell)
                if number >= 1 << 64:
                    self.reject(f"{column} {cell} does not fit in 64 bits")
            elif column not in _DERIVED:
                values[_TIMES[column]] = float(cell)
        return name, mode, Numbers(**values)  # type: ignore[arg-type]

    def sites(self) -> tuple[str, tuple[CallSite, ...]]:
        """One list of call sites below its line of dashes."""
        self.rule("-")
        found: list[CallSite] = []
        name = ""
        while (line := self.peek()) and line[self.width:self.width + 1] == " ":
            self.take("a call site")
            parts = _SITE.fullmatch(line[self.width:])
            own = line[:self.width].strip()
            if not parts or not own or (found and own != name) or int(parts[1]) >= 1 << 64:
                self.reject("is not a call site of the lock class above, or is cut")
            name = own
            found.append(CallSite(int(parts[1]), parts[2], parts[3]))
        if not found:
            self.fail("no call site below the line of dashes")
        return name, tuple(found)

    def is_dashes(self) -> bool:
        line = self.peek()
        return bool(line) and not (line or "").strip().strip("-")

    def contention(self) -> tuple[str, tuple[CallSite, ...], tuple[CallSite, ...]]:
        if not self.is_dashes():
            return "", (), ()
        name, waiters = self.sites()
        holders: tuple[CallSite, ...] = ()
        # A holder from before counting began has no call site: then the
        # kernel leaves the second list and the dotted line out.
        if self.is_dashes():
            other, holders = self.sites()
            if other != name:
                self.at -= 1
                self.fail("call sites of another lock class")
            for part in ("", ".", ""):
                if part:
                    self.rule(part)
                elif self.take("an empty line"):
                    self.reject("is not the empty line around the dotted one")
        return name, waiters, holders

    def lock_class(self) -> LockClass:
        if self.is_dashes():  # waited for, but not once released while counting
            name, waiters, holders = self.contention()
            return LockClass(name, None, None, waiters, holders)
        name, mode, numbers = self.row()
        write, read = (None, numbers) if mode == "-R" else (numbers, None)
        if mode == "-W":
            again, other, read = self.row()
            if (again, other) != (name, "-R"):
                self.reject(f"the -R row of {printable(name, 60)!r} should be here")
        # Class with rows but foreign call sites: the next class has no rows.
        back = self.at
        shown, waiters, holders = self.contention()
        if shown and shown != name:
            self.at, waiters, holders = back, (), ()
        return LockClass(name, write, read, waiters, holders)


def parse(text: str, where: str = "lock_stat") -> LockStat:
    """Read a whole file; CannotMeasure 'WHERE:LINE: what is wrong' where it is not one."""
    parser = _Parser(text, where)
    version, disabled = parser.header()
    classes: list[LockClass] = []
    while parser.peek() is not None:
        classes.append(parser.lock_class())
    if not classes:
        parser.fail("file holds no lock class: was kernel.lock_stat on?")
    if classes[-1].contentions or not classes[-1].rows:
        parser.fail("file is cut: no uncontended lock class follows the contended ones")
    return LockStat(version, tuple(classes), disabled)


def load(path: Path) -> LockStat:
    """`parse` of a file of at most MAX_BYTES of ASCII."""
    return parse(guestfile.text(path, MAX_BYTES), path.name)
