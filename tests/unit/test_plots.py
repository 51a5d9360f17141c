# SPDX-License-Identifier: GPL-2.0-only
"""Pictures are drawn whole, from data that is what was given, whatever the names."""
from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.plot import bars, curves, plots
from runner.plot.bars import InstructionRow, LockRow, StackRow
from runner.plot.curves import Curve, CurvePoint
from runner.plot.plots import Heading

HEADING = Heading("6.1:vanilla", "6.1:batch-add", "2 vCPUs")
LOCKS = [LockRow("pmem", "swap_cgroup", 1.0, 1.0), LockRow("pmem", "swap_cache_tree", 2.0, 0.067),
         LockRow("brd", "swap_cluster", 5.0, 0.0)]
HOSTILE = "`touch x` \"q\" 'z' $HOME \\n {/Bold b}_c^d <script>&amp;\x1b[2J\n%d\t@ARG1"

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None,
                                   reason="gnuplot is not installed; setup/install bench adds it")


def texts(svg: Path) -> list[str]:
    """Every text of a picture; fails where the file is not well-formed XML."""
    root = ElementTree.parse(svg).getroot()
    return ["".join(node.itertext()).strip()
            for node in root.iter("{http://www.w3.org/2000/svg}text")]


def drawn(result: plots.Drawn, out: Path) -> list[str]:
    assert result.skipped == ""
    assert result.files == (Path(f"{out}.svg"), Path(f"{out}.png"))
    png = result.files[1].read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    return texts(result.files[0])


def table(out: Path) -> list[list[str]]:
    return [line.split("\t") for line in Path(f"{out}.tsv").read_text("utf-8").splitlines()]


@needs_gnuplot
def test_lock_bars(tmp_path: Path) -> None:
    out = tmp_path / "locks-6.1"
    found = drawn(bars.lock_bars(LOCKS, out, HEADING), out)
    assert found[-3:] == ["Lock acquisitions per swapped-out page",
                          "6.1:vanilla against 6.1:batch-add on pmem and brd", "2 vCPUs"]
    for text in ("pmem", "brd", "swap_cache_tree", "2.00", "0.067", "swap_cluster", "5.00", "0",
                 "acquisitions per swapped-out page", "6.1:vanilla (base)",
                 "6.1:batch-add (test)"):
        assert text in found, text
    rows = table(out)
    assert rows[0] == ["y", "group", "name", "base", "test", "base_text", "test_text"]
    assert [row[1:5] for row in rows[1:4]] == [  # taken most comes first
        ["pmem", "swap_cache_tree", "2", "0.067"], ["pmem", "swap_cgroup", "1", "1"],
        ["brd", "swap_cluster", "5", "0"]]
    assert [row[1] for row in rows[6:]] == ["heading", "pmem", "brd"]


STACK = [StackRow("6.1", "6.1:vanilla", (2.0, 5.0, 0.0)),
         StackRow("6.1", "6.1:batched", (0.0625, 2.0, 0.0)),
         StackRow("6.12", "6.12:vanilla", (2.0, 4.0, 0.0))]
CLASSES = ("swap_cache_tree", "swap_cluster", "swap_slots")


@needs_gnuplot
def test_stacked_bars(tmp_path: Path) -> None:
    out = tmp_path / "stack"
    found = drawn(bars.stacked_bars(STACK, CLASSES, out, "a title", "per page"), out)
    for text in ("a title", "per page", "6.1", "6.12", "6.1:vanilla", "7.00", "6.1:batched", "2.06",
                 "6.12:vanilla", "6.00", "swap_cache_tree", "swap_cluster"):
        assert text in found, text
    assert "swap_slots" not in found, "a class that is nowhere"
    rows = [row for row in table(out) if len(row) == 3][1:4]
    assert [row[1:] for row in rows] == [["0", "2"], ["0", "0.0625"], ["0", "2"]]


@needs_gnuplot
@pytest.mark.parametrize("classes", [1, 7])
def test_stacked_bars_of_few_and_of_all_classes(tmp_path: Path, classes: int) -> None:
    names = [f"class_{number}" for number in range(classes)]
    rows = [StackRow(HOSTILE, HOSTILE, tuple(1.0 for _ in names))]
    found = drawn(bars.stacked_bars(rows, names, tmp_path / "x", "title", "axis"),
                  tmp_path / "x")
    assert set(names) <= set(found) and not (tmp_path / "x/x").exists()


def test_nothing_to_stack(tmp_path: Path) -> None:
    assert bars.stacked_bars([], CLASSES, tmp_path / "x", "t", "a").skipped == plots.EMPTY
    with pytest.raises(CannotMeasure, match="cannot be drawn"):
        bars.stacked_bars([StackRow("g", "n", (float("nan"),))], ["a"], tmp_path / "x", "t", "a")


