# SPDX-License-Identifier: GPL-2.0-only
"""Logs go both ways between git's bisect and ours; the record on disk is whole or the old one."""
from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from runner.bisect import githistory, gitlog, measure, patches, run, statefile
from runner.bisect.measure import Unfit
from runner.bisect.points import Limits
from runner.bisect.statefile import Flight, Question, Reading, State
from runner.campaign.store import held
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.progress import Progress
from tests.smallgit import commit, git, linear

EXPERIMENT = Path(__file__).parent.parent.parent / "configs" / "bench.toml"
ASKED = Question("git", "/tree", "a", "b", "instructions_per_page", "exact", "pmem", 1, None, "x")


def test_git_replays_our_log(tmp_path: Path) -> None:
    commits = linear(tmp_path, 8)
    found = githistory.find(tmp_path, commits[0], commits[7], Progress())
    path = [Reading(commits[3], "step", "skip", "does not build: no such thing"),
            Reading(commits[4], "step", "bad", ""), Reading(commits[1], "step", "good", "")]
    file = tmp_path / "log"
    file.write_text(gitlog.render(found, path, ""))
    git(tmp_path, "bisect", "replay", str(file))
    refs = git(tmp_path, "for-each-ref", "--format=%(objectname) %(refname)", "refs/bisect")
    assert f"{commits[4]} refs/bisect/bad" in refs
    assert f"refs/bisect/good-{commits[1]}" in refs and f"refs/bisect/skip-{commits[3]}" in refs
    # And git's own log, made of ours, says to us what ours says.
    theirs = tmp_path / "theirs"
    theirs.write_text(git(tmp_path, "bisect", "log") + "\n")
    for one in (file, theirs):
        log = gitlog.read(one)
        assert (log.good, log.bad) == (commits[0], commits[7])
        assert log.steps == [(commits[3], "skip"), (commits[4], "bad"), (commits[1], "good")]


