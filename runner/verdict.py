# SPDX-License-Identifier: GPL-2.0-only
"""From samples to verdicts, by the rules in the design's section of that name.

The exact and locks tiers decide.  The timed tier can find a regression or an
improvement of its own; where it is undecided, a decision of the other two on
the same device stands, and the report says that time was not resolved.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from runner import tiers, torture
from runner.budget import BUDGET, Judgement, told
from runner.errors import Exit
from runner.metrics.sample import GUESS
from runner.records import Accelerator, Outcome, Rules, Sample
from runner.tiers import MetricResult, Verdict, describe, number
from runner.validity import DATA_LOSS

__all__ = ["CellResult", "Comparison", "Excluded", "MetricResult", "Verdict", "compare"]

#: Outcomes that are findings about the kernel, said aloud.
_FINDINGS = {Outcome.KERNEL_PANIC, Outcome.KERNEL_OOPS, Outcome.KERNEL_WARNING, Outcome.LOCKUP,
             Outcome.TRIPLE_FAULT, Outcome.HUNG_IN_RECLAIM}


@dataclass(frozen=True)
class CellResult:
    """One test kernel on one device, thread count and tier, held against something."""

    base: str                              # a kernel, BUDGET, or '': measured alone
    test: str
    device: str
    threads: int
    workload: str
    tier: str
    accelerator: str
    vcpus: int
    verdict: Verdict
    reason: str
    why: str                               # the lock class or counter that moved most
    metrics: tuple[MetricResult, ...]
    base_samples: int
    test_samples: int
    evidence: tuple[str, ...]              # folders, base's then test's


@dataclass(frozen=True)
class Excluded:
    """A sample that does not count."""

    label: str
    number: int
    reasons: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Comparison:
    """Every cell, what they come to, and what that rests on."""

    base: str
    tests: tuple[str, ...]
    cells: tuple[CellResult, ...]
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]              # each with its remedy
    assumptions: tuple[str, ...]
    verdict: Verdict
    reason: str
    exit: Exit

    def over_budget(self) -> list[str]:
        """Every lock that is taken more often than its budget allows, a line each."""
        return [f"over budget: {cell.test} on {cell.device}, {_threads(cell.threads)}: {told(one)}"
                for cell in self.cells if cell.base == BUDGET
                for one in cell.metrics if one.verdict == Verdict.REGRESSED]


_Key = tuple[str, int, str, str]  # device, threads, workload, tier

#: Holds the valid samples of one cell of the locks tier against their budget.
Judge = Callable[[Sequence[Sample]], Judgement]


def _key(sample: Sample) -> _Key:
    cell = sample.cell
    return cell.device, cell.threads, cell.workload, cell.tier


def _threads(count: int) -> str:
    return f"{count} thread" + ("s" if count != 1 else "")


def _mixed(samples: list[Sample]) -> str:
    """Why these samples are no series: '' where they are one."""
    for what, seen in (
            ("accelerators", {one.accelerator for one in samples}),
            ("vCPU counts", {str(one.vcpus) for one in samples}),
            ("hosts", {one.host.get("id", "") for one in samples}),
            ("guest programs", {one.host.get("programs", "") for one in samples}),
            ("QEMU versions", {one.host.get("qemu", "") for one in samples})):
        if len(seen) > 1:
            return f"mixes {what}: {', '.join(sorted(seen))}"
    for kernel in sorted({one.cell.kernel for one in samples}):
        images = {(one.kernel_key, one.image_sha256) for one in samples
                  if one.cell.kernel == kernel}
        if len(images) > 1:
            return f"mixes {len(images)} builds of {kernel}"
    if any(one.cell.tier == "exact" and one.accelerator != Accelerator.ICOUNT for one in samples):
        return "exact samples that did not run under icount"
    return ""


def _sum_up(results: Sequence[MetricResult]) -> tuple[Verdict, str]:
    """A cell's verdict from its decisive metrics: the worst of them, in words."""
    decisive = [one for one in results if one.verdict is not None]
    if not decisive:
        return Verdict.INCONCLUSIVE, "no declared metric was measured on either side"
    order = [Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.IMPROVED, Verdict.EQUIVALENT]
    worst = next(one for one in order if any(m.verdict == one for m in decisive))
    said = [describe(one) for one in decisive if one.verdict == worst]
    reason = "; ".join(said)
    gains = [describe(one) for one in decisive if one.verdict == Verdict.IMPROVED]
    if worst == Verdict.REGRESSED and gains:
        reason += f"; a regression counts although {'; '.join(gains)}"
    return worst, reason


