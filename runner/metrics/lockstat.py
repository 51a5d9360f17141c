# SPDX-License-Identifier: GPL-2.0-only
"""/proc/lock_stat: every row that the kernel can print, and no other.

The kernel prints (kernel/locking/lockdep_proc.c, seq_stats): one row per
class and mode, the name in a column of its own width and the mode as `-R` or
`-W`; then, for a class that was waited for, the call sites that waited and
the call sites that held, each list below a line of dashes as long as the
name, and a dotted line.  From there come the oddities:

  names    may be empty (INIT_LOCAL_LOCK() without an argument, since 6.15),
           hold bytes that are no ASCII (queues are named after devices), and
           repeat.  The line of dashes of an empty name is blank.
  times    are printed into 15 bytes up to 7.2, so that from 10^11 on their
           end is missing; a clock that steps back makes them negative, and C
           then prints '-1.-22'.
  lists    either may be missing: a holder from before counting began has no
           call site.

What a figure is made of must be readable.  A field nobody uses, a column or
a version nobody knows is left out, and `left_out` says so.

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
from runner.metrics.lockrows import CallSite, LockClass, Numbers

__all__ = ["CallSite", "LockClass", "LockStat", "Numbers", "load", "parse"]

KNOWN_VERSIONS = ("0.3", "0.4")
#: lockdep knows at most 8192 classes, each with two rows and eight call sites.
MAX_BYTES = 4 << 20
MAX_LINE = 1024

_VERSION = re.compile(r"lock_stat version (\d{1,3}\.\d{1,3})", re.ASCII)
_INTEGER = re.compile(r"\d{1,20}", re.ASCII)
_TIME = re.compile(r"\d{1,17}\.\d\d", re.ASCII)
#: What 15 bytes leave of a time from 10^11 µs on: its magnitude is there while the point is.
_CUT_TIME = re.compile(r"(?=.{14}$)\d+\.\d?", re.ASCII)
_SITE = re.compile(r" +(\d{1,20}) +\[<([^>]*)>\] (\S.*)", re.ASCII)
_DASHES = re.compile(r"-{41,48}|(?=.{40}$) *-*", re.ASCII)

#: Columns that figures are made of, by field; any other may be missing, odd or new.
_COUNTS = ("contentions", "acquisitions")
_TIMES = {"waittime-total": "wait_total", "holdtime-total": "hold_total",
          "holdtime-min": "hold_min"}
_UNUSED = {"con-bounces", "waittime-min", "waittime-max", "waittime-avg", "acq-bounces",
           "holdtime-max", "holdtime-avg"}


@dataclass(frozen=True)
class LockStat:
    version: str
    classes: tuple[LockClass, ...]   # as printed; two may bear one name
    disabled: bool                   # lockdep turned itself off: the counts stopped
    left_out: tuple[str, ...] = ()   # 'FILE:LINE: what could not be read', nothing needs it


class _Parser:
    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.at = 0
        self.left_out: list[str] = []
        self.lines = text.split("\n")
        if self.lines.pop():
            self.at = len(self.lines)
            self.fail("line is cut: the file does not end with a newline")

    def fail(self, what: str) -> NoReturn:
        raise CannotMeasure(f"{self.where}:{self.at + 1}: {what}")

    def leave_out(self, what: str) -> None:
        """Note what is odd in the line just taken."""
        self.left_out.append(f"{self.where}:{self.at}: {what}")

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
        version = _VERSION.fullmatch(self.take("'lock_stat version'"))
        if not version:
            self.reject("is not 'lock_stat version N.N'")
        if version[1] not in KNOWN_VERSIONS:
            self.leave_out(f"version {version[1]} of lock_stat, read as {KNOWN_VERSIONS[-1]}")
        disabled = (self.peek() or "").startswith("*WARNING*")
        if disabled:
            self.take("the warning")
        self.rule("-")
        names = self.take("the column names")
        title, heading, rest = names.partition("class name")
        self.width = len(title) + len(heading)
        self.columns = rest.split()
        if not heading or title.strip() or self.width < 20 \
                or len(set(self.columns)) != len(self.columns) \
                or not {*_COUNTS, *_TIMES} - {"holdtime-min"} <= set(self.columns):
            self.reject("columns are not those of lock_stat")
        for column in self.columns:
            if column not in {*_COUNTS, *_TIMES, *_UNUSED}:
                self.leave_out(f"column {printable(column, 30)!r}, which is not known")
        self.rule("-")
        self.blank("below the column names")
        return version[1], disabled

    def blank(self, where: str) -> None:
        if self.take("an empty line"):
            self.reject(f"is not the empty line {where}")

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
        name = name.removesuffix(mode).strip(" ")
        cells = line[self.width + 1:].split()
        if len(cells) != len(self.columns):
            self.reject(f"a row has {len(self.columns)} numbers behind its name; this has "
                        f"{len(cells)}")
        fields = dict(zip(self.columns, cells))
        counts = {column: self.count(column, fields[column]) for column in _COUNTS}
        times = {field: self.time(name, column, fields.get(column))
                 for column, field in _TIMES.items()}
        for column in _UNUSED & set(self.columns):
            if not (_INTEGER if column.endswith("bounces") else _TIME).fullmatch(fields[column]):
                self.leave_out(f"{column} {printable(fields[column], 20)!r} of "
                               f"{printable(name, 40)!r}")
        return name, mode, Numbers(**counts, **times)  # type: ignore[arg-type]

    def count(self, column: str, cell: str) -> int:
        if not _INTEGER.fullmatch(cell):
            self.reject(f"{column} {printable(cell, 30)!r} is not a whole number")
        if int(cell) >= 1 << 64:
            self.reject(f"{column} {cell} does not fit in 64 bits")
        return int(cell)

    def time(self, name: str, column: str, cell: str | None) -> float | None:
        if cell is None:
            return None
        if _TIME.fullmatch(cell) or _CUT_TIME.fullmatch(cell):
            return float(cell)
        self.leave_out(f"{column} {printable(cell, 20)!r} of {printable(name, 40)!r}")
        return None

    def sites(self) -> tuple[str, tuple[CallSite, ...]]:
        """One list of call sites below its line of dashes."""
        self.take("a line of '-'")
        sites: list[CallSite] = []
        name = ""
        while (line := self.peek()) and line[self.width:self.width + 1] == " ":
            self.take("a call site")
            parts = _SITE.fullmatch(line[self.width:])
            own = line[:self.width].strip(" ")
            if not parts or (sites and own != name) or int(parts[1]) >= 1 << 64:
                self.reject("is not a call site of the lock class above, or is cut")
            name = own
            sites.append(CallSite(int(parts[1]), parts[2], parts[3]))
        if not sites:
            self.fail("no call site below the line of dashes")
        return name, tuple(sites)

    def is_dashes(self) -> bool:
        line = self.peek()
        return line is not None and _DASHES.fullmatch(line) is not None

    def contention(self) -> tuple[str, tuple[CallSite, ...], tuple[CallSite, ...]]:
        name, waiters = self.sites()
        holders: tuple[CallSite, ...] = ()
        if self.is_dashes():
            other, holders = self.sites()
            if other != name:
                self.at -= 1
                self.fail("call sites of another lock class")
        elif self.peek() == "":
            # Only the list of holders is followed by the dotted line.
            waiters, holders = (), waiters
        if holders:
            self.blank("above the dots")
            self.rule(".")
            self.blank("below the dots")
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
        back = self.at
        if self.is_dashes():
            shown, waiters, holders = self.contention()
            if shown == name:
                return LockClass(name, write, read, waiters, holders)
            self.at = back  # the next class's, which has no rows
        return LockClass(name, write, read)


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
    return LockStat(version, tuple(classes), disabled, tuple(parser.left_out))


def load(path: Path) -> LockStat:
    """`parse` of a file of at most MAX_BYTES; a byte is a character, as columns count bytes."""
    return parse(guestfile.raw(path, MAX_BYTES).decode("latin-1"), path.name)