def test_only_the_locks_taken_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    rows = [LockRow("pmem", f"lock{i}", i / 10, 0.0) for i in range(bars.MOST_LOCKS + 2)]
    bars.lock_bars(rows, tmp_path / "x", HEADING)
    names = [row[2] for row in table(tmp_path / "x") if len(row) == 7][1:]
    assert names == [f"lock{i}" for i in range(bars.MOST_LOCKS + 1, 1, -1)]


@needs_gnuplot
def test_picture_says_what_it_leaves_out(tmp_path: Path) -> None:
    rows = [LockRow("pmem", f"lock{i}", i / 10, 0.0) for i in range(bars.MOST_LOCKS + 2)]
    found = drawn(bars.lock_bars(rows, tmp_path / "x", HEADING), tmp_path / "x")
    assert found[-1] == "2 vCPUs; 2 classes taken less often are not shown"


@needs_gnuplot
def test_instruction_bars(tmp_path: Path) -> None:
    rows = [InstructionRow("pmem", 14321.4, 13820.1, -0.0275),
            InstructionRow("brd", 0.0, 12.0, None)]
    found = drawn(bars.instruction_bars(rows, tmp_path / "i", HEADING), tmp_path / "i")
    for text in ("pmem", "brd", "14,321", "13,820 (-2.75%)", "0", "12.00",
                 "instructions per swapped-out page"):
        assert text in found, text


def curve(label: str, simulated: bool, *points: tuple[int, float]) -> Curve:
    return Curve(label, simulated, tuple(CurvePoint(threads, rate, rate * 0.9, rate * 1.1)
                                         for threads, rate in points))


@needs_gnuplot
@pytest.mark.parametrize(("several", "title", "labels"), [
    ([curve("a", True, (16, 900.0), (1, 100.0)), curve("b_c", False, (1, 110.0), (2, 200.0))],
     "Swap-out throughput over threads, measured and simulated",
     ["b_c (measured)", "a (simulated)"]),
    ([curve("a", True, (1, 100.0))], "Swap-out throughput over threads, simulated",
     ["a (simulated)"]),
    ([curve("a", False, (3, 100.0)), curve("b", False)], "Swap-out throughput over threads",
     ["a (measured)"]),
])
def test_throughput(tmp_path: Path, several: list[Curve], title: str, labels: list[str]) -> None:
    out = tmp_path / "t"
    found = drawn(curves.throughput_curves(several, out, HEADING, "pmem"), out)
    assert title in found and "threads" in found and "swapped out, MiB/s" in found
    assert [text for text in found if text.endswith("ed)")] == labels
    for point in (point for one in several for point in one.points):
        assert f"{point.x:g}" in found


@needs_gnuplot
def test_simulated_is_drawn_unlike_measured(tmp_path: Path) -> None:
    point = ((1, 100.0), (2, 190.0))
    for simulated in (False, True):
        out = tmp_path / str(simulated)
        drawn(curves.throughput_curves([curve("a", simulated, *point)], out, HEADING, "brd"), out)
        svg = Path(f"{out}.svg").read_text("utf-8")
        # The grid is solid, so the one dashed line there can be is the curve.
        assert ("stroke-dasharray='" in svg) is simulated


def test_blocks_of_throughput_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    curves.throughput_curves([curve("p", True, (4, 2.0), (1, 1.0)), curve("m", False, (1, 3.0))],
                             tmp_path / "t", HEADING, "pmem")
    assert (tmp_path / "t.tsv").read_text("utf-8") == (
        "x\tm (measured)\tlow\thigh\ttic\n1\t3\t2.7\t3.3\t1\n\n\n"
        "x\tp (simulated)\tlow\thigh\ttic\n1\t1\t0.9\t1.1\t1\n4\t2\t1.8\t2.2\t4\n")


CLAIMED = Curve("a claim", False, (CurvePoint(16, 185.0, 165.0, 205.0),), claimed=True)


@needs_gnuplot
@pytest.mark.parametrize("scales", ["2 linear", "2 10"])
def test_claimed_is_drawn_unlike_measured_and_simulated(tmp_path: Path, scales: str) -> None:
    given = [CLAIMED, curve("a", True, (1, 90.0), (16, 100.0)), curve("b", False, (1, 10.0))]
    out = tmp_path / "c"
    found = drawn(curves.throughput_curves(given, out, HEADING, "pmem", scales), out)
    assert [text for text in found if text.endswith("ed)")] == [
        "b (measured)", "a (simulated)", "a claim (claimed)"]
    assert "Swap-out throughput over threads, measured, simulated and claimed" in found
    assert [row[0] for row in table(out) if len(row) == 5] == ["x", "1", "x", "1", "16", "x", "16"]


