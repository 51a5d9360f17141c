# SPDX-License-Identifier: GPL-2.0-only
"""What keeps an effect from being larger, with the numbers that were counted for it."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.claimverdict import Effect, Measured, measured, place, signed
from runner.judge import tier
from runner.judge.budget import acquisitions
from runner.judge.figures import number
from runner.judge.results import Comparison
from runner.judge.tier.base import Tier
from runner.metrics.lockclass import SWAP_PATH
from runner.records import Sample

INSTRUCTIONS = "instructions_per_page"
THROUGHPUT = "throughput_mib_s"


def counted(comparison: Comparison, claim: Claim, cell: ClaimCell, metric: str,
            among: Sequence[Tier] = ()) -> Measured | None:
    """A metric in a claim's place, of the surest tier that measured it; None where none did.

    `among`: the tiers that are asked; none: all.
    """
    cells = (place(comparison, claim, cell, own.name) for own in among or tier.every())
    return next((got for held in cells if held and (got := measured(held, metric))), None)


def locks(comparison: Comparison, claim: Claim, cell: ClaimCell
          ) -> Mapping[str, tuple[float, float]]:
    """Acquisitions per page of the swap-out path in a claim's place: class -> (base, test)."""
    taken = {}
    for lock in SWAP_PATH:
        got = counted(comparison, claim, cell, acquisitions(lock))
        if got and (got.base or got.test):
            taken[lock] = got.base or 0.0, got.test or 0.0
    return taken


def lock_sum(comparison: Comparison, claim: Claim, cell: ClaimCell) -> Measured | None:
    """Acquisitions per page of the whole swap-out path in a claim's place."""
    taken = locks(comparison, claim, cell)
    for lock in taken:
        got = counted(comparison, claim, cell, acquisitions(lock))
        if got:
            base, test = (math.fsum(pair[side] for pair in taken.values()) for side in (0, 1))
            change = Effect(*3 * (test / base - 1,)) if base else None
            return replace(got, base=base, test=test, effect=change)
    return None


def values(samples: Iterable[Sample], kernel: str, device: str, count: int, own: Tier
           ) -> list[float]:
    """Throughput of each valid boot of a kernel in a tier, MiB/s."""
    metric = own.speed[0]
    return [sample.metrics[metric].value for sample in samples
            if (sample.cell.kernel, sample.cell.device, sample.cell.threads, sample.cell.tier)
            == (kernel, device, count, own.name)
            and not sample.invalid and metric in sample.metrics]


def limits(comparison: Comparison, claim: Claim, cell: ClaimCell) -> tuple[str, ...]:
    """What was counted there that bears on a throughput, a line each."""
    lines = []
    spent = counted(comparison, claim, cell, INSTRUCTIONS)
    if spent and spent.base and spent.test and spent.effect:
        lines.append(
            f"instructions per page {spent.base:.0f} → {spent.test:.0f} "
            f"({signed(spent.effect.value)}): where nobody waits for a lock, that alone is "
            f"{signed(spent.base / spent.test - 1)} throughput")
    taken, total = locks(comparison, claim, cell), lock_sum(comparison, claim, cell)
    if total:
        most = max(taken, key=lambda lock: taken[lock][1])
        lines.append(
            f"locks of the swap-out path are taken {number(total.base)} → {number(total.test)} "
            f"times per page; of what {claim.test} still takes, most is {most}, "
            f"{number(taken[most][1])} times per page ({number(taken[most][0])} in {claim.base})")
    return tuple(lines)
