# SPDX-License-Identifier: GPL-2.0-only
"""Lock budgets: what exceeds one."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from budgetcases import BATCHED, PAGEWISE, SETTING, VANILLA, counted, experiment, figures, keep
from madesamples import BASE, RULES, because, exact

from runner.errors import Exit
from runner.judge.budget import FLOOR, SLACK, Budget, Place
from runner.judge.compare import campaign as judge
from runner.judge.figures import Verdict
from runner.judge.results import Comparison
from runner.metrics.lockclass import SWAP_LOCKS, SWAP_PATH
from runner.report import FORMATS


def reason(found: Comparison) -> str:
    assert found.reason.count("\n") == 0
    return found.reason


# Judging

def test_within_its_budget(budget: Budget) -> None:
    found = judge([counted("6.1:batched", BATCHED)], keep(budget))
    assert (found.verdict, found.exit) == (Verdict.EQUIVALENT, Exit.OK)
    assert "within its budget" in reason(found) and not found.over_budget()


@pytest.mark.parametrize("lock", SWAP_PATH)
def test_two_percent_over_is_a_regression_that_names_kernel_class_and_figures(
        budget: Budget, lock: str) -> None:
    more = {**BATCHED, lock: BATCHED.get(lock, 0.0) * 1.02 + 0.004}
    found = judge([counted("6.1:batched", more)], keep(budget))
    assert (found.verdict, found.exit) == (Verdict.REGRESSED, Exit.REGRESSED)
    line, = found.over_budget()
    for text in (line, reason(found)):
        assert "6.1:batched on pmem" in text and f"{lock} " in text
        assert re.search(r"[\d.e-]+ per page, budget [\d.]+", text), text


@pytest.mark.parametrize("allowed, taken, verdict", [
    (4.0, 4.039, Verdict.EQUIVALENT), (4.0, 4.041, Verdict.REGRESSED),
    (4.0, 3.961, Verdict.EQUIVALENT), (4.0, 3.959, Verdict.IMPROVED),
    (0.031, 0.0339, Verdict.EQUIVALENT), (0.031, 0.0341, Verdict.REGRESSED),
    (0.0, 0.0029, Verdict.EQUIVALENT), (0.0, 0.0031, Verdict.REGRESSED)])
def test_slack_and_floor(budget: Budget, allowed: float, taken: float, verdict: Verdict) -> None:
    place = Place("6.1:x", "pmem", 1)
    limits = replace(budget, figures={place: figures({**BATCHED, "swap_device": allowed})})
    found = judge([counted("6.1:x", {**BATCHED, "swap_device": taken})], keep(limits))
    assert found.verdict == verdict


def test_one_acquisition_more_per_batch_is_over(budget: Budget) -> None:
    per_batch = [taken for place, figures in budget.figures.items()
                 if place.kernel.endswith("batched")
                 for taken in figures.locks.values() if 0.0 < taken < 0.5]
    assert per_batch and FLOOR < min(per_batch) / 3 and SLACK == 0.01
    assert set(SWAP_LOCKS) <= set(SWAP_PATH)


def test_what_is_shown_only_is_not_judged(budget: Budget) -> None:
    found = judge([counted("6.1:batched", {**BATCHED, "lru": 9.0, "page_table": 9.0})],
                  keep(budget))
    assert found.verdict == Verdict.EQUIVALENT


def test_a_lock_that_was_never_taken_counts(budget: Budget) -> None:
    found = judge([counted("6.1:pagewise", {**PAGEWISE, "swap_slots": 1.0})], keep(budget))
    assert found.verdict == Verdict.REGRESSED and "swap_slots 1.000 per page, budget 0" \
        in reason(found)


def test_a_lock_that_is_gone_is_no_regression(budget: Budget) -> None:
    found = judge([counted("6.1:batched", {**BATCHED, "swap_avail": 0.0})], keep(budget))
    assert found.verdict == Verdict.IMPROVED and "can be lowered" in reason(found)


def test_a_lock_that_nothing_proves_gone_is_not_within_its_budget(budget: Budget) -> None:
    less = {name: taken for name, taken in BATCHED.items() if name != "swap_avail"}
    found = judge([counted("6.1:batched", less)], keep(budget))
    assert (found.verdict, found.exit) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)
    assert "swap_avail: not counted" in reason(found)


def test_a_kernel_without_a_budget_is_said_so(budget: Budget) -> None:
    found = judge([counted("6.1:batched", BATCHED), counted("6.1:new", BATCHED, number=1)],
                  keep(budget))
    assert (found.verdict, found.exit) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)
    assert "6.1:new" in reason(found) and "no lock budget" in reason(found)
    assert "./swapscale budget" in reason(found)


def test_a_budget_file_that_is_not_there_is_no_pass(tmp_path: Path) -> None:
    found = judge([counted("6.1:vanilla", VANILLA)], experiment(tmp_path / "none.toml"))
    assert found.exit == Exit.INCONCLUSIVE and "none.toml" in reason(found)


def test_one_regression_outweighs_what_has_no_budget(budget: Budget) -> None:
    found = judge([counted("6.1:new", BATCHED),
                   counted("6.1:pagewise", {**PAGEWISE, "swap_device": 5.0}, number=1)],
                  keep(budget))
    assert found.exit == Exit.REGRESSED and "6.1:pagewise" in reason(found)


@pytest.mark.parametrize("changes, says", [
    ({"accelerator": "kvm"}, "accelerator kvm instead of tcg"),
    ({"vcpus": 4}, "vcpus 4 instead of 2")])
def test_figures_of_another_setting_are_not_judged(budget: Budget, changes: dict[str, object],
                                                   says: str) -> None:
    found = judge([counted("6.1:batched", {**BATCHED, "swap_device": 9.0}, **changes)],
                  keep(budget))
    assert found.verdict == Verdict.INCONCLUSIVE and says in reason(found)


def test_another_load_is_not_judged(budget: Budget) -> None:
    other = keep(replace(budget, conditions=replace(SETTING, ratio=1.5)))
    found = judge([counted("6.1:batched", BATCHED)], other)
    assert found.verdict == Verdict.INCONCLUSIVE and "ratio 2.0 instead of 1.5" in reason(found)


def test_invalid_samples_are_no_regression(budget: Budget) -> None:
    found = judge([counted("6.1:batched", {}, invalid=because("oops"))], keep(budget))
    assert (found.verdict, found.exit) == (Verdict.INVALID, Exit.CANNOT_MEASURE)


def test_builds_are_not_mixed(budget: Budget) -> None:
    found = judge([counted("6.1:batched", BATCHED),
                   counted("6.1:batched", BATCHED, number=1, image_sha256="another")],
                  keep(budget))
    assert found.verdict == Verdict.INVALID and "mixes" in reason(found)


def test_base_and_budget_both_judge(budget: Budget) -> None:
    both = replace(keep(budget), rules=replace(RULES, base=BASE))
    samples = [counted(BASE, VANILLA), counted("6.1:batched", {**BATCHED, "swap_cgroup": 1.02},
                                               number=1)]
    found = judge(samples, replace(both, rules=replace(
        RULES, base=BASE, thresholds={"locks.swap_device.acquisitions_per_page": 10.0})))
    against = {(one.test, one.base.name): one.verdict for one in found.cells}
    assert against["6.1:batched", "its lock budget"] == Verdict.REGRESSED
    assert against[BASE, "its lock budget"] == Verdict.EQUIVALENT
    assert ("6.1:batched", BASE) in against and found.exit == Exit.REGRESSED


def test_kernels_alone_have_no_verdict_on_speed(budget: Budget) -> None:
    found = judge([*exact(9000.0, 9000.0)[:2], counted(BASE, VANILLA, number=9)], keep(budget))
    assert found.tests == () and found.exit == Exit.OK
    assert found.cells[0].reason == "measured; there is nothing to compare it with"


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_report_shows_budget_and_measured(budget: Budget, form: str) -> None:
    found = judge([counted("6.1:batched", {**BATCHED, "swap_device": 2.5})], keep(budget))
    shown = FORMATS[form](found).replace("\\", "")
    assert "against its lock budget" in shown or form == "json"
    assert "2.060" in shown or "2.06" in shown
    assert "regressed" in shown.lower()
