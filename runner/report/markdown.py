# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as GitHub-flavoured Markdown."""
from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from runner.judge.results import Comparison
from runner.judge.shown import Table
from runner.report import view


def escape(text: str) -> str:
    """A text that Markdown shows as it is: no markup, link, HTML or table cell in it."""
    # The last two are what GitHub makes links of without being asked.
    return re.sub(r"([\\`*_\[\]|~#!>@]|:(?=//)|(?<=www)\.)", r"\\\1",
                  html.escape(text, quote=False))


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> list[str]:
    """Lines of a table whose cells are Markdown already; its first `texts` columns are words."""
    shown = ["| " + " | ".join(row) + " |" for row in (heads, *rows)]
    rule = "|" + " --- |" * texts + " ---: |" * (len(heads) - texts)
    return [shown[0], rule, *shown[1:]]


def table_lines(table: Table) -> list[str]:
    """A table under its heading."""
    columns, *rows = ([*map(escape, row)] for row in (table.columns, *table.rows))
    return [f"### {escape(table.title)}", "", *grid(columns, rows), "",
            *([escape(table.note), ""] if table.note else [])]


def bullets(title: str, lines: tuple[str, ...]) -> list[str]:
    """A headed list; nothing where it is empty."""
    return [f"## {title}", "", *(f"- {escape(line)}" for line in lines), ""] if lines else []


def render(comparison: Comparison) -> str:
    """Markdown with the verdict first."""
    shown = view.build(comparison)
    lines = [f"# {escape(shown.title)}", "", f"**{shown.verdict}**: {escape(shown.reason)}", ""]
    for section in shown.sections:
        lines += [f"## {escape(section.title)}", ""]
        for table in section.tables:
            lines += table_lines(table)
        for verdict in section.verdicts:
            why = f"; why: {escape(verdict.why)}" if verdict.why else ""
            lines.append(f"- {escape(verdict.what)}: **{verdict.verdict}**: "
                         f"{escape(verdict.reason)}{why}")
        if section.evidence:
            lines.append(f"- evidence: {escape(', '.join(section.evidence))}")
        lines.append("")
    lines += bullets("Which commit", view.bisected(shown))
    lines += bullets("Warnings", shown.warnings)
    lines += bullets("Samples that do not count", shown.excluded)
    lines += bullets("This rests on", shown.assumptions)
    return "\n".join(lines).rstrip() + "\n"
