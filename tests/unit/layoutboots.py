# SPDX-License-Identifier: GPL-2.0-only
"""Boots of memory layouts, as measured and as drawn."""
from __future__ import annotations

from collections.abc import Sequence

from madesamples import sample

from runner.judge.tier import layouts
from runner.records import Metric, Sample

PAGE, STALLS = layouts.PAGE, "allocstall_per_page"
#: configs/bench.toml, 6.1 with SWAP_CLUSTER_MAX 32 and 8: instructions per page and pswpout of the
#: layouts of each, as measured.  allocstall went from 0.0075 to 0.0208 per page in every one.
GOOD = ((11214.96, 39653), (11140.67, 40598), (11143.90, 40375), (11215.05, 39639),
        (11201.02, 39764), (11300.29, 39483))
BAD = ((11457.68, 41518), (11669.89, 39541), (11517.71, 40772), (11553.22, 40595),
       (11583.21, 40427), (11681.74, 39488))
#: What the workload wrote in them; all of it is swapped out but for where kswapd is at the end.
WRITTEN = 40350


def boot(kernel: str, layout: int, page: float, pswpout: float, stalls: float = 0.0075,
         scanned: float = 2.24, freed: float = 1.0) -> Sample:
    return sample(kernel, "exact", {
        PAGE: Metric(page, "instructions/page", "lower", ""),
        "pswpout": Metric(pswpout, "pages", "", ""),
        layouts.WRITTEN: Metric(page * pswpout / WRITTEN, "instructions/page", "lower", ""),
        layouts.FREED: Metric(freed, "pages/page", "", ""),
        "pgscan_per_page": Metric(scanned, "scanned/page", "lower", ""),
        STALLS: Metric(stalls, "stalls/page", "lower", "")}, layout, layout, layout=layout)


def recorded(kernel: str, rows: Sequence[tuple[float, int]], stalls: float, low: float = 0.0
             ) -> list[Sample]:
    return [boot(kernel, at, page, pswpout, stalls * (1 + 0.004 * (at % 3)),
                 2.24 + low + 0.002 * (at % 4), 1.0 + 0.0003 * ((at * 5) % 4))
            for at, (page, pswpout) in enumerate(rows)]
