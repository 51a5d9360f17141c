# SPDX-License-Identifier: GPL-2.0-only
"""Nights to history: series, keys, acknowledgements, retention."""
from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.nightly import history, indexfile, known, retention
from runner.nightly.history import Series
from runner.nightly.retention import Aged
from runner.progress import Progress
from tests.unit import madenights


def figures(exact: float = 9650.0, timed: float = 50.0, lock: float = 2.0
            ) -> dict[str, dict[str, float]]:
    return {"exact": {"instructions_per_page": exact, "pswpout": 75000.0},
            "timed": {"throughput_mib_s": timed},
            "locks": {"locks.swap_cache_tree.acquisitions_per_page": lock}}


@pytest.fixture
def thirty(tmp_path: Path) -> Path:
    """Thirty nights: 1% more instructions from night 20, 10% less throughput from night 12."""
    draw = random.Random(1)
    for night in range(30):
        madenights.write(tmp_path, night, figures(
            9650.0 * (1.01 if night >= 20 else 1.0),
            50.0 * (1 + draw.gauss(0, 0.02)) * (0.9 if night >= 12 else 1.0),
            2.0 + draw.gauss(0, 0.003)))
    return tmp_path


def by_metric(found: history.History) -> dict[str, Series]:
    return {one.key.metric: one for one in found.series}


def test_planted_steps_are_found_and_the_flat_series_is_quiet(thirty: Path) -> None:
    found = by_metric(history.read(thirty))
    assert {len(one.nights) for one in found.values()} == {30}
    exact = found["instructions_per_page"].changes
    assert [(one.at, one.verdict, one.method) for one in exact] == [(20, "regressed", "threshold")]
    timed = found["throughput_mib_s"].changes
    assert [(one.at, one.verdict, one.method) for one in timed] == [(12, "regressed",
                                                                     "e-divisive")]
    assert found["locks.swap_cache_tree.acquisitions_per_page"].changes == ()
    assert not found["pswpout"].gated and found["pswpout"].changes == ()
    assert found["instructions_per_page"].nights[20].commit == madenights.commit(20)


@pytest.mark.parametrize("what, change", [
    ("qemu", {"qemu": "8.2.0"}), ("host", {"cpu": "another"}), ("workload", {"programs": "other"}),
    ("machine", {"machine": "other"})])
def test_another_setting_is_another_series(tmp_path: Path, what: str,
                                           change: dict[str, str]) -> None:
    for night in range(2):
        folder = madenights.write(tmp_path, night, {"exact": {"instructions_per_page": 1.0}})
        if night:
            file = folder / "samples.jsonl"
            one = json.loads(file.read_text())
            one["host"].update(change)
            file.write_text(json.dumps(one) + "\n")
    found = history.read(tmp_path).series
    assert len(found) == 2
    assert getattr(found[0].key, what) != getattr(found[1].key, what)


@pytest.mark.parametrize("old, new, count", [
    ("ram_mib = 256", "ram_mib = 384", 2), ('title = "made nights"', 'title = "other"', 1),
    ("swap_mib = 512", "swap_mib = 512\naccelerator = 'auto'", 1)])
def test_the_load_belongs_to_the_key_and_the_title_does_not(tmp_path: Path, old: str, new: str,
                                                            count: int) -> None:
    for night in range(2):
        folder = madenights.write(tmp_path, night, {"exact": {"instructions_per_page": 1.0}})
    (folder / "experiment.toml").write_text(madenights.EXPERIMENT.replace(old, new))
    assert len(history.read(tmp_path).series) == count


def test_the_base_of_a_night_is_no_night(tmp_path: Path) -> None:
    folder = madenights.write(tmp_path, 0, {"exact": {"instructions_per_page": 1.0}})
    file = folder / "samples.jsonl"
    one = json.loads(file.read_text())
    base = {**one, "number": 1, "cell": {**one["cell"], "kernel": "6.1:vanilla"}}
    file.write_text(json.dumps(one) + "\n" + json.dumps(base) + "\n")
    assert [series.key.kernel for series in history.read(tmp_path).series] == [madenights.TRACK]


