# SPDX-License-Identifier: GPL-2.0-only
"""From samples to verdicts, by the rules in the design's section of that name.

The exact and locks tiers decide.  The timed tier can find a regression or an
improvement of its own; where it is undecided, a decision of the other two on
the same device stands, and the report says that time was not resolved.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from runner import caveats, locksmoved, timed, torture
from runner.budget import BUDGET, Judgement
from runner.errors import Exit
from runner.figures import MetricResult, Verdict, describe, names
from runner.records import Accelerator, Rules, Sample
from runner.results import CellResult, Comparison, Excluded
from runner.results import threads as told
from runner.tier import counts, layouts, moved

_Key = tuple[str, int, str, str]  # device, threads, workload, tier

#: Holds the valid samples of one cell of the locks tier against their budget.
Judge = Callable[[Sequence[Sample]], Judgement]


def _key(sample: Sample) -> _Key:
    cell = sample.cell
    return cell.device, cell.threads, cell.workload, cell.tier


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
    if said := locksmoved.said(results):
        return said
    counters = [m for m in results if m.verdict is None and m.better and m.change is not None
                and abs(m.change) > 0.01]
    counters.sort(key=lambda m: (-abs(m.change or 0.0), m.name))
    return f"{describe(replace(counters[0], reason='moved most'))}" if counters else ""


def _unfit(names: tuple[str, str], valid: list[list[Sample]]) -> str:
    """Why two sides' valid samples cannot be compared: '' where they can."""
    if lacking := [name for name, side in zip(names, valid) if not side]:
        return f"no valid sample of {' and '.join(lacking)}"
    mixed = _mixed(valid[0] + valid[1])
    return f"samples are no series: {mixed}" if mixed else ""


def _cell(key: _Key, test: str, base_side: list[Sample], test_side: list[Sample],
          thresholds: dict[str, float], rules: Rules, times: Times) -> CellResult:
    base = rules.base
    device, threads, workload, tier = key
    valid = [[one for one in side if not one.invalid] for side in (base_side, test_side)]
    some = (valid[0] + valid[1] + base_side + test_side)[0]
    results: list[MetricResult] = []
    far: tuple[str, ...] = ()
    if reason := _unfit((base, test), valid):
        verdict = Verdict.INVALID
    else:
        results = times.judge(key, test) if tier == "timed" else \
            counts.still(valid[0], valid[1], thresholds, tier, rules.layouts, rules.equal_pages)
        verdict, reason = _sum_up(results)
        if tier == "exact":
            far = _far([layouts.boots(side) for side in valid], results, base, test)
    return CellResult(base, test, device, threads, workload, tier, some.accelerator, some.vcpus,
                      verdict, reason, _why(results), tuple(results), len(valid[0]), len(valid[1]),
                      tuple(one.evidence for one in valid[0] + valid[1]), far)


def _far(boots: Sequence[Sequence[Sample]], results: Sequence[MetricResult], base: str, test: str
         ) -> tuple[str, ...]:
    """What moved in every layout and is not decided by the rules; what got worse comes first."""
    decided = [one.name for one in results if one.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]
    return moved.told(moved.find(boots[0], boots[1], decided), moved.between(base, test))


class Times:
    """All timed cells of a comparison, judged together: Holm is over all their metrics."""

    def __init__(self, sides: Mapping[str, Mapping[_Key, list[Sample]]], rules: Rules,
                 thresholds: dict[str, float]) -> None:
        self._rules, self._thresholds = rules, thresholds
        own = sides.get(rules.base, {})
        self._sides = {(test, *key): timed.Sides(tuple(own[key]), tuple(side))
                       for test, mine in sides.items() if test != rules.base
                       for key, side in mine.items() if key[3] == "timed" and key in own}
        self._found = {cell: timed.effects(one, rules, thresholds)
                       for cell, one in self._sides.items()}
        self._p = timed.adjusted(self._found, rules)

    def judge(self, key: _Key, test: str) -> list[MetricResult]:
        cell = (test, *key)
        found = self._found[cell]
        return timed.judge(self._sides[cell], self._rules, self._thresholds, found,
                           {name: self._p[cell, name] for name in found})

    def resolved(self) -> list[str]:
        """What this host can tell apart, a line for each metric of each cell."""
        many = len({cell[0] for cell in self._found}) > 1
        return [timed.resolution(f"{f'{test} on ' if many else ''}{device}, {told(threads)}",
                                 self._sides[test, device, threads, workload, tier], name, effect,
                                 self._thresholds[name])
                for (test, device, threads, workload, tier), found in self._found.items()
                for name, effect in found.items()]


