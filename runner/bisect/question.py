# SPDX-License-Identifier: GPL-2.0-only
"""From an experiment to the experiments of a bisect: one metric of one cell."""
from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from runner import tomlfile, tomltext
from runner.asked import Experiment
from runner.bisect.statefile import Question
from runner.errors import UsageError, printable
from runner.experiment import plan
from runner.judge import tier
from runner.tomlfile import Given

#: Of the ends, of what lies between, and of the locks that moved with the culprit.
ENDS, STEP, LOCKS = "ends.toml", "step.toml", "locks.toml"
#: A relative change that nothing exceeds: for metrics that are not asked about.
_NEVER = 10.0


def metric_of(experiment: Experiment, asked: str | None) -> tuple[str, str]:
    """The metric to bisect by and its tier; UsageError where the experiment has none such."""
    if asked is None:
        for own in tier.asked(experiment.tiers):
            if own.bisected:
                return own.bisected, own.name
        raise UsageError(f"{experiment.file}: measures locks alone; say which one with --metric "
                         "locks.CLASS.acquisitions_per_page")
    if not tier.is_metric(asked):
        raise UsageError(f"{printable(asked, 60)}: {tier.no_metric(asked)}")
    if lack := experiment.lacks(asked):
        raise UsageError(f"{experiment.file}: {asked} {lack}")
    for own in tier.asked(experiment.tiers):
        if own.answers(asked):
            return asked, own.name
    able = " or ".join(f"the {own.name} tier" for own in tier.every() if own.answers(asked))
    raise UsageError(f"{experiment.file}: tiers: {asked} takes {able}, and it has "
                     f"{', '.join(experiment.tiers)} alone")


def cell_of(experiment: Experiment, where: str, device: str | None, threads: int | None
            ) -> tuple[str, int]:
    """Device and thread count to bisect at: the first of tier `where`, or one of its."""
    counts = tuple(dict.fromkeys(cell.threads for cell in tier.find(where).cells(experiment)))
    for what, asked, have in (("devices", device, experiment.devices),
                              ("threads", threads, counts)):
        if asked is not None and asked not in have:
            raise UsageError(f"{experiment.file}: {what}: {asked} is not one of "
                             + ", ".join(map(str, have)))
    return device or experiment.devices[0], threads or counts[0]


def threshold_of(experiment: Experiment, metric: str) -> float:
    """The relative change that counts; UsageError where nobody said how much does."""
    threshold = {**tier.thresholds(), **experiment.rules.thresholds}.get(metric)
    if threshold is None:
        raise UsageError(f"{experiment.file}: rules.thresholds: has no {metric}; say there how "
                         "much of it counts, or give --above")
    return threshold


def refuse(given: Given) -> None:
    """UsageError where an option sets what a bisect says itself."""
    for place, change in given.items():
        if place[0] in ("base", "test", "kernels", "beside"):
            raise UsageError(f"{printable(change.typed, 80)}: a bisect's kernels are its ends and "
                             "what lies between; name them by --good and --bad, or --series")


def _reduced(file: Path, question: Question, given: Given | None = None) -> dict[str, Any]:
    """What the user's experiment says of guest, load and rules, for one cell."""
    data = tomlfile.load(file, given).whole()
    others = [name for name in tier.TABLE if name != question.tier]
    for key in ("base", "test", "kernels", "claim", "budget", *others):
        data.pop(key, None)
    if isinstance(own := data.get(question.tier), dict):
        own.pop("threads", None)   # one cell is asked about, whatever else the tier measures
    rules = data.setdefault("rules", {})
    data |= {"title": f"bisect of {question.tree} by {question.metric}", "kernels": ["6.1:vanilla"],
             "devices": [question.device], "threads": [question.threads],
             "tiers": [question.tier]}
    if question.kind == "git":     # options that a commit between renames or takes away
        data["beside"] = [f"git:{question.tree}@{end}" for end in (question.good, question.bad)]
    tier.find(question.tier).ends(rules)
    return data


def _written(file: Path, data: dict[str, Any]) -> None:
    file.write_text("# SPDX-License-Identifier: GPL-2.0-only\n"
                    "# Made by './swapscale bisect' from the experiment it was given.\n"
                    + "\n".join(tomltext.lines(data)) + "\n", encoding="utf-8")
    plan.load(file)


def write_ends(experiment: Experiment, question: Question, folder: Path,
               given: Given | None = None) -> None:
    """ends.toml: as the experiment has it with `given`, for the one cell asked about.

    locks.toml, where the experiment counts locks: for those that moved with the culprit.
    """
    _written(folder / ENDS, _reduced(experiment.file, question, given))
    counting = [own.name for own in tier.asked(experiment.tiers) if own.counts_locks]
    if counting and question.tier not in counting:
        _written(folder / LOCKS, _reduced(experiment.file, dataclasses.replace(
            question, tier=counting[0]), given))


def write_step(experiment: Path, question: Question, folder: Path, effect: float,
               adjusted: bool) -> None:
    """step.toml: what lies between the ends is told apart half way, in logarithms.

    `effect` is the bad end's relative change; `adjusted` says whether it was found with an
    error of its own, as a step is held against the good end by the same comparison.
    """
    data = _reduced(experiment, question)
    half = math.expm1(abs(math.log1p(effect)) / 2) if effect > -1 else 0.0
    rules = data["rules"]
    thresholds = tier.find(question.tier).step(rules, adjusted)
    rules["thresholds"] = {**thresholds, question.metric: min(max(half, 1e-6), _NEVER)}
    rules["confirm_pairs"] = 0
    _written(folder / STEP, data)
