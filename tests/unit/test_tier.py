# SPDX-License-Identifier: GPL-2.0-only
"""A tier is one object: put into the table, it is planned, booted, measured, judged and shown."""
from __future__ import annotations

import json
import math
import re
import threading
from pathlib import Path

import pytest
from madesamples import BASE, TEST, exact
from toytier import DATA, EXPERIMENT, SPEED, Asked, Toy, boots, load, samples

from runner import paths, programs, report
from runner.bisect import anchors, measure, question
from runner.bisect.statefile import Question
from runner.campaign.sample import Setting, boot_for
from runner.claim import claimfile, claimformats, claimverdict
from runner.errors import UsageError
from runner.experiment import plan
from runner.judge import tier, validity
from runner.judge.figures import Verdict
from runner.judge.verdict import compare
from runner.nightly import facts, history
from runner.nightly.facts import SeriesKey
from runner.records import Accelerator, BuiltKernel, Rules


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The one place that a tier is put into."""
    made = Toy()
    monkeypatch.setitem(tier.TABLE, made.name, made)
    return made


# Without the table's entry

def test_no_tier_but_those_of_the_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"toy.toml:4: tiers: 'toy' is not one of exact, "):
        load(tmp_path)


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_results_of_a_later_version_are_kept(form: str) -> None:
    """A tier that nobody here knows: medians, of which a difference is real."""
    rules = Rules(BASE, {SPEED: 0.03})
    later = [*boots(BASE, [100.0, 101.0], 0), *boots(TEST, [90.0, 91.0], 10)]
    found = compare([*later, *exact(100.0, 100.0)], rules)
    cell = next(one for one in found.cells if one.tier == "toy")
    assert (cell.verdict, found.verdict) == (Verdict.REGRESSED, Verdict.REGRESSED)
    assert "toy" in report.FORMATS[form](found)
    assert tier.flavour(later[0].cell) == "" and validity.findings(later[0]) == []
    assert history.threshold_of(key(), {SPEED: 0.03}) == 0.03


# With it

def test_it_is_planned(toy: Toy, tmp_path: Path) -> None:
    experiment = load(tmp_path)
    planned = plan.samples(experiment)
    assert [one.number for one in planned] == list(range(len(planned)))
    mine = [one for one in planned if one.cell.tier == "toy"]
    # Surest first; 3 starts of 2 kernels with 2 thread counts, the very first cell twice.
    assert len(mine) == 13
    assert [one.cell.tier for one in planned] == ["exact"] * (len(planned) - 13) + ["toy"] * 13
    assert [one.layout for one in mine[:4]] == [0, 0, 1, 2] and mine[0].cell == mine[1].cell
    assert plan.flavours(experiment) == ["perf"]
    assert programs.digest(["toy"]) == programs.digest(["exact"])


@pytest.mark.parametrize("old, new, says", [
    ('machine = "two-sockets"\n', "", "toy.toml:6: toy.machine: missing; the toy tier"),
    ("starts = 3", "stars = 3", "toy.toml:8: toy.stars: is not known here"),
    ("toy.throughput_mib_s", "toy.speed", "is not a metric; metrics: instructions_per_page, "),
    ('"toy", "exact"]', '"toy"]\nbudget = "x"', "budget: limits what the locks tier counts"),
    ("threads = [1, 2]", 'threads = [1, 2]\ndevices = ["nvme"]', "the host reads and writes"),
])
def test_bad_experiments(toy: Toy, tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        load(tmp_path, EXPERIMENT.replace(old, new))


def test_debian_kernels_have_it(toy: Toy, tmp_path: Path) -> None:
    text = EXPERIMENT.replace("6.1:vanilla", "debian:6.1").replace("6.1:batched", "debian:6.12")
    assert load(tmp_path, text.replace('"exact"', '"locks"')).tiers == ("toy",)


def test_it_is_booted_and_measured(toy: Toy, tmp_path: Path) -> None:
    experiment = load(tmp_path)
    kernel = BuiltKernel(BASE, "perf", "00", "6.1.192", Path("bzImage"), "00")
    setting = Setting(experiment, {}, Accelerator.KVM, "", threading.Event())
    made = boot_for(setting, plan.samples(experiment)[-1], kernel, tmp_path)
    assert (made.vcpus, made.accelerator, made.cmdline[-1]) == (3, "icount", "start=2")
    assert setting.counts("toy") and not made.steady and not made.job.lock_stat
    found = toy.measure(DATA)
    assert found[SPEED].value > 0 and "pswpout" in found and "throughput_mib_s" not in found


def test_it_is_judged(toy: Toy) -> None:
    found = compare(samples(), Rules(BASE, {}))
    (cell,) = found.cells
    assert (cell.verdict, cell.machine) == (Verdict.IMPROVED, "two-sockets")
    (speed,) = cell.metrics
    assert speed.interval and speed.interval[0] > 0.15 and speed.threshold == 0.03
    assert f"{TEST} on pmem, toy tier on a simulated two-sockets: " in found.reason
    assert "toy tier: simulated two-sockets" in found.assumptions
    assert compare(samples(0.8), Rules(BASE, {})).verdict == Verdict.REGRESSED


def test_it_must_prove_that_it_repeats(toy: Toy) -> None:
    once = compare(samples()[1:], Rules(BASE, {}))
    assert once.verdict == Verdict.INCONCLUSIVE
    assert once.warnings[0].startswith("the toy tier decides nothing here: no toy cell was booted "
                                       "twice")
    other = [*boots(BASE, [100.5], 90), *samples()[1:]]
    assert compare(other, Rules(BASE, {})).cells[0].reason.startswith(
        f"toy tier demoted: two boots of {BASE} pmem 16 threads toy differ in {SPEED}")
    # The exact tier is not demoted with it.
    both = {one.tier: one.verdict for one in compare([*other, *exact(100.0, 90.0)],
                                                     Rules(BASE, {})).cells}
    assert both == {"toy": Verdict.INCONCLUSIVE, "exact": Verdict.IMPROVED}


def test_machines_are_not_mixed(toy: Toy) -> None:
    found = compare([*samples(), *boots(TEST, [120.0], 120, "one-socket")], Rules(BASE, {}))
    assert found.cells[0].verdict == Verdict.INVALID
    assert "mixes simulated machines: one-socket, two-sockets" in found.reason


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_it_is_shown(toy: Toy, form: str) -> None:
    shown = report.FORMATS[form](compare(samples(), Rules(BASE, {})))
    if form == "json":
        (cell,) = json.loads(shown)["cells"]
        assert (cell["machine"], cell["base"], cell["tier"]) == ("two-sockets", BASE, "toy")
        return
    assert re.search("toy( tier)? on a simulated two-sockets", shown)
    assert "emulated" not in shown
    if form in ("text", "markdown", "html"):
        assert "Starts of two-sockets" in shown
    if form == "html":
        assert "toy: throughput on a simulated machine." in shown


def key() -> SeriesKey:
    return SeriesKey("", "", "icount", "", "", "", BASE, "pmem", 16, "swapstorm", "toy", SPEED,
                     "MiB/s", "higher")


def test_a_boot_is_shown_with_its_machine(toy: Toy) -> None:
    assert tier.measured_by(samples()[0]) == "toy on a simulated two-sockets"
    assert tier.measured_by(exact(1.0, 1.0)[0]) == "exact"


def test_nights_of_several_machines_are_several_series(toy: Toy) -> None:
    home = facts.Facts("night", "x", {}, (), {}, {}, "", None)
    metric = samples()[0].metrics[SPEED]
    two, one = (home.key(boots(BASE, [1.0], 0, machine)[0], SPEED, metric)
                for machine in ("two-sockets", "one-socket"))
    assert two.label() == (f"{BASE}, toy on a simulated two-sockets, pmem, 16 threads: {SPEED}")
    assert one != two and one.simulated == "one-socket"
    (plain,) = {home.key(made, "x", metric).machine for made in exact(1.0, 1.0)}
    assert plain == "1 vCPU"


def test_nights_hold_it_against_history(toy: Toy) -> None:
    assert history.threshold_of(key(), {}) == 0.03
    assert history.threshold_of(key(), {SPEED: 0.1}) == 0.1


def test_a_bisect_goes_by_it(toy: Toy, tmp_path: Path) -> None:
    experiment = load(tmp_path, EXPERIMENT.replace('"toy", "exact"', '"toy", "locks"'))
    assert question.metric_of(experiment, None) == (SPEED, "toy")
    assert question.threshold_of(experiment, SPEED) == 0.02
    asked = Question("git", "/tree", "a", "b", SPEED, "toy", "pmem", 2, None, "x")
    question.write_ends(experiment, asked, tmp_path)
    ends = plan.load(tmp_path / question.ENDS)
    assert (ends.tiers, toy.asked(ends)) == (("toy",), Asked("two-sockets", 3))
    assert plan.load(tmp_path / question.LOCKS).tiers == ("locks",)
    question.write_step(tmp_path / question.ENDS, asked, tmp_path, -0.19, False)
    half = plan.load(tmp_path / question.STEP).rules.thresholds
    assert list(half) == [SPEED] and half[SPEED] == pytest.approx(math.sqrt(1 / 0.81) - 1)
    assert measure.looks("toy", 3) == 3
    cells = compare(samples(), Rules(BASE, {})).cells
    assert anchors.result_of(cells, "toy", SPEED).verdict == Verdict.IMPROVED


def test_a_claim_may_rest_on_it(toy: Toy, tmp_path: Path) -> None:
    text = EXPERIMENT.replace("threads = [1, 2]", "threads = [16]") + """