def _why(results: Sequence[MetricResult]) -> str:
    """The swap-out path's locks, else the counters, that moved most."""
    locks = [one for one in results if one.verdict is not None
             and one.name.endswith(".acquisitions_per_page")]
    moved = sorted(locks, key=lambda m: (-abs((m.test or 0.0) - (m.base or 0.0)), m.name))
    named = [f"{m.name.split('.')[1]} is taken {number(m.test or 0.0)} times per page instead of "
             f"{number(m.base or 0.0)}" for m in moved
             if m.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]
    if locks:
        return "; ".join(named[:2]) or "no lock of the swap-out path moved"
    counters = [m for m in results if m.verdict is None and m.better and m.change is not None
                and abs(m.change) > 0.01]
    counters.sort(key=lambda m: (-abs(m.change or 0.0), m.name))
    return f"{describe(replace(counters[0], reason='moved most'))}" if counters else ""


def _cell(key: _Key, test: str, base_side: list[Sample], test_side: list[Sample], rules: Rules,
          thresholds: dict[str, float], base: str) -> CellResult:
    device, threads, workload, tier = key
    valid = [[one for one in side if not one.invalid] for side in (base_side, test_side)]
    some = (valid[0] + valid[1] + base_side + test_side)[0]
    results: list[MetricResult] = []
    if not all(valid):
        lacking = [name for name, side in zip((base, test), valid) if not side]
        verdict, reason = Verdict.INVALID, f"no valid sample of {' and '.join(lacking)}"
    elif mixed := _mixed(valid[0] + valid[1]):
        verdict, reason = Verdict.INVALID, f"samples are no series: {mixed}"
    else:
        results = tiers.timed(valid[0], valid[1], rules, thresholds) if tier == "timed" else \
            tiers.still(valid[0], valid[1], thresholds, tier)
        verdict, reason = _sum_up(results)
    return CellResult(base, test, device, threads, workload, tier, some.accelerator, some.vcpus,
                      verdict, reason, _why(results), tuple(results), len(valid[0]), len(valid[1]),
                      tuple(one.evidence for one in valid[0] + valid[1]))


def _alone(key: _Key, samples: list[Sample]) -> CellResult:
    """A cell of a kernel that is measured, not compared: its figures, no verdict on it."""
    device, threads, workload, tier = key
    valid = [one for one in samples if not one.invalid]
    some = (valid or samples)[0]
    verdict, reason = (Verdict.INCONCLUSIVE, "measured; there is nothing to compare it with") \
        if valid else (Verdict.INVALID, f"no valid sample of {some.cell.kernel}")
    return CellResult("", some.cell.kernel, device, threads, workload, tier, some.accelerator,
                      some.vcpus, verdict, reason, "", tuple(tiers.still(valid, [], {}, tier)),
                      len(valid), 0, tuple(one.evidence for one in valid))


def _budgeted(key: _Key, samples: list[Sample], judge: Judge) -> CellResult:
    """A cell of the locks tier held against its budget."""
    device, threads, workload, tier = key
    valid = [one for one in samples if not one.invalid]
    some = (valid or samples)[0]
    if not valid:
        found = Judgement(Verdict.INVALID, f"no valid sample of {some.cell.kernel}")
    elif mixed := _mixed(valid):
        found = Judgement(Verdict.INVALID, f"samples are no series: {mixed}")
    else:
        found = judge(valid)
    return CellResult(BUDGET, some.cell.kernel, device, threads, workload, tier, some.accelerator,
                      some.vcpus, found.verdict, found.reason, "", found.metrics, 0, len(valid),
                      tuple(one.evidence for one in valid))


def _tortured(key: _Key, samples: list[Sample]) -> CellResult:
    """A cell of the torture tier: the kernel stood every boot of it, or it did not."""
    device, threads, workload, tier = key
    some = samples[0]
    against = [one for sample in samples for one in torture.findings(sample)]
    spoilt = [one for sample in samples for one in sample.invalid]
    if against:
        verdict, reason = Verdict.UNSOUND, "; ".join(against)
    elif spoilt:
        verdict, reason = Verdict.INVALID, "; ".join(spoilt)
    else:
        verdict, reason = Verdict.SOUND, "every page right, nothing left over, no complaint"
    return CellResult(torture.TORTURE, some.cell.kernel, device, threads, workload, tier,
                      some.accelerator, some.vcpus, verdict, reason, "",
                      tuple(tiers.still([], samples, {}, tier)), 0, len(samples),
                      tuple(one.evidence for one in samples))


