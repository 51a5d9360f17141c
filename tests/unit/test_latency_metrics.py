# SPDX-License-Identifier: GPL-2.0-only
"""Latency out of swapstorm's document: its own figures, and what a guest may not say."""
from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import CannotMeasure
from runner.metrics import guestfile, latency

#: As the program wrote it on a machine that did not swap.
REAL: dict[str, Any] = {
    "first_touch": {"count": 512, "mean": 927, "p50": 487, "p90": 639, "p95": 703, "p99": 8191,
                    "p99.9": 50175, "p99.99": 50175, "max": 50175},
    "resident": {"count": 512, "mean": 44, "p50": 41, "p90": 52, "p95": 53, "p99": 60,
                 "p99.9": 303, "p99.99": 303, "max": 303},
    "swap_in": {"count": 0, "mean": 0, "p50": 0, "p90": 0, "p95": 0, "p99": 0, "p99.9": 0,
                "p99.99": 0, "max": 0}}


def measure(tmp_path: Path, kinds: object) -> dict[str, float]:
    path = tmp_path / "workload.json"
    path.write_text(json.dumps({"latency_ns": kinds}), encoding="ascii")
    found = latency.measure(guestfile.document(path), path.name)
    assert all((one.unit, one.better, one.evidence) == ("ns", "lower", "workload.json")
               for one in found.values())
    return {name: one.value for name, one in found.items()}


def test_kinds_that_were_met(tmp_path: Path) -> None:
    found = measure(tmp_path, REAL)
    assert found["latency_ns.first_touch.p50"] == 487
    assert found["latency_ns.first_touch.max"] == 50175
    assert found["latency_ns.resident.p99_9"] == 303
    assert len(found) == 14 and not any("swap_in" in name for name in found)


def test_not_asked_for(tmp_path: Path) -> None:
    assert measure(tmp_path, None) == {}


@pytest.mark.parametrize("key, value", [("p99", "much"), ("p99", -1), ("max", 1.5),
                                        ("count", True), ("p50", 2**70)])
def test_nonsense(tmp_path: Path, key: str, value: object) -> None:
    kinds = copy.deepcopy(REAL)
    kinds["resident"][key] = value
    with pytest.raises(CannotMeasure, match=rf"latency_ns.resident: {key}: .* is not"):
        measure(tmp_path, kinds)


@pytest.mark.parametrize("kinds", [[], "none", {"resident": {}}, {"first_touch": 3}])
def test_no_kinds_at_all(tmp_path: Path, kinds: object) -> None:
    with pytest.raises(CannotMeasure, match="workload.json: latency_ns"):
        measure(tmp_path, kinds)
