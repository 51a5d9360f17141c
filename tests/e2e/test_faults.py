# SPDX-License-Identifier: GPL-2.0-only
"""A handful of docs/faults.md's faults injected again; the page has each that there is."""
from __future__ import annotations

import pytest

from runner import paths, programs
from runner.kernel import build
from runner.progress import Progress
from tests.faults import page, record, runs
from tests.faults.all import FAULTS

PAGE = (paths.ROOT / "docs/faults.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ready() -> None:
    programs.build(Progress())
    runs.build()
    for name, flavour in record.KERNELS:
        build.build(name, flavour, Progress())


def test_the_page_has_the_faults_that_there_are() -> None:
    rows = page.names(PAGE)
    known = [one.name for group in page.GROUPS for one in FAULTS.values() if one.group == group]
    assert rows == [name for name in known if name in rows]
    assert len(rows) - PAGE.count(page.WRONG) >= 40
    assert all(f"`{name}`" in PAGE for name in FAULTS)


def test_the_page_has_what_each_must_come_to() -> None:
    for name, outcome, status in page.cells(PAGE):
        if page.WRONG in outcome:
            continue
        assert (outcome, status) == (FAULTS[name].outcome, FAULTS[name].status), name


@pytest.mark.parametrize("name", [one.name for one in FAULTS.values() if one.quick])
def test_fault(ready: None, name: str) -> None:
    told = record.make(FAULTS[name])
    if told.absent:
        pytest.skip(told.absent)
    assert not told.problems, told
