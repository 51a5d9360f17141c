# SPDX-License-Identifier: GPL-2.0-only
"""Some of the faults of docs/faults.md injected again; the page has all, each as it should be."""
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


def test_the_page_has_every_fault_and_each_is_as_it_should_be() -> None:
    assert page.names(PAGE) == [one.name for group in page.GROUPS for one in FAULTS.values()
                                if one.group == group]
    assert page.WRONG not in PAGE
    assert page.cells(PAGE) == [(name, FAULTS[name].outcome, FAULTS[name].status)
                                for name in page.names(PAGE)]


@pytest.mark.parametrize("name", [one.name for one in FAULTS.values() if one.quick])
def test_fault(ready: None, name: str) -> None:
    told = record.make(FAULTS[name])
    if told.absent:
        pytest.skip(told.absent)
    assert not told.problems, told
