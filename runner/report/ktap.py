# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as KTAP version 1 (the kernel's Documentation/dev-tools/ktap.rst).

A regression is 'not ok', what could not be measured 'not ok # ERROR', what is
inconclusive 'ok # SKIP'.
"""
from __future__ import annotations

from runner.judge.results import Comparison
from runner.report import cases


def _plain(text: str) -> str:
    """A text without the sign that begins a directive or a diagnostic."""
    return text.replace("#", "no. ")


def _result(outcome: str) -> str:
    return "not ok" if outcome in (cases.FAILURE, cases.ERROR) else "ok"


def _case(number: int, case: cases.Case) -> list[str]:
    directive = {cases.ERROR: f" # ERROR {_plain(case.message)}",
                 cases.SKIPPED: f" # SKIP {_plain(case.message)}"}.get(case.outcome, "")
    said = [] if directive else [f"# {case.verdict}: {_plain(case.message)}"]
    # Diagnostic lines come before the result they belong to.
    return [*said, f"{_result(case.outcome)} {number} {_plain(case.name)}{directive}"]


def _worst(suite: cases.Suite) -> str:
    order = (cases.FAILURE, cases.ERROR, cases.PASSED, cases.SKIPPED)
    return next(outcome for outcome in order if suite.count(outcome))


def render(comparison: Comparison) -> str:
    """One test for each kernel and device, a subtest for each metric that is judged."""
    suites = cases.suites(comparison)
    lines = ["KTAP version 1", f"1..{len(suites)}"]
    for number, suite in enumerate(suites, 1):
        lines += ["  KTAP version 1", f"  # Subtest: {_plain(suite.name)}",
                  f"  1..{len(suite.cases)}"]
        for at, case in enumerate(suite.cases, 1):
            lines += [f"  {line}" for line in _case(at, case)]
        lines += [f"  # {_plain(note)}" for note in suite.notes]
        worst = _worst(suite)
        directive = {cases.ERROR: " # ERROR could not measure",
                     cases.SKIPPED: " # SKIP inconclusive"}.get(worst, "")
        lines.append(f"{_result(worst)} {number} {_plain(suite.name)}{directive}")
    return "\n".join(lines) + "\n"
