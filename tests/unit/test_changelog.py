# SPDX-License-Identifier: GPL-2.0-only
"""What the patches' changelogs say they changed is what was measured."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner import budgetfile, paths
from runner.budget import Budget, Place
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
    assert len(tables) >= 21
    for file, wanted in tables.items():
        assert said(file) == wanted, f"{file}: 'python3 -m runner.report.changelog' writes it anew"


def test_a_table_of_its_own_kind_has_the_same_locks(budget: Budget) -> None:
    """batched-more of 6.1 gives instructions at three layouts; its lock counts are the budget's."""
    tables, own = dict(changelog.patches(budget)), 0
    for name in ("batch-add", "batched", "batched-more", "today-batched"):
        for file in (paths.KERNELS / "series" / name).glob("*/*.patch"):
            head = file.read_text("utf-8").split("\n---\n")[0]
            if "swapped-out page  " not in head or file in tables:
                continue
            number, source = int(file.name[:4]), file.parent.name
            after = next(one for place, one in budget.figures.items() if place.kernel in (
                f"{source}:{name}@{number}", f"{source}:{name}") and place.device == "pmem"
                and (place.kernel.endswith(f"@{number}") or number == 3))
            before = budget.figures[Place(after.on, "pmem", 1)]
            (row,) = re.findall(r"^  (device|swap_cgroup) lock acquisitions +([\d.]+) +([\d.]+)$",
                                head, re.MULTILINE)
            lock = {"device": "swap_device", "swap_cgroup": "swap_cgroup"}[row[0]]
            assert [f"{one.locks[lock]:.3f}" for one in (before, after)] == list(row[1:]), file
            own += 1
    assert own == 3


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
        if "/batch-add/" in str(file):
            assert "applied" not in wanted
