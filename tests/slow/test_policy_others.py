# SPDX-License-Identifier: GPL-2.0-only
"""tests/e2e/test_policy.py for the other series of batches, and on the other source."""
from __future__ import annotations

import pytest

from tests import ownguest
from tests.policy import loads

pytestmark = pytest.mark.slow

#: Each against what it stands on.
PAIRS = [("6.1:pagewise", "6.1:batched-more"), ("6.1:vanilla", "6.1:today-batched"),
         ("6.12:pagewise", "6.12:batched"), ("6.12:pagewise", "6.12:batched-more"),
         ("6.12:vanilla", "6.12:today-batched")]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, loads.Boots]:
    program = ownguest.compiled(loads.SOURCE, tmp_path_factory.mktemp("policy"))
    return {name: loads.measure(name, program)
            for name in dict.fromkeys(name for pair in PAIRS for name in pair)}


@pytest.mark.parametrize("base, test", PAIRS)
def test_series_scans_what_its_base_does(measured: dict[str, loads.Boots], base: str,
                                         test: str) -> None:
    assert loads.moved(measured[base], measured[test]) == []
