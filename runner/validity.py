# SPDX-License-Identifier: GPL-2.0-only
"""Whether a sample counts.  One that does not is never a regression."""
from __future__ import annotations

import re
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile
from runner.metrics.sample import WORKLOAD
from runner.records import COUNTED, MIB, Boot, BootResult, Metric, Outcome, Rules, SwapDevice

#: The reason a sample with wrong page contents begins with; reports shout it.
DATA_LOSS = "PAGE CONTENTS WRONG"

#: Linux 4.4 calls the disk of a raw pmem namespace pmem0m, all others pmem0; a BTT's is pmem0s.
_DEVICE_NAMES = {"pmem": r"/dev/pmem\d+[ms]?", "pmem-legacy": r"/dev/pmem\d+m?",
                 "brd": r"/dev/ram\d+",
                 "zram": r"/dev/zram\d+", "virtio-blk": r"/dev/vd[a-z]",
                 "nvme": r"/dev/nvme\d+n\d+"}
#: What a device may lack of the size asked for: swap's header page, alignment.
_SIZE_SLACK = 2 * MIB
_FULL = 0.99
_AGREEMENT = 0.05
#: Threads on one vCPU keep the agent from its turn, as does a busy host, so that its
#: window opens late.  Measured with 16 threads and lock_stat: 7,500 of 53,500 pages late,
#: and every lock of the swap path was taken as often per page as with one thread, to
#: three digits, since these counts and their pages are read in one go.  Twelve boots of
#: 6.12 on two vCPUs of a host with three other busy tasks were 0.1% to 7.0% late, and
#: all took the tree lock 1.9997 to 2.0002 times per page, the cluster's 3.998 to 4.003.
_LATE = 0.35


def verification(evidence: Path, wanted: bool) -> list[str]:
    """What the workload says of the pages it checked: reasons, none where all is well."""
    try:
        check = guestfile.document(evidence / WORKLOAD).object("verification")
        bad = check.integer("bad")
        if bad:
            first = check.objects("first_bad")
            where = ""
            if first:
                one = first[0]
                where = (f"; first: thread {one.integer('thread')} page {one.integer('page')} "
                         f"offset {one.integer('offset')} {one.text('kind')}")
            return [f"{DATA_LOSS}: {bad} of {check.integer('pages')} pages came back from swap "
                    f"other than they were written{where}"]
        if wanted and not check.boolean("done"):
            return ["page contents were not verified, though the experiment asks for it"]
    except CannotMeasure as error:
        return [str(error)]
    return []


def _swap(evidence: Path, device: SwapDevice) -> list[str]:
    reasons = []
    try:
        before = guestfile.swaps(evidence / "before.swaps")
        if len(before) != 1:
            reasons.append(f"{len(before)} swap devices are in use "
                           f"({', '.join(s.name for s in before) or 'none'}), not one")
        for swap in before[:1]:
            if not re.fullmatch(_DEVICE_NAMES[device.kind], swap.name, re.ASCII):
                reasons.append(f"swap device is {swap.name}, not a {device.kind} one")
            if not device.size - _SIZE_SLACK <= swap.size <= device.size:
                reasons.append(f"swap device has {swap.size} bytes, not {device.size}")
        for swap in guestfile.swaps(evidence / "steady-end.swaps"):
            if swap.used >= _FULL * swap.size:
                reasons.append(f"swap device filled up ({swap.used / swap.size:.1%} used); raise "
                               "guest.swap_mib or lower workload.ratio")
    except CannotMeasure as error:
        reasons.append(str(error))
    return reasons


def judge(result: BootResult, boot: Boot, metrics: dict[str, Metric], rules: Rules
          ) -> tuple[str, ...]:
    """Every reason the sample does not count, one printable line each; none: it counts."""
    reasons: list[str] = []
    wanted = "--verify" in boot.job.workload
    if result.accelerator != boot.accelerator:
        reasons.append(f"accelerator: ran on {result.accelerator}, planned on {boot.accelerator}")
    if result.outcome != Outcome.OK:
        reasons.append(f"{result.outcome}: {printable(result.detail)}")
        if (boot.evidence / WORKLOAD).is_file():
            reasons += [one for one in verification(boot.evidence, wanted)
                        if one.startswith(DATA_LOSS)]
        return tuple(reasons)
    reasons += verification(boot.evidence, wanted)
    reasons += _swap(boot.evidence, boot.job.device)
    if "pswpout" not in metrics:
        reasons.append("nothing was measured")
        return tuple(reasons)
    pages = metrics["pswpout"].value
    if pages < rules.pswpout_floor:
        reasons.append(f"{pages:.0f} pages were swapped out in the steady phase; "
                       f"it takes {rules.pswpout_floor} (rules.pswpout_floor): raise "
                       "workload.ratio or workload.passes")
    more = metrics["pswpout_agreement"].value - 1
    late = boot.accelerator in COUNTED or boot.job.lock_stat
    if not -_AGREEMENT <= more <= (_LATE if late else _AGREEMENT):
        reasons.append(f"workload and kernel disagree on pages swapped out by {more:+.1%}")
    return tuple(reasons)
