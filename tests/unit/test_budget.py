# SPDX-License-Identifier: GPL-2.0-only
"""Lock budgets: what a file may hold, what exceeds one, what a page shows of it."""
from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from madesamples import BASE, RULES, because, exact, locked, locks, sample

from runner import paths
from runner.asked import Experiment
from runner.campaign import campaign
from runner.campaign.campaign import Campaign
from runner.errors import CannotMeasure, Exit, UsageError
from runner.experiment import plan
from runner.judge import budgetfile
from runner.judge.budget import FLOOR, SHOWN, SLACK, Budget, Conditions, Figures, Place
from runner.judge.compare import campaign as judge
from runner.judge.figures import Verdict
from runner.judge.results import Comparison
from runner.kernel import series, spec
from runner.metrics.lockclass import SWAP_LOCKS, SWAP_PATH
from runner.records import Sample
from runner.report import FORMATS, locktable
from runner.report import lockpage as page

SERIES = paths.KERNELS / "series"
CHECKED_IN = paths.RESULTS / "baselines/locks.toml"
GOLDEN = paths.ROOT / "tests/data/report/locks.md"
VANILLA = {"swap_cache_tree": 2.0, "swap_device": 0.0156, "swap_cluster": 5.0,
           "swap_avail": 0.0156, "swap_slots": 1.0, "swap_cgroup": 1.0, "page_table": 3.75,
           "lru": 0.25}
PAGEWISE = {**VANILLA, "swap_device": 4.0, "swap_cluster": 0.0, "swap_avail": 1.0,
            "swap_slots": 0.0}
BATCHED = {**PAGEWISE, "swap_cache_tree": 0.031, "swap_device": 2.06}
SETTING = Conditions("tcg", 2, 256, 512, 2.0, 1)
EXPERIMENT = """\
format = 1
kernels = ["6.1:vanilla", "6.1:batch-add"]
budget = "{budget}"
tiers = ["locks"]
[guest]
ram_mib = 256
swap_mib = 512
[workload]
ratio = 2.0
"""


def whole(locks_of: dict[str, float]) -> dict[str, float]:
    return {lock: locks_of.get(lock, 0.0) for lock in SHOWN}


def figures(locks_of: dict[str, float], on: str = "", instructions: float = 0.0) -> Figures:
    return Figures("6.1.192", on, "mm: a patch" if on else "", 75000, whole(locks_of),
                   instructions)


@pytest.fixture
def budget(tmp_path: Path) -> Budget:
    return Budget(tmp_path / "budget.toml", SETTING, {
        Place("6.1:vanilla", "pmem", 1): figures(VANILLA),
        Place("6.1:pagewise", "pmem", 1): figures(PAGEWISE, "6.1:vanilla"),
        Place("6.1:batched", "pmem", 1): figures(BATCHED, "6.1:pagewise")}, "2 × CPU, QEMU 7.2")


def keep(budget: Budget) -> Experiment:
    """Put a budget on disk; the experiment that names it."""
    budget.file.write_text(budgetfile.to_text(budget), encoding="utf-8")
    return experiment(budget.file)


def experiment(file: Path) -> Experiment:
    path = file.with_name("experiment.toml")
    path.write_text(EXPERIMENT.format(budget=file))
    return plan.load(path)


def counted(kernel: str, taken: dict[str, float], **changes: object) -> Sample:
    return sample(kernel, "locks", locks(**taken), **changes)  # type: ignore[arg-type]


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


# Files

def test_file_reads_back(budget: Budget) -> None:
    keep(budget)
    assert budgetfile.load(budget.file) == budget


@pytest.mark.parametrize("change, says", [
    ("format = 2", "format: 2 is not in 1..1"), ("nonsense = 1", "nonsense: is not known"),
    ('page = "/etc/x"', "is not below the checkout"), ('page = "../x"', "not below"),
    ('[kernel."6.1:x".pmem.many]', "many: is not a number of threads"),
    ('[kernel."6.1:x".pmem.1]', "swap_cache_tree: missing"),
    ('[kernel."6.1:x".pmem.1.locks]\nlru = -1', "lru: -1 is not in 0"),
    ('[kernel."6.1:x".pmem.1.locks]\nlru = "1"', "'1' is not a number"),
    ("[measured", "is not TOML")])
def test_malformed_file_is_one_line_with_its_place(budget: Budget, change: str,
                                                   says: str) -> None:
    text = budgetfile.to_text(budget)
    # A key of its own goes to the top, where the root table is; it may replace its like.
    key = change.split(" ")[0]
    text = re.sub(rf"^{re.escape(key)} .*\n", "", text, flags=re.MULTILINE)
    text = f"{text}\n{change}\n" if change.startswith("[") else f"{change}\n{text}"
    budget.file.write_text(text)
    with pytest.raises(UsageError) as caught:
        budgetfile.load(budget.file)
    assert str(caught.value).startswith(f"{budget.file}:") and says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_and_paths() -> None:
    assert budgetfile.path_of("locks") == CHECKED_IN
    assert budgetfile.path_of("./mine.toml") == Path("mine.toml")


