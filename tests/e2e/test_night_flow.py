# SPDX-License-Identifier: GPL-2.0-only
"""The run of the nights: bases, resumption, acknowledgement.  Kernels are real and built;
figures are made, in place of boots."""
from __future__ import annotations

import dataclasses
import json
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from runner import cli, paths
from runner.asked import Planned
from runner.campaign import local
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.commands import cmd_nightly
from runner.errors import CannotMeasure, Exit
from runner.nightly import config, history, indexfile, night, nightfile
from runner.nightly.night import Outcome
from runner.progress import Progress
from runner.records import Sample
from tests.unit import madesamples

TREE = "swap_cache_tree"


class Made:
    """Makes a lock's count up in place of boots; `fails`: it gives up before its last sample."""

    def __init__(self, figure: float, fails: bool = False) -> None:
        self.figure, self.fails = figure, fails
        self.booted: list[str] = []

    def __call__(self, setting: Setting, todo: list[Planned], home: Campaign,
                 progress: Progress) -> list[Sample]:
        made = []
        for one in todo:
            if self.fails and one is todo[-1]:
                raise CannotMeasure("power cut")
            base = one.cell.kernel == setting.experiment.rules.base
            sample = madesamples.sample(one.cell.kernel, "locks",
                                        madesamples.locks(**{TREE: 2.0 if base else self.figure}),
                                        one.number, one.repeat)
            sample = dataclasses.replace(sample, cell=one.cell, host={
                **madesamples.HOST, "programs": "p", "machine": "m"})
            home.append(sample)
            made.append(sample)
            self.booted.append(one.cell.kernel)
        return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "load.toml").write_text(
        'format = 1\nbase = "6.1:vanilla"\ntiers = ["locks"]\n[rules]\npairs = 5\n')
    (tmp_path / "n.toml").write_text(
        f'format = 1\nkernels = ["6.1:{tmp_path}/moving"]\nexperiment = "load.toml"\n'
        'layouts = [1]\n')
    (tmp_path / "results").mkdir()
    push(tmp_path, "batch-add")
    return tmp_path


def push(home: Path, series: str) -> None:
    shutil.rmtree(home / "moving", ignore_errors=True)
    shutil.copytree(paths.KERNELS / "series" / series / "6.1", home / "moving")


def run(home: Path, figure: float, fails: bool = False) -> Outcome:
    settings = config.load(home / "n.toml")
    (name,) = settings.kernels
    found = night.run(settings, name, home / "results", Progress(), Made(figure, fails))
    assert found
    return found


def test_nights_in_a_row(home: Path) -> None:
    first = run(home, 2.0)
    assert (first.exit, first.findings) == (Exit.OK, ())
    assert first.night and first.night.good and first.night.base == ""
    second = run(home, 2.0)
    assert second.exit == Exit.OK and second.night and second.night.base_campaign
    push(home, "pagewise")
    third = run(home, 4.0)
    assert third.exit == Exit.REGRESSED and [one.metric for one in third.new] \
        == [f"locks.{TREE}.acquisitions_per_page"]
    fourth = run(home, 4.0)
    assert fourth.exit == Exit.REGRESSED and fourth.findings and not fourth.new
    day = nightfile.read(third.folder).started[:10] if third.folder else ""
    (home / "results/known.toml").write_text(
        f'format = 1\n[known.x]\nreason = "agreed"\nnight = "{day}"\nmetric = "locks.*"\n')
    fifth = run(home, 4.0)
    assert fifth.exit == Exit.OK and "agreed" in fifth.known[0]
    (series,) = [one for one in history.read(home / "results").series if one.gated]
    assert [one.value for one in series.nights] == [2.0, 2.0, 4.0, 4.0, 4.0]
    assert [one.at for one in series.changes] == [2]


def test_a_night_that_was_cut_short_is_finished_by_the_next(home: Path) -> None:
    run(home, 2.0)
    with pytest.raises(CannotMeasure, match="power cut"):
        run(home, 2.0, fails=True)
    count = len(indexfile.campaigns(home / "results"))
    assert run(home, 2.0).exit == Exit.OK
    assert len(indexfile.campaigns(home / "results")) == count


def test_another_source_runs_next_to_the_last_good_one(home: Path) -> None:
    """By a good night on record whose kernel can be had: 6.1 as it is, under its pinned name."""
    (home / "n.toml").write_text('format = 1\nkernels = ["6.1:vanilla"]\n'
                                 'experiment = "load.toml"\nlayouts = [1]\n')
    first = run(home, 2.0)
    assert first.night and first.folder
    # As if Debian's source had moved since: that night measured another one.
    nightfile.write(first.folder, dataclasses.replace(first.night, identity="another"))
    second = run(home, 3.0)
    assert second.night and second.night.base == first.night.pinned
    assert second.exit == Exit.REGRESSED and second.comparison
    assert [one.base.name for one in second.comparison.cells][0] == first.night.pinned
    assert not second.night.good


