# SPDX-License-Identifier: GPL-2.0-only
"""The comparison for a terminal."""
from __future__ import annotations

import textwrap

from runner.judge.results import Comparison
from runner.judge.shown import Table
from runner.report import view

_WIDTH = 100


def table_lines(table: Table) -> list[str]:
    """A table in columns, after an empty line."""
    widths = [max(len(row[at]) for row in (table.columns, *table.rows))
              for at in range(len(table.columns))]
    used = [at for at, width in enumerate(widths) if width]
    lines = ["", f"  {table.title}"]
    for row in (table.columns, *table.rows):
        cells = [row[at].ljust(widths[at]) if at == 0 else row[at].rjust(widths[at])
                 for at in used]
        lines.append(("    " + "  ".join(cells)).rstrip())
    return [*lines, *([f"    {table.note}"] if table.note else [])]


def wrapped(line: str, first: str, rest: str) -> list[str]:
    """A text in lines; `first` stands before the first of them, `rest` before the others."""
    return textwrap.wrap(line, _WIDTH, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def bullets(title: str, lines: tuple[str, ...]) -> list[str]:
    """A headed list, after an empty line; nothing where it is empty."""
    if not lines:
        return []
    return ["", title, *(part for line in lines for part in wrapped(line, "  - ", "    "))]


def render(comparison: Comparison) -> str:
    """Plain text, no control characters, lines of 100 columns but for tables."""
    shown = view.build(comparison)
    lines = [shown.title]
    for section in shown.sections:
        lines += ["", section.title, "=" * len(section.title)]
        for table in section.tables:
            lines += table_lines(table)
        lines.append("")
        for verdict in section.verdicts:
            why = f"; why: {verdict.why}" if verdict.why else ""
            lines += wrapped(f"{verdict.what}: {verdict.verdict.upper()}: {verdict.reason}{why}",
                             "  ",
                             "      ")
        if section.evidence:
            lines += wrapped(f"evidence: {', '.join(section.evidence)}", "  ", "      ")
    lines += bullets("Which commit", view.bisected(shown))
    lines += bullets("Warnings", shown.warnings)
    lines += bullets("Samples that do not count", shown.excluded)
    lines += bullets("This rests on", shown.assumptions)
    lines += ["", f"Verdict: {shown.verdict.upper()}", *wrapped(shown.reason, "  ", "  ")]
    return "\n".join(lines) + "\n"