def test_measured_takes_what_the_campaign_counted(tmp_path: Path) -> None:
    samples = locked(VANILLA, {**BATCHED, "swap_cache_tree": 0.0312345678})
    samples += exact(9650.04, 9312.0)
    samples.append(counted("6.1:broken", {}, number=99, invalid=because("oops")))
    found = budgetfile.measured(tmp_path / "b.toml", samples, experiment(tmp_path / "b.toml"),
                                {"6.1:vanilla": "6.1.192"}, "host")
    assert found.conditions == SETTING and set(found.figures) == {
        Place("6.1:vanilla", "pmem", 1), Place("6.1:batched", "pmem", 1)}
    vanilla = found.figures[Place("6.1:vanilla", "pmem", 1)]
    assert vanilla.locks == whole(VANILLA) and vanilla.release == "6.1.192"
    assert vanilla.instructions == 9650.0
    assert found.figures[Place("6.1:batched", "pmem", 1)].locks["swap_cache_tree"] == 0.03123


def test_measured_refuses_what_is_no_series(tmp_path: Path) -> None:
    own = experiment(tmp_path / "b.toml")
    with pytest.raises(CannotMeasure, match="no valid lock counts"):
        budgetfile.measured(tmp_path, exact(1.0, 1.0), own, {}, "")
    mixed = [counted(BASE, VANILLA), counted(BASE, VANILLA, accelerator="kvm")]
    with pytest.raises(CannotMeasure, match="several accelerators"):
        budgetfile.measured(tmp_path, mixed, own, {}, "")


def test_writing_keeps_what_was_not_measured(budget: Budget) -> None:
    keep(budget)
    place = Place("6.1:vanilla", "pmem", 1)
    fresh = replace(budget, figures={place: figures({**VANILLA, "swap_device": 0.06})})
    found, written = locktable.keep(fresh)
    assert written == [budget.file] and set(found.figures) == set(budget.figures)
    again = budgetfile.load(budget.file)
    assert again.figures[place].locks["swap_device"] == 0.06
    assert again.figures[Place("6.1:pagewise", "pmem", 1)].locks["swap_device"] == 4.0
    assert list(again.figures) == list(budget.figures), "in the order it had"


def test_what_is_added_finds_what_it_extends_in_the_file(budget: Budget) -> None:
    vanilla, more = (Place(name, "pmem", 1) for name in ("6.1:vanilla", "6.1:batch-add@1"))
    keep(replace(budget, figures={vanilla: figures(VANILLA)}))
    found, _ = locktable.keep(replace(budget, figures={more: figures(VANILLA)}))
    assert found.figures[more].on == "6.1:vanilla" and found.figures[vanilla].on == ""


def test_writing_refuses_another_setting(budget: Budget) -> None:
    keep(budget)
    with pytest.raises(UsageError, match="is of another setting.*vcpus 4 instead of 2"):
        locktable.keep(replace(budget, conditions=replace(SETTING, vcpus=4)))


def test_lineage_finds_what_a_kernel_adds() -> None:
    found = budgetfile.lineage(["6.1:batch-add@2", "6.1:vanilla", "6.1:batch-add@1",
                                "6.1:batch-add", "6.12:vanilla", "9.9:gone"])
    assert "6.1:vanilla" not in found and "9.9:gone" not in found
    assert found["6.1:batch-add@1"][0] == "6.1:vanilla"
    assert found["6.1:batch-add"] == (
        "6.1:batch-add@2", "mm/vmscan: add anonymous folios to the swap cache in batches")
    assert budgetfile.lineage(["6.1:batch-add", "6.1:vanilla"])["6.1:batch-add"] == (
        "6.1:vanilla", "3 patches")


# The page

def test_page_against_its_golden_file(budget: Budget) -> None:
    """SWAPSCALE_GOLDEN=write writes the file anew, to be looked at with git diff."""
    more = {place: replace(one, instructions=9000.0 - 10 * number)
            for number, (place, one) in enumerate(budget.figures.items())}
    rendered = page.render(replace(budget, figures=more), "Made by a test.", "x.svg")
    if os.environ.get("SWAPSCALE_GOLDEN") == "write":
        GOLDEN.write_text(rendered, encoding="utf-8")
    assert rendered == GOLDEN.read_text(encoding="utf-8")


def test_page_marks_what_a_patch_moved(budget: Budget) -> None:
    row = next(line for line in page.render(budget, "").splitlines() if "6.1:batched" in line)
    assert "| **0.031** | **2.060** |" in row
    assert "| 1.000 |" in row, "swap_cgroup stayed"


