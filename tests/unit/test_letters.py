# SPDX-License-Identifier: GPL-2.0-only
"""Figures of letters: from what the load says to metrics, each judged where it can be."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import CannotMeasure
from runner.judge import tier
from runner.metrics import guestfile, letters


def document(folder: Path, **phases: Any) -> guestfile.Json:
    span = {"begin_ns": 0, "end_ns": 0, "pswpout_begin": 0, "pswpout_end": 0}
    (folder / "w.json").write_text(json.dumps({
        "phases": {"fill": {**span, "begin_ns": 1000000000},
                   "teardown": {**span, "end_ns": 3000000000, "pswpout_end": 1000}, **phases},
        "per_thread": [{"user_us": 10, "system_us": 400}, {"user_us": 20, "system_us": 600}]}))
    return guestfile.document(folder / "w.json")


def values(found: dict[str, Any]) -> dict[str, float]:
    return {name: one.value for name, one in found.items()}


def test_cpu_time_whole_and_a_page(tmp_path: Path) -> None:
    assert values(letters.measure(document(tmp_path), "w", 4096)) == pytest.approx({
        "load_elapsed_s": 2.0, "load_user_s": 3e-5, "load_system_s": 1e-3,
        "load_user_ns_per_page": 30.0, "load_system_ns_per_page": 1000.0})


def test_what_comes_after(tmp_path: Path) -> None:
    after = {"begin_ns": 0, "end_ns": 500000, "pages": 100, "readahead": 80, "readahead_hits": 60,
             "refaults": 40, "major_faults": 20}
    found = values(letters.measure(document(tmp_path, swapin=after, swapoff=after, free={
        **after, "pages": 0}), "w", 4096))
    assert found["swapin_ns_per_page"] == 5000.0
    assert found["swapin_mib_s"] == pytest.approx(100 * 4096 / 2**20 / 5e-4)
    assert (found["swapin_readahead_per_page"], found["swapin_readahead_hit_share"]) == (0.8, 0.75)
    assert (found["swapin_refaults_per_page"], found["swapin_majors_per_page"]) == (0.4, 0.2)
    assert (found["swapoff_s"], found["swapoff_ns_per_page"]) == (5e-4, 5000.0)
    assert "free_s" in found and "free_ns_per_page" not in found
    with pytest.raises(CannotMeasure, match="swapin"):
        letters.measure(document(tmp_path, swapin={**after, "pages": -1}), "w", 4096)


@pytest.mark.parametrize("name", letters.NAMES)
def test_each_has_a_tier_that_can_decide_it(name: str) -> None:
    assert tier.is_metric(name)
    able = [one.name for one in tier.every() if one.answers(name)]
    # Speed is not of instructions, all else repeats to the digit there.
    assert able == (["timed"] if name in letters.SPEEDS else able) and able
    assert ("exact" in able) is (name not in letters.SPEEDS)
