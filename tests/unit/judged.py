# SPDX-License-Identifier: GPL-2.0-only
"""Samples judged, and locks of two kernels for them."""
from __future__ import annotations

from madesamples import RULES

from runner.judge.figures import MetricResult
from runner.judge.results import Comparison
from runner.judge.verdict import compare
from runner.records import Rules, Sample

VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0, "swap_device": 0.0156,
           "page_table": 5.06}
BATCHED = {**VANILLA, "swap_cache_tree": 0.067}


def judge(samples: list[Sample], rules: Rules = RULES) -> Comparison:
    return compare(samples, rules)


def metric(comparison: Comparison, name: str, cell: int = 0) -> MetricResult:
    return next(one for one in comparison.cells[cell].metrics if one.name == name)
