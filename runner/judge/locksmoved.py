# SPDX-License-Identifier: GPL-2.0-only
"""Which locks of the swap-out path moved between two kernels, in words; the path's sum first.

All of the path's locks count here, judged or not: what one is spared another may be given.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

from runner.judge.figures import MetricResult, number
from runner.judge.tier.counts import LOCK_FLOOR, LOCK_SHARE
from runner.metrics.lockclass import PATH_SUM, SWAP_PATH

_TAKEN = ".acquisitions_per_page"


def _moved(result: MetricResult) -> bool:
    low, high = sorted((result.base or 0.0, result.test or 0.0))
    return high - low > LOCK_FLOOR and (
        low <= 0 or math.log(high / low) > math.log1p(result.threshold or LOCK_SHARE))


def said(results: Sequence[MetricResult]) -> str:
    """One line; '' where no lock was judged."""
    taken = {result.name.split(".")[1]: result for result in results
             if result.name.startswith("locks.") and result.name.endswith(_TAKEN)}
    path = {lock: result for lock, result in taken.items()
            if result.verdict is not None or lock in SWAP_PATH}
    if all(result.verdict is None for result in path.values()):
        return ""
    whole = path.pop(PATH_SUM, None)
    moved = sorted((result for result in path.values() if _moved(result)),
                   key=lambda m: (-abs((m.test or 0.0) - (m.base or 0.0)), m.name))
    parts = [f"{m.name.split('.')[1]} is taken {number(m.test or 0.0)} times per page instead of "
             f"{number(m.base or 0.0)}" for m in moved[:2]]
    if whole is not None and _moved(whole):
        parts.insert(0, f"the swap-out path takes {number(whole.test or 0.0)} locks per page "
                        f"instead of {number(whole.base or 0.0)}")
    elif whole is not None and parts:
        parts.append(f"their sum over the swap-out path stays {number(whole.test or 0.0)}")
    return "; ".join(parts) or "no lock of the swap-out path moved"