def test_the_command_prints_one_screen_and_writes_every_format(
        home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = home / "out"
    said = []
    for series, figure in (("batch-add", 2.0), ("batch-add", 2.0), ("pagewise", 4.0)):
        push(home, series)
        monkeypatch.setattr(local, "measure", Made(figure))
        status = cli.main(["nightly", str(home / "n.toml"), "--results", str(home / "results"),
                           "--output", str(out)])
        said.append((status, capsys.readouterr().out))
    assert [status for status, _ in said] == [0, 0, 1]
    assert said[2][1].startswith("n: REGRESSED (exit status 1)\n")
    assert len(said[2][1].splitlines()) <= 24 and TREE in said[2][1]
    assert (out / "nightly.txt").read_text() == said[2][1]
    told = json.loads((out / "nightly.kcidb.json").read_text())
    assert [one["path"] for one in told["tests"] if one["status"] == "FAIL"]
    assert json.loads((out / "nightly.json").read_text())["verdict"] == "regressed"
    for form in set(cmd_nightly.FORMATS):
        assert (out / cmd_nightly.name_of(form)).stat().st_size, form
    assert TREE.replace("_", "\\_") in (out / "nightly.md").read_text()
    # Printed again, the campaign alone: the gate's own reports stay.
    last = indexfile.campaigns(home / "results")[-1]
    kept = {one.name: one.read_bytes() for one in last.glob("report.*")}
    cli.main(["report", str(last)])
    assert "its campaign alone" in capsys.readouterr().err
    assert {one.name: one.read_bytes() for one in last.glob("report.*")} == kept and kept


def test_a_kernel_that_cannot_be_had_does_not_keep_the_others_from_their_night(
        home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "n.toml").write_text(
        f'format = 1\nkernels = ["git:{home}/gone@main", "6.1:{home}/moving"]\n'
        'experiment = "load.toml"\nlayouts = [1]\n')
    monkeypatch.setattr(local, "measure", Made(2.0))
    assert cli.main(["nightly", str(home / "n.toml"), "--results", str(home / "results"),
                     "--output", str(home / "out")]) == 2
    said = capsys.readouterr().out
    assert "no such folder" in said and "no regression" in said
    # What was not measured is missing in every output: nobody's tests are all green.
    suites = xml.parse(home / "out/nightly.junit.xml").getroot()
    assert suites.get("errors") == "1" and "no such folder" in xml.tostring(suites).decode()
    assert "# ERROR" in (home / "out/nightly.ktap").read_text()
    document = json.loads((home / "out/nightly.json").read_text())
    assert (document["verdict"], document["exit"]) == ("invalid", 2)
    told = json.loads((home / "out/nightly.kcidb.json").read_text())
    assert [one["valid"] for one in told["checkouts"]] == [False, True]


def test_a_night_on_which_nothing_moved_is_told_in_every_format(
        home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with open(home / "n.toml", "a", encoding="utf-8") as file:
        file.write('unchanged = "skip"\n')
    monkeypatch.setattr(local, "measure", Made(2.0))
    for _ in range(2):
        assert cli.main(["nightly", str(home / "n.toml"), "--results", str(home / "results"),
                         "--output", str(home / "out")]) == 0
    assert "no kernel moved" in capsys.readouterr().out.partition("no regression (exit")[2]
    suites = xml.parse(home / "out/nightly.junit.xml").getroot()
    assert (suites.get("tests"), suites.get("skipped")) == ("1", "1")
    for form in set(cmd_nightly.FORMATS) - {"kcidb"}:
        page = home / "out" / cmd_nightly.name_of(form)
        assert "no kernel moved" in page.read_text().lower(), form


def test_a_regression_stands_though_its_kernel_does_not_move(
        home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with open(home / "n.toml", "a", encoding="utf-8") as file:
        file.write('unchanged = "skip"\nfirst_good = "6.1:vanilla"\n')
    command = ["nightly", str(home / "n.toml"), "--results", str(home / "results")]
    slow = Made(3.0)
    monkeypatch.setattr(local, "measure", slow)
    assert cli.main(command) == 1
    booted = list(slow.booted)
    assert booted and "new " in capsys.readouterr().out
    assert cli.main(command) == 1
    said = capsys.readouterr().out
    assert "still " in said and "new " not in said
    # Acknowledged, it is good without another boot,
    (_, first), = night.earlier(home / "results", config.load(home / "n.toml").kernels[0])
    (home / "results/known.toml").write_text(
        f'format = 1\n[known.x]\nreason = "agreed"\nnight = "{first.started[:10]}"\n'
        'metric = "locks.*"\n')
    assert cli.main(command) == 0
    # and the night after that has nothing to say.
    assert cli.main(command) == 0
    assert "no kernel moved" in capsys.readouterr().out.rpartition("exit status 0")[2]
    assert slow.booted == booted and len(indexfile.campaigns(home / "results")) == 1
