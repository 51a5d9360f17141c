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

from runner import jsonread
from runner.errors import UsageError, printable
from runner.jsonread import Json

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
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {printable(str(error))}") from None
    return parse(jsonread.parse(text, str(path), error=UsageError))


def parse(told: Json) -> NightRecord:
    """From a document; complains as that does."""
    if told.integer("format") != FORMAT:
        told.fail(f"is not a night of format {FORMAT}")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(NightRecord):
        if field.name not in told.keys() and field.default is not dataclasses.MISSING:
            continue
        if field.name in ("reported", "bisects"):
            values[field.name] = tuple(told.texts(field.name, 1 << 16))
        elif field.name == "exit":
            values[field.name] = told.integer("exit") if told.has("exit") else None
        elif field.name == "good":
            values[field.name] = told.boolean("good")
        else:
            values[field.name] = told.whole(field.name)
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