def test_boots_of_a_night_are_one_figure_with_an_interval(tmp_path: Path) -> None:
    folder = madenights.write(tmp_path, 0, {"timed": {"throughput_mib_s": 50.0}}, boots=3)
    file = folder / "samples.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line, value in zip(lines, (40.0, 52.0, 55.0)):
        line["metrics"]["throughput_mib_s"]["value"] = value
    lines[0]["invalid"] = ["lockup"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    night = history.read(tmp_path).series[0].nights[0]
    assert (night.value, night.interval, night.boots) == (53.5, (52.0, 55.0), 2)


def acknowledge(path: Path, text: str) -> Path:
    path.write_text(f"format = 1\n[known.agreed]\n{text}", encoding="utf-8")
    return path


def test_a_known_change_carries_its_reason(thirty: Path) -> None:
    acknowledge(thirty / known.NAME, 'reason = "agreed"\nnight = "2026-01-21"\n'
                'metric = "instructions*"\nup_to = 0.02\n')
    found = by_metric(history.read(thirty))
    assert found["instructions_per_page"].changes[0].known == "agreed: agreed"
    assert found["throughput_mib_s"].changes[0].known == ""
    smaller = acknowledge(thirty / "small.toml", 'reason = "agreed"\nnight = "2026-01-21"\n'
                          'up_to = 0.005\n')
    assert by_metric(history.read(thirty, smaller))["instructions_per_page"].changes[0].known == ""


@pytest.mark.parametrize("text, says", [
    ('night = "2026-01-21"\n', "reason: missing"), ('reason = "x"\n', "night: missing"),
    ('reason = "x"\nnight = "yesterday"\n', "'yesterday' is not a date"),
    ('reason = "x"\nnight = "2026-01-21"\ntier = "speed"\n', "one of *, exact"),
    ('reason = "x"\nnight = "2026-01-21"\nmetrics = "x"\n', "did you mean metric?")])
def test_a_wrong_acknowledgement_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        known.load(acknowledge(tmp_path / "k.toml", text))
    assert says in str(error.value) and str(error.value).startswith(f"{tmp_path}/k.toml:")


def test_retention_keeps_the_last_every_seventh_and_the_remarkable() -> None:
    nights = [Aged(str(at), at in (3, 4)) for at in range(20)]
    assert retention.chosen(nights, 10, 7) == ["1", "2", "5", "6", "8", "9"]
    assert retention.chosen(nights[:5], 10, 7) == []


def test_thinning_leaves_samples_and_history_as_they_are(thirty: Path) -> None:
    for folder in indexfile.campaigns(thirty):
        (folder / "evidence" / "0000").mkdir(parents=True)
        (folder / "evidence" / "0000" / "console.log").write_text("x" * 1000)
    before = history.read(thirty)
    samples = {one: (one / "samples.jsonl").read_bytes() for one in indexfile.campaigns(thirty)}
    nights = history.aged(before)[madenights.TRACK]
    done = retention.thin(thirty, retention.chosen(nights, 5, 4))
    assert done.freed == 1000 * len(done.folders) > 0
    kept = [one for one in nights if (thirty / one.folder / "evidence/0000").exists()]
    assert {one.folder for one in nights[-5:]} <= {one.folder for one in kept}
    assert {one.folder for one in nights if one.remarkable} <= {one.folder for one in kept}
    assert {one: (one / "samples.jsonl").read_bytes()
            for one in indexfile.campaigns(thirty)} == samples
    assert history.read(thirty).series == before.series
    assert retention.thin(thirty, retention.chosen(nights, 5, 4)).folders == ()


def test_a_campaign_that_does_not_read_is_named_and_the_rest_counts(thirty: Path) -> None:
    folders = indexfile.campaigns(thirty)
    (folders[3] / "samples.jsonl").write_text('{"format": 1}\n')
    found = history.read(thirty)
    assert len(found.problems) == 1 and f"{folders[3]}/samples.jsonl:1" in found.problems[0]
    assert {len(one.nights) for one in found.series} == {29}
    assert indexfile.refresh(thirty, Progress()).read == 0
