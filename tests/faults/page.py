# SPDX-License-Identifier: GPL-2.0-only
"""docs/faults.md."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.report.markdown import escape
from tests.faults.fault import GROUPS, Fault
from tests.faults.record import Told

_HEAD = """\
# Faults, and what becomes of them

Made by `make faults`, which injects each of these through `./swapscale` itself, with QEMU and
kernels as they are. A fault is as it should be where its outcome, exit status and line are those
that it must come to, and where afterwards no process, temporary file, lock or half a file is left,
the record reads, no sample is lost and none is there twice: where a campaign was made, it is gone
on with by `./swapscale run --resume results/CAMPAIGN` without the fault, and must come to each
planned sample once.
Paths are shortened: `results`, `CACHE` and `LAB` (the folder of the fault).

A single fault or a group is injected by `python3 -m tests.faults NAME`; `results/faults/` keeps
what each came to. Rows of faults that could not be injected where the page was written last are as
they were.
"""
_TABLE = "| fault | injected | outcome | exit | line |\n| --- | --- | --- | ---: | --- |"
WRONG = "**not as it should be**"


def _row(one: Fault, told: Told) -> str:
    said = told.seen.line if len(told.seen.line) < 300 else told.seen.line[:299] + "…"
    cells = [f"`{one.name}`", escape(one.injected), escape(told.seen.outcome),
             escape(told.seen.status), escape(said)]
    if told.problems:
        cells[2] += f" {WRONG}: {escape('; '.join(told.problems[:-1]))}"
    return "| " + " | ".join(cells) + " |"


def cells(page: str) -> list[tuple[str, str, str]]:
    """Name, outcome and status of each row."""
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    return [(row[0].strip("|` "), row[2].replace("\\", ""), row[3]) for row in rows]


def names(page: str) -> list[str]:
    """The faults that a page has rows of."""
    return [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]


def render(faults: Iterable[Fault], kept: Mapping[str, Told], before: str) -> str:
    """The page; a fault that is not on record keeps its row of `before`."""
    faults = list(faults)
    old = {line.split("`")[1]: line for line in before.splitlines() if line.startswith("| `")}
    rows = {one.name: _row(one, kept[one.name]) if one.name in kept and not kept[one.name].absent
            else old[one.name] for one in faults
            if one.name in old or (one.name in kept and not kept[one.name].absent)}
    right = sum(WRONG not in row for row in rows.values())
    lines = [_HEAD, f"{right} of {len(rows)} faults are as they should be."]
    if away := [f"`{one.name}`" for one in faults if one.name not in rows]:
        lines += ["", f"Not injected yet where this page was written, {len(away)}: "
                  + ", ".join(away) + "."]
    for group, title in GROUPS.items():
        own = [rows[one.name] for one in faults if one.group == group and one.name in rows]
        if own:
            lines += ["", f"## {title}", "", _TABLE, *own]
    on = sorted({told.on for told in kept.values() if not told.absent})
    return "\n".join([*lines, "", "Injected on:", "", *(f"- {one}" for one in on)]) + "\n"