@needs_gnuplot
def test_points_have_names_on_the_axis(tmp_path: Path) -> None:
    points = (CurvePoint(2, 10.0, 10.0, 10.0, "50%"), CurvePoint(100, 90.0, 90.0, 90.0, "99%"))
    found = drawn(curves.curves([Curve("k", False, points)], tmp_path / "p", "title",
                                "percentile|µs", "10 10"), tmp_path / "p")
    assert {"50%", "99%", "percentile", "µs", "k (measured)"} <= set(found)


@needs_gnuplot
@pytest.mark.parametrize("phases", [[], [(0.0, "fill"), (1.5, "steady")]])
def test_time_series(tmp_path: Path, phases: list[tuple[float, str]]) -> None:
    lines = [("base", [(0.1, 0.0), (1.0, 80.0)]), ("test", [(0.1, 5.0), (1.2, 90.0)])]
    out = tmp_path / "s"
    found = drawn(curves.time_series(lines, phases, out, "a title", "MiB/s"), out)
    assert {"base", "test", "seconds", "MiB/s", "a title", *(name for _, name in phases)} \
        <= set(found)
    assert curves.time_series([("a", [])], [], out, "t", "a").skipped == plots.EMPTY


@needs_gnuplot
def test_hostile_names_are_drawn_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    heading = Heading(HOSTILE, "a|b", HOSTILE)
    shown = plots.cell(HOSTILE)
    found = drawn(bars.lock_bars([LockRow("#d", "x_{y}^2", 1.0, 2.0),
                                  LockRow("#d", HOSTILE, 1.0, 1.0)], tmp_path / "l", heading),
                  tmp_path / "l")
    for text in (shown, f"{shown} (base)", "a|b (test)", "#d", "x_{y}^2",
                 plots.cell(HOSTILE, 28)):
        assert text in found, text
    found = drawn(curves.throughput_curves([curve(HOSTILE, True, (1, 2.0))], tmp_path / "t",
                                           heading, HOSTILE), tmp_path / "t")
    assert f"{shown} (simulated)" in found and f"on {shown}" in found
    assert not (tmp_path / "x").exists()


@needs_gnuplot
@pytest.mark.parametrize("name", ["<echo 1", "|cat", "it's \"q\" `id`", "-"])
def test_hostile_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = bars.instruction_bars([InstructionRow("pmem", 1.0, 1.0, 0.0)], Path(name), HEADING)
    drawn(result, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.{kind}" for kind in ("tsv", "svg", "png"))


@given(st.text())
def test_any_text_is_one_cell(text: str) -> None:
    cell = plots.cell(text)
    assert cell.isprintable() and len(cell) <= 120
    assert not set(cell) & set('\t\n\r"\\')


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0"), (0.067, "0.067"), (0.0004, "0.0004"), (0.1, "0.10"), (5.0, "5.00"),
    (999.994, "999.99"), (14321.4, "14,321")])
def test_numbers_for_people(value: float, text: str) -> None:
    assert plots.number(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_values_that_cannot_be_drawn(tmp_path: Path, value: float) -> None:
    calls = (lambda: bars.lock_bars([LockRow("pmem", "x", value, 1.0)], tmp_path / "a", HEADING),
             lambda: bars.instruction_bars([InstructionRow("pmem", 1.0, value, 0.0)],
                                           tmp_path / "a", HEADING),
             lambda: curves.throughput_curves([curve("a", True, (1, value))], tmp_path / "a",
                                              HEADING, "pmem"))
    for call in calls:
        with pytest.raises(CannotMeasure, match="cannot be drawn"):
            call()
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw(tmp_path: Path) -> None:
    for result in (bars.lock_bars([], tmp_path / "a", HEADING),
                   bars.instruction_bars([], tmp_path / "a", HEADING),
                   curves.throughput_curves([curve("a", True)], tmp_path / "a", HEADING, "brd")):
        assert result == plots.Drawn((), "plot skipped: there is nothing to draw")
    assert not list(tmp_path.iterdir())


def test_missing_gnuplot_is_one_clear_line(tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = bars.lock_bars(LOCKS, tmp_path / "l", HEADING)
    assert result == plots.Drawn((), "plots skipped: gnuplot is not installed; "
                                     "'setup/install bench' adds it")
    assert (tmp_path / "l.tsv").is_file()  # what it would have drawn is kept


def test_failing_gnuplot_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "gnuplot"
    fake.write_text("#!/bin/sh\nprintf '  ^\\n\"x.gp\" line 3: no \\033[2J\\n' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "l.svg").write_text("of an earlier report")
    result = bars.lock_bars(LOCKS, tmp_path / "l", HEADING)
    assert result == plots.Drawn((), f'plots skipped: {fake}: bars.gp: "x.gp" line 3: no \\x1b[2J')
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gnuplot", "l.tsv"]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match=r"no/l.tsv: cannot be written: No such file"):
        bars.lock_bars(LOCKS, tmp_path / "no" / "l", HEADING)
