# SPDX-License-Identifier: GPL-2.0-only
"""The night in the shape of KCIDB's reports (schema 4.0): checkouts, builds, tests.

Nothing is sent anywhere.  Every metric that is judged is a test; a regression
is FAIL, what could not be measured MISS, what is inconclusive DONE.
"""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from runner.campaign import campaign
from runner.errors import Exit, printable
from runner.judge import tier
from runner.judge.figures import MetricResult, Verdict
from runner.judge.results import Base, CellResult, Kind
from runner.nightly.night import Outcome

ORIGIN = "swapscale"
VERSION = {"major": 4, "minor": 0}

_STATUS = {Verdict.REGRESSED: "FAIL", Verdict.UNSOUND: "FAIL", Verdict.INVALID: "MISS",
           Verdict.INCONCLUSIVE: "DONE", Verdict.IMPROVED: "PASS", Verdict.EQUIVALENT: "PASS",
           Verdict.SOUND: "PASS"}


def _identity(*parts: object) -> str:
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f"{ORIGIN}:{digest[:32]}"


def _path(*parts: str) -> str:
    """Dots part the levels of a test's path; only letters, digits, '-' and '_' between them."""
    return ".".join(re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in parts)


def _figures(result: MetricResult) -> dict[str, Any]:
    figures = {"base": result.base, "test": result.test, "change": result.change,
               "threshold": result.threshold, "unit": result.unit, "better": result.better,
               "interval": list(result.interval) if result.interval else None}
    return {key: value for key, value in figures.items() if value is not None}


def _tests(outcome: Outcome, cell: CellResult, builds: dict[str, str]) -> list[dict[str, Any]]:
    night = outcome.night
    build = builds.get(tier.flavour(cell))
    if night is None or build is None:
        return []
    judged: list[tuple[str, Verdict, str, str, dict[str, Any]]] = [
        (metric.name, metric.verdict, metric.reason, metric.known, _figures(metric))
        for metric in cell.metrics if metric.verdict]
    judged = judged or [("cell", cell.verdict, cell.reason, "", {})]
    against = "alone" if cell.alone else "baseline" \
        if cell.base == Base(Kind.KERNEL, night.base) else cell.base.name
    tests = []
    for name, verdict, reason, known, figures in judged:
        path = _path("swapscale", cell.tier, cell.device, f"{cell.threads}_threads",
                     *name.split("."))
        tests.append({
            "id": _identity(outcome.folder and outcome.folder.name, path, against),
            "origin": ORIGIN, "build_id": build, "path": path, "status": _STATUS[verdict],
            "waived": bool(known), "start_time": night.started,
            "comment": printable(f"{against}: {verdict}: {reason}", 400),
            "environment": {"comment": f"QEMU, {cell.accelerator}, {cell.vcpus} vCPU"},
            "misc": {"swapscale": {"against": cell.base.name, "verdict": verdict.value,
                                   **figures}}})
    return tests


def _of(outcome: Outcome) -> tuple[list[Any], list[Any], list[Any]]:
    night, folder = outcome.night, outcome.folder
    if night is None or folder is None:
        return _failed(outcome)
    _, _, record = campaign.reopen(folder)
    checkout = {"id": _identity(night.identity, night.track), "origin": ORIGIN,
                "tree_name": printable(night.track), "valid": True, "start_time": night.started,
                "patchset_hash": "", "comment": printable(f"Linux {outcome.release}")}
    if len(night.commit) == 40:
        checkout["git_commit_hash"] = night.commit
    builds, made = {}, []
    for image in record.get("images", []):
        if image["kernel"] == night.kernel:
            builds[image["flavour"]] = f"{ORIGIN}:{image['key']}"
            made.append({"id": builds[image["flavour"]], "checkout_id": checkout["id"],
                         "origin": ORIGIN, "architecture": "x86_64", "valid": True,
                         "config_name": image["flavour"], "start_time": night.started})
    tests = [test for cell in outcome.comparison.cells for test in _tests(outcome, cell, builds)]
    return [checkout], made, tests


def _failed(outcome: Outcome) -> tuple[list[Any], list[Any], list[Any]]:
    """A kernel that is not there, or one that could not be built or measured."""
    there = outcome.exit != Exit.USAGE
    said = printable(outcome.said, 400)
    checkout = {"id": _identity(outcome.track, said), "origin": ORIGIN,
                "tree_name": printable(outcome.track), "valid": there, "patchset_hash": "",
                "comment": said}
    build = {"id": _identity("build", outcome.track, said), "checkout_id": checkout["id"],
             "origin": ORIGIN, "architecture": "x86_64", "valid": False, "comment": said}
    return [checkout], [build] * there, []


def render(nights: Sequence[Outcome]) -> str:
    """One JSON document, ASCII, no null in it, as the schema has it."""
    parts = [_of(outcome) for outcome in nights]
    return json.dumps({"version": VERSION, **{
        name: [entry for part in parts for entry in part[at]]
        for at, name in enumerate(("checkouts", "builds", "tests"))}},
        indent=1, allow_nan=False) + "\n"
