# SPDX-License-Identifier: GPL-2.0-only
"""What a night came to, on one screen and as Markdown for a merge request."""
from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from runner.errors import Exit, printable
from runner.judge.figures import Verdict
from runner.judge.results import Comparison
from runner.nightly.night import Outcome
from runner.report import markdown

_WIDTH = 79
#: Findings shown for each kernel; the report has all.
_SHOWN = 4

#: Worst first.
_ORDER = (Exit.REGRESSED, Exit.CANNOT_MEASURE, Exit.USAGE, Exit.INCONCLUSIVE, Exit.OK)
_WORDS = {Exit.OK: "no regression", Exit.REGRESSED: "REGRESSED", Exit.INCONCLUSIVE: "inconclusive",
          Exit.CANNOT_MEASURE: "could not measure", Exit.USAGE: "wrong configuration"}
#: Object ids of commits; on one screen twelve digits of them do.
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28}\b")
_NONE = "no kernel moved since its last night; nothing was measured"


def exit_of(nights: Sequence[Outcome]) -> Exit:
    """The worst of all kernels; OK where none moved."""
    return next((status for status in _ORDER if any(night.exit == status for night in nights)),
                Exit.OK)


def merged(nights: Sequence[Outcome]) -> Comparison:
    """All kernels' comparisons as one, for the formats that programs read."""
    if not nights:
        return Comparison("", (), (), (), (), (), Verdict.EQUIVALENT, _NONE, Exit.OK)
    parts = [night.comparison for night in nights]
    worst = min(parts, key=lambda part: _ORDER.index(part.exit))
    return Comparison(
        worst.base, tuple(dict.fromkeys(test for part in parts for test in part.tests)),
        tuple(cell for part in parts for cell in part.cells),
        tuple(gone for part in parts for gone in part.excluded),
        tuple(dict.fromkeys(line for part in parts for line in part.warnings)),
        tuple(dict.fromkeys(line for part in parts for line in part.assumptions)),
        worst.verdict, worst.reason, worst.exit,
        tuple(bisect for part in parts for bisect in part.bisects))


def _head(outcome: Outcome) -> str:
    night = outcome.night
    if night is None:
        return printable(outcome.track)
    against = f"against {night.base}" if night.base else "against history alone"
    what = night.commit[:12] or outcome.release
    return _ID.sub(r"\1", printable(f"{outcome.track} ({what}) {against}", 200))


def _lines(outcome: Outcome) -> list[tuple[str, str]]:
    """(label, text) of what there is to say about one kernel."""
    names = {finding.name for finding in outcome.new}
    lines = [("verdict", f"{_WORDS[outcome.exit]}: {outcome.said}")]
    for finding in outcome.findings[:_SHOWN]:
        lines.append(("new" if finding.name in names else "still", finding.said))
    if len(outcome.findings) > _SHOWN:
        lines.append(("more", f"{len(outcome.findings) - _SHOWN} further regressions; see the "
                              "report"))
    for bisect in outcome.comparison.bisects[:2]:
        lines.append(("bisect", f"{bisect.state}: {bisect.said}"))
        lines += [("see", bisect.report or bisect.folder)] if bisect.folder else []
    lines += [("known", line) for line in outcome.known[:2]]
    if outcome.folder:
        lines.append(("report", f"{outcome.folder}/report.html"))
    return lines


def text(title: str, nights: Sequence[Outcome]) -> str:
    """One screen: the exit status first, then a block for each kernel."""
    status = exit_of(nights)
    lines = [f"{printable(title)}: {_WORDS[status]} (exit status {int(status)})"]
    if not nights:
        lines.append(f"  {_NONE}")
    for outcome in nights:
        lines += ["", *textwrap.wrap(_head(outcome), _WIDTH, break_on_hyphens=False)]
        for label, said in _lines(outcome):
            wrapped = textwrap.wrap(_ID.sub(r"\1", printable(said, 400)), _WIDTH - 11,
                                    break_on_hyphens=False, max_lines=3, placeholder=" …")
            lines += [f"  {label:<8} {line}" if at == 0 else f"           {line}"
                      for at, line in enumerate(wrapped)]
    return "\n".join(lines) + "\n"


def to_markdown(title: str, nights: Sequence[Outcome]) -> str:
    """For a merge request's comment: verdict, a table of what regressed, then the details."""
    status = exit_of(nights)
    escape = markdown.escape
    lines = [f"# {escape(printable(title))}: {escape(_WORDS[status])}", ""]
    if not nights:
        lines += [f"{_NONE.capitalize()}.", ""]
    for outcome in nights:
        names = {finding.name for finding in outcome.new}
        lines += [f"## {escape(_head(outcome))}", "",
                  f"**{_WORDS[outcome.exit]}**: {escape(printable(outcome.said, 400))}", ""]
        rows = [("new" if finding.name in names else "since an earlier night", finding.said)
                for finding in outcome.findings] + [("known", line) for line in outcome.known]
        for bisect in outcome.comparison.bisects:
            lines += [f"**bisect, {bisect.state}**: {escape(printable(bisect.said, 400))} "
                      f"({escape(printable(bisect.regression, 200))})", ""]
        if rows:
            lines += ["| regression | what |", "| --- | --- |",
                      *(f"| {label} | {escape(printable(said, 400))} |" for label, said in rows),
                      ""]
        if outcome.night:
            body = markdown.render(outcome.comparison).replace("\n#", "\n##").lstrip("#")
            lines += ["<details><summary>All figures</summary>", "", f"##{body}", "</details>", ""]
    return "\n".join(lines).rstrip() + "\n"
