# SPDX-License-Identifier: GPL-2.0-only
"""Which samples are held against which: one campaign's kernels, or two campaigns'."""
from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from runner.asked import Experiment
from runner.errors import UsageError
from runner.judge import budgetfile, verdict
from runner.judge.results import Comparison
from runner.records import SHARED, Rules, Sample
from runner.settings import variant


def campaign(samples: list[Sample], experiment: Experiment) -> Comparison:
    """Every test kernel of one campaign against its base, every kernel against its budget."""
    if not experiment.budget:
        return verdict.compare(samples, experiment.rules)
    limits = budgetfile.load(budgetfile.path_of(experiment.budget))
    return verdict.compare(samples, experiment.rules,
                           functools.partial(limits.judge, experiment))


#: A campaign's folder, or its samples.jsonl, and what is in it.
Side = tuple[Path, list[Sample]]


def _whole(kernel: str, samples: list[Sample]) -> str:
    """Its name with what the campaign's kernels had in common, too."""
    shared = next((sample.host[SHARED] for sample in samples if SHARED in sample.host), "")
    try:
        both = dict((*variant.parse(f"x{shared}").settings, *variant.parse(kernel).settings))
    except UsageError:
        return f"{kernel}{shared}"     # of a version that knows more settings
    return variant.kernel_of(kernel) + variant.braces(sorted(both.items()))


def campaigns(base: Side, test: Side, rules: Rules) -> Comparison:
    """Campaign `test` against campaign `base`, each holding one kernel or the same kernel.

    The kernel compared is the one both hold; where they share none, each
    must hold a single one.
    """
    names = [sorted({sample.cell.kernel for sample in samples}) for _, samples in (base, test)]
    common = sorted(set(names[0]) & set(names[1]))
    if len(common) > 1:
        raise UsageError(f"compare: {base[0]} and {test[0]} share {len(common)} kernels "
                         f"({', '.join(common)}); give campaigns of one kernel each")
    if not common and (len(names[0]) > 1 or len(names[1]) > 1):
        raise UsageError(f"compare: {base[0]} holds {', '.join(names[0])} and {test[0]} holds "
                         f"{', '.join(names[1])}; give campaigns of one kernel each")
    labelled: list[Sample] = []
    labels = []
    for (path, samples), own in zip((base, test), names):
        kernel = common[0] if common else own[0]
        label = f"{_whole(kernel, samples)} in " \
            f"{path.parent.name if path.suffix == '.jsonl' else path.name}"
        while label in labels:
            label += "'"
        labels.append(label)
        labelled += [dataclasses.replace(sample,
                                         cell=dataclasses.replace(sample.cell, kernel=label))
                     for sample in samples if sample.cell.kernel == kernel]
    # All there is, judged once: the looks were those of each campaign on its own.
    return verdict.compare(labelled, dataclasses.replace(
        rules, base=labels[0], looks=(), confirm_pairs=0, timed_cells=0,
        layouts=()))
