# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison warns of, each with its remedy, and what it rests on."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from runner.errors import printable
from runner.instruments import profile
from runner.judge import ineffective, tier, validity
from runner.judge.figures import percent
from runner.judge.results import CellResult, threads
from runner.kernel import together, versions
from runner.metrics import lockclass
from runner.metrics.lockfigures import LEFT_OUT
from runner.records import LOST, PASTED, SHARED, Accelerator, Sample
from runner.settings import variant

_TAKEN = re.compile(r"locks\.([a-z0-9_]+)\.acquisitions_per_page")

#: What of usemem's own figures is not this program's.
_MISCOUNTS = ("usemem itself adds an eighth of its bytes for the allocation to those it touches, "
              "and its time begins with RAM that is still free: its KB/s is of more bytes and "
              "another span than the throughput here")


def findings(samples: Sequence[Sample]) -> Iterable[str]:
    """What speaks against a kernel, said aloud."""
    for sample in samples:
        for reason in validity.findings(sample):
            yield f"FINDING: {sample.cell.label()} (sample {sample.number}): {reason}"


def warnings(samples: Sequence[Sample], cells: Sequence[CellResult], problems: Mapping[str, str]
             ) -> Iterable[str]:
    """`problems`: tier -> why it must not decide."""
    for name, problem in problems.items():
        yield (f"the {name} tier decides nothing here: {problem}; run the experiment again, and "
               "report it as a bug in swapscale if it repeats")
    for said in dict.fromkeys(sample.host[LOST] for sample in samples if LOST in sample.host):
        yield f"left out on the host that measured: {said}"
    yield from _options(samples, cells)
    yield from _unseen(samples)
    for cell in cells:
        for judged in cell.metrics:
            if judged.warning:
                yield f"{cell.test} on {cell.device}, {threads(cell.threads)}: {judged.warning}"
        for said in cell.moved:
            yield (f"{cell.test} on {cell.device}, {threads(cell.threads)}: moved in every layout, "
                   f"which no rule judges: {said}")
        yield from tier.find(cell.tier).warnings(cell)
    for name, metric in {name: metric for sample in samples
                         for name, metric in sample.metrics.items()
                         if metric.doubt and name.endswith(".acquisitions_per_page")}.items():
        yield (f"{name} ({metric.evidence}) may be {metric.doubt}: nothing proves which lock it "
               "is, so the path's locks are not all known; kernels built by './swapscale kernel "
               "build' tell them apart")
    for kernel, what in {sample.cell.kernel: sample.metrics[ineffective.METRIC].evidence
                         for sample in samples if ineffective.METRIC in sample.metrics}.items():
        yield (f"{kernel} passes over a setting of this experiment, so it is measured without: "
               f"{what}; a comparison with it says nothing of that setting")
    odd = next((sample for sample in samples if LEFT_OUT in sample.metrics), None)
    if odd is not None:
        yield (f"{odd.cell.label()} (sample {odd.number}): {odd.metrics[LEFT_OUT].value:.0f} "
               f"fields of the kernel's figures are not known here and were left out, first "
               f"{odd.metrics[LEFT_OUT].evidence}; no judged figure is made of them")
    crowded = [sample for sample in samples if sample.accelerator == Accelerator.TCG
               and sample.host.get("cores", "").isdecimal()
               and sample.vcpus > int(sample.host["cores"])]
    if crowded:
        yield (f"{crowded[0].vcpus} vCPUs on {crowded[0].host['cores']} cores: lock holders are "
               "preempted, so use counts only; lower guest.vcpus for anything about time")
    low = min((sample for sample in samples
               if not sample.invalid and profile.COVERAGE in sample.metrics),
              key=_coverage, default=None)
    if low is not None and _coverage(low) < profile.LOW:
        yield (f"{low.cell.label()} (sample {low.number}): the profile saw "
               f"{percent(_coverage(low))} of the CPU time of the steady phase; its figures "
               f"stand for that part alone, so read them as shares, or "
               f"{tier.find(low.cell.tier).remedy}")


