# SPDX-License-Identifier: GPL-2.0-only
"""Kernels with a budget, and what was counted of them."""
from __future__ import annotations

from pathlib import Path

from madesamples import locks, sample

from runner.asked import Experiment
from runner.experiment import plan
from runner.judge import budgetfile
from runner.judge.budget import SHOWN, Budget, Conditions, Figures
from runner.records import Sample

VANILLA = {"swap_cache_tree": 2.0, "swap_device": 0.0156, "swap_cluster": 5.0,
           "swap_avail": 0.0156, "swap_slots": 1.0, "swap_cgroup": 1.0, "page_table": 3.75,
           "lru": 0.25}
PAGEWISE = {**VANILLA, "swap_device": 4.0, "swap_cluster": 0.0, "swap_avail": 1.0,
            "swap_slots": 0.0}
BATCHED = {**PAGEWISE, "swap_cache_tree": 0.031, "swap_device": 2.06}
SETTING = Conditions("tcg", 2, 256, 512, 2.0, 1)
EXPERIMENT = """\
format = 1
kernels = ["6.1:vanilla", "6.1:batch-add"]
budget = "{budget}"
tiers = ["locks"]
[guest]
ram_mib = 256
swap_mib = 512
[workload]
ratio = 2.0
"""


def whole(locks_of: dict[str, float]) -> dict[str, float]:
    return {lock: locks_of.get(lock, 0.0) for lock in SHOWN}


def figures(locks_of: dict[str, float], on: str = "", instructions: float = 0.0) -> Figures:
    return Figures("6.1.192", on, "mm: a patch" if on else "", 75000, whole(locks_of),
                   instructions)


def keep(budget: Budget) -> Experiment:
    """Put a budget on disk; the experiment that names it."""
    budget.file.write_text(budgetfile.to_text(budget), encoding="utf-8")
    return experiment(budget.file)


def experiment(file: Path) -> Experiment:
    path = file.with_name("experiment.toml")
    path.write_text(EXPERIMENT.format(budget=file))
    return plan.load(path)


def counted(kernel: str, taken: dict[str, float], **changes: object) -> Sample:
    return sample(kernel, "locks", locks(**taken), **changes)  # type: ignore[arg-type]
