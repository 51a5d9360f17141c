# SPDX-License-Identifier: GPL-2.0-only
"""A history is only read, and what is wrong with its ends is one line."""
from __future__ import annotations

import hashlib
import math
import random
from pathlib import Path

import pytest

from runner.bisect import githistory, points
from runner.bisect.githistory import History
from runner.errors import UsageError
from runner.progress import Progress
from tests.conftest import one_line
from tests.smallgit import commit, git, linear

EXPERIMENT = Path(__file__).parent.parent.parent / "configs" / "bench.toml"


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, list[str]]:
    return tmp_path / "tree", linear(tmp_path / "tree", 8)


def bisect(points_: History, culprit: int, skip: set[str]) -> tuple[list[str], int]:
    """Bisect a linear history by its order; the suspects left and the tests it took."""
    order = {point: points_.place(point) for point in points_.suspects([points_.good],
                                                                       points_.bad)}
    path: list[tuple[str, str]] = []
    while True:
        left = points.narrowed(points_, dict(path))
        row = 0
        for _, verdict in reversed(path):
            if verdict != "skip":
                break
            row += 1
        bad = [one for one in left if dict(path).get(one) == "bad"]
        point = points.choose(left, bad[0] if bad else points_.bad, dict(path), row)
        if point is None:
            return left, len(path)
        path.append((point, "skip" if point in skip else
                     "bad" if order[point] >= culprit else "good"))


def test_every_culprit_is_found_in_as_many_steps_as_it_takes(tmp_path: Path) -> None:
    commits = linear(tmp_path, 18)
    found = githistory.find(tmp_path, commits[0], commits[-1], Progress())
    for culprit in range(1, 18):
        left, steps = bisect(found, culprit, set())
        assert left == [commits[culprit]]
        assert steps <= math.ceil(math.log2(17))


def test_what_is_skipped_leaves_its_neighbours_as_suspects_alone(tmp_path: Path) -> None:
    commits = linear(tmp_path, 18)
    found = githistory.find(tmp_path, commits[0], commits[-1], Progress())
    draw = random.Random(1)
    for _ in range(12):
        culprit, skip = draw.randrange(1, 18), set(draw.sample(commits[1:-1], 5))
        left, _ = bisect(found, culprit, skip)
        assert commits[culprit] in left
        # All but the last of them, which is known to be bad, are skipped ones.
        last = max(left, key=found.place)
        assert set(left) - {last} <= skip
        assert left == [commits[culprit]] or set(left) & skip


def test_a_row_of_skipped_ones_is_stepped_away_from() -> None:
    left = [str(one) for one in range(64)]
    taken: list[str] = []
    for row in range(6):
        one = points.choose(left, "none", taken, row)
        assert one is not None
        taken.append(one)
    assert taken[0] == "0" and int(taken[-1]) > 25


def test_merges(tmp_path: Path) -> None:
    commits = linear(tmp_path, 3)
    git(tmp_path, "checkout", "--quiet", "-b", "side", commits[1])
    side = [commit(tmp_path, f"side {at}", "other") for at in range(3)]
    git(tmp_path, "checkout", "--quiet", "master")
    git(tmp_path, "merge", "--quiet", "--no-edit", "side")
    merge = git(tmp_path, "rev-parse", "HEAD")
    found = githistory.find(tmp_path, commits[0], "master", Progress())
    assert set(found.suspects([found.good], found.bad)) == {*commits[1:], *side, merge}
    # Bad on the side branch: what master had alone is no suspect any more.
    left = points.narrowed(found, {side[2]: "bad", commits[2]: "good"})
    assert set(left) == set(side)
    assert found.parent(merge) == commits[2]


def test_the_repository_is_only_read(repository: tuple[Path, list[str]]) -> None:
    tree, commits = repository
    (tree / "file").write_text("not committed\n")

    def seal() -> dict[str, str]:
        return {str(one): hashlib.sha256(one.read_bytes()).hexdigest() + str(one.stat().st_mtime_ns)
                for one in tree.rglob("*") if one.is_file()}

    before = seal()
    found = githistory.find(tree, commits[0], "HEAD", Progress())
    assert found.title(commits[3]) == f"{commits[3][:12]} change 3"
    assert "1 file changed" in found.stat(commits[3])
    assert b"-change 3" in found.revert(commits[3])
    assert points.narrowed(found, {commits[3]: "good"})
    assert seal() == before


