# SPDX-License-Identifier: GPL-2.0-only
"""Whether a sample counts.  One that does not is never a regression."""
from __future__ import annotations

import re
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile
from runner.metrics.steady import WORKLOAD, remedy
from runner.reason import Reason, ReasonKind
from runner.records import (COUNTED, FINDINGS, KERNELS_PRIORITY, MIB, Boot, BootResult, Metric,
                            Outcome, Rules, Sample, SwapDevice)

#: Reasons that speak against the kernel, whatever the boot came to; reports shout them.
_AGAINST = (ReasonKind.CONTENTS, ReasonKind.UNSOUND)

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


def findings(sample: Sample) -> list[Reason]:
    """Of the reasons a sample does not count, those that speak against its kernel."""
    return [reason for reason in sample.invalid if reason.kind in _AGAINST
            or (reason.kind is ReasonKind.BOOT and sample.outcome in FINDINGS)]


def verification(evidence: Path, wanted: bool) -> list[Reason]:
    """What the workload says of the pages it checked: reasons, none where all is well."""
    try:
        check = guestfile.document(evidence / WORKLOAD).object("verification")
        bad = check.integer("bad")
        if bad:
            first = check.objects("first_bad")
            where = ""
            if first:
                page = first[0]
                where = (f"; first: thread {page.integer('thread')} page {page.integer('page')} "
                         f"offset {page.integer('offset')} {page.text('kind')}")
            return [Reason(ReasonKind.CONTENTS,
                           f"PAGE CONTENTS WRONG: {bad} of {check.integer('pages')} pages came "
                           f"back from swap other than they were written{where}")]
        if wanted and not check.boolean("done"):
            return [Reason(ReasonKind.UNVERIFIED,
                           "page contents were not verified, though the experiment asks for it")]
    except CannotMeasure as error:
        return [Reason(ReasonKind.EVIDENCE, str(error))]
    return []


def _swap(evidence: Path, device: SwapDevice) -> list[Reason]:
    reasons: list[Reason] = []

    def wrong(text: str, kind: ReasonKind = ReasonKind.DEVICE) -> None:
        reasons.append(Reason(kind, text))
    areas = device.areas
    try:
        before = guestfile.swaps(evidence / "before.swaps")
        if len(before) != len(areas):
            wrong(f"{len(before)} swap devices are in use "
                  f"({', '.join(s.name for s in before) or 'none'}), not "
                  f"{len(areas) if len(areas) > 1 else 'one'}")
        # In the order in which they were switched on.
        for area, swap in zip(areas, before):
            if not re.fullmatch(_DEVICE_NAMES[area.kind], swap.name, re.ASCII):
                wrong(f"swap device is {swap.name}, not a {area.kind} one")
            if not area.size - _SIZE_SLACK <= swap.size <= area.size:
                wrong(f"swap device has {swap.size} bytes, not {area.size}")
            own = area.priority == KERNELS_PRIORITY
            if not (swap.priority < 0 if own else swap.priority == area.priority):
                wrong(f"{swap.name} has priority {swap.priority}, not "
                      f"{'one below 0' if own else area.priority}", ReasonKind.SETTING)
        after = guestfile.swaps(evidence / "steady-end.swaps")
        size, used = sum(swap.size for swap in after), sum(swap.used for swap in after)
        if size and used >= _FULL * size:
            wrong(f"swap device filled up ({used / size:.1%} used); raise "
                  "guest.swap_mib or lower workload.ratio", ReasonKind.FULL)
    except CannotMeasure as error:
        wrong(str(error), ReasonKind.EVIDENCE)
    return reasons


def other_accelerator(result: BootResult, boot: Boot) -> Reason:
    return Reason(ReasonKind.ACCELERATOR,
                  f"accelerator: ran on {result.accelerator}, planned on {boot.accelerator}")


def ended(result: BootResult) -> Reason:
    """How a boot ended that did not end well."""
    return Reason(ReasonKind.BOOT, f"{result.outcome}: {printable(result.detail)}")


def judge(result: BootResult, boot: Boot, metrics: dict[str, Metric], rules: Rules
          ) -> tuple[Reason, ...]:
    """Every reason the sample does not count; none: it counts."""
    reasons: list[Reason] = []

    def wrong(kind: ReasonKind, text: str) -> None:
        reasons.append(Reason(kind, text))
    wanted = "--verify" in boot.job.workload
    if result.accelerator != boot.accelerator:
        reasons.append(other_accelerator(result, boot))
    if result.outcome != Outcome.OK:
        reasons.append(ended(result))
        if (boot.evidence / WORKLOAD).is_file():
            reasons += [reason for reason in verification(boot.evidence, wanted)
                        if reason.kind is ReasonKind.CONTENTS]
        return tuple(reasons)
    reasons += verification(boot.evidence, wanted)
    reasons += _swap(boot.evidence, boot.job.device)
    if "pswpout" not in metrics:
        wrong(ReasonKind.EVIDENCE, "nothing was measured")
        return tuple(reasons)
    pages = metrics["pswpout"].value
    if pages < rules.pswpout_floor:
        wrong(ReasonKind.FEW_PAGES,
              f"{pages:.0f} pages were swapped out in the steady phase; it takes "
              f"{rules.pswpout_floor} (rules.pswpout_floor): {remedy(boot.job)}")
    more = metrics["pswpout_agreement"].value - 1
    late = boot.accelerator in COUNTED or boot.job.lock_stat
    if not -_AGREEMENT <= more <= (_LATE if late else _AGREEMENT):
        wrong(ReasonKind.DISAGREEMENT,
              f"workload and kernel disagree on pages swapped out by {more:+.1%}")
    return tuple(reasons)
