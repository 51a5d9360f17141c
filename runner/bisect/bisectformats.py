# SPDX-License-Identifier: GPL-2.0-only
"""A bisect's result as text, Markdown and JSON."""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from runner.bisect.result import Result, Row, figures
from runner.judge.figures import describe, label, number, simulated
from runner.report.markdown import bullets, escape, grid

FORMAT = 1
_COLUMNS = ("commit", "verdict", "value", "95%", "confidence", "why")


def _cells(row: Row) -> tuple[str, ...]:
    reading = row.reading
    role = "" if reading.role == "step" else f" ({reading.role})"
    return (row.title + role, reading.verdict, *figures(reading), reading.reason)


def _facts(result: Result) -> list[str]:
    asked = result.question
    return [f"{label(asked.metric)} ({result.unit}), {asked.tier} tier"
            f"{simulated([result.machine])}, {asked.device}, "
            f"{asked.threads} thread{'s' * (asked.threads > 1)}; line at {number(result.line)}",
            f"between {asked.good[:12]} and {asked.bad[:12]} of {asked.tree}",
            *([f"{asked.experiment} with {', '.join(asked.set)}"] if asked.set else [])]


def text(result: Result) -> str:
    """For a terminal."""
    lines = [result.headline(), *(f"  {fact}" for fact in _facts(result)), "", "path taken:"]
    table = [_cells(row) for row in result.rows]
    wide = [max(len(row[at]) for row in [_COLUMNS, *table]) for at in range(5)]
    for row in [_COLUMNS, *table]:
        lines.append("  " + "  ".join([*(cell.ljust(size) for cell, size in zip(row, wide)),
                                       row[5]]).rstrip())
    if result.culprit:
        lines += ["", "measured again:", *(f"  {line}" for line in result.said), "", "changes:",
                  *(f"  {line.strip()}" for line in result.stat.splitlines())]
        lines += ["", "moved with it:",
                  *([f"  {describe(metric)}" for metric in result.moved] or ["  nothing else"])]
    else:
        lines += ["", "suspects:", *(f"  {suspect}" for suspect in result.suspects)]
    lines += [f"warning: {warning}" for warning in result.warnings]
    return "\n".join(lines) + "\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    heads, *cells = ([*map(escape, row)] for row in (columns, *rows))
    return [*grid(heads, cells, len(columns)), ""]


def markdown(result: Result) -> str:
    """For a mail, an issue or a page."""
    lines = [f"# Bisect by {escape(label(result.question.metric))}", "",
             f"**{escape(result.headline())}**", "", *(f"- {escape(fact)}" for fact in
                                                       _facts(result)), "",
             "## Path taken", "", *_table(_COLUMNS, [_cells(row) for row in result.rows])]
    if result.culprit:
        lines += bullets("Measured again", result.said)
        lines += ["## Changes", "", "```", *result.stat.splitlines(), "```", ""]
        lines += bullets("Moved with it", tuple(map(describe, result.moved)) or ("nothing else",))
    else:
        lines += bullets("Suspects", result.suspects)
    lines += bullets("Warnings", result.warnings)
    return "\n".join(lines).rstrip() + "\n"


def to_json(result: Result) -> str:
    """For programs; results/README.md documents it."""
    data = {"swapscale-bisect": FORMAT, **dataclasses.asdict(result), "exit": int(result.exit)}
    if not result.machine:
        del data["machine"]
    return json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n"


FORMATS = {"text": text, "markdown": markdown, "json": to_json}
FILES = {"text": "bisect.txt", "markdown": "bisect.md", "json": "bisect.json"}
