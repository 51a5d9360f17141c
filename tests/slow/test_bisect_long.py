# SPDX-License-Identifier: GPL-2.0-only
"""25 known commits are bisected with real kernels, by two tiers and by git's own loop; the commands
are those of the page."""
from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests import bisecttree
from tests.bisecttree import BROKEN, LOCK_ROUND, NOTHING, PANICS, SLOWER, git
from tests.bisecttyped import documented, readings, seal, told
from tests.conftest import EXPERIMENT, ROOT, one_line
from tests.waiting import qemus_of, wait_for

pytestmark = pytest.mark.slow

COMMITS = bisecttree.planted()
#: Seconds that a kernel built from nothing and both ends may take on a crowded host.
BEFORE_A_STEP = 3000.0
LOCK = "locks.swap_cache_tree.acquisitions_per_page"


@pytest.fixture(scope="module")
def history() -> tuple[Path, list[str]]:
    """The repository, and its commits from the import on."""
    place = bisecttree.warm_place()
    return place, bisecttree.make(place, COMMITS)


@pytest.fixture(scope="module")
def words(history: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory
          ) -> dict[str, str | Path]:
    tree, commits = history
    file = tmp_path_factory.mktemp("bisect") / "bisect.toml"
    file.write_text(EXPERIMENT.format(
        top='tiers = ["exact", "locks"]', guest='vcpus = 1\naccelerator = "icount"', swap=512,
        ratio=2.0, verify="false", floor=1000), encoding="utf-8")
    return {"/src/linux": tree, "v6.10": commits[0], "v6.11": commits[-1],
            "configs/bench.toml": file}


def test_there_are_as_many_commits_as_promised() -> None:
    assert len(COMMITS) >= 24


def test_one_percent_of_instructions_through_skips_and_a_kill(
        history: tuple[Path, list[str]], words: dict[str, str | Path], swapscale,
        tmp_path: Path) -> None:
    tree, commits = history
    before = seal(tree)
    command = [*documented("bisect --tree", **words), "--results", tmp_path]
    with subprocess.Popen([str(ROOT / "swapscale"), *map(str, command)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as runner:
        folder = wait_for(lambda: list(tmp_path.glob("bisect-*/state.json")))[0].parent
        # Killed while the guest of a step runs, after one step that told something.
        wait_for(lambda: runner.poll() is not None or (
            [one for one in readings(folder) if one["role"] == "step"]
            and qemus_of(folder)), BEFORE_A_STEP)
        runner.send_signal(signal.SIGKILL)
        said = runner.communicate()[0]
    assert runner.returncode == -signal.SIGKILL, said
    wait_for(lambda: not qemus_of(folder))
    first = readings(folder)

    done = swapscale(*documented("bisect --resume", **{
        "results/bisect-20261126-120000": folder}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert readings(folder)[:len(first)] == first
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(SLOWER) + 1]
    assert SLOWER.subject in done.stdout.splitlines()[0]
    assert found["confirmed"] and found["confidence"] > 0.9
    assert "mm/page_io.c" in found["stat"]
    # Each was measured once: no point stands twice on the path.
    path = [row["reading"] for row in found["rows"] if row["reading"]["role"] == "step"]
    assert len({one["point"] for one in path}) == len(path)
    assert 0.005 < found["change"]["change"] < 0.015
    assert [one["reading"]["verdict"] for one in found["again"]
            if one["reading"]["role"] in ("parent", "culprit", "revert")] == ["good", "bad", "good"]
    assert "git bisect bad " + found["culprit"] in (folder / "bisect.log").read_text()
    assert (folder / "bisect.png").is_file() and (folder / "bisect.md").is_file()
    # What does not build or boot was skipped with its reason.
    skipped = {one["point"]: one for one in path if one["verdict"] == "skip"}
    assert "does not build" in skipped[commits[COMMITS.index(BROKEN) + 1]]["reason"]
    panicked = skipped[commits[COMMITS.index(PANICS) + 1]]
    assert "does not boot: kernel-panic" in panicked["reason"] and panicked["retries"] == 1
    assert seal(tree) == before


def test_one_more_lock_round(history: tuple[Path, list[str]], words: dict[str, str | Path],
                             swapscale, tmp_path: Path) -> None:
    _, commits = history
    command = documented("bisect --tree /src/linux --good v6.10 --bad v6.11 --experiment "
                         "configs/bench.toml --metric", **{
                             **words, "locks.swap_device.acquisitions_per_page": LOCK, "0.3": "2.5",
                             "v6.10": commits[COMMITS.index(SLOWER) + 1],
                             "v6.11": commits[COMMITS.index(NOTHING) + 1]})
    done = swapscale(*command, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(LOCK_ROUND) + 1]
    assert found["confirmed"] and found["line"] == 2.5
    assert round(found["change"]["base"]) == 2 and round(found["change"]["test"]) == 3
    # The bad end changes nothing in this configuration: the commit before it takes its verdict.
    pair = {commits[COMMITS.index(one) + 1] for one in (LOCK_ROUND, NOTHING)}
    taken = [one["reading"] for one in found["rows"] if one["reading"]["same_as"]]
    assert [{one["point"], one["same_as"]} for one in taken] == [pair]
    assert "changes nothing in this configuration" in taken[0]["reason"]


def test_no_regression_is_refused_with_what_was_measured(
        history: tuple[Path, list[str]], words: dict[str, str | Path], swapscale,
        tmp_path: Path) -> None:
    _, commits = history
    done = swapscale("bisect", "--tree", words["/src/linux"], "--good",
                     commits[COMMITS.index(LOCK_ROUND) + 1], "--bad", commits[-1], "--metric", LOCK,
                     "--experiment", words["configs/bench.toml"], "--results", tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    said = one_line(done.stderr)
    assert "no regression between them" in said and re.search(r"3\.\d+ → 3\.\d+|3 → 3", said)
    assert not list(tmp_path.glob("bisect-*/bisect.json"))


def test_git_bisect_run(history: tuple[Path, list[str]], words: dict[str, str | Path],
                        tmp_path: Path) -> None:
    """git's own loop, in a range of four with the lock round in it; nothing is checked out."""
    tree, commits = history
    at = COMMITS.index(LOCK_ROUND)
    step = [*documented("bisect-step", **{
        **words, "results/mine": tmp_path / "mine", "v6.10": commits[at - 1],
        "v6.11": commits[at + 3]}), "--metric", LOCK, "--commit", "BISECT_HEAD"]
    git(tree, "bisect", "start", "--no-checkout", commits[at + 3], commits[at - 1])
    try:
        said = git(tree, "bisect", "run", str(ROOT / "swapscale"), *map(str, step))
    finally:
        git(tree, "bisect", "reset")
    assert f"{commits[at + 1]} is the first bad commit" in said
