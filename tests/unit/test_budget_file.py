# SPDX-License-Identifier: GPL-2.0-only
"""Budget files: what one may hold, what is written, what the page of the checked-in one shows."""
from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from budgetcases import BATCHED, SETTING, VANILLA, counted, experiment, figures, keep, whole
from madesamples import BASE, because, exact, locked

from runner import paths
from runner.campaign import campaign
from runner.campaign.campaign import Campaign
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.judge import budgetfile
from runner.judge.budget import Budget, Place
from runner.kernel import series, spec
from runner.records import Sample
from runner.report import lockpage as page
from runner.report import locktable

SERIES = paths.KERNELS / "series"
CHECKED_IN = paths.RESULTS / "baselines/locks.toml"
GOLDEN = paths.ROOT / "tests/data/report/locks.md"


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
