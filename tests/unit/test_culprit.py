# SPDX-License-Identifier: GPL-2.0-only
"""The night asks which commit it was: of which range, when not, and what becomes of the answer."""
from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner import report
from runner.bisect import bisectformats, run, statefile
from runner.bisect.anchors import NothingToBisect
from runner.bisect.result import Result
from runner.errors import CannotMeasure, Exit
from runner.judge import verdict
from runner.judge.results import HISTORY, Base, Bisected, Kind
from runner.nightly import config, culprit, indexfile, nightfile, summary
from runner.nightly.config import Nightly
from runner.nightly.gate import Finding
from runner.nightly.night import Outcome
from runner.progress import Progress
from runner.records import Rules
from tests.smallgit import commit, git, linear
from tests.unit import madenights

PAGE = "instructions_per_page"
PROGRESS = Progress()


class Home:
    """A tree of six commits, a nightly file of its branch, and a results folder."""

    def __init__(self, place: Path) -> None:
        self.tree = place / "tree"
        self.commits = linear(self.tree, 6)
        self.track = f"git:{self.tree}@master"
        self.results = place / "results"
        self.results.mkdir()
        (place / "load.toml").write_text(madenights.EXPERIMENT)
        self.file = place / "n.toml"
        self.file.write_text(f'format = 1\nkernels = ["{self.track}"]\n'
                             'experiment = "load.toml"\non_regression = "bisect"\n')

    @property
    def config(self) -> Nightly:
        return config.load(self.file)

    def kernel(self, at: int) -> str:
        return f"git:{self.tree}@{self.commits[at]}:vanilla"

    def night(self, number: int, at: int = -1, base: str | int = 1, new: bool = True,
              **changes: Any) -> Outcome:
        """A night of commit `at` that regressed against that of `base`; '': its history."""
        against = self.kernel(base) if isinstance(base, int) else base
        one = finding(against=Base(Kind.KERNEL, against) if against else HISTORY)
        told = {"kernel": self.kernel(at), "commit": self.commits[at], "track": self.track,
                "base": against, "exit": 1, "good": False, "reported": (one.name,), **changes}
        folder = madenights.write(self.results, number, {"exact": {PAGE: 9750.0}},
                                  verdict="regressed", **told)
        indexfile.refresh(self.results, PROGRESS)
        compared = verdict.compare(madenights.samples(number, {"exact": {PAGE: 9750.0}}, 2),
                                   Rules("", {}))
        return Outcome(self.track, nightfile.read(folder), folder, "6.99.0", compared, (one,),
                       (one,) if new else (), (), Exit.REGRESSED, "regressed")

    def begin(self, outcome: Outcome) -> Bisected:
        (told,) = asked(culprit.begin(self.config, outcome, self.results, PROGRESS))
        return told


def finding(**changes: Any) -> Finding:
    one = Finding("", "instructions per page: 9650 → 9750", PAGE, "pmem", 1, "exact", 0.01, HISTORY)
    one = replace(one, **changes)
    return replace(one, name=f"{one.metric} {one.device} {one.tier} against {one.against}")


def asked(outcome: Outcome) -> tuple[Bisected, ...]:
    return outcome.comparison.bisects


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_new_regression_is_asked_about_from_the_last_good_commit_on(home: Home) -> None:
    outcome = home.night(3)
    told = home.begin(outcome)
    assert told.state == "unfinished" and f"--resume {told.folder}" in told.said
    question = statefile.load(Path(told.folder)).question
    assert (question.good, question.bad) == (home.commits[1], home.commits[-1])
    assert (question.metric, question.tier, question.device, question.threads) == (
        PAGE, "exact", "pmem", 1)
    # On record before anything is measured: a night that is killed now is gone on with.
    assert outcome.folder
    kept = nightfile.read(outcome.folder)
    assert kept and kept.bisects == (Path(told.folder).name,)


def test_history_is_asked_about_from_the_night_before_on(home: Home) -> None:
    outcome = home.night(3, base="")
    found = tuple(replace(one, before=home.commits[2]) for one in outcome.new)
    told = home.begin(replace(outcome, new=found, findings=found))
    assert statefile.load(Path(told.folder)).question.good == home.commits[2]


def test_no_range_is_bisected_twice(home: Home) -> None:
    first = home.begin(home.night(3))
    assert home.begin(home.night(4)).folder == first.folder
    assert home.begin(home.night(5, base=2)).folder != first.folder
    assert len(list(home.results.glob("bisect-*"))) == 2


def test_a_rebased_branch_is_bisected_from_where_it_parts(home: Home) -> None:
    git(home.tree, "checkout", "--quiet", "-b", "old", home.commits[2])
    old = commit(home.tree, "dropped by the rebase")
    told = home.begin(home.night(3, base=f"git:{home.tree}@{old}:vanilla"))
    assert statefile.load(Path(told.folder)).question.good == home.commits[2]


@pytest.mark.parametrize("changes, says", [
    ({"kernel": "6.1:vanilla"}, "not a commit of a git tree"),
    ({"kernel": "git:{tree}@{tip}:{patches}"}, "patches on top"),
    ({"base": "6.1:vanilla"}, "6.1:vanilla is not a commit of"),
    ({"base": "git:/elsewhere@{tip}:vanilla"}, "is not a commit of"),
    ({"base": "git:{tree}@{tip}:vanilla"}, "same commit"),
    ({"base": "git:{tree}@0123456789abcdef:vanilla"}, "has no commit"),
    ({"base": "git:{tree}@{child}:vanilla"}, "are exchanged")])
