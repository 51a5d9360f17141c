# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison warns of, each with its remedy, and what it rests on."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner import torture
from runner.figures import Verdict, percent
from runner.instruments import profile
from runner.kernel import together
from runner.metrics.lockfigures import LEFT_OUT, UNPROVEN
from runner.records import Accelerator, Outcome, Sample
from runner.results import CellResult, threads
from runner.validity import DATA_LOSS

#: Outcomes that are findings about the kernel, said aloud.
FINDINGS = {Outcome.KERNEL_PANIC, Outcome.KERNEL_OOPS, Outcome.KERNEL_WARNING, Outcome.LOCKUP,
            Outcome.TRIPLE_FAULT, Outcome.HUNG_IN_RECLAIM}


def warnings(samples: Sequence[Sample], cells: Sequence[CellResult], problem: str) -> Iterable[str]:
    for one in samples:
        for reason in one.invalid:
            if reason.startswith(DATA_LOSS) or one.outcome in FINDINGS \
                    or reason in torture.findings(one):
                yield f"FINDING: {one.cell.label()} (sample {one.number}): {reason}"
    if problem:
        yield (f"the exact tier decides nothing here: {problem}; run the experiment again, and "
               "report it as a bug in swapscale if it repeats")
    yield from _options(samples, cells)
    for cell in cells:
        for judged in cell.metrics:
            if judged.warning:
                yield f"{cell.test} on {cell.device}, {threads(cell.threads)}: {judged.warning}"
        for said in cell.moved:
            yield (f"{cell.test} on {cell.device}, {threads(cell.threads)}: moved in every layout, "
                   f"which no rule judges: {said}")
        if cell.tier == "timed" and cell.verdict == Verdict.INCONCLUSIVE and cell.test_samples:
            yield (f"{cell.test} on {cell.device}, {threads(cell.threads)}: time is not resolved "
                   f"({cell.reason}); raise rules.pairs or rules.looks")
    for name, metric in {name: metric for one in samples for name, metric in one.metrics.items()
                         if UNPROVEN in metric.evidence
                         and name.endswith(".acquisitions_per_page")}.items():
        yield (f"{name}: {metric.evidence.partition(': ')[2]}: nothing proves which lock it is, so "
               "the path's locks are not all known; kernels built by './swapscale kernel build' "
               "tell them apart")
    odd = next((one for one in samples if LEFT_OUT in one.metrics), None)
    if odd is not None:
        yield (f"{odd.cell.label()} (sample {odd.number}): {odd.metrics[LEFT_OUT].value:.0f} "
               f"fields of the kernel's figures are not known here and were left out, first "
               f"{odd.metrics[LEFT_OUT].evidence}; no judged figure is made of them")
    crowded = [one for one in samples if one.accelerator == Accelerator.TCG
               and one.host.get("cores", "").isdecimal() and one.vcpus > int(one.host["cores"])]
    if crowded:
        yield (f"{crowded[0].vcpus} vCPUs on {crowded[0].host['cores']} cores: lock holders are "
               "preempted, so use counts only; lower guest.vcpus for anything about time")
    low = min((one for one in samples if not one.invalid and profile.COVERAGE in one.metrics),
              key=_coverage, default=None)
    if low is not None and _coverage(low) < profile.LOW:
        remedy = "raise workload.ratio" if low.cell.tier == "exact" \
            else "lower guest.vcpus below the number of idle cores"
        yield (f"{low.cell.label()} (sample {low.number}): the profile saw "
               f"{percent(_coverage(low))} of the CPU time of the steady phase; its figures "
               f"stand for that part alone, so read them as shares, or {remedy}")


def _options(samples: Sequence[Sample], cells: Sequence[CellResult]) -> Iterable[str]:
    """Kernels that were not built with the same options; ready ones' are not known."""
    has = {(one.cell.kernel, one.cell.tier): one.host["options"] for one in samples
           if "options" in one.host}
    differ: dict[str, list[str]] = {}
    for cell in cells:
        sides = (cell.base, cell.tier), (cell.test, cell.tier)
        for said in together.told(*(has[one] for one in sides)) \
                if all(one in has for one in sides) else ():
            differ.setdefault(f"{cell.base} and {cell.test} differ in an option that was asked "
                              f"for: {said}", []).append(cell.tier)
    for said, tiers in differ.items():
        yield f"{said} (tiers: {', '.join(dict.fromkeys(tiers))})"


def _coverage(sample: Sample) -> float:
    return sample.metrics[profile.COVERAGE].value


def assumptions(samples: Sequence[Sample]) -> Iterable[str]:
    valid = [one for one in samples if not one.invalid]
    accelerators = {one.accelerator for one in valid}
    if Accelerator.ICOUNT in accelerators:
        yield ("exact tier: every instruction costs the same, a contended lock and a cache miss "
               "too; idle time counts up to the next timer")
        if not any(one.layout for one in valid):
            yield ("exact tier: another memory layout alone (image size, command line) moves "
                   "instructions per page by some 0.5%; for smaller effects set rules.layouts to "
                   "6 or more")
        else:
            yield ("exact tier: over several layouts a change is not the ratio of the two figures "
                   "before it, which are medians as counted: 'at equal pages' it is at equal "
                   "pages swapped out and freed per page written, else the median over all pairs "
                   "of layouts (docs/methodology.md)")
    if any("profile_samples" in one.metrics for one in valid):
        yield ("the profile's clock is software (cpu-clock): a guest has no PMU here; what runs "
               "with interrupts off shows where they come on again")
    if any("lock_waits_per_page" in one.metrics for one in valid):
        yield ("lock waits: a spinlock's first waiter spins on its pending bit, which no "
               "tracepoint sees, so spinlocks show with three contenders or more; mutexes and "
               "rwsems show always")
    agreed = {one.host["options"] for one in valid if "=" in one.host.get("options", "")}
    if len(agreed) == 1 and len({one.cell.kernel for one in valid}) > 1 \
            and all(one.host.get("options", "") in agreed for one in valid):
        yield ("all kernels were built with the same options, which are not all the fragments' "
               f"first choice: {agreed.pop()}")
    if Accelerator.TCG in accelerators:
        yield "emulated (TCG): time here says nothing about real hardware"
    if any(one.cell.tier == "locks" for one in valid):
        yield ("locks tier: kernels with lock_stat, which slows what it watches: compare its "
               "counts; its hold times only with each other")
    if any(one.cell.kernel.startswith("debian:") for one in valid):
        yield ("debian: kernels are as Debian ships them, without lock_stat: no lock is counted; "
               "two of them differ in their configuration, too")
    for kernel in sorted({one.cell.kernel for one in valid}):
        same = sorted({one.cell.kernel for one in valid if one.cell.kernel > kernel
                       and one.image_sha256 in {other.image_sha256 for other in valid
                                                if other.cell.kernel == kernel}})
        for other in same:
            yield f"{kernel} and {other} are the same image: this is an A/A comparison"
