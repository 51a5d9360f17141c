# SPDX-License-Identifier: GPL-2.0-only
"""Forest plots: every row drawn once, in its kind, whatever the names."""
from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.plot import plots
from runner.plot.effects import MOST_ROWS, Effect, effects

HOSTILE = "`touch x` \"q\" 'z' $HOME \\n {/Bold b}_c^d <script>&amp;\x1b[2J\n%d\t@ARG1"
ROWS = [Effect("6.1:x on pmem", "instructions per page", -0.035, None, 0.005, "improved"),
        Effect("6.1:x on pmem", "swap throughput", 0.06, (-0.02, 0.15), 0.03, "inconclusive"),
        Effect("6.1:x on brd", "swap throughput", -0.06, (-0.1, -0.04), 0.03, "regressed")]

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")


def texts(picture: str) -> list[str]:
    return ["".join(node.itertext()).strip() for node in ElementTree.fromstring(picture).iter(
        "{http://www.w3.org/2000/svg}text")]


@needs_gnuplot
def test_rows_are_drawn(tmp_path: Path) -> None:
    drawn = effects(ROWS, tmp_path / "x", "A title")
    for picture, titled in ((drawn.files[0].read_text("utf-8"), True), (drawn.wide, False),
                            (drawn.narrow, False)):
        found = texts(picture)
        assert ("A title" in found) == titled
        for said in ("6.1:x on pmem", "6.1:x on brd", "instructions per page", "-3.50%", "+6.00%",
                     "regressed", "improved", "inconclusive", "counts as equal"):
            assert said in found, said
        assert "equivalent" not in found, "a kind that is nowhere has no key"
        assert found.count("swap throughput") == 2


@needs_gnuplot
def test_hostile_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drawn = effects([Effect(HOSTILE, HOSTILE, 0.1, None, 0.01, "regressed")], tmp_path / "x",
                    HOSTILE)
    assert any("<script>" in one for one in texts(drawn.narrow))
    assert not (tmp_path / "x").exists()


@needs_gnuplot
def test_no_change_at_all(tmp_path: Path) -> None:
    still = [replace(row, change=0.0, interval=None, verdict="equivalent") for row in ROWS]
    assert "+0.00%" in texts(effects(still, tmp_path / "x", "t").wide)


def test_only_the_largest_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    rows = [Effect("g", f"r{at}", at / 1000, None, 0.01, "equivalent")
            for at in range(MOST_ROWS + 3)]
    effects(rows, tmp_path / "x", "t")
    drawn = [line.split("\t")[1] for line in (tmp_path / "x.tsv").read_text().splitlines()
             if line.count("\t") == 8][1:]
    assert drawn == [row.name for row in rows[3:]]


def test_interval_and_band_are_in_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert effects(ROWS, tmp_path / "x", "t").skipped == plots.MISSING
    rows = [line.split("\t") for line in (tmp_path / "x.tsv").read_text().splitlines()]
    assert rows[1][2:] == ["-3.5", "-3.5", "-3.5", "-0.5", "0.5", "-3.50%", "1"]
    assert rows[2][2:] == ["6", "-2", "15", "-3", "3", "+6.00%", "3"]


def test_nothing_and_no_number(tmp_path: Path) -> None:
    assert effects([], tmp_path / "x", "t").skipped == plots.EMPTY
    with pytest.raises(CannotMeasure, match="cannot be drawn"):
        effects([replace(ROWS[0], change=float("inf"))], tmp_path / "x", "t")


@needs_gnuplot
@pytest.mark.parametrize("low, high", [(-0.31, 0.544), (-0.97, 0.0), (-0.001, 0.0004), (0.1, 9.0)])
def test_labels_of_the_axis_keep_apart(tmp_path: Path, low: float, high: float) -> None:
    row = replace(ROWS[1], change=(low + high) / 2, interval=(low, high))
    drawn = effects([row], tmp_path / "x", "t")
    for picture, most in ((drawn.wide, 7), (drawn.narrow, 5)):
        ticks = [one for one in texts(picture) if one.endswith("%") and one != f"{row.change:+.2%}"]
        assert 2 <= len(ticks) <= most, ticks
