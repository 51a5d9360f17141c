# SPDX-License-Identifier: GPL-2.0-only
"""night.json: what makes a campaign a night; lies beside its samples.

It holds what samples cannot say (which kernel moves, what it was held
against, what the gate said), so that the index can be made again from
campaigns alone.  results/README.md documents it.
"""
from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import UsageError, printable

NAME = "night.json"
FORMAT = 1


@dataclass(frozen=True)
class NightRecord:
    """One night of one kernel that moves."""

    track: str                # the kernel that moves, as nightly.toml names it
    kernel: str               # as booted: 'git:/src/linux@<commit>:vanilla'
    identity: str             # of source and patches: another one, another kernel
    commit: str               # of a kernel out of git; else ''
    pinned: str               # a name that means this very kernel on any later night
    base: str                 # kernel it was held against; '': measured alone
    base_campaign: str        # the night that kernel was last known good; ''
    started: str              # UTC, ISO 8601
    verdict: str = ""         # the gate's; '': not finished
    reason: str = ""
    exit: int | None = None
    good: bool = False        # may be a later night's base
    reported: tuple[str, ...] = ()   # regressions this night's gate reported, by name
    bisects: tuple[str, ...] = ()    # their bisects: folders beside the campaign's


def read(folder: Path) -> NightRecord | None:
    """The night of a campaign, None where it is none; UsageError where it does not read."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return parse(data)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read: {printable(str(error))}") from None


def parse(data: Any) -> NightRecord:
    """From what JSON holds; ValueError 'KEY: what is wrong'."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"is not a night of format {FORMAT}")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(NightRecord):
        value = data.get(field.name, field.default)
        if field.name in ("reported", "bisects"):
            good = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
            value = tuple(value) if good else value
        elif field.name == "exit":
            good = value is None or (isinstance(value, int) and not isinstance(value, bool))
        elif field.name == "good":
            good = isinstance(value, bool)
        else:
            good = isinstance(value, str)
        if not good:
            raise ValueError(f"{field.name}: {printable(repr(value), 40)} is not what it takes")
        values[field.name] = value
    return NightRecord(**values)


def as_data(night: NightRecord) -> dict[str, Any]:
    return {"format": FORMAT, **dataclasses.asdict(night)}


def write(folder: Path, night: NightRecord) -> None:
    """Whole or not at all, and on the disk when this returns."""
    fresh = folder / f"{NAME}.new"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(as_data(night), file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(folder / NAME)
