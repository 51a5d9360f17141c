# SPDX-License-Identifier: GPL-2.0-only
"""What a fault is, what it must come to, and the list of all."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.lab import Lab

GROUPS = {"host": "The host", "runner": "The runner", "kernel": "The guest's kernel",
          "agent": "What the guest sends", "files": "Files", "slurm": "Nodes of a cluster"}


class NotHere(Exception):
    """What a fault needs is not on this machine; the text says what."""


@dataclass(frozen=True)
class Seen:
    """What a fault came to."""

    outcome: str          # a sample's outcome, or what became of the command
    status: str           # exit status; 'killed, then 3' where a second command goes on
    line: str             # the one that was printed about it


@dataclass(frozen=True)
class Fault:
    """One fault; `act` injects it into a lab."""

    name: str
    group: str
    injected: str         # for the table
    outcome: str          # what it must come to
    status: str
    line: str             # regular expression of the whole line
    act: Callable[[Lab], Seen]
    quick: bool = False   # a test of every change's

    def wrong(self, seen: Seen) -> list[str]:
        """How what was seen differs from what must be."""
        told = [f"{what} {got!r} is not {wanted!r}" for what, got, wanted in (
            ("outcome", seen.outcome, self.outcome), ("status", seen.status, self.status))
                if got != wanted]
        if not re.fullmatch(self.line, seen.line):
            told.append(f"line {seen.line!r} is not as {self.line!r}")
        return told


FAULTS: dict[str, Fault] = {}

Act = Callable[[Lab], Seen]


def add(name: str, group: str, injected: str, *, outcome: str, status: int | str, line: str,
        act: Act, quick: bool = False) -> None:
    """Put a fault on the list."""
    assert name not in FAULTS and group in GROUPS
    FAULTS[name] = Fault(name, group, injected, outcome, str(status), line, act, quick)


def fault(name: str, group: str, injected: str, *, outcome: str, status: int | str, line: str,
          quick: bool = False) -> Callable[[Act], Act]:
    """The same, as a decorator of what injects it."""
    def take(act: Act) -> Act:
        add(name, group, injected, outcome=outcome, status=status, line=line, act=act, quick=quick)
        return act
    return take
