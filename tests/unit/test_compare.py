# SPDX-License-Identifier: GPL-2.0-only
"""Two stored campaigns: which kernel of one is held against which of the other."""
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from runner.campaign import stored
from runner.campaign.store import to_line
from runner.errors import UsageError
from runner.records import Cell, Metric, Rules, Sample

RULES = Rules("unused", {"instructions_per_page": 0.005})


def kept(path: Path, *sides: tuple[str, float]) -> Path:
    """A samples file: for each (kernel, instructions per page) an exact cell booted twice."""
    lines = []
    for kernel, value in sides:
        for repeat in range(2):
            lines.append(to_line(Sample(
                len(lines), repeat, Cell(kernel, "pmem", 1, "swapstorm", "exact"), "icount", 1,
                f"key of {kernel}", f"image of {kernel}", "ok", "", (),
                {"instructions_per_page": Metric(value, "instructions/page", "lower", "x")},
                "evidence/0000", "2026-01-01T00:00:00+00:00", 1.0, {"id": "h"}, f"f{value}")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_shared_kernel_is_compared(tmp_path: Path) -> None:
    monday = kept(tmp_path / "mon" / "samples.jsonl", ("git:/l@master", 100.0), ("old", 50.0))
    tuesday = kept(tmp_path / "tue" / "samples.jsonl", ("git:/l@master", 110.0))
    found = stored.held(monday.parent, tuesday.parent, RULES)
    assert (found.base, found.tests) == ("git:/l@master in mon", ("git:/l@master in tue",))
    assert found.verdict == "regressed" and found.exit == 1


def test_single_kernels_of_different_names(tmp_path: Path) -> None:
    a = kept(tmp_path / "a.jsonl", ("6.1:vanilla", 100.0))
    b = kept(tmp_path / "b.jsonl", ("6.12:vanilla", 90.0))
    assert stored.held(a, b, RULES).verdict == "improved"
    assert stored.held(b, a, RULES).verdict == "regressed"
    assert stored.held(a, a, RULES).verdict == "equivalent"


@pytest.mark.parametrize("left, right, says", [
    (["a", "b"], ["a", "b"], "share 2 kernels"), (["a", "b"], ["c"], "one kernel each"),
])
def test_ambiguous_campaigns(tmp_path: Path, left: list[str], right: list[str],
                             says: str) -> None:
    a = kept(tmp_path / "a.jsonl", *((name, 1.0) for name in left))
    b = kept(tmp_path / "b.jsonl", *((name, 1.0) for name in right))
    with pytest.raises(UsageError, match=says):
        stored.held(a, b, RULES)


def test_empty_campaign(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_text("")
    with pytest.raises(UsageError, match="holds no samples"):
        stored.held(tmp_path, tmp_path, RULES)


def test_what_is_stored_and_what_is_a_kernel(tmp_path: Path) -> None:
    kept(tmp_path / "samples.jsonl", ("a", 1.0))
    assert stored.is_stored(str(tmp_path))
    assert stored.is_stored(str(tmp_path / "samples.jsonl"))
    assert not stored.is_stored("6.1:vanilla")
    assert not stored.is_stored(f"dir:{tmp_path}")


def test_other_hosts_are_never_mixed(tmp_path: Path) -> None:
    a = kept(tmp_path / "a.jsonl", ("k", 100.0))
    b = kept(tmp_path / "b.jsonl", ("k", 100.0))
    b.write_text(b.read_text().replace('"id": "h"', '"id": "other"'))
    found = stored.held(a, b, RULES)
    assert found.verdict == "invalid" and "mixes hosts" in found.reason
    assert dataclasses.asdict(found)["exit"] == 4
