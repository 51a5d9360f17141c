# SPDX-License-Identifier: GPL-2.0-only
"""What an experiment must say for its boots to have a metric."""
from __future__ import annotations

from runner.experiment import Experiment
from runner.metrics import latency


def lacking(name: str, experiment: Experiment) -> str:
    """What is missing, with the remedy; '' where its boots have the metric."""
    if name in latency.NAMES and "--latency" not in experiment.workload.options:
        return "is measured with workload.latency = true alone; set it"
    if name == "swap_efficiency" and not experiment.instruments.fio:
        return "is measured with instruments.fio = true alone; set it"
    if name.startswith("fairness_") and max(experiment.threads) < 2:
        return "is of two threads or more; add them to threads"
    return ""
