# SPDX-License-Identifier: GPL-2.0-only
"""A series about locks leaves it to reclaim whose pages go: swappiness and memory.low hold."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests import ownguest
from tests.policy import loads


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ownguest.compiled(loads.SOURCE, tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def pagewise(program: Path) -> loads.Boots:
    return loads.measure("6.1:pagewise", program)


def test_the_loads_make_reclaim_choose(pagewise: loads.Boots) -> None:
    """Or else nothing could be seen: anonymous pages are looked at, the protected ones as well."""
    for one in pagewise:
        assert one["protected kept_pgscan"] > 1000
        assert one["protected pswpout"] > 10000
        assert 100 < one["swappiness pgscan_anon"] < one["swappiness pgscan_file"] / 100


def test_batched_scans_what_pagewise_does(pagewise: loads.Boots, program: Path) -> None:
    assert loads.moved(pagewise, loads.measure("6.1:batched", program)) == []


def test_a_target_of_one_made_32_is_found(pagewise: loads.Boots, program: Path) -> None:
    """What patch 2 of batched once did on the side."""
    filled = loads.measure("6.1:batched+./tests/series/fill-batches", program)
    assert {" ".join(line.split()[:2]) for line in loads.moved(pagewise, filled)} >= {
        "protected kept_pgscan", "swappiness pgscan_anon"}
    # How many differs from layout to layout by more than their median is: 697 to 2263.
    assert all(boot["protected kept_pgsteal"] == 0 for boot in pagewise)
    assert all(boot["protected kept_pgsteal"] > 100 for boot in filled)
