# SPDX-License-Identifier: GPL-2.0-only
"""Where a campaign's samples are made: on this machine, or on a cluster's nodes."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from runner.asked import Planned
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.judge import validity
from runner.progress import Progress
from runner.records import Sample

#: Makes the samples that are asked for, each on record in the campaign when it returns.
Executor: TypeAlias = Callable[[Setting, list[Planned], Campaign, Progress], list[Sample]]


def what(planned: Planned) -> str:
    """A sample, for people, by the number it has in the evidence."""
    return f"sample {planned.number}: {planned.cell.label()}"


def complain(got: Sample, planned: Planned, campaign: Campaign, progress: Progress) -> None:
    """Say why a sample does not count, and loudly what it found."""
    findings = validity.findings(got)
    for reason in got.invalid:
        word = "FINDING" if reason in findings else "does not count"
        progress.warn(f"{what(planned)} {word}: {reason}; see {campaign.folder / got.evidence}")
