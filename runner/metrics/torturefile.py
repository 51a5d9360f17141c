# SPDX-License-Identifier: GPL-2.0-only
"""What swaptorture said in one boot, and what the agent saw afterwards."""
from __future__ import annotations

from pathlib import Path

from runner.errors import CannotMeasure
from runner.jsonread import Json
from runner.metrics import guestfile
from runner.records import Metric

WORKLOAD = "workload.json"
AFTER = "after.vmstat"

#: Counted per scenario, told per boot: key of the document and unit.
COUNTS = {"verified": "pages", "bad": "pages", "pageouts": "calls", "forks": "children",
          "swapoffs": "", "refusals": "charges", "exhausted": "times", "injections": "failures",
          "merged": "pages", "merged_out": "pages", "poisoned": "pages", "survived": "pages",
          "pswpout": "pages", "pswpin": "pages", "pglazyfreed": "pages",
          "thp_swpout": "huge pages", "thp_swpout_fallback": "huge pages"}

#: What documents of the first versions do not have.
_LATER = ("merged", "merged_out", "poisoned", "survived")


def _document(evidence: Path) -> Json:
    document = guestfile.document(evidence / WORKLOAD)
    if document.integer("swaptorture") != 1:
        raise CannotMeasure(f"{WORKLOAD}: swaptorture: version is not 1")
    return document


def measure(evidence: Path) -> dict[str, Metric]:
    """torture.COUNT over all scenarios, by name; CannotMeasure 'FILE: what'."""
    scenarios = _document(evidence).objects("scenarios")
    return {f"torture.{name}": Metric(sum(scenario.integer(name) for scenario in scenarios
                                          if name not in _LATER or scenario.has(name)), unit, "",
                                      WORKLOAD)
            for name, unit in COUNTS.items()}


def missed(evidence: Path) -> list[str]:
    """What the scenarios did not reach, a line each."""
    return _document(evidence).texts("missed")


def unsound(evidence: Path) -> list[str]:
    """What was left over or did not end, by the program's and by the agent's reading."""
    problems = _document(evidence).texts("unsound")
    if not problems and guestfile.vmstat(evidence / AFTER).get("nr_swapcached"):
        problems.append(f"{AFTER}: nr_swapcached is not zero with all swap taken off")
    return problems