def test_ends_given_to_start(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("git bisect start 'v6.2' 'v6.1' 'v6.0' '--' 'mm'\n# a remark\n"
                    "git bisect new v6.1.5\n")
    log = gitlog.read(file)
    assert (log.good, log.bad, log.steps) == ("v6.1", "v6.2", [("v6.0", "good"),
                                                               ("v6.1.5", "bad")])
    assert log.limits == Limits(False, ("mm",))


@pytest.mark.parametrize("start, old, new", [
    ("'--term-old=fast' '--term-new=slow'", "fast", "slow"),
    ("'--term-old' 'fast' '--term-new' 'slow'", "fast", "slow"),
    ("--term-good=unfixed --term-bad=fixed", "unfixed", "fixed"),
    ("'--term-new=broken'", "good", "broken"), ("--term-old works", "works", "bad"),
    ("'--no-checkout' '--term-new=slow' '--first-parent' '--term-old=fast'", "fast", "slow"),
    ("", "old", "new"), ("", "good", "bad")])
@pytest.mark.parametrize("quote", ["", "> ", ">> \t"])
def test_words_of_its_own(tmp_path: Path, start: str, old: str, new: str, quote: str) -> None:
    """And git takes the same file."""
    commits = linear(tmp_path / "tree", 8)
    file = tmp_path / "log"
    lines = [f"git bisect start {start}", "# status: waiting for both good and bad commits",
             f"# {new}: [{commits[7]}] seven", f"git bisect {new} {commits[7]}",
             f"git bisect {old} {commits[0]}", f"git bisect skip {commits[5]}",
             f"git bisect {old} {commits[3]}", f"git bisect {new} {commits[6]}"]
    file.write_text("I bisected it to this; what now?\n\n" + "".join(
        f"{quote}{line}\n" for line in lines))
    log = gitlog.read(file)
    assert (log.good, log.bad) == (commits[0], commits[7])
    assert log.steps == [(commits[5], "skip"), (commits[3], "good"), (commits[6], "bad")]
    assert log.limits.first_parent == ("--first-parent" in start)
    if not quote and not start.startswith("--"):  # git writes its words in quotes
        git(tmp_path / "tree", "bisect", "replay", str(file))
        theirs = tmp_path / "theirs"
        theirs.write_text(git(tmp_path / "tree", "bisect", "log") + "\n")
        assert gitlog.read(theirs).steps == log.steps
        git(tmp_path / "tree", "bisect", "reset")


def test_paths_without_dashes_and_a_second_start(tmp_path: Path) -> None:
    commits = linear(tmp_path / "tree", 3)
    file = tmp_path / "log"
    file.write_text("git bisect start --term-old=fast --term-new=slow\ngit bisect slow x\n"
                    f"git bisect start {commits[2]} {commits[0]} file 'mm/a b'\n")
    log = gitlog.read(file, lambda ref: githistory.names_commit(tmp_path / "tree", ref))
    assert (log.good, log.bad, log.steps) == (commits[0], commits[2], [])
    assert log.limits == Limits(False, ("file", "mm/a b"))


@pytest.mark.parametrize("text, said", [
    ("git bisect start\ngit bisect good a\n", "names no bad commit"),
    ("git bisect bad a\n", "names no good commit"), ("nonsense\n", "names no good commit"),
    ("git bisect good 'a\n", ":1: "), ("git bisect frobnicate a\n", ":1: git bisect frobnicate"),
    ("git bisect start --term-old=fast\ngit bisect slow a\n",
     ":2: git bisect slow is not fast or skip"),
    ("git bisect start --term-old\n", ":1: --term-old takes a word"),
    ("git bisect start --term-old='a b'\n", ":1: --term-old takes a word"),
    ("git bisect start --bogus\n", ":1: git bisect start has no --bogus"),
    ("git bisect good\n", ":1: git bisect good is not"), ("", "names no good commit"),
])
def test_what_is_no_log(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "log"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        gitlog.read(file)
    assert said in str(error.value)


@pytest.mark.parametrize("data", [
    # As an editor, a mail in Latin-1, and another system's line ends leave it
    b"\xef\xbb\xbfgit bisect start 'b' 'a'\n",
    b"# bad: [b] mm: gr\xf6\xdfer\ngit bisect start b a\n",
    b"git bisect start b a\r\n", b"# status: waiting for both good and bad commits\n"
    b"git bisect start\ngit bisect bad b\ngit bisect good a\n# only skipped commits left\n"])
def test_logs_as_they_come(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "log").write_bytes(data)
    log = gitlog.read(tmp_path / "log")
    assert (log.good, log.bad) == ("a", "b")


def replayed(tree: Path, *lines: str) -> tuple[githistory.History, dict[str, str]]:
    file = tree.with_name("log")
    file.write_text("".join(f"git bisect {line}\n" for line in lines))
    points, said = gitlog.replay(tree, file, Progress())
    return points, {one.point: one.verdict for one in said}


@pytest.mark.parametrize("line", ["good no-such", "skip 0123456"])
def test_a_commit_that_is_not_there_names_the_log(tmp_path: Path, line: str) -> None:
    commits = linear(tmp_path / "tree", 4)
    with pytest.raises(UsageError, match=r"/log: .*/tree: has no commit '(no-such|0123456)'"):
        replayed(tmp_path / "tree", "start", f"bad {commits[3]}", f"good {commits[0]}", line)


def test_no_git_is_not_a_missing_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = linear(tmp_path / "tree", 2)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotMeasure, match="is not installed"):
        githistory.commit_of(tmp_path / "tree", commits[0])


def test_a_log_of_another_range_is_refused(tmp_path: Path) -> None:
    commits = linear(tmp_path / "tree", 8)
    ends = ("start", f"bad {commits[6]}", f"good {commits[2]}")
    with pytest.raises(UsageError, match="is bad, but not between the ends"):
        replayed(tmp_path / "tree", *ends, f"bad {commits[1]}")
    # What says nothing of what is between is no reason to end.
    points, said = replayed(tmp_path / "tree", *ends, f"good {commits[1]}", f"bad {commits[7]}",
                            f"good {commits[4]}", f"skip {commits[0]}")
    assert said == {commits[4]: "good"}
    assert (points.good, points.bad) == (commits[2], commits[6])
    state = State(tmp_path, dataclasses.replace(ASKED, tree=str(tmp_path / "tree")))
    run.trust(state, [Reading(commits[4], "given", "good", "from the log")])
    assert statefile.load(tmp_path).verdicts() == {commits[4]: "good"}


def test_a_log_across_branches(tmp_path: Path) -> None:
    """Good ends on a branch that the bad one has not, and on one that was merged."""
    tree = tmp_path / "tree"
    trunk = linear(tree, 3)
    git(tree, "checkout", "--quiet", "-b", "side", trunk[0])
    side = [commit(tree, f"side {at}", "other") for at in range(2)]
    git(tree, "checkout", "--quiet", "-b", "apart", trunk[0])
    apart = commit(tree, "apart", "third")
    git(tree, "checkout", "--quiet", "master")
    git(tree, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    bad = commit(tree, "last")
    # git takes a good commit that is none of the bad one's; the other is the end.
    points, said = replayed(tree, "start", f"bad {bad}", f"good {apart}", f"good {trunk[1]}")
    assert points.good == trunk[1] and said == {apart: "good"}
    assert points.title(apart).endswith("apart")
    points, said = replayed(tree, "start", f"bad {bad}", f"good {trunk[1]}", f"good {side[1]}")
    assert said == {side[1]: "good"}
    assert set(points.suspects([points.good, *said], points.bad)) == {
        bad, trunk[2], git(tree, "rev-parse", "master^")}


def test_state_reads_back(tmp_path: Path) -> None:
    state = State(tmp_path, ASKED)
    state.flight = Flight("c", "step", "001-step-x", 1)
    state.save()
    assert statefile.load(tmp_path).flight == state.flight
    state.add(Reading("c", "step", "good", "why", 1.5, 1.0, 2.0, 0.99, "001-step-x", "aa"))
    back = statefile.load(tmp_path)
    assert (back.question, back.readings, back.flight) == (ASKED, state.readings, None)
    assert not [one for one in tmp_path.iterdir() if one.name != statefile.STATE]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2}', "null",
                                  json.dumps({"format": 1, "question": {}, "readings": [],
                                              "flight": None})])
