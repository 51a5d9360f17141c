# SPDX-License-Identifier: GPL-2.0-only
"""From samples to verdicts, by the rules of docs/methodology.md.

A tier that goes by the host's clock can find a regression or an improvement
of its own; where it is undecided, a decision of the others on the same device
stands, and the report says that time was not resolved.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runner.errors import Exit
from runner.judge import caveats, locksmoved, tier, validity
from runner.judge.budget import Judgement
from runner.judge.figures import MetricResult, Verdict, describe, deviation
from runner.judge.results import (ALONE, BUDGET, ITSELF, Base, CellResult, Comparison, Excluded,
                                  Kind, Where, where)
from runner.judge.tier import moved
from runner.judge.tier.base import Judging
from runner.metrics import letters
from runner.records import Rules, Sample
from runner.settings import variant

#: Holds the valid samples of one cell of the locks tier against their budget.
Judge = Callable[[Sequence[Sample]], Judgement]


def _vcpus(samples: Sequence[Sample]) -> set[str]:
    """vCPU counts that should be one: of each kernel, and of all that say nothing of it."""
    said = {sample.cell.kernel: variant.has(sample.cell.kernel, "guest.vcpus")
            for sample in samples}
    for kernels in ([kernel for kernel in said if not said[kernel]],
                    *([kernel] for kernel in said if said[kernel])):
        seen = {str(sample.vcpus) for sample in samples if sample.cell.kernel in kernels}
        if len(seen) > 1:
            return seen
    return set()


def _mixed(samples: list[Sample]) -> str:
    """Why these samples are no series: '' where they are one."""
    own = tier.find(samples[0].cell.tier)
    for what, seen in (
            ("accelerators", {sample.accelerator for sample in samples}),
            ("vCPU counts", _vcpus(samples)),
            ("hosts", {sample.host.get("id", "") for sample in samples}),
            ("simulated machines", {own.machine(sample) for sample in samples}),
            ("guest programs", {sample.host.get("programs", "") for sample in samples}),
            ("QEMU versions", {sample.host.get("qemu", "") for sample in samples})):
        if len(seen) > 1:
            return f"mixes {what}: {', '.join(sorted(seen))}"
    for kernel in sorted({sample.cell.kernel for sample in samples}):
        images = {(sample.kernel_key, sample.image_sha256) for sample in samples
                  if sample.cell.kernel == kernel}
        if len(images) > 1:
            return f"mixes {len(images)} builds of {kernel}"
    return own.unfit(samples)


def _sum_up(results: Sequence[MetricResult]) -> tuple[Verdict, str]:
    """A cell's verdict from its decisive metrics: the worst of them, in words."""
    decisive = [result for result in results if result.verdict is not None]
    if not decisive:
        return Verdict.INCONCLUSIVE, "no declared metric was measured on either side"
    order = [Verdict.REGRESSED, Verdict.INCONCLUSIVE, Verdict.IMPROVED, Verdict.EQUIVALENT]
    worst = next(verdict for verdict in order if any(m.verdict == verdict for m in decisive))
    said = [describe(result) for result in decisive if result.verdict == worst]
    reason = "; ".join(said)
    gains = [describe(result) for result in decisive if result.verdict == Verdict.IMPROVED]
    if worst == Verdict.REGRESSED and gains:
        reason += f"; a regression counts although {'; '.join(gains)}"
    return worst, reason


def _why(results: Sequence[MetricResult]) -> str:
    """The swap-out path's locks, else the counters, that moved most."""
    if said := locksmoved.said(results):
        return said
    # CPU time of the load is told in ticks of the kernel's clock: its small figures jump.
    counters = [m for m in results if m.verdict is None and m.better and m.change is not None
                and abs(m.change) > 0.01 and m.name not in letters.LOAD]
    counters.sort(key=lambda m: (-abs(m.change or 0.0), m.name))
    return f"{describe(replace(counters[0], reason='moved most'))}" if counters else ""


def _unfit(names: tuple[str, str], valid: list[list[Sample]]) -> str:
    """Why two sides' valid samples cannot be compared: '' where they can."""
    if lacking := [name for name, side in zip(names, valid) if not side]:
        return f"no valid sample of {' and '.join(lacking)}"
    mixed = _mixed(valid[0] + valid[1])
    return f"samples are no series: {mixed}" if mixed else ""


def _cell(place: Where, test: str, judging: Judging) -> CellResult:
    device, threads, workload, name = place
    base = judging.rules.base
    sides = [judging.sides.get(kernel, {}).get(place, ()) for kernel in (base, test)]
    valid = [judging.valid(kernel, place) for kernel in (base, test)]
    some = [*valid[0], *valid[1], *sides[0], *sides[1]][0]
    own = judging.tier
    results: list[MetricResult] = []
    far: tuple[str, ...] = ()
    if reason := _unfit((base, test), valid):
        verdict = Verdict.INVALID
    else:
        results = judging.cell(place, test)
        verdict, reason = _sum_up(results)
        decided = [result.name for result in results
                   if result.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]
        # What got worse comes first.
        far = moved.told(own.far(valid[0], valid[1], decided), moved.between(base, test))
    return CellResult(Base(Kind.KERNEL, base), test, device, threads, workload, name,
                      some.accelerator, some.vcpus, verdict, reason, _why(results),
                      tuple(results), len(valid[0]), len(valid[1]),
                      tuple(sample.evidence for sample in valid[0] + valid[1]), far,
                      own.machine(some))


