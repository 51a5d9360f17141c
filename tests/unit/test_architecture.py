# SPDX-License-Identifier: GPL-2.0-only
"""docs/architecture.md: its picture is of today's imports, and what it says to touch is enough."""
from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from madesamples import RULES, exact

from runner import paths, report
from runner.asked import Planned
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.commands import options
from runner.errors import UsageError
from runner.experiment import plan
from runner.judge.results import Comparison
from runner.judge.verdict import compare
from runner.metrics import lockclass, lockstat, steady
from runner.progress import Progress
from runner.records import Metric, Sample
from tests import map as drawing

DOCS = paths.ROOT / "docs"
DATA = paths.ROOT / "tests/data"


def test_the_picture_is_of_todays_imports() -> None:
    assert (DOCS / "architecture.svg").read_text(encoding="utf-8") == drawing.svg(), \
        "draw it again: python3 -m tests.map docs/architecture.svg"


def test_every_room_is_drawn_above_what_it_imports() -> None:
    whole = drawing.graph()
    assert {room.name for room in (paths.ROOT / "runner").iterdir()
            if (room / "__init__.py").is_file()} <= set(whole)
    level = {name: row for row, names in enumerate(drawing.levels(whole)) for name in names}
    assert all(level[name] < level[other] for name, others in whole.items() for other in others)
    shown = [one.text for one in ElementTree.fromstring(drawing.svg()).iter()
             if one.tag.endswith("text")]
    assert set(whole) <= set(shown)


def test_an_arrow_that_says_nothing_new_is_left_out() -> None:
    assert drawing.arrows({"a": frozenset({"b", "c"}), "b": frozenset({"c"}),
                           "c": frozenset()}) == [("a", "b"), ("b", "c")]


def experiment(folder: Path, rules: str) -> Path:
    file = folder / "toy.toml"
    file.write_text('format = 1\nbase = "6.1:vanilla"\ntest = ["6.1:batch-add"]\n'
                    f"[rules]\n{rules}\n", encoding="utf-8")
    return file


def test_a_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def family(reading: steady.Reading) -> dict[str, Metric]:
        return {"toy_per_page": Metric(reading.window.rise("pgfault") / reading.window.pages,
                                       "toys/page", "lower", steady.END)}

    file = experiment(tmp_path, "thresholds = { toy_per_page = 0.1 }")
    with pytest.raises(UsageError, match="toy_per_page: is not a metric"):
        plan.load(file)
    monkeypatch.setattr(steady, "FAMILIES", [*steady.FAMILIES, family])
    monkeypatch.setattr(steady, "KNOWN", (*steady.KNOWN, "toy_per_page"))
    rules = plan.load(file).rules
    reading = steady.read(DATA / "evidence/contended")
    measured = steady.common(reading)["toy_per_page"]
    assert measured.value > 0
    sides = [replace(one, metrics={**one.metrics, "toy_per_page": replace(measured, value=value)})
             for one, value in zip(exact(100.0, 100.0), (1.0, 1.0, 2.0))]
    found = compare(sides, replace(rules, layouts=()))
    assert found.verdict == "regressed"
    assert "toy per page" in report.FORMATS["text"](found)


def test_a_report_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(comparison: Comparison) -> str:
        return f"toy: {comparison.verdict}\n"

    monkeypatch.setitem(report.FORMATS, "toy", render)
    monkeypatch.setitem(report.FILES, "toy", "report.toy")
    parser = argparse.ArgumentParser()
    options.output(parser)
    form = parser.parse_args(["--format", "toy"]).format
    found = compare(exact(100.0, 90.0), RULES)
    assert report.FORMATS[form](found) == "toy: improved\n"
    report.write_all(found, tmp_path)
    assert (tmp_path / "report.toy").read_text() == "toy: improved\n"


def test_a_lock_class(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = lockstat.load(DATA / "lock_stat/linux-6.1.192.txt")
    before = {one.lock.name: one.stable for one in lockclass.identify(stat.classes)}
    name = next(name for name, stable in before.items() if stable == lockclass.own(name))
    monkeypatch.setattr(lockclass, "RULES", (lockclass.Rule(
        "toy", re.escape(lockclass.base(name))), *lockclass.RULES))
    after = {one.lock.name: one.stable for one in lockclass.identify(stat.classes)}
    assert after[name] == "toy"
    assert {one for one in before if before[one] != after[one]} == {
        one for one in before if lockclass.base(one) == lockclass.base(name)}


def test_an_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    def toy(setting: Setting, planned: list[Planned], campaign: Campaign, progress: Progress
            ) -> list[Sample]:
        return []

    monkeypatch.setitem(options.EXECUTORS, "toy", lambda args: toy)
    parser = argparse.ArgumentParser()
    options.executor(parser)
    assert options.measure(parser.parse_args(["--executor", "toy"])) is toy