def exact_check(samples: Sequence[Sample]) -> str:
    """Why the exact tier must not decide; '' where it proved itself.

    Proof: a cell booted twice gave the same to the last digit.
    """
    cells: dict[tuple[str, _Key], list[Sample]] = {}
    for one in samples:
        if one.cell.tier == "exact" and not one.invalid:
            cells.setdefault((one.cell.kernel, _key(one)), []).append(one)
    if not cells:
        return ""
    twice = [group for group in cells.values() if len(group) > 1]
    if not twice:
        return "no exact cell was booted twice, so nothing shows that this host repeats exactly"
    for group in twice:
        for one in group[1:]:
            names = [name for name in tiers.names([group[0].metrics, one.metrics])
                     if group[0].metrics.get(name) != one.metrics.get(name)]
            if names or group[0].fingerprint != one.fingerprint:
                what = f"in {names[0]}" if names else "in what the guest sent"
                return (f"two boots of {one.cell.label()} differ {what} "
                        f"(samples {group[0].number} and {one.number})")
    return ""


def _demote(cell: CellResult, problem: str) -> CellResult:
    if cell.tier != "exact" or cell.verdict == Verdict.INVALID:
        return cell
    metrics = tuple(replace(one, verdict=Verdict.INCONCLUSIVE) if one.verdict else one
                    for one in cell.metrics)
    return replace(cell, verdict=Verdict.INCONCLUSIVE, metrics=metrics,
                   reason=f"exact tier demoted: {problem}")


def _explain(cells: list[CellResult]) -> list[CellResult]:
    """Give the other tiers the reason the locks tier of the same place found."""
    locks = {(one.test, one.device, one.threads): one for one in cells
             if one.tier == "locks" and one.metrics}
    out = []
    for cell in cells:
        near = [one for (test, device, _), one in locks.items()
                if (test, device) == (cell.test, cell.device)]
        found = locks.get((cell.test, cell.device, cell.threads)) or (near[0] if near else None)
        if cell.tier != "locks" and found and found.why and cell.metrics:
            cell = replace(cell, why=found.why)
        out.append(cell)
    return out


def _overall(cells: list[CellResult]) -> tuple[Verdict, str]:
    settled = {Verdict.REGRESSED, Verdict.IMPROVED, Verdict.EQUIVALENT}
    decided = {(one.test, one.device) for one in cells
               if one.tier != "timed" and one.verdict in settled}
    # A cell measured alone says something only where nothing else does.
    counted = [one for one in cells if one.base or one.verdict == Verdict.INVALID] or cells
    counted = [one for one in counted
               if not (one.tier == "timed" and one.verdict == Verdict.INCONCLUSIVE
                       and (one.test, one.device) in decided)]
    for verdict in _EXITS:
        found = [one for one in counted if one.verdict == verdict]
        if found:
            break
    else:
        return Verdict.INCONCLUSIVE, "there is no cell to compare"
    first = found[0]
    # The locks tier's reason names its locks already.
    why = f"; {first.why}" if first.why and first.tier != "locks" else ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return verdict, f"{first.test} on {first.device}, {first.tier} tier: {first.reason}{why}{more}"


#: Worst first.
_EXITS = {Verdict.UNSOUND: Exit.REGRESSED, Verdict.REGRESSED: Exit.REGRESSED,
          Verdict.INVALID: Exit.CANNOT_MEASURE, Verdict.INCONCLUSIVE: Exit.INCONCLUSIVE,
          Verdict.IMPROVED: Exit.OK, Verdict.EQUIVALENT: Exit.OK, Verdict.SOUND: Exit.OK}