def test_hostile_names_stay_in_their_cell(budget: Budget) -> None:
    evil = "6.1:./<b>|`x`*\x1b[31m"
    lines = page.render(replace(budget, figures={
        Place(evil, "pmem", 1): figures(VANILLA)}), "").splitlines()
    head, row = [next(line for line in lines if line.startswith(f"| {start}"))
                 for start in ("kernel", "6.1:")]
    assert len(re.findall(r"(?<!\\)\|", row)) == len(re.findall(r"(?<!\\)\|", head))
    assert "<b>" not in row and "\x1b" not in row


def test_docs_page_is_the_checked_in_budget() -> None:
    """SWAPSCALE_GOLDEN=write writes page and picture anew from the budget file."""
    budget = budgetfile.load(CHECKED_IN)
    assert budget.page == "docs/locks.md" and budget.figures
    if os.environ.get("SWAPSCALE_GOLDEN") == "write":
        locktable.show(budget)
    assert (paths.ROOT / budget.page).read_text(encoding="utf-8") == page.kept(budget)
    assert (paths.ROOT / budget.page).with_suffix(".svg").stat().st_size > 1000


def test_every_kernel_of_the_locks_experiment_has_a_budget() -> None:
    wanted = plan.load(paths.CONFIGS / "locks.toml")
    budget = budgetfile.load(budgetfile.path_of(wanted.budget))
    assert set(budget.figures) == {Place(kernel, device, threads) for kernel in wanted.kernels
                                   for device in wanted.devices for threads in wanted.threads}


def test_no_series_escapes_the_locks_experiment() -> None:
    """Every series with each of its prefixes, on every source it has patches for."""
    wanted = [spec.parse(name) for name in plan.load(paths.CONFIGS / "locks.toml").kernels]
    there = {(one.source.name, one.stack[-1].name, one.stack[-1].upto) for one in wanted
             if one.stack}
    for name in series.names():
        for source in series.sources_of(name):
            assert (source, name, None) in there, f"{source}:{name}"
            if name in ("batched", "batched-more", "today-batched"):
                folder = SERIES / name / source
                assert {upto for one, its, upto in there if (one, its) == (source, name)} == {
                    None, *range(1, len(series.entries(folder)))}, f"{source}:{name}"


# Campaigns

def made(tmp_path: Path, budget: Budget, samples: list[Sample]) -> Campaign:
    """A campaign on disk that holds these samples."""
    home = campaign.create(keep(budget), tmp_path / "results")
    for one in samples:
        home.append(one)
    return home


def test_front_door(swapscale, tmp_path: Path, budget: Budget) -> None:
    home = made(tmp_path, budget, [counted("6.1:vanilla", VANILLA)])
    shown = swapscale("budget", home.folder)
    assert shown.returncode == 0 and '[kernel."6.1:vanilla"."pmem".1.locks]' in shown.stdout
    assert swapscale("report", home.folder).returncode == 0
    table = swapscale("report", home.folder, "--locks")
    assert table.returncode == 0 and "| 6.1:vanilla |" in table.stdout
    assert swapscale("budget", home.folder, "--write").returncode == 0


def test_front_door_with_a_lower_budget(swapscale, tmp_path: Path, budget: Budget) -> None:
    home = made(tmp_path, budget, [counted("6.1:vanilla", VANILLA)])
    lower = tmp_path / "lower.toml"
    lower.write_text(budget.file.read_text().replace("swap_cluster = 5.0", "swap_cluster = 4.9"))
    done = swapscale("report", home.folder, "--budget", lower)
    assert done.returncode == 1
    assert "over budget: 6.1:vanilla on pmem, 1 thread: swap_cluster 5.000 per page, budget " \
           "4.900 (+2.04%)" in done.stderr.splitlines()
    missing = swapscale("report", home.folder, "--budget", tmp_path / "none.toml")
    assert missing.returncode == 2 and "is not a budget file" in missing.stderr


def test_write_without_a_budget_in_the_experiment(swapscale, tmp_path: Path,
                                                  budget: Budget) -> None:
    home = made(tmp_path, budget, [counted("6.1:vanilla", VANILLA)])
    text = home.experiment_file.read_text()
    home.experiment_file.write_text(re.sub("budget = .*\n", "", text))
    done = swapscale("budget", home.folder, "--write")
    assert done.returncode == 2 and "names no budget" in done.stderr


@pytest.mark.parametrize("kernel, base", [
    (f"{source}:{name}", f"{source}:{base}") for source in ("6.1", "6.12")
    for base, names in (
        ("pagewise", ("batched@5", "batched@6", "batched", "batched-more@1", "batched-more@2",
                      "batched-more")),
        ("vanilla", ("batch-add", "today-batched@1", "today-batched@2", "today-batched")))
    for name in names])
def test_a_prefix_that_claims_a_gain_takes_fewer_instructions(kernel: str, base: str) -> None:
    """kernels/series/batched/README.md says which prefixes claim one."""
    figures = budgetfile.load(CHECKED_IN).figures
    less, more = (figures[Place(name, "pmem", 1)].instructions for name in (kernel, base))
    assert 0 < less < more
