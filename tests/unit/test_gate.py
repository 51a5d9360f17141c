# SPDX-License-Identifier: GPL-2.0-only
"""The gate: baseline and history, what is new, what is known, and what is printed of it."""
from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import Exit, UsageError
from runner.judge import verdict
from runner.judge.figures import Verdict
from runner.judge.results import HISTORY
from runner.nightly import config, gate, history, kcidb, known, summary
from runner.nightly.gate import Gated
from runner.nightly.known import Known
from runner.nightly.night import Outcome
from runner.nightly.nightfile import NightRecord
from runner.records import Rules
from tests.unit import madenights

LAST = 32


def nights(results: Path, step: float, at: int, tier: str = "exact", back: int = 99) -> None:
    """33 nights with a step at `at` that is taken back at `back`."""
    draw = random.Random(7)
    for night in range(LAST + 1):
        factor = step if at <= night < back else 1.0
        figures = {"exact": {"instructions_per_page": 9650.0 * factor}} if tier == "exact" else \
            {"timed": {"throughput_mib_s": 50.0 * factor * (1 + draw.gauss(0, 0.02))}}
        madenights.write(results, night, figures)


def judged(results: Path, accepted: Path | None = None) -> Gated:
    """The gate of the last night, measured alone."""
    found = history.read(results, accepted)
    tonight = madenights.samples(LAST, {"exact": {"instructions_per_page": 9650.0}}, boots=2)
    alone = verdict.compare(tonight, Rules("", {}))
    assert alone.exit == Exit.OK
    folder = f"nightly-{madenights.date(LAST)[:10]}"
    return gate.judge(alone, found, madenights.TRACK, tonight[0].cell.kernel, folder, "",
                      known.load(accepted) if accepted else Known())


def test_quiet_history_keeps_the_night_good(tmp_path: Path) -> None:
    nights(tmp_path, 1.0, 0)
    found = judged(tmp_path)
    assert (found.comparison.exit, found.findings) == (Exit.OK, ())
    assert found.comparison.verdict == Verdict.EQUIVALENT
    assert [one.verdict for one in found.comparison.cells if one.base == HISTORY] \
        == [Verdict.EQUIVALENT]


@pytest.mark.parametrize("step, at, tier", [(1.01, LAST, "exact"), (1.01, 20, "exact"),
                                            (0.9, 25, "timed")])
def test_a_regression_stands_until_it_is_gone(tmp_path: Path, step: float, at: int,
                                              tier: str) -> None:
    nights(tmp_path, step, at, tier)
    found = judged(tmp_path)
    assert found.comparison.exit == Exit.REGRESSED
    (one,) = found.findings
    assert one.name.endswith(f"since nightly-{madenights.date(at)[:10]}")
    assert "regressed" in one.said and madenights.commit(at)[:12] in one.said


@pytest.mark.parametrize("step, tier", [(0.99, "exact"), (1.1, "timed")])
def test_an_improvement_is_no_regression(tmp_path: Path, step: float, tier: str) -> None:
    nights(tmp_path, step, 20, tier)
    assert judged(tmp_path).comparison.exit == Exit.OK


def test_a_regression_that_was_taken_back_is_over(tmp_path: Path) -> None:
    nights(tmp_path, 1.02, 10, back=20)
    assert judged(tmp_path).findings == ()


def test_a_known_regression_is_told_and_does_not_fail(tmp_path: Path) -> None:
    nights(tmp_path, 1.01, 20)
    file = tmp_path / "k.toml"
    file.write_text('format = 1\n[known.a]\nreason = "agreed on the list"\n'
                    f'night = "{madenights.date(20)[:10]}"\n')
    found = judged(tmp_path, file)
    assert (found.comparison.exit, found.findings) == (Exit.OK, ())
    assert len(found.known) == 1 and "agreed on the list" in found.known[0]


def test_noise_raises_nothing_on_any_night(tmp_path: Path) -> None:
    nights(tmp_path, 1.0, 0, "timed")
    (series,) = [one for one in history.read(tmp_path).series if one.gated]
    assert series.changes == ()