def _alone(place: Where, samples: list[Sample]) -> CellResult:
    """A cell of a kernel that is measured, not compared: its figures, no verdict on it."""
    device, threads, workload, name = place
    valid = [sample for sample in samples if not sample.invalid]
    some = (valid or samples)[0]
    verdict, reason = (Verdict.INCONCLUSIVE, "measured; there is nothing to compare it with") \
        if valid else (Verdict.INVALID, f"no valid sample of {some.cell.kernel}")
    return CellResult(ALONE, some.cell.kernel, device, threads, workload, name, some.accelerator,
                      some.vcpus, verdict, reason, "",
                      tuple(tier.find(name).against(valid, [], {})),
                      len(valid), 0, tuple(sample.evidence for sample in valid),
                      machine=tier.find(name).machine(some))


def _budgeted(place: Where, samples: list[Sample], judge: Judge) -> CellResult:
    """A cell whose locks were counted, held against its budget."""
    device, threads, workload, name = place
    valid = [sample for sample in samples if not sample.invalid]
    some = (valid or samples)[0]
    if not valid:
        judgement = Judgement(Verdict.INVALID, f"no valid sample of {some.cell.kernel}")
    elif mixed := _mixed(valid):
        judgement = Judgement(Verdict.INVALID, f"samples are no series: {mixed}")
    else:
        judgement = judge(valid)
    return CellResult(BUDGET, some.cell.kernel, device, threads, workload, name, some.accelerator,
                      some.vcpus, judgement.verdict, judgement.reason, "", judgement.metrics, 0,
                      len(valid),
                      tuple(sample.evidence for sample in valid))


def _itself(place: Where, samples: list[Sample]) -> CellResult:
    """A cell of a tier that compares nothing: the kernel stood every boot of it, or it did not."""
    device, threads, workload, name = place
    some = samples[0]
    verdict, reason, metrics = tier.find(name).verdict(samples)
    return CellResult(ITSELF, some.cell.kernel, device, threads, workload, name,
                      some.accelerator, some.vcpus, verdict, reason, "", tuple(metrics), 0,
                      len(samples), tuple(sample.evidence for sample in samples))


def _of(sides: Mapping[str, Mapping[Where, list[Sample]]], name: str
        ) -> dict[str, dict[Where, list[Sample]]]:
    """The sides of one tier."""
    return {kernel: {place: side for place, side in mine.items() if place[3] == name}
            for kernel, mine in sides.items()}


def _demote(cell: CellResult, problem: str) -> CellResult:
    if not problem or cell.verdict == Verdict.INVALID:
        return cell
    metrics = tuple(replace(metric, verdict=Verdict.INCONCLUSIVE) if metric.verdict else metric
                    for metric in cell.metrics)
    return replace(cell, verdict=Verdict.INCONCLUSIVE, metrics=metrics,
                   reason=f"{cell.tier} tier demoted: {problem}")


def _spread(cell: CellResult, base: Mapping[Where, Sequence[Sample]],
            test: Mapping[Where, Sequence[Sample]]) -> CellResult:
    """The cell with its metrics' spread over the boots that count; none of pairs: those past a
    look wait for the next, and what they spread by is the host's."""
    if tier.find(cell.tier).paired:
        return cell
    place = cell.device, cell.threads, cell.workload, cell.tier
    sides = [[boot for boot in side.get(place, ()) if not boot.invalid] for side in (base, test)]
    metrics = []
    for metric in cell.metrics:
        low, high = (deviation(side, metric.name) for side in sides)
        metrics.append(metric if low is None or high is None else
                       replace(metric, spread=(low, high)))
    return replace(cell, metrics=tuple(metrics))


def _explain(cells: list[CellResult]) -> list[CellResult]:
    """Give the other tiers the reason that the locks counted in the same place are."""
    locks = {(cell.test, cell.device, cell.threads): cell for cell in cells
             if tier.find(cell.tier).counts_locks and cell.metrics}
    out = []
    for cell in cells:
        near = [other for (test, device, _), other in locks.items()
                if (test, device) == (cell.test, cell.device)]
        counted = locks.get((cell.test, cell.device, cell.threads)) or (near[0] if near else None)
        if not tier.find(cell.tier).counts_locks and counted and counted.why and cell.metrics:
            cell = replace(cell, why=counted.why)
        out.append(cell)
    return out


