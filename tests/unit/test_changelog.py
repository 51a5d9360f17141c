# SPDX-License-Identifier: GPL-2.0-only
"""What the patches' changelogs say they changed is what was measured."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner import paths
from runner.judge import budgetfile
from runner.judge.budget import Budget, Place
from runner.kernel import series
from runner.report import changelog


@pytest.fixture(scope="module")
def budget() -> Budget:
    return budgetfile.load(budgetfile.path_of(changelog.BASELINE))


def said(file: Path) -> str:
    found = changelog.TABLE.search(file.read_text("utf-8"))
    assert found is not None, file
    return found[0]


def test_every_table_is_the_one_that_was_measured(budget: Budget) -> None:
    tables = dict(changelog.patches(budget))
    assert len(tables) >= 24
    for file, wanted in tables.items():
        assert said(file) == wanted, f"{file}: 'python3 -m runner.report.changelog' writes it anew"


def heads(*names: str) -> list[tuple[Path, str]]:
    """The changelogs of these series."""
    return [(file, file.read_text("utf-8").split("\n---\n")[0]) for name in names
            for file in sorted((paths.KERNELS / "series" / name).glob("**/*.patch"))]


def test_no_table_is_written_by_hand(budget: Budget) -> None:
    tables = dict(changelog.patches(budget))
    by_hand = [file for file, head in heads(*series.names())
               if "per swapped-out page  " in head and file not in tables]
    assert by_hand == []


def test_every_series_of_batches_has_a_table_for_each_source(budget: Budget) -> None:
    there = [(file.parent.name, has, wanted) for file, has, wanted in changelog.readmes(budget)]
    assert sorted((name, has.split(":")[0]) for name, has, _ in there) == sorted(
        (name, f"| {source}") for name, *sources in (
            ("batched", "6.1", "6.12"), ("batched-more", "6.1", "6.12"),
            ("today-batched", "6.1", "6.12"), ("cluster-batched", "7.3")) for source in sources)
    for name, has, wanted in there:
        assert has == wanted, f"{name}: 'python3 -m runner.report.changelog' writes it anew"


def test_a_series_table_goes_from_no_patch_to_all_of_them(budget: Budget) -> None:
    head, _, *rows = changelog.series_table(budget, "batched-more", "6.12").splitlines()
    assert head == ("| 6.12: per swapped-out page | vanilla | pagewise | batched | patch 1 "
                    "| patches 1 to 2 | batched-more |")
    figures = budget.figures[Place("6.12:batched-more", "pmem", 1)]
    assert rows[-1].endswith(f" | {figures.instructions:.0f} |")
    (device,) = [row for row in rows if row.startswith("| device lock |")]
    assert device.endswith(f" | {figures.locks['swap_device']:.3f} |")
    assert "| 4.000 |" in device


def test_the_length_of_a_batch_is_what_the_tree_lock_says(budget: Budget) -> None:
    """One round to add a batch, one to remove it."""
    said_of = [(file.parent.name, found) for file, head in heads("batched", "today-batched")
               for found in re.findall(r"batch holds (\d+) folios", head)]
    assert {source for source, _ in said_of} == {"6.1", "6.12"}
    for source, found in said_of:
        taken = budget.figures[Place(f"{source}:today-batched", "pmem", 1)].locks
        assert round(2 / taken["swap_cache_tree"]) == int(found), source


def test_what_pagewise_brought_is_not_said_of_the_kernel() -> None:
    """A kernel as it is takes no device lock for each page."""
    about = [(file, head) for file, head in heads("batched", "batched-more")
             if re.search("device lock|lock of the (swap )?device", head)]
    assert len(about) > 8
    assert [file for file, head in about if "pagewise" not in head] == []


def test_another_figure_is_another_table(budget: Budget) -> None:
    tables = dict(changelog.patches(budget))
    file = next(one for one in tables if "today-batched/6.12" in str(one))
    place = next(one for one in budget.figures if one.kernel == "6.12:today-batched")
    figures = replace(budget.figures[place], instructions=12345.0)
    moved = replace(budget, figures={**budget.figures, place: figures})
    assert dict(changelog.patches(moved))[file] != said(file)
    assert " 12345\n" in dict(changelog.patches(moved))[file]


def test_a_series_on_another_says_so(budget: Budget) -> None:
    for file, wanted in changelog.patches(budget):
        if "/batched/" in str(file):
            assert "with pagewise applied" in wanted
        if "/batched-more/" in str(file):
            assert "with pagewise and batched applied" in wanted
        if "/batch-add/" in str(file):
            assert "applied" not in wanted