def outcome(tmp_path: Path, found: Gated) -> Outcome:
    record = NightRecord(madenights.TRACK, "git:x@y:vanilla", "y", madenights.commit(LAST),
                         "git:x@y:vanilla", "", "", madenights.date(LAST), "regressed")
    return Outcome(madenights.TRACK, record, tmp_path, "6.99.0", found.comparison, found.findings,
                   found.findings, found.known, found.comparison.exit, found.comparison.reason)


EVIL = "</script>|`x` <img src=x>\x1b[31m\n# heading"


def test_one_screen_and_markdown(tmp_path: Path) -> None:
    nights(tmp_path, 1.01, 20)
    told = [replace(outcome(tmp_path, judged(tmp_path)), said=f"regressed {EVIL}")]
    text = summary.text("Nightly", told)
    assert text.startswith("Nightly: REGRESSED (exit status 1)\n")
    assert len(text.splitlines()) <= 24 and max(map(len, text.splitlines())) <= 79
    assert "new " in text and "\x1b" not in text
    page = summary.to_markdown("Nightly", told)
    assert page.startswith("# Nightly: REGRESSED")
    assert "<img" not in page and "\x1b" not in page and "\n# heading" not in page
    assert summary.exit_of([]) == Exit.OK and "no kernel moved" in summary.text("n", [])


def test_the_screen_has_commits_in_short(tmp_path: Path) -> None:
    nights(tmp_path, 1.01, 20)
    made = outcome(tmp_path, judged(tmp_path))
    assert made.night
    base = f"git:/src/linux@{madenights.commit(3)}:vanilla"
    told = replace(made, night=replace(made.night, base=base), said=f"worse than {base}")
    screen = summary.text("Nightly", [told])
    assert madenights.commit(3) not in screen
    assert screen.count(f"@{madenights.commit(3)[:12]}:vanilla") == 2


def test_kcidb_has_the_schemas_shape(tmp_path: Path) -> None:
    nights(tmp_path, 1.01, 20)
    found = judged(tmp_path)
    folder = tmp_path / f"nightly-{madenights.date(LAST)[:10]}"
    record = json.loads((folder / "campaign.json").read_text())
    made = outcome(folder, found)
    night = made.night
    assert night
    night = replace(night, kernel=record["kernels"][0])
    document = json.loads(kcidb.render([replace(made, night=night)]))
    assert document["version"] == {"major": 4, "minor": 0}
    (checkout,) = document["checkouts"]
    assert checkout["git_commit_hash"] == madenights.commit(LAST)
    builds = {one["id"] for one in document["builds"]}
    assert len(builds) == 2 and document["tests"]
    for one in document["tests"]:
        assert one["id"].startswith("swapscale:") and one["build_id"] in builds
        assert re.fullmatch(r"[.a-zA-Z0-9_-]*", one["path"])
        assert one["status"] in ("FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP")
    assert [one["status"] for one in document["tests"]].count("FAIL") == 1
    assert "null" not in json.dumps(document)


@pytest.mark.parametrize("change, says", [
    ('kernels = ["dir:/src/linux"]', "not of kind dir"), ("kernels = []", "at least one"),
    ('on_regression = "bisekt"', "one of report, bisect (did you mean bisect?)"),
    ('experiment = "none.toml"', "none.toml"),
    ("layouts = [12, 6]", "does not rise"), ("layouts = []", "is empty"),
    ("[history]\nfences = 3", "did you mean fence?"), ("[retention]\nkeep = -1", "0..100000"),
    ('kernels = ["6.1:vanilla", "6.12:vanilla"]\nfirst_good = "6.1:vanilla"', "a file of its own"),
    ('unchanged = "maybe"', "one of measure, skip")])
def test_a_wrong_config_is_one_line(tmp_path: Path, change: str, says: str) -> None:
    (tmp_path / "load.toml").write_text(madenights.EXPERIMENT)
    lines = {"format": "format = 1", "kernels": 'kernels = ["6.1:vanilla"]',
             "experiment": 'experiment = "load.toml"'}
    lines[change.split(" ", maxsplit=1)[0]] = change
    path = tmp_path / "n.toml"
    path.write_text("\n".join(lines.values()) + "\n")
    with pytest.raises(UsageError) as error:
        config.load(path)
    assert says in str(error.value) and str(error.value).startswith(f"{path}:")
    assert "\n" not in str(error.value)