def _overall(cells: list[CellResult]) -> tuple[Verdict, str]:
    settled = {Verdict.REGRESSED, Verdict.IMPROVED, Verdict.EQUIVALENT}
    decided = {(cell.test, cell.device) for cell in cells
               if not tier.find(cell.tier).by_clock and cell.verdict in settled}
    # A cell measured alone says something only where nothing else does.
    counted = [cell for cell in cells if not cell.alone or cell.verdict == Verdict.INVALID] or cells
    counted = [cell for cell in counted
               if not (tier.find(cell.tier).by_clock and cell.verdict == Verdict.INCONCLUSIVE
                       and (cell.test, cell.device) in decided)]
    for verdict in _EXITS:
        deciding = [cell for cell in counted if cell.verdict == verdict]
        if deciding:
            break
    else:
        return Verdict.INCONCLUSIVE, "there is no cell to compare"
    first = deciding[0]
    # Where locks were counted, the reason names them already.
    why = f"; {first.why}" if first.why and not tier.find(first.tier).counts_locks else ""
    more = f" (and {len(deciding) - 1} more)" if len(deciding) > 1 else ""
    far = [line for cell in cells if (cell.test, cell.device) == (first.test, first.device)
           for line in cell.moved][:_NAMED] if verdict in _OPEN else []
    also = f"; but {'; '.join(far)}" if far else ""
    return verdict, (f"{first.test} on {first.device}, {first.tier} tier{first.on}: "
                     f"{first.reason}{also}{why}{more}")


#: Verdicts beside which what moved in every layout is news, and how much of it is named.
_OPEN = (Verdict.INCONCLUSIVE, Verdict.EQUIVALENT)
_NAMED = 2
#: Worst first.
_EXITS = {Verdict.UNSOUND: Exit.REGRESSED, Verdict.REGRESSED: Exit.REGRESSED,
          Verdict.INVALID: Exit.CANNOT_MEASURE, Verdict.INCONCLUSIVE: Exit.INCONCLUSIVE,
          Verdict.IMPROVED: Exit.OK, Verdict.EQUIVALENT: Exit.OK, Verdict.SOUND: Exit.OK}


def compare(samples: Sequence[Sample], rules: Rules, judge: Judge | None = None) -> Comparison:
    """Judge every test kernel against `rules.base`, and every kernel's locks by `judge`.

    Without a base every kernel is measured alone.  Never raises for what samples hold.
    """
    ordered = sorted(samples, key=lambda s: (s.number, s.cell.kernel, s.repeat, s.evidence))
    thresholds = {**tier.thresholds(), **rules.thresholds}
    sides: dict[str, dict[Where, list[Sample]]] = {}
    places: dict[Where, None] = {}
    by_itself: dict[tuple[str, Where], list[Sample]] = {}
    for sample in ordered:
        if not tier.find(sample.cell.tier).compared:
            by_itself.setdefault((sample.cell.kernel, where(sample)), []).append(sample)
            continue
        sides.setdefault(sample.cell.kernel, {}).setdefault(where(sample), []).append(sample)
        places.setdefault(where(sample))
    tests = tuple(name for name in sides if name != rules.base) if rules.base else ()
    judging = {name: tier.find(name).judging(_of(sides, name), rules, thresholds)
               for *_, name in places} if tests else {}
    cells = [_spread(_cell(place, test, judging[place[3]]), sides.get(rules.base, {}),
                     sides[test]) for test in tests for place in places
             if place in sides.get(rules.base, {}) or place in sides[test]]
    if not tests:
        cells = [_alone(place, side) for mine in sides.values() for place, side in mine.items()]
    problems = {own.name: problem for own in tier.every() if (problem := own.self_check(ordered))}
    cells = _explain([_demote(cell, problems.get(cell.tier, "")) for cell in cells])
    if judge:
        cells += [_budgeted(place, side, judge) for mine in sides.values()
                  for place, side in mine.items() if tier.find(place[3]).counts_locks]
    cells += [_itself(place, side) for (_, place), side in by_itself.items()]
    # Of a tier that judges each kernel by itself, what speaks against one is its verdict.
    excluded = tuple(Excluded(sample.cell.label(), sample.number, tuple(map(str, sample.invalid)),
                              sample.evidence) for sample in ordered if sample.invalid and
                     (tier.find(sample.cell.tier).compared or not validity.findings(sample)))
    findings = tuple(caveats.findings(ordered))
    resolved = [line for by_tier in judging.values() for line in by_tier.resolved()]
    verdict, reason = _overall(cells)
    # A kernel that is measured alone cannot regress.
    alone = not tests and verdict == Verdict.INCONCLUSIVE and not problems and judge is None
    return Comparison(rules.base, tests, tuple(cells), excluded,
                      (*findings, *caveats.warnings(ordered, cells, problems)),
                      (*caveats.assumptions(ordered), *resolved), verdict, reason,
                      Exit.OK if alone and cells else _EXITS[verdict], findings=findings)


def with_cells(comparison: Comparison, cells: Sequence[CellResult]) -> Comparison:
    """A comparison with other cells, summed up anew.

    Kernels that are measured alone cannot regress, so theirs stays what it
    was where none of the cells holds one against something.
    """
    if all(cell.alone for cell in cells):
        return replace(comparison, cells=tuple(cells))
    verdict, reason = _overall(list(cells))
    return replace(comparison, cells=tuple(cells), verdict=verdict, reason=reason,
                   exit=_EXITS[verdict])
