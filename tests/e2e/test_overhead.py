# SPDX-License-Identifier: GPL-2.0-only
"""What swapstorm costs a page, counted in the exact tier's guest: docs/overhead.md.

A region that fits in RAM is gone through a few times and many times.  The guest's clock counts
instructions, so the difference is what the passes between them took, in user space and in the
timer's interrupts.
"""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.records import MIB, PAGE_SIZE, Accelerator, Boot, BuiltKernel, Job, Outcome, SwapDevice
from runner.vm import guest

#: Instructions a swapped-out page takes at least, by docs/locks.md: what the shares are of.
SWAPPED_OUT = 11000
REGION = 16 << 20
#: Before the first of them zipf, too, has met all but a few pages: a fault takes some 2600.
FEW, MANY = 60, 80


def nanoseconds(kernel: BuiltKernel, folder: Path, passes: int, options: tuple[str, ...]) -> float:
    folder.mkdir()
    argv = ("/bin/swapstorm", "--size-per-thread", str(REGION), "--passes", str(passes),
            "--notify-fd", "3", "--progress-fd", "4", *options)
    job = Job(SwapDevice("pmem", 128 * MIB), False, argv)
    result = guest.run(Boot(kernel, Accelerator.ICOUNT, 1, 256 * MIB, job, folder))
    assert result.outcome == Outcome.OK, result.detail
    thread, = json.loads((folder / "workload.json").read_text())["per_thread"]
    assert thread["pages_written"] + thread["pages_read"] == passes * REGION // PAGE_SIZE
    return float(thread["write_seconds"]) * 1e9


@pytest.mark.parametrize("options, share", [
    (("--bare",), 0.001),
    ((), 0.01),
    (("--verify",), 0.03),
    (("--pattern", "random"), 0.01),
    (("--pattern", "zipf"), 0.01),
    (("--pattern", "random", "--reads", "50", "--verify"), 0.045),
], ids=["bare", "default", "verify", "random", "zipf", "reads-verify"])
def test_a_page_costs_its_share(built: BuiltKernel, tmp_path: Path, options: tuple[str, ...],
                                share: float) -> None:
    few, many = (nanoseconds(built, tmp_path / str(passes), passes, options)
                 for passes in (FEW, MANY))
    each = (many - few) / (MANY - FEW) / (REGION // PAGE_SIZE)
    print(f"{' '.join(options) or 'default'}: {each:.1f} instructions a page")
    assert 3 <= each < share * SWAPPED_OUT
