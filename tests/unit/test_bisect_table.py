# SPDX-License-Identifier: GPL-2.0-only
"""What a bisect comes to, case by case: small real histories, made kernels and made boots.

The same with real kernels takes minutes a case: tests/e2e/test_bisect.py, tests/slow/.
"""
from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runner.bisect import gitlog, patches, run
from runner.bisect.anchors import NothingToBisect
from runner.bisect.statefile import Reading
from runner.errors import CannotMeasure
from runner.progress import Progress
from tests import bisectkernel, bisectlab
from tests.bisectcases import CASES, SLOW, Case, asked, called, change, check, idle, path
from tests.bisectlab import Lab
from tests.smallgit import git

pytestmark = pytest.mark.usefixtures("light")


def seal(tree: Path) -> str:
    """Of every file of the repository."""
    whole = hashlib.sha256()
    for one in sorted(tree.rglob("*")):
        if one.is_file():
            whole.update(f"{one} {one.stat().st_mtime_ns}".encode() + one.read_bytes())
    return whole.hexdigest()


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_case(case: Case, tmp_path: Path) -> None:
    bisect, commits = asked(case, tmp_path)
    before = seal(tmp_path / "tree")
    if case.refused:
        with pytest.raises((NothingToBisect, CannotMeasure), match=case.refused) as refused:
            bisect.run()
        assert "\n" not in str(refused.value)
        assert not (bisect.folder / "bisect.json").exists()
    else:
        check(case, bisect, commits, bisect.run())
    assert seal(tmp_path / "tree") == before


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(CASES) >= 25 and len({one.name for one in CASES}) == len(CASES)


def test_what_a_log_says_is_trusted(tmp_path: Path) -> None:
    case = called("sixteen")
    bisect, commits = asked(case, tmp_path)
    run.trust(bisect.state, [Reading(commits[at], "given", verdict, "from the log")
                             for at, verdict in ((8, "good"), (10, "bad"), (4, "skip"))])
    found = bisect.run()
    assert found.culprit == commits[9]
    # Nothing that the log knew was measured on the way.
    assert [one.point for one in path(bisect.state.readings)] == [commits[9]]
    # And the log of the whole is one that git takes.
    git(tmp_path / "tree", "bisect", "start", "--no-checkout")
    said = git(tmp_path / "tree", "bisect", "replay", str(bisect.folder / gitlog.FILE))
    assert f"{commits[9]} is the first bad commit" in said


def test_within_a_series(tmp_path: Path) -> None:
    changes = [*idle(0, 1), SLOW, change("more", mm_more=100)]
    commits = bisectkernel.grow(tmp_path / "tree", changes)
    folder = tmp_path / "patches"
    folder.mkdir()
    for at, commit in enumerate(commits[1:], 1):
        (folder / f"{at}.patch").write_text(git(tmp_path / "tree", "format-patch", "--stdout",
                                                "-1", commit) + "\n")
    (folder / "series").write_text("1.patch\n2.patch\n3.patch\n")
    git(tmp_path / "tree", "update-ref", "refs/heads/master", commits[0])
    bisect = bisectlab.ask(tmp_path, patches.find(f"6.1:{folder}"), Lab(tmp_path / "tree"))
    found = bisect.run()
    assert (found.culprit, found.title, found.confirmed) == ("2", "2 slow", True)
    assert [bisect.state.get(role).verdict for role in ("parent", "culprit", "revert")] == [
        "good", "bad", "good"]
    assert not (bisect.folder / gitlog.FILE).exists()


def test_gits_own_loop_comes_to_the_same(tmp_path: Path) -> None:
    """Every step a process of its own, as bisect-step is; ends and earlier steps are kept."""
    case = called("one does not build")
    bisect, commits = asked(case, tmp_path)
    tree, points = tmp_path / "tree", bisectlab.between(tmp_path / "tree", commits[0], commits[-1])
    said = git(tree, "bisect", "start", "--no-checkout", commits[-1], commits[0])
    steps = []
    while "is the first bad commit" not in said:
        commit = git(tree, "rev-parse", "BISECT_HEAD")
        told_ = run.step(bisect.state, points, commit, Progress(), bisect.lab.means())
        boots = len(bisect.lab.booted)
        assert run.step(bisect.state, points, commit, Progress(), bisect.lab.means()) == told_
        assert len(bisect.lab.booted) == boots, "asked twice, measured once"
        steps.append(commit)
        said = git(tree, "bisect", told_.verdict)
    assert f"{commits[7]} is the first bad commit" in said
    assert [one.point for one in path(bisect.state.readings)] == steps
