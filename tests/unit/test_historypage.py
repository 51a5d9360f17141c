# SPDX-License-Identifier: GPL-2.0-only
"""The history's page from made histories, and its pictures."""
from __future__ import annotations

import datetime
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.nightly import historypage
from runner.nightly.facts import SeriesKey
from runner.nightly.history import ChangePoint, History, Night, Series
from runner.plot import nights, plots
from runner.plot.nights import Level, Mark, Point, Track

KEY = SeriesKey("cpu, 2 cores", "7.2.22", "icount", "1 vCPU", "c", "w", "git:/src/linux@main",
                "pmem", 1, "swapstorm", "exact", "instructions_per_page", "instructions/page",
                "lower")
NIGHTS = tuple(Night(f"2026-01-{day:02}T02:00:00+00:00", f"n{day}", "git:x", "6.99",
                     f"{day:040x}", "k", 100.0 + 10 * (day > 6), None, 1, "equivalent",
                     "evidence/0000") for day in range(1, 13))
STEP = ChangePoint(6, 100.0, 110.0, 0.1, "regressed", "threshold", None, "")
SERIES = Series(KEY, NIGHTS, (STEP,), (109.0, 111.0), True, 0.005)

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")


def page(*series: Series, results: Path = Path("/nonexistent")) -> str:
    return historypage.render(History(results, series), results / "history.html")


@pytest.mark.parametrize("changes, state", [
    ((STEP,), "regressed"), ((replace(STEP, known="x: agreed"),), "known"), ((), "quiet"),
    ((STEP, replace(STEP, at=9, verdict="improved")), "improved")])
def test_state_is_that_of_the_last_change(changes: tuple[ChangePoint, ...], state: str) -> None:
    one = replace(SERIES, changes=changes)
    assert historypage.state(one) == state
    assert f'class="card filtered {state}"' in page(one)


def test_verdict_names_what_nobody_accepted() -> None:
    assert "1 of 1 series stands regressed" in page(SERIES)
    accepted = replace(SERIES, changes=(replace(STEP, known="x: agreed"),))
    shown = page(accepted, replace(SERIES, changes=()))
    assert "no series stands regressed: 1 known, 1 quiet of 2" in shown and "x: agreed" in shown
    assert "no series decides" in page()


def test_links_only_to_what_is_there(tmp_path: Path) -> None:
    results = tmp_path / "results"
    (results / "n3/evidence/0000").mkdir(parents=True)
    (results / "n3/report.html").write_text("x")
    history = History(results, (replace(SERIES, nights=(
        *NIGHTS[:-1], replace(NIGHTS[-1], campaign="../../etc", evidence="passwd"))),))
    shown = historypage.render(history, tmp_path / "elsewhere/history.html")
    assert 'href="../results/n3/report.html"' in shown
    assert 'href="../results/n3/evidence/0000"' in shown
    assert "n4/report.html" not in shown and "passwd" not in shown and "thinned" in shown


def test_series_for_information_have_no_card() -> None:
    shown = page(replace(SERIES, gated=False, changes=()))
    assert "<article" not in shown and "others-table" in shown


@needs_gnuplot
def test_only_so_many_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(historypage, "MOST", 1)
    assert page(SERIES, SERIES).count('<svg class="wide"') == 1


TRACK = Track(tuple(Point(1767225600 + 86400 * day, 100.0 + day % 2, (99.0, 102.0))
                    for day in range(10)),
              (Level(1767225600, 1767225600 + 9 * 86400, 100.0),),
              (Mark(1767225600 + 5 * 86400, 101.0, "regressed"),), (98.0, 103.0))


@needs_gnuplot
@pytest.mark.parametrize("track", [
    TRACK, replace(TRACK, marks=(), fence=None),
    replace(TRACK, points=TRACK.points[:1], marks=()),
    replace(TRACK, points=tuple(replace(one, value=0.0, spread=None) for one in TRACK.points),
            levels=(), marks=())], ids=["all", "quiet", "one night", "all zero"])
def test_every_series_is_drawn(track: Track) -> None:
    first, second = nights.nights([track, TRACK])
    for picture in (first.wide, first.narrow, second.wide, second.narrow):
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert "rgb(164,   0,   0)" in second.wide, "the change is marked"
    assert ("rgb(164,   0,   0)" in first.wide) == bool(track.marks)


@needs_gnuplot
def test_dates_are_whole_days_apart() -> None:
    noon = 1767225600 + 43200
    track = replace(TRACK, points=tuple(Point(noon + 86400 * day, 100.0, None)
                                        for day in range(30)), levels=(), marks=(), fence=None)
    picture = ElementTree.fromstring(nights.nights([track])[0].wide)
    dates = ["".join(one.itertext()).strip() for one in picture.iter()
             if one.tag.endswith("text")]
    days = [datetime.date.fromisoformat(one) for one in dates if one.startswith("2026-")]
    assert len(days) > 3
    assert len({later - sooner for sooner, later in zip(days, days[1:])}) == 1


def test_no_series_no_number_no_gnuplot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert nights.nights([]) == []
    bad = replace(TRACK, points=(Point(0.0, float("nan"), None),))
    if shutil.which("gnuplot"):
        with pytest.raises(CannotMeasure, match="no number"):
            nights.nights([bad])
    monkeypatch.setenv("PATH", "")
    assert nights.nights([TRACK])[0].wide == ""
    (tmp_path / "gnuplot").symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nights.nights([TRACK, TRACK]) == 2 * [
        plots.Drawn((), f"plots skipped: {tmp_path}/gnuplot: nights.gp: failed")]