[claim]
statement = "20% more"
[claim.source]
title = "a title"
date = "2016-05-03"
[[claim.cell]]
threads = 16
effect = 0.2
tolerance = 0.05
tiers = ["toy"]
"""
    file = tmp_path / "claim.toml"
    file.write_text(text, encoding="utf-8")
    claim = claimfile.load(file)
    found = claimverdict.judge(claim, compare(samples(), claimverdict.rules(claim)), samples(), {})
    assert found.verdict == claimverdict.Verdict.REPRODUCED
    for form, render in claimformats.FORMATS.items():
        shown = render(found)
        assert "emulated" not in shown or form == "json"
        assert re.search(r'"verdict": "reproduced"' if form == "json" else
                         r"(?i)reproduced(\W|</span>)* on a simulated two-sockets", shown), form
    assert "toy on a simulated two-sockets, icount, 18 vCPUs, 3 boots" \
        in claimformats.as_text(found)
    cell = json.loads(claimformats.as_json(found))["cells"][0]
    assert cell["measured"]["machine"] == "two-sockets"
    file.write_text(text.replace("threads = 16\n", "threads = 16\nmetric = "
                                 '"instructions_per_page"\n'), encoding="utf-8")
    with pytest.raises(UsageError, match="toy does not measure instructions_per_page; exact does"):
        claimfile.load(file)


def test_the_table_is_in_order() -> None:
    """Numbers of samples follow from it, and campaigns of earlier versions are gone on with."""
    assert [one.name for one in tier.every()] == ["exact", "locks", "lockstep", "timed", "torture"]
    assert all(name == one.name for name, one in tier.TABLE.items())


def test_nothing_else_names_a_tier() -> None:
    """What one tier is or does stands in its own file."""
    name = r"""["'](exact|timed|locks|lockstep|torture)["']"""
    wrong = re.compile(rf"\btier(_name)?\b *(==|!=|in|not in) *\(?{name}"
                       rf"|{name} *(==|!=|in|not in) \S*\btiers?\b|\{{{name}: .*tier")
    found = [f"{file.relative_to(paths.ROOT)}: {line.strip()}"
             for file in sorted((paths.ROOT / "runner").rglob("*.py"))
             if file.parent.name != "tier"
             for line in file.read_text(encoding="utf-8").splitlines() if wrong.search(line)]
    assert found == []
