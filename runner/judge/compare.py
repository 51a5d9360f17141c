# SPDX-License-Identifier: GPL-2.0-only
"""Which samples are held against which: one campaign's kernels, or two campaigns."""
from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from runner.asked import Experiment
from runner.campaign.store import load_samples
from runner.errors import UsageError
from runner.judge import budgetfile, verdict
from runner.judge.results import Comparison
from runner.records import Rules, Sample


def campaign(samples: list[Sample], experiment: Experiment) -> Comparison:
    """Every test kernel of one campaign against its base, every kernel against its budget."""
    if not experiment.budget:
        return verdict.compare(samples, experiment.rules)
    limits = budgetfile.load(budgetfile.path_of(experiment.budget))
    return verdict.compare(samples, experiment.rules,
                           functools.partial(limits.judge, experiment))


def is_stored(name: str) -> bool:
    """Whether `name` is a campaign's folder or a samples file, not a kernel."""
    return name.endswith(".jsonl") or Path(name, "samples.jsonl").is_file()


def _read(path: Path) -> list[Sample]:
    samples = load_samples(path / "samples.jsonl" if path.is_dir() else path)
    if not samples:
        raise UsageError(f"{path}: holds no samples; finish it with './swapscale run --resume'")
    return samples


def stored(base: Path, test: Path, rules: Rules) -> Comparison:
    """Campaign `test` against campaign `base`, each holding one kernel or the same kernel.

    The kernel compared is the one both hold; where they share none, each
    must hold a single one.
    """
    sides = [_read(base), _read(test)]
    names = [sorted({one.cell.kernel for one in side}) for side in sides]
    common = sorted(set(names[0]) & set(names[1]))
    if len(common) > 1:
        raise UsageError(f"compare: {base} and {test} share {len(common)} kernels "
                         f"({', '.join(common)}); give campaigns of one kernel each")
    if not common and (len(names[0]) > 1 or len(names[1]) > 1):
        raise UsageError(f"compare: {base} holds {', '.join(names[0])} and {test} holds "
                         f"{', '.join(names[1])}; give campaigns of one kernel each")
    labelled: list[Sample] = []
    labels = []
    for side, path, own in zip(sides, (base, test), names):
        kernel = common[0] if common else own[0]
        label = f"{kernel} in {path.parent.name if path.suffix == '.jsonl' else path.name}"
        while label in labels:
            label += "'"
        labels.append(label)
        labelled += [dataclasses.replace(one, cell=dataclasses.replace(one.cell, kernel=label))
                     for one in side if one.cell.kernel == kernel]
    # All there is, judged once: the looks were those of each campaign on its own.
    return verdict.compare(labelled, dataclasses.replace(
        rules, base=labels[0], looks=(), confirm_pairs=0, timed_cells=0,
        layouts=()))
