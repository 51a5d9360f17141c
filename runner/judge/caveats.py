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
    for one in samples:
        for reason in validity.findings(one):
            yield f"FINDING: {one.cell.label()} (sample {one.number}): {reason}"


def warnings(samples: Sequence[Sample], cells: Sequence[CellResult], problems: Mapping[str, str]
             ) -> Iterable[str]:
    """`problems`: tier -> why it must not decide."""
    for name, problem in problems.items():
        yield (f"the {name} tier decides nothing here: {problem}; run the experiment again, and "
               "report it as a bug in swapscale if it repeats")
    for said in dict.fromkeys(one.host[LOST] for one in samples if LOST in one.host):
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
    for name, metric in {name: metric for one in samples for name, metric in one.metrics.items()
                         if metric.doubt and name.endswith(".acquisitions_per_page")}.items():
        yield (f"{name} ({metric.evidence}) may be {metric.doubt}: nothing proves which lock it "
               "is, so the path's locks are not all known; kernels built by './swapscale kernel "
               "build' tell them apart")
    for kernel, what in {one.cell.kernel: one.metrics[ineffective.METRIC].evidence
                         for one in samples if ineffective.METRIC in one.metrics}.items():
        yield (f"{kernel} passes over a setting of this experiment, so it is measured without: "
               f"{what}; a comparison with it says nothing of that setting")
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
        yield (f"{low.cell.label()} (sample {low.number}): the profile saw "
               f"{percent(_coverage(low))} of the CPU time of the steady phase; its figures "
               f"stand for that part alone, so read them as shares, or "
               f"{tier.find(low.cell.tier).remedy}")


def _options(samples: Sequence[Sample], cells: Sequence[CellResult]) -> Iterable[str]:
    """Kernels that were not built with the same options; ready ones' are not known."""
    has = {(one.cell.kernel, one.cell.tier): one.host["options"] for one in samples
           if "options" in one.host}
    differ: dict[str, list[str]] = {}
    for cell in cells:
        sides = (cell.base.name, cell.tier), (cell.test, cell.tier)
        for said in together.told(*(has[one] for one in sides)) \
                if all(one in has for one in sides) else ():
            differ.setdefault(f"{cell.base.name} and {cell.test} differ in an option that was "
                              f"asked for: {said}", []).append(cell.tier)
    for said, tiers in differ.items():
        yield f"{said} (tiers: {', '.join(dict.fromkeys(tiers))})"


def _unseen(samples: Sequence[Sample]) -> Iterable[str]:
    """Kernels newer than all that were looked through: what of them is not known."""
    named = {rule.stable for rule in lockclass.RULES} | {"other", lockclass.PATH_SUM}
    for kernel in sorted({one.cell.kernel for one in samples}):
        mine = [one for one in samples if one.cell.kernel == kernel]
        release = mine[0].host.get("release", "")
        if not versions.unseen(versions.series(release)):
            continue
        locks = sorted({match[1] for one in mine for name, metric in one.metrics.items()
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
    for one in tier.every():
        if one.repeats == repeats:
            yield from one.assumptions(valid)


def assumptions(samples: Sequence[Sample]) -> Iterable[str]:
    valid = [one for one in samples if not one.invalid]
    for line in sorted({one.host[PASTED] for one in valid if PASTED in one.host}):
        yield f"the load stands for '{printable(line)}'; {_MISCOUNTS}"
    for shared in sorted({one.host[SHARED] for one in valid if SHARED in one.host}):
        yield f"all kernels are measured with {shared[1:-1]}"
    accelerators = {one.accelerator for one in valid}
    # First what simulated clocks leave out, then the tools, then what the host's clock is worth.
    yield from _of_tiers(valid, True)
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
    yield from _of_tiers(valid, False)
    if any(one.cell.kernel.startswith("debian:") for one in valid):
        yield ("debian: kernels are as Debian ships them, without lock_stat: no lock is counted; "
               "two of them differ in their configuration, too")
    for kernel in sorted({one.cell.kernel for one in valid}):
        same = sorted({one.cell.kernel for one in valid if one.cell.kernel > kernel
                       and not variant.differ(one.cell.kernel, kernel)
                       and one.image_sha256 in {other.image_sha256 for other in valid
                                                if other.cell.kernel == kernel}})
        for other in same:
            yield f"{kernel} and {other} are the same image: this is an A/A comparison"