def test_changes_that_are_not_committed_are_said(repository: tuple[Path, list[str]],
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    tree, commits = repository
    (tree / "file").write_text("not committed\n")
    githistory.find(tree, commits[0], "HEAD", Progress())
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "1 file with changes that are not committed" in said[0]


@pytest.mark.parametrize("good, bad, said", [
    ("nope", "HEAD", "has no commit 'nope'"), ("HEAD~3", "nope", "has no commit 'nope'"),
    ("--all", "HEAD", "has no commit '--all'"), ("HEAD", "HEAD~2", "are exchanged"),
    ("HEAD", "master", "are the same commit"), ("HEAD~1", "apart", "are on different branches"),
    ("HEAD~1", "alone", "have no commit in common"), ("HEAD:file", "HEAD", "has no commit"),
])
def test_wrong_ends(repository: tuple[Path, list[str]], good: str, bad: str, said: str) -> None:
    tree, commits = repository
    git(tree, "checkout", "--quiet", "-b", "apart", commits[2])
    commit(tree, "elsewhere")
    git(tree, "checkout", "--quiet", "--orphan", "alone")
    git(tree, "commit", "--quiet", "-m", "alone")
    git(tree, "checkout", "--quiet", "master")
    with pytest.raises(UsageError) as error:
        githistory.find(tree, good, bad, Progress())
    assert said in str(error.value) and "\n" not in str(error.value)


def test_shallow_clone(repository: tuple[Path, list[str]], tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "3", f"file://{repository[0]}", "shallow")
    with pytest.raises(UsageError, match="is a shallow clone.*fetch --unshallow"):
        githistory.find(tmp_path / "shallow", "HEAD~1", "HEAD", Progress())


@pytest.mark.parametrize("words, said", [
    (("--good", "nope"), "has no commit 'nope'"),
    (("--good", "HEAD", "--bad", "HEAD~1"), "are exchanged"),
    ((), "give --good"),
    (("--good", "HEAD~2", "--metric", "nonsense"), "nonsense: is not a metric"),
    (("--good", "HEAD~2", "--metric", "pgscan_per_page"), "rules.thresholds: has no pgscan"),
    (("--good", "HEAD~2", "--device", "disk"), "devices: disk is not one of pmem"),
    (("--good", "HEAD~2", "--above", "3", "--metric", "throughput_mib_s"), "--above: more"),
    (("--replay", "log"), "log: cannot be read"),
    (("--replay", "log", "--good", "HEAD~2"), "takes the ends"),
    (("--good", "HEAD~2", "--", "no/such"), "touches no/such; name other paths"),
    (("--replay", "log", "--first-parent"), "takes the ends"),
    (("--series", "6.1:batch-add"), "give --experiment and --tree or --series"),
])
def test_command_refuses_in_one_line(repository: tuple[Path, list[str]], tmp_path: Path,
                                     swapscale, words: tuple[str, ...], said: str) -> None:
    done = swapscale("bisect", "--tree", repository[0], "--experiment", EXPERIMENT, "--results",
                     tmp_path / "results", *words)
    assert done.returncode == 2
    assert said in one_line(done.stderr)
    assert not (tmp_path / "results").exists()


def test_ends_that_are_no_kernels(repository: tuple[Path, list[str]], tmp_path: Path,
                                  swapscale) -> None:
    done = swapscale("bisect", "--tree", repository[0], "--experiment", EXPERIMENT, "--results",
                     tmp_path, "--good", "HEAD~2")
    assert done.returncode == 4
    assert "holds no kernel source" in one_line(done.stderr)


def test_step_for_git_never_takes_an_error_for_a_verdict(repository: tuple[Path, list[str]],
                                                         tmp_path: Path, swapscale) -> None:
    for words in ((), ("--state",), ("--state", tmp_path / "new"),
                  ("--state", tmp_path / "new", "--tree", repository[0], "--good", "HEAD~2",
                   "--bad", "HEAD", "--experiment", EXPERIMENT)):
        done = swapscale("bisect-step", *words)
        assert done.returncode >= 128, done.stderr
        one_line(done.stderr)
