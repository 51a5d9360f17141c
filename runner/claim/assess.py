# SPDX-License-Identifier: GPL-2.0-only
"""A claim from its campaign's samples to its page."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from runner.claim import claimverdict, reasons
from runner.claim.claimfile import Claim
from runner.claim.claimverdict import Findings
from runner.judge import compare
from runner.records import Sample


def findings(claim: Claim, samples: Sequence[Sample]) -> Findings:
    """The comparison of the claim's campaign, held against the claim."""
    experiment = dataclasses.replace(claim.experiment, rules=claimverdict.rules(claim))
    comparison = compare.campaign(list(samples), experiment)
    limits = {cell: reasons.limits(comparison, claim, cell) for cell in claim.cells}
    return claimverdict.judge(claim, comparison, samples, limits)
