# SPDX-License-Identifier: GPL-2.0-only
"""A claim's page as text, Markdown, JSON and HTML."""
from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import jinja2

from runner.claim import page
from runner.claim.claimverdict import Findings
from runner.errors import CannotMeasure
from runner.report import markdown, text

FORMAT = 2

#: What write_all leaves in a campaign's folder, beside the comparison's report.
FILES = {"text": "claim.txt", "markdown": "claim.md", "json": "claim.json", "html": "claim.html"}

_PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent),
                            autoescape=True, undefined=jinja2.StrictUndefined,
                            trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)


def as_text(findings: Findings) -> str:
    """Plain text, no control characters, lines of 100 columns but for tables."""
    shown = page.build(findings)
    lines = [shown.title, "=" * len(shown.title)]
    for what, said in shown.facts:
        lines += text.wrapped(f"{what}: {said}", "  ", "      ")
    for table in shown.tables:
        lines += text.table_lines(table)
    for title, told in shown.lists:
        lines += text.bullets(title, told)
    lines += ["", f"Claim: {shown.verdict.upper()}{shown.on}",
              *text.wrapped(shown.reason, "  ", "  ")]
    return "\n".join(lines) + "\n"


def as_markdown(findings: Findings, pictures: Sequence[str] = ()) -> str:
    """Markdown with the verdict first; `pictures` are named relative to where it will lie."""
    shown = page.build(findings)
    lines = [f"# {markdown.escape(shown.title)}", "",
             f"**{shown.verdict}**{markdown.escape(shown.on)}: {markdown.escape(shown.reason)}", "",
             *(f"- {what}: {markdown.escape(said)}" for what, said in shown.facts), ""]
    lines += [line for picture in pictures for line in (f"![{Path(picture).stem}]({picture})", "")]
    for table in shown.tables:
        lines += markdown.table_lines(table)
    for title, told in shown.lists:
        lines += markdown.bullets(title, told)
    return "\n".join(lines).rstrip() + "\n"


def as_json(findings: Findings) -> str:
    """One document, keys sorted, everything outside ASCII escaped, no NaN or Infinity."""
    claim = findings.claim
    cells = []
    for judged in findings.cells:
        cell = {**dataclasses.asdict(judged), **dataclasses.asdict(judged.cell)}
        del cell["cell"]
        if judged.measured:
            cell["measured"]["emulated"] = judged.measured.emulated
            if not judged.measured.machine:
                del cell["measured"]["machine"]
        cells.append(cell)
    return json.dumps({
        "swapscale-claim": FORMAT, "claim": claim.name, "statement": claim.statement,
        "source": dataclasses.asdict(claim.source), "base": claim.base, "test": claim.test,
        "host": dict(findings.host), "cells": cells, "verdict": findings.verdict,
        "reason": findings.reason, "exit": findings.exit,
        "warnings": findings.comparison.warnings,
        "assumptions": findings.comparison.assumptions}, indent=1, sort_keys=True,
        allow_nan=False) + "\n"


def as_html(findings: Findings, pictures: Sequence[Path] = ()) -> str:
    """One page that holds its pictures, without scripts or anything from elsewhere."""
    drawn = [(picture.stem, base64.b64encode(picture.read_bytes()).decode("ascii"))
             for picture in pictures]
    return _PAGES.get_template("claim.html.j2").render(page=page.build(findings), pictures=drawn)


FORMATS: dict[str, Callable[[Findings], str]] = {
    "text": as_text, "markdown": as_markdown, "json": as_json, "html": as_html}


def write_all(findings: Findings, folder: Path, pictures: Sequence[Path] = ()) -> None:
    """Write every form into a campaign's folder; CannotMeasure where that fails."""
    names = [str(picture.resolve().relative_to(folder.resolve())) for picture in pictures]
    made = {"text": as_text(findings), "markdown": as_markdown(findings, names),
            "json": as_json(findings), "html": as_html(findings, pictures)}
    try:
        for form, name in FILES.items():
            (folder / name).write_text(made[form], encoding="utf-8")
    except OSError as error:
        raise CannotMeasure(f"{error.filename or folder}: cannot be written: "
                            f"{error.strerror}") from None
