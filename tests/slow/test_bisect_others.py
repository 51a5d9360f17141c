# SPDX-License-Identifier: GPL-2.0-only
"""Bisects that take long: by the clock, from a log, within a series; a series patch by patch."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import bisecttree
from tests.bisecttree import Commit, git, harmless, slower
from tests.bisecttyped import told
from tests.conftest import EXPERIMENT

pytestmark = pytest.mark.slow

LOCK = "locks.swap_cache_tree.acquisitions_per_page"
#: By the clock of a host that others use, too, only much more work is seen for certain: a page
#: of this kernel costs some four times as many instructions.
MUCH_SLOWER = slower(20000)
COMMITS: list[Commit] = [harmless(0), harmless(1), MUCH_SLOWER, bisecttree.LOCK_ROUND, harmless(2)]


@pytest.fixture(scope="module")
def history() -> tuple[Path, list[str]]:
    place = bisecttree.warm_place()
    return place, bisecttree.make(place, COMMITS)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bisect") / "others.toml"
    file.write_text(EXPERIMENT.format(
        top='tiers = ["exact", "locks", "timed"]', guest="vcpus = 1", swap=320, ratio=1.5,
        verify="false", floor=1000).replace("pairs = 1", "looks = [8, 14]\nconfirm_pairs = 6"),
        encoding="utf-8")
    return file


def test_by_the_clock(history: tuple[Path, list[str]], experiment: Path, swapscale,
                      tmp_path: Path) -> None:
    tree, commits = history
    done = swapscale("bisect", "--tree", tree, "--good", commits[0], "--bad", commits[-1],
                     "--experiment", experiment, "--metric", "throughput_mib_s", "--results",
                     tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(MUCH_SLOWER) + 1] and found["confirmed"]
    # The ends were measured side by side, and each has its own figure and image.
    ends = [row["reading"] for row in found["rows"] if row["reading"]["role"].endswith(" end")]
    assert ends[0]["campaign"] == ends[1]["campaign"] and ends[0]["image"] != ends[1]["image"]
    assert ends[0]["value"] > 2 * ends[1]["value"]
    # Each step had both ends beside it, in every round.
    for row in found["rows"]:
        if row["reading"]["role"] == "step":
            folder, = tmp_path.glob(f"bisect-*/measured/{row['reading']['campaign']}")
            kernels = json.loads((folder / "campaign.json").read_text())["kernels"]
            assert {name.rpartition("@")[2].partition(":")[0] for name in map(str, kernels)} >= {
                commits[0], commits[-1]}
    assert "a time of an emulated guest says nothing of real hardware" in found["warnings"]


def test_a_log_is_gone_on_with(history: tuple[Path, list[str]], experiment: Path, swapscale,
                               tmp_path: Path) -> None:
    tree, commits = history
    git(tree, "bisect", "start", "--no-checkout", commits[-1], commits[0])
    try:
        git(tree, "bisect", "good", commits[3])
        log = tmp_path / "log"
        log.write_text(git(tree, "bisect", "log"), encoding="utf-8")
    finally:
        git(tree, "bisect", "reset")
    done = swapscale("bisect", "--tree", tree, "--replay", log, "--experiment", experiment,
                     "--metric", LOCK, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(bisecttree.LOCK_ROUND) + 1]
    path = [row["reading"] for row in found["rows"]]
    assert [(one["point"], one["verdict"]) for one in path if one["role"] == "given"] == [
        (commits[3], "good")]
    # Nothing that the log knew was measured.
    assert not {one["point"] for one in path if one["role"] == "step"} & set(commits[1:4])


def as_series(tree: Path, commits: list[str], folder: Path) -> str:
    """The commits as a quilt series; the kernel's name."""
    folder.mkdir()
    names = []
    for number, commit in enumerate(commits, 1):
        names.append(f"{number:04d}.patch")
        (folder / names[-1]).write_text(git(tree, "format-patch", "--stdout", "-1", commit),
                                        encoding="utf-8")
    (folder / "series").write_text("\n".join(names) + "\n", encoding="ascii")
    return f"6.1:{folder}"


def test_within_a_series(history: tuple[Path, list[str]], experiment: Path, swapscale,
                         tmp_path: Path) -> None:
    tree, commits = history
    name = as_series(tree, commits[1:], tmp_path / "series")
    done = swapscale("bisect", "--series", name, "--experiment", experiment, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert (found["culprit"], found["confirmed"]) == ("3", True)
    assert MUCH_SLOWER.subject in found["title"] and "0003.patch" in found["stat"]
    # The patch taken back on the whole series is the good end again, less what the lock costs.
    revert, = (row["reading"] for row in found["again"] if row["reading"]["role"] == "revert")
    assert revert["verdict"] == "good", revert


def test_patch_by_patch(history: tuple[Path, list[str]], experiment: Path, swapscale,
                        tmp_path: Path) -> None:
    tree, commits = history
    name = as_series(tree, commits[1:], tmp_path / "series")
    exact = tmp_path / "exact.toml"
    exact.write_text(experiment.read_text().replace('["exact", "locks", "timed"]',
                                                    '["exact", "locks"]'), encoding="utf-8")
    done = swapscale("attribute", name, "--experiment", exact, "--results", tmp_path,
                     "--format", "json")
    # Two of its patches make something worse.
    assert done.returncode == 1, done.stdout + done.stderr
    patches = json.loads(done.stdout)["patches"]
    assert [one["number"] for one in patches] == [1, 2, 3, 4, 5]
    worse = {(one["number"], metric["name"]) for one in patches for cell in one["cells"]
             for metric in cell["metrics"] if metric["verdict"] == "regressed"}
    assert {(3, "instructions_per_page"), (4, LOCK)} <= worse
    assert not [one for one in worse if one[0] in (1, 2, 5)]
    folder, = (one for one in tmp_path.iterdir() if (one / "attribution.txt").is_file())
    assert MUCH_SLOWER.subject in (folder / "attribution.txt").read_text()
    assert MUCH_SLOWER.subject in (folder / "attribution.md").read_text()