def test_damaged_state(tmp_path: Path, text: str) -> None:
    (tmp_path / statefile.STATE).write_text(text)
    with pytest.raises(UsageError, match="state.json: cannot be read"):
        statefile.load(tmp_path)


def test_no_state(tmp_path: Path, swapscale) -> None:
    done = swapscale("bisect", "--resume", tmp_path)
    assert done.returncode == 2 and "is not a bisect" in done.stderr


def test_a_second_runner_is_refused(tmp_path: Path) -> None:
    commits = linear(tmp_path / "tree", 3)
    found = githistory.find(tmp_path / "tree", commits[0], commits[2], Progress())
    experiment = plan.load(EXPERIMENT)
    state = run.create(run.ask(found, "git", experiment, None, None, None, None), experiment,
                       tmp_path / "bisect")
    with held(state.folder, "bisect"):
        with pytest.raises(CannotMeasure, match="another runner is at work on this bisect"):
            run.finish(state, found, Progress())


def test_a_repository_that_vanishes_is_no_verdict(tmp_path: Path) -> None:
    commits = linear(tmp_path / "tree", 3)
    name = f"git:{tmp_path}/tree@{commits[1]}"
    found = githistory.find(tmp_path / "tree", commits[0], commits[2], Progress())
    experiment = plan.load(EXPERIMENT)
    bench = measure.Bench(run.create(run.ask(found, "git", experiment, None, None, None, None),
                                     experiment, tmp_path / "bisect"), Progress())
    # Without a kernel in it the commit is to blame,
    with pytest.raises(Unfit, match="holds no kernel source"):
        bench.kernel(name, "exact")
    # and the host where there is no repository any more.
    (tmp_path / "tree").rename(tmp_path / "elsewhere")
    with pytest.raises(CannotMeasure, match="no such folder.*was there when the bisect began"):
        bench.kernel(name, "exact")


def test_a_series_and_its_points() -> None:
    found = patches.find("6.1:batched")
    count = len(found.names)
    assert (found.good, found.bad) == ("0", str(count)) and count > 3
    assert found.kernel("2") == "6.1:batched@2" and found.parent("2") == "1"
    assert found.title("1").startswith("1 mm")
    left = found.suspects(["0", "1"], found.bad)
    assert sorted(left, key=int) == [str(one) for one in range(2, count + 1)]
    assert left[-1] == found.bad
    assert "mm/" in found.stat("1")


@pytest.mark.parametrize("name, said", [("6.1:vanilla", "has no series to bisect"),
                                        ("6.1:batched@2", "leave @2 away")])
def test_what_is_no_series(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        patches.find(name)


def test_a_reversed_patch_takes_the_patch_back(tmp_path: Path) -> None:
    commits = linear(tmp_path, 4)
    text = git(tmp_path, "format-patch", "--stdout", "-1", commits[3]) + "\n"
    (tmp_path / "back.patch").write_text(patches.reversed_diff(text))
    git(tmp_path, "apply", "back.patch")
    assert git(tmp_path, "diff", "--stat", commits[2]) == ""