def _alone(key: _Key, samples: list[Sample]) -> CellResult:
    """A cell of a kernel that is measured, not compared: its figures, no verdict on it."""
    device, threads, workload, tier = key
    valid = [one for one in samples if not one.invalid]
    some = (valid or samples)[0]
    verdict, reason = (Verdict.INCONCLUSIVE, "measured; there is nothing to compare it with") \
        if valid else (Verdict.INVALID, f"no valid sample of {some.cell.kernel}")
    return CellResult("", some.cell.kernel, device, threads, workload, tier, some.accelerator,
                      some.vcpus, verdict, reason, "", tuple(counts.still(valid, [], {}, tier)),
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
                      tuple(counts.still([], samples, {}, tier)), 0, len(samples),
                      tuple(one.evidence for one in samples))


def exact_check(samples: Sequence[Sample]) -> str:
    """Why the exact tier must not decide; '' where it proved itself.

    Proof: a cell booted twice gave the same to the last digit.
    """
    cells: dict[tuple[str, _Key, int], list[Sample]] = {}
    for one in samples:
        if one.cell.tier == "exact" and not one.invalid:
            cells.setdefault((one.cell.kernel, _key(one), one.layout), []).append(one)
    if not cells:
        return ""
    twice = [group for group in cells.values() if len(group) > 1]
    if not twice:
        return "no exact cell was booted twice, so nothing shows that this host repeats exactly"
    for group in twice:
        for one in group[1:]:
            apart = [name for name in names([group[0].metrics, one.metrics])
                     if group[0].metrics.get(name) != one.metrics.get(name)]
            if apart or group[0].fingerprint != one.fingerprint:
                what = f"in {apart[0]}" if apart else "in what the guest sent"
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
    far = [one for cell in cells if (cell.test, cell.device) == (first.test, first.device)
           for one in cell.moved][:_NAMED] if verdict in _OPEN else []
    also = f"; but {'; '.join(far)}" if far else ""
    return verdict, (f"{first.test} on {first.device}, {first.tier} tier: "
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

    Without a base every kernel is measured alone.  Never raises for what
    samples hold.
    """
    ordered = sorted(samples, key=lambda one: (one.number, one.cell.kernel, one.repeat,
                                               one.evidence))
    thresholds = {**counts.DEFAULT_THRESHOLDS, **rules.thresholds}
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
    times = Times(sides if tests else {}, rules, thresholds)
    cells = [_cell(key, test, own.get(key, []), sides[test].get(key, []), thresholds,
                   rules, times)
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
                      tuple(caveats.warnings(ordered, cells, problem)),
                      tuple([*caveats.assumptions(ordered), *times.resolved()]),
                      verdict, reason, Exit.OK if alone and cells else _EXITS[verdict])


def with_cells(comparison: Comparison, cells: Sequence[CellResult]) -> Comparison:
    """A comparison with other cells, summed up anew.

    Kernels that are measured alone cannot regress, so theirs stays what it
    was where none of the cells holds one against something.
    """
    if not any(one.base for one in cells):
        return replace(comparison, cells=tuple(cells))
    verdict, reason = _overall(list(cells))
    return replace(comparison, cells=tuple(cells), verdict=verdict, reason=reason,
                   exit=_EXITS[verdict])