def compare(samples: Sequence[Sample], rules: Rules, judge: Judge | None = None) -> Comparison:
    """Judge every test kernel against `rules.base`, and every kernel's locks by `judge`.

    Without a base every kernel is measured alone.  Never raises for what
    samples hold.
    """
    ordered = sorted(samples, key=lambda one: (one.number, one.cell.kernel, one.repeat,
                                               one.evidence))
    thresholds = {**tiers.DEFAULT_THRESHOLDS, **rules.thresholds}
    sides: dict[str, dict[_Key, list[Sample]]] = {}
    keys: dict[_Key, None] = {}
    tortured: dict[tuple[str, _Key], list[Sample]] = {}
    for one in ordered:
        if one.cell.tier == torture.TIER:
            tortured.setdefault((one.cell.kernel, _key(one)), []).append(one)
            continue
        sides.setdefault(one.cell.kernel, {}).setdefault(_key(one), []).append(one)
        keys.setdefault(_key(one))
    tests = tuple(name for name in sides if name != rules.base) if rules.base else ()
    own = sides.get(rules.base, {})
    cells = [_cell(key, test, own.get(key, []), sides[test].get(key, []), rules, thresholds,
                   rules.base)
             for test in tests for key in keys if key in own or key in sides[test]]
    if not tests:
        cells = [_alone(key, side) for mine in sides.values() for key, side in mine.items()]
    problem = exact_check(ordered)
    if problem:
        cells = [_demote(cell, problem) for cell in cells]
    cells = _explain(cells)
    if judge:
        cells += [_budgeted(key, side, judge) for mine in sides.values()
                  for key, side in mine.items() if key[3] == "locks"]
    cells += [_tortured(key, side) for (_, key), side in tortured.items()]
    excluded = tuple(Excluded(one.cell.label(), one.number, one.invalid, one.evidence)
                     for one in ordered if one.invalid and not torture.findings(one))
    verdict, reason = _overall(cells)
    # A kernel that is measured alone cannot regress.
    alone = not tests and verdict == Verdict.INCONCLUSIVE and not problem and judge is None
    return Comparison(rules.base, tests, tuple(cells), excluded,
                      tuple(_warnings(ordered, cells, problem)), tuple(_assumptions(ordered)),
                      verdict, reason, Exit.OK if alone and cells else _EXITS[verdict])


def _warnings(samples: Sequence[Sample], cells: list[CellResult], problem: str) -> Iterable[str]:
    for one in samples:
        for reason in one.invalid:
            if reason.startswith(DATA_LOSS) or one.outcome in _FINDINGS \
                    or reason in torture.findings(one):
                yield f"FINDING: {one.cell.label()} (sample {one.number}): {reason}"
    if problem:
        yield (f"the exact tier decides nothing here: {problem}; run the experiment again, and "
               "report it as a bug in swapscale if it repeats")
    for cell in cells:
        if cell.tier == "timed" and cell.verdict == Verdict.INCONCLUSIVE and cell.test_samples:
            yield (f"{cell.test} on {cell.device}, {_threads(cell.threads)}: time is not resolved "
                   f"({cell.reason}); raise rules.pairs")
    if any(GUESS in metric.evidence for one in samples for metric in one.metrics.values()):
        yield ("some lock classes are named by a guess (the busiest of their name); kernels built "
               "by './swapscale kernel build' tell them apart for certain")
    crowded = [one for one in samples if one.accelerator == Accelerator.TCG
               and one.host.get("cores", "").isdecimal() and one.vcpus > int(one.host["cores"])]
    if crowded:
        yield (f"{crowded[0].vcpus} vCPUs on {crowded[0].host['cores']} cores: lock holders are "
               "preempted, so use counts only; lower guest.vcpus for anything about time")


def _assumptions(samples: Sequence[Sample]) -> Iterable[str]:
    valid = [one for one in samples if not one.invalid]
    accelerators = {one.accelerator for one in valid}
    if Accelerator.ICOUNT in accelerators:
        yield ("exact tier: every instruction costs the same, a contended lock and a cache miss "
               "too; idle time counts up to the next timer")
        # Measured on 6.1.192, pmem: one image, command lines that differ in a
        # parameter the kernel ignores, 11858 to 12023 over 35,000 pages and
        # 11727 to 11810 over 160,000; the same command line repeats exactly.
        yield ("exact tier: another memory layout alone (image size, command line) moved "
               "instructions per page by 1.4% over 35,000 pages and by 0.7% over 160,000; for "
               "smaller effects raise workload.ratio")
    if Accelerator.TCG in accelerators:
        yield "emulated (TCG): time here says nothing about real hardware"
    if any(one.cell.tier == "locks" for one in valid):
        yield ("locks tier: kernels with lock_stat, which slows what it watches: compare its "
               "counts; its hold times only with each other")
    for kernel in sorted({one.cell.kernel for one in valid}):
        same = sorted({one.cell.kernel for one in valid if one.cell.kernel > kernel
                       and one.image_sha256 in {other.image_sha256 for other in valid
                                                if other.cell.kernel == kernel}})
        for other in same:
            yield f"{kernel} and {other} are the same image: this is an A/A comparison"