def _options(samples: Sequence[Sample], cells: Sequence[CellResult]) -> Iterable[str]:
    """Kernels that were not built with the same options; ready ones' are not known."""
    has = {(sample.cell.kernel, sample.cell.tier): sample.host["options"] for sample in samples
           if "options" in sample.host}
    differ: dict[str, list[str]] = {}
    for cell in cells:
        sides = (cell.base.name, cell.tier), (cell.test, cell.tier)
        for said in together.told(*(has[side] for side in sides)) \
                if all(side in has for side in sides) else ():
            differ.setdefault(f"{cell.base.name} and {cell.test} differ in an option that was "
                              f"asked for: {said}", []).append(cell.tier)
    for said, tiers in differ.items():
        yield f"{said} (tiers: {', '.join(dict.fromkeys(tiers))})"


def _unseen(samples: Sequence[Sample]) -> Iterable[str]:
    """Kernels newer than all that were looked through: what of them is not known."""
    named = {rule.stable for rule in lockclass.RULES} | {"other", lockclass.PATH_SUM}
    for kernel in sorted({sample.cell.kernel for sample in samples}):
        mine = [sample for sample in samples if sample.cell.kernel == kernel]
        release = mine[0].host.get("release", "")
        if not versions.unseen(versions.series(release)):
            continue
        locks = sorted({match[1] for sample in mine for name, metric in sample.metrics.items()
                        if (match := _TAKEN.fullmatch(name)) and match[1] not in named
                        and metric.value >= versions.MATTERS})
        said = f"; locks without a name of ours: {', '.join(locks)}" if locks else ""
        newest = versions.read(versions.place()).newest()
        yield (f"{kernel} is Linux {printable(release, 40)}, newer than any this version has "
               f"looked through ({newest}): its figures rest on what could be proven{said}; "
               f"'./swapscale kernel adopt {variant.kernel_of(kernel)}' says what is new in it")


def _coverage(sample: Sample) -> float:
    return sample.metrics[profile.COVERAGE].value


def _of_tiers(valid: Sequence[Sample], repeats: bool) -> Iterable[str]:
    for own in tier.every():
        if own.repeats == repeats:
            yield from own.assumptions(valid)


def assumptions(samples: Sequence[Sample]) -> Iterable[str]:
    valid = [sample for sample in samples if not sample.invalid]
    for line in sorted({sample.host[PASTED] for sample in valid if PASTED in sample.host}):
        yield f"the load stands for '{printable(line)}'; {_MISCOUNTS}"
    for shared in sorted({sample.host[SHARED] for sample in valid if SHARED in sample.host}):
        yield f"all kernels are measured with {shared[1:-1]}"
    accelerators = {sample.accelerator for sample in valid}
    # First what simulated clocks leave out, then the tools, then what the host's clock is worth.
    yield from _of_tiers(valid, True)
    if any("profile_samples" in sample.metrics for sample in valid):
        yield ("the profile's clock is software (cpu-clock): a guest has no PMU here; what runs "
               "with interrupts off shows where they come on again")
    if any("lock_waits_per_page" in sample.metrics for sample in valid):
        yield ("lock waits: a spinlock's first waiter spins on its pending bit, which no "
               "tracepoint sees, so spinlocks show with three contenders or more; mutexes and "
               "rwsems show always")
    agreed = {sample.host["options"] for sample in valid if "=" in sample.host.get("options", "")}
    if len(agreed) == 1 and len({sample.cell.kernel for sample in valid}) > 1 \
            and all(sample.host.get("options", "") in agreed for sample in valid):
        yield ("all kernels were built with the same options, which are not all the fragments' "
               f"first choice: {agreed.pop()}")
    if Accelerator.TCG in accelerators:
        yield "emulated (TCG): time here says nothing about real hardware"
    yield from _of_tiers(valid, False)
    if any(sample.cell.kernel.startswith("debian:") for sample in valid):
        yield ("debian: kernels are as Debian ships them, without lock_stat: no lock is counted; "
               "two of them differ in their configuration, too")
    for kernel in sorted({sample.cell.kernel for sample in valid}):
        same = sorted({sample.cell.kernel for sample in valid if sample.cell.kernel > kernel
                       and not variant.differ(sample.cell.kernel, kernel)
                       and sample.image_sha256 in {other.image_sha256 for other in valid
                                                   if other.cell.kernel == kernel}})
        for other in same:
            yield f"{kernel} and {other} are the same image: this is an A/A comparison"