def test_where_there_is_nothing_to_bisect_one_line_says_why(
        home: Home, changes: dict[str, str], says: str) -> None:
    patches = home.results.parent / "patches"
    patches.mkdir()
    (patches / "a.patch").write_text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    (patches / "series").write_text("a.patch\n")
    words = {"tree": home.tree, "tip": home.commits[4], "patches": patches,
             "child": home.commits[5]}
    told = home.begin(home.night(3, at=4, **{key: text.format(**words)
                                             for key, text in changes.items()}))
    assert (told.state, told.folder) == ("none", "") and says in told.said
    assert "\n" not in told.said and not list(home.results.glob("bisect-*"))


def test_a_metric_of_a_tier_that_bisect_does_not_take_it_from(home: Home) -> None:
    outcome = home.night(3)
    found = tuple(replace(one, tier="timed") for one in outcome.new)
    told = home.begin(replace(outcome, new=found))
    assert told.state == "none" and "regressed in the timed tier" in told.said


def test_the_surest_tier_leads_and_history_has_the_nearer_good_end() -> None:
    lock = finding(metric="locks.swap_device.acquisitions_per_page", tier="locks", change=1.0)
    base = finding(against=Base(Kind.KERNEL, "git:x"))
    past = finding(change=0.0099)
    speed = finding(metric="throughput_mib_s", tier="timed", change=-0.5)
    assert culprit.leading([lock, base, past, speed]) == past
    assert culprit.leading([speed, lock]) == lock
    assert culprit.leading([past, finding(device="brd", change=0.3)]).device == "brd"


def test_what_stands_is_answered_by_its_own_nights_bisect(home: Home) -> None:
    first = home.begin(home.night(3))
    later = home.begin(home.night(4, new=False))
    assert (later.state, later.folder) == ("unfinished", first.folder)
    # Another night's regression of the same metric is not what that bisect was about.
    other = culprit.begin(home.config, home.night(5, base=2, new=False), home.results, PROGRESS)
    assert asked(other) == ()


def test_nothing_is_asked_where_the_file_does_not_say_so(home: Home) -> None:
    home.file.write_text(home.file.read_text().replace('"bisect"', '"report"'))
    assert asked(culprit.begin(home.config, home.night(3), home.results, PROGRESS)) == ()
    assert not list(home.results.glob("bisect-*"))


def _raises(error: BaseException):
    def finish(*_: object) -> Result:
        raise error
    return finish


@pytest.mark.parametrize("error, state", [
    (NothingToBisect("a (good) and b (bad): no regression between them"), "inconclusive"),
    (CannotMeasure("no room on the disk"), "failed"),
    (OSError(errno.ENOSPC, "No space left on device", "state.json"), "failed")])
def test_a_bisect_that_comes_to_nothing_leaves_the_gate_alone(
        home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str) -> None:
    outcome = culprit.begin(home.config, home.night(3), home.results, PROGRESS)
    monkeypatch.setattr(run, "finish", _raises(error))
    done = culprit.finish(outcome, PROGRESS)
    (told,) = asked(done)
    assert told.state == state and str(error) in told.said
    assert ("--resume" in told.said) == (state == "failed")
    assert done.exit == Exit.REGRESSED and done.night == outcome.night
    assert done.comparison.exit == outcome.comparison.exit


def test_a_bisect_that_cannot_be_resumed_fails_in_one_line(home: Home) -> None:
    outcome = culprit.begin(home.config, home.night(3), home.results, PROGRESS)
    (told,) = asked(outcome)
    (Path(told.folder) / statefile.STATE).write_text("{")
    (told,) = asked(culprit.finish(outcome, PROGRESS))
    assert told.state == "failed" and "state.json: cannot be read" in told.said


def test_an_interrupt_is_not_swallowed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = culprit.begin(home.config, home.night(3), home.results, PROGRESS)
    monkeypatch.setattr(run, "finish", _raises(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        culprit.finish(outcome, PROGRESS)
    assert culprit.unfinished(outcome)


EVIL = "</script><img src=x>\x1b[31m|`x`"


def test_every_output_names_the_commit(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = culprit.begin(home.config, home.night(3), home.results, PROGRESS)
    folder = Path(asked(outcome)[0].folder)
    found = Result(statefile.load(folder).question, 9700.0, "instructions/page", (), (), ("x",),
                   home.commits[3], f"{home.commits[3][:12]} mm: {EVIL}", "", 0.9876, True, (),
                   None, (), ())

    def finish(*_: object) -> Result:
        (folder / bisectformats.FILES["text"]).write_text("the whole path")
        return found

    monkeypatch.setattr(run, "finish", finish)
    done = culprit.finish(outcome, PROGRESS)
    (told,) = asked(done)
    assert (told.state, told.culprit, told.confidence, told.confirmed) == (
        "found", home.commits[3], 0.9876, True)
    assert done.folder
    short = home.commits[3][:12]
    screen = summary.text("Nightly", [done])
    assert f"bisect   found: {short} mm" in screen and str(folder.name) in screen
    assert len(screen.splitlines()) <= 24 and "\x1b" not in screen
    page = summary.to_markdown("Nightly", [done])
    assert f"**bisect, found**: {short}" in page and "<img" not in page
    merged = summary.merged([done])
    document = json.loads(report.FORMATS["json"](merged))
    assert [(one["culprit"], one["confidence"], one["folder"]) for one in document["bisects"]] == [
        (home.commits[3], 0.9876, str(folder))]
    for form in ("text", "markdown", "html"):
        shown = report.FORMATS[form](merged)
        assert short in " ".join(shown.split()) and "98.76%" in shown, form
        assert ("<img" in shown) == (form == "text") and "\x1b" not in shown
    own = (done.folder / report.FILES["html"]).read_text()
    assert f'href="../{folder.name}/{bisectformats.FILES["text"]}"' in own
