# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as test cases, for the formats that test frames read.

One case for each metric that is judged, one for each cell that judges none.
"""
from __future__ import annotations

from dataclasses import dataclass

from runner.errors import printable
from runner.judge.figures import Verdict, describe
from runner.judge.results import Base, CellResult, Comparison

#: What a verdict is to a test frame.
FAILURE, ERROR, SKIPPED, PASSED = "failure", "error", "skipped", "passed"
_OUTCOMES = {Verdict.REGRESSED: FAILURE, Verdict.UNSOUND: FAILURE, Verdict.INVALID: ERROR,
             Verdict.INCONCLUSIVE: SKIPPED, Verdict.IMPROVED: PASSED,
             Verdict.EQUIVALENT: PASSED, Verdict.SOUND: PASSED}
_LONG = 400


@dataclass(frozen=True)
class Case:
    name: str                              # 'exact, 1 thread: instructions_per_page'
    outcome: str                           # FAILURE, ERROR, SKIPPED or PASSED
    verdict: str
    message: str                           # one printable line


@dataclass(frozen=True)
class Suite:
    name: str                              # '6.1:batched against 6.1:vanilla on pmem'
    cases: tuple[Case, ...]
    notes: tuple[str, ...]                 # accelerator, evidence: printable lines

    def count(self, outcome: str) -> int:
        return sum(case.outcome == outcome for case in self.cases)


def _cases(cell: CellResult) -> list[Case]:
    threads = f"{cell.threads} thread" + ("s" if cell.threads != 1 else "")
    tier = cell.measured_by + (f" ({cell.workload})" if "/" in cell.workload else "")
    place = printable(f"{tier}, {threads}")
    judged = [(printable(f"{place}: {metric.name}"), metric.verdict, describe(metric))
              for metric in cell.metrics if metric.verdict is not None]
    # A demoted or budgeted cell may say no more than its metrics do: never less.
    if not judged or _OUTCOMES[cell.verdict] not in {_OUTCOMES[case[1]] for case in judged}:
        judged.insert(0, (place, cell.verdict, cell.reason))
    return [Case(name, _OUTCOMES[verdict], verdict.value, printable(said, _LONG))
            for name, verdict, said in judged]


def suites(comparison: Comparison) -> tuple[Suite, ...]:
    """One suite for each test kernel and device; never empty, as no test is no pass."""
    places: dict[tuple[Base, str, str], list[CellResult]] = {}
    for cell in comparison.cells:
        places.setdefault((cell.base, cell.test, cell.device), []).append(cell)
    made = []
    for (_, _, device), cells in places.items():
        notes = [f"{cell.measured_by}: {cell.accelerator}, {cell.vcpus} vCPU"
                 f"{'s' if cell.vcpus != 1 else ''}, evidence: {', '.join(cell.evidence)}"
                 for cell in cells]
        made.append(Suite(printable(f"{cells[0].title} on {device}"),
                          tuple(case for cell in cells for case in _cases(cell)),
                          tuple(printable(note, _LONG) for note in notes)))
    return tuple(made) or (Suite("comparison", (Case(
        "comparison", SKIPPED, comparison.verdict.value, printable(comparison.reason, _LONG)),),
        ()),)
