# SPDX-License-Identifier: GPL-2.0-only
"""What the time costs in which a slot has SWAP_HAS_CACHE and no folio.

    python3 -m tests.hascache [BOOTS]

Boots pagewise and batched on 6.1 by turns, each with a counter of the swap-ins that
slept for a jiffy on such a slot, and lets race.c come across as many as it can.
kernels/series/batched/README.md has what it printed.
"""
from __future__ import annotations

import re
import statistics
import sys
import tempfile
from pathlib import Path

from runner import programs
from runner.kernel import build
from runner.progress import Progress
from runner.records import Accelerator, BuiltKernel
from runner.vm import accel
from tests import ownguest

COUNTER = "./tests/series/count-has-cache-sleeps/6.1"
KERNELS = [f"6.1:{series}+{COUNTER}" for series in ("pagewise", "batched")]
RAM_MIB = SWAP_MIB = 256
#: Pages to swap out, and the sizes of the region: short ones are missed soonest.
WANTED, REGIONS = 20000, (1024, 256, 32)
_LINE = re.compile(r"race: ns (\d+) pswpout (\d+) pswpin (\d+) sleeps (\d+) touches (\d+) "
                   r"longest_ns (\d+)")


def boot(kernel: BuiltKernel, accelerator: Accelerator, race: Path) -> list[list[int]]:
    """The figures of each region, in one boot."""
    said = ownguest.said(kernel, accelerator, 2, RAM_MIB, SWAP_MIB, race,
                         [f"race {WANTED} {pages} 1" for pages in REGIONS])
    found = [[int(part) for part in one.groups()] for one in _LINE.finditer(said)]
    if len(found) != len(REGIONS):
        sys.exit(f"tests.hascache: {kernel.name}: the guest said\n{said[-2000:]}")
    return found


def _said(values: list[float], form: str = ",.0f") -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def _row(boots: list[list[int]]) -> str:
    """What the boots of one kernel printed for one region."""
    ns, out, _, sleeps, touches, longest = [list(map(float, one)) for one in zip(*boots)]

    def rate(counts: list[float]) -> str:
        return _said([1e9 * count / span for count, span in zip(counts, ns)])
    return (f"{_said(out)} pages out; sleeps per million of them "
            f"{_said([1e6 * count / of for count, of in zip(sleeps, out)], ',.1f')}; pages out/s "
            f"{rate(out)}; touches/s {rate(touches)}; longest touch "
            f"{_said([one / 1e6 for one in longest], '.1f')} ms")


def main(boots: int) -> None:
    progress = Progress()
    programs.build(progress)
    kernels = [build.build(name, "perf", progress) for name in KERNELS]
    accelerator = accel.choose("auto", progress)
    with tempfile.TemporaryDirectory() as folder:
        race = ownguest.compiled(Path(__file__).with_name("race.c"), Path(folder))
        taken: dict[str, list[list[list[int]]]] = {one.name: [] for one in kernels}
        for at in range(boots):
            for kernel in kernels:
                progress.log(f"boot {at + 1} of {boots}: {kernel.name}")
                taken[kernel.name].append(boot(kernel, accelerator, race))
    print(f"{boots} boots of each kernel, 2 vCPUs, {accelerator}; medians (least to most)")
    for at, pages in enumerate(REGIONS):
        print(f"\n{WANTED} pages swapped out, of a region of {pages}")
        for name, made in taken.items():
            print(f"  {name.split('+')[0]:14} {_row([one[at] for one in made])}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
