# SPDX-License-Identifier: GPL-2.0-only
"""A bisect that is killed, interrupted or kept from working goes on as if nothing had happened."""
from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from pathlib import Path

import pytest

from runner.bisect import picture
from runner.bisect.statefile import Reading
from runner.errors import CannotMeasure, SourceGone
from runner.plot.plots import Drawn
from runner.progress import Progress
from runner.records import BuiltKernel
from tests import bisectlab
from tests.bisectcases import Case, asked, called, check, path
from tests.bisectlab import Bisect, Killed, Lab
from tests.smallgit import git

pytestmark = pytest.mark.usefixtures("light")


def told(bisect: Bisect) -> list[Reading]:
    """The readings, without what no two runs have in common: times of day, and how long."""
    return [dataclasses.replace(one, seconds=0.0, campaign=one.campaign.rpartition("-2")[0],
                                reason=one.reason.replace(str(bisect.folder), "bisect"))
            for one in bisect.state.readings]


def again(case: Case, tree: Path, place: Path) -> Bisect:
    """The same question once more, for another lab."""
    commits = git(tree, "rev-list", "--reverse", "--topo-order", "master").split()
    lab = Lab()
    place.mkdir()
    return bisectlab.ask(place, bisectlab.between(tree, commits[0], commits[-1]), lab, case.tiers,
                         case.metric, case.above)


def test_killed_at_any_step_it_goes_on_as_if_nothing_had_happened(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "render", lambda found, folder: Drawn((), ""))
    case = called("locks above a line")
    whole, _ = asked(case, tmp_path)
    answer = whole.run()
    assert whole.lab.events > 20
    for event in range(1, whole.lab.events + 1):
        bisect = again(case, tmp_path / "tree", tmp_path / f"killed-{event}")
        bisect.lab.die_at, bisect.lab.death = event, KeyboardInterrupt if event % 2 else Killed
        with pytest.raises(bisect.lab.death):
            bisect.run()
        found = bisect.run()
        assert told(bisect) == told(whole), event
        assert (found.culprit, found.exit) == (answer.culprit, answer.exit)
        # What was on record when it was killed was not booted again.
        once = Counter((home, number) for home, _, number in bisect.lab.booted)
        assert max(once.values()) == 1, event


@pytest.mark.parametrize("name", ["one does not boot", "one flakes once", "by the clock",
                                  "on a side branch", "most change nothing",
                                  "its revert meets a conflict", "instructions and locks"])
def test_killed_in_and_after_each_boot_it_comes_to_the_same(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bisect that gets no further than a boot in two lives, or than a twentieth of them."""
    monkeypatch.setattr(picture, "render", lambda found, folder: Drawn((), ""))
    case = called(name)
    whole, _ = asked(case, tmp_path)
    whole.run()
    lab = (bisect := again(case, tmp_path / "tree", tmp_path / "killed")).lab
    kills, far = 0, max(1, len(whole.lab.booted) // 20)
    while True:
        lab.dies_in, lab.dies_after = (0, len(lab.booted) + far) if kills % 2 else (
            len(lab.booted) + 1, 0)
        try:
            bisect.run()
            break
        except Killed:
            kills += 1
    assert kills >= 2 * (len(lab.booted) // far)
    assert len(lab.booted) == len(whole.lab.booted)
    assert told(bisect) == told(whole)


@pytest.mark.parametrize("trouble, said", [
    (CannotMeasure("no room on the disk"), "no room on the disk"),
    (SourceGone("no such folder"), "was there when the bisect began"),
    (KeyboardInterrupt(), "")])
def test_what_the_host_does_is_no_verdict(trouble: BaseException, said: str, tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """It ends the bisect where it is, and what is gone on with is the same bisect."""
    case = called("one does not build")
    bisect, commits = asked(case, tmp_path)
    make, count = bisect.lab.make, 0

    def third(name: str, flavour: str, progress: Progress) -> BuiltKernel:
        nonlocal count
        count += threading.current_thread() is threading.main_thread()
        if count == 3:
            count += 1
            raise trouble
        return make(name, flavour, progress)

    bisect.lab.make = third     # type: ignore[method-assign]
    with pytest.raises((CannotMeasure, KeyboardInterrupt), match=said):
        bisect.run()
    assert {one.verdict for one in bisect.state.readings} == {"good", "bad"}
    if isinstance(trouble, KeyboardInterrupt):
        assert f"./swapscale bisect --resume {bisect.folder}" in capsys.readouterr().err
    check(case, bisect, commits, bisect.run())


def test_a_host_that_ended_qemu_measures_that_step_afresh(tmp_path: Path) -> None:
    case = called("the host ends QEMU")
    bisect, commits = asked(case, tmp_path)
    with pytest.raises(CannotMeasure, match=case.refused):
        bisect.run()
    assert bisect.state.flight is None and not path(bisect.state.readings)
    found = bisect.run()
    assert found.culprit == commits[-1] and found.confirmed and not found.warnings
