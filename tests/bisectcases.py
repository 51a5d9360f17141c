# SPDX-License-Identifier: GPL-2.0-only
"""Histories to bisect, each with what must come of it."""
from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from runner.bisect import bisectformats
from runner.bisect.loop import STEP
from runner.bisect.result import Result
from runner.bisect.statefile import Reading
from runner.errors import Exit
from tests import bisectkernel, bisectlab
from tests.bisectkernel import Change
from tests.bisectlab import Bisect, Lab

LOCK = "locks.swap_cache_tree.acquisitions_per_page"
SPEED = "throughput_mib_s"


def change(subject: str, **files: str | int | None) -> Change:
    """mm_slow=100 stands for a file mm/slow that says 100."""
    return Change(subject, {name.replace("_", "/"): None if text is None else str(text)
                            for name, text in files.items()})


def idle(*numbers: int) -> list[Change]:
    """Other images that do the same work."""
    return [change(f"idle {at}", **{f"mm_idle{at}": 0}) for at in numbers]


def documents(*numbers: int) -> list[Change]:
    """Commits that no image has anything of."""
    return [change(f"document {at}", **{f"doc{at}": "words"}) for at in numbers]


SLOW = change("slow", mm_slow=500)
BROKEN, MENDED = change("broken", broken="mm/rmap.c: no such function"), \
    change("mended", broken=None)
PANICS, CALM = change("panics", fault="kernel-panic 1 99"), change("calm", fault=None)
FLAKES = change("flakes", fault="triple-fault 1 1")
SPOILT, CLEAN = change("spoilt", spoilt="swap filled up"), change("clean", spoilt=None)
LOCKED = change("locked", locks_more=1)


@dataclasses.dataclass(frozen=True)
class Case:
    """A history, what is asked of it, and what must come of that."""

    name: str
    commits: list[Change]
    #: Subjects of what is left: one is the culprit; several could not be told apart.
    left: tuple[str, ...] = ()
    #: Instead of an answer: the end of the bisect in one line.
    refused: str = ""
    #: Subject by subject why commits of the path were skipped.
    skipped: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: Verdicts of what was measured again: the commit before, itself, the revert.
    again: tuple[str, ...] = ("good", "bad", "good")
    steps: int | None = None        # at most so many measured
    retries: int = 0
    same: tuple[str, ...] = ()      # took over another's verdict, without a boot
    tiers: tuple[str, ...] = ("exact",)
    metric: str | None = None
    above: float | None = None
    lab: Callable[[Lab, list[str]], None] = lambda lab, commits: None


def side() -> list[Change]:
    """A branch of three beside a line of three, and their merge."""
    line = [change("root", mm_x=0), *idle(1, 2, 3)]
    branch = [dataclasses.replace(one, parents=parents) for one, parents in zip(
        [change(f"side {at}", **{f"mm_side{at}": 0}) for at in range(3)], ((1,), (), ()))]
    # What the branch changed is in the merge, whose tree begins as its first parent's.
    return [*line, *branch, Change("merge", {f"mm/side{at}": "0" for at in range(3)}, (3, 6)),
            *idle(8)]


def beside(at: int, **files: str | int | None) -> list[Change]:
    """That history, with one of its commits doing more."""
    commits = side()
    for place in (at, 7):
        commits[place] = dataclasses.replace(commits[place], files={
            **commits[place].files, **change("", **files).files})
    return commits


def slower_host(lab: Lab, commits: list[str]) -> None:
    """Half as fast after the ends were measured."""
    lab.drift = lambda kernel, boots: 1.0 if boots < 16 else 2.0


def strange_host(lab: Lab, commits: list[str]) -> None:
    """After the ends were measured the bad one is as fast as the good one."""
    lab.drift = lambda kernel, boots: 1 / 1.5 if boots >= 16 and commits[-1] in kernel else 1.0


def dying_host(lab: Lab, commits: list[str]) -> None:
    lab.host_dies_at = 15


CASES = [
    Case("sixteen", [*idle(*range(9)), SLOW, *idle(*range(10, 17))], ("slow",), steps=4),
    Case("the first after the good end", [*idle(0), SLOW, *idle(*range(2, 17))], ("slow",),
         steps=4),
    Case("the bad end itself", [*idle(*range(16)), SLOW], ("slow",), steps=4),
    Case("nothing between the ends", [*idle(0), SLOW], ("slow",), steps=0),
    Case("one does not build", [*idle(*range(4)), BROKEN, MENDED, *idle(6), SLOW], ("slow",),
         skipped={"broken": "does not build: "}),
    Case("a row that does not build", [*idle(*range(5)), BROKEN, *idle(*range(6, 12)), MENDED,
                                       SLOW, *idle(14, 15)], ("slow",),
         skipped={"broken|idle": "does not build: "}),
    Case("the culprit does not build", [*idle(*range(4)), change("both", broken="x", mm_slow=500),
                                        MENDED, *idle(6, 7)], ("both", "mended"),
         skipped={"both": "does not build: "}),
    Case("none between builds", [*idle(0), BROKEN, *idle(2, 3), change(
        "mended and slow", broken=None, mm_slow=500)],
        ("broken", "idle 2", "idle 3", "mended and slow"),
        skipped={"broken|idle": "does not build: "}),
    Case("one does not boot", [*idle(*range(4)), PANICS, CALM, *idle(6), SLOW], ("slow",),
         skipped={"panics": "does not boot: kernel-panic"}, retries=1),
    Case("the culprit does not boot", [*idle(0), change("both", fault="lockup 1 99", mm_slow=500),
                                       CALM], ("both", "calm"),
         skipped={"both": "does not boot: lockup"}, retries=1),
    Case("one flakes once", [*idle(*range(2)), FLAKES, change("no more", fault=None), SLOW],
         ("slow",), retries=1),
    Case("the good end flakes once", [FLAKES, change("no more", fault=None), *idle(2), SLOW],
         ("slow",), retries=1),
    Case("the bad end flakes once", [*idle(0, 1), change(
        "both", fault="triple-fault 1 1", mm_slow=500)], ("both",), retries=1),
    Case("the good end does not boot", [PANICS, CALM, SLOW],
         refused="the good end, .* panics: does not boot: kernel-panic: .*take another commit"),
    Case("the bad end does not build", [*idle(0, 1), BROKEN],
         refused="the bad end, .* broken: does not build: .*take another commit"),
    Case("one fills its swap", [*idle(*range(4)), SPOILT, CLEAN, *idle(6), SLOW], ("slow",),
         skipped={"spoilt": "does not count: swap filled up"}),
    Case("one cannot be told", [change("noisy", noise=0.001), *idle(1), change("half", mm_half=250),
                                change("slow", mm_half=500)], ("half", "slow"),
         skipped={"half": "undecided after "}),
    Case("one is another each time", [*idle(0, 1), change("vague", noise=0.2), change(
        "slow", noise=None, mm_slow=500)], ("vague",), again=("good", "skip", "skip")),
    Case("most change nothing", [*idle(0), *documents(*range(1, 8)), SLOW, *documents(9, 10)],
         ("slow",), same=("document", "slow")),
    Case("the ends have one image", [*idle(0), *documents(1, 2)],
         refused="give the same image in this configuration"),
    Case("exchanged ends", [SLOW, *idle(1), change("fast", mm_slow=0)],
         refused="the bad end is the better one; are good and bad exchanged"),
    Case("no regression", idle(0, 1, 2), refused="no regression between them"),
    Case("less than counts", [*idle(0), change("a little", mm_slow=20)],
         refused="no regression between them"),
    Case("two regressions, the greater one", [*idle(0), change("small", mm_a=200), *idle(2, 3),
                                              change("great", mm_b=600), *idle(5)], ("great",)),
    Case("slow, mended, slow", [*idle(0), SLOW, change("mended", mm_slow=0), *idle(3, 4), change(
        "slow again", mm_slow=500)], ("slow again",)),
    Case("on a side branch", beside(5, mm_slow=500), ("side 1",)),
    Case("beside a side branch", beside(2, mm_slow=500), ("idle 2",)),
    Case("the merge itself", beside(7, mm_slow=500), ("merge",)),
    Case("its revert meets a conflict", [*idle(0, 1), SLOW, change("more", mm_slow=510)],
         ("slow",), again=("good", "bad", "skip")),
    Case("its revert does not build", [*idle(0), change(
        "both", mm_slow=500, broken=None), *idle(2)], ("both",)),
    Case("its revert is bad still", [*idle(0), SLOW, *idle(2), change("slow too", mm_too=500)],
         ("slow",), above=10200.0, again=("good", "bad", "bad")),
    Case("the commit before it boots no more", [*idle(0), change(
        "tired", fault="hung-in-reclaim 2 99"), change("slow", mm_slow=500, fault=None), *idle(3)],
        ("slow",), again=("skip", "bad", "skip"), retries=2),
    Case("locks", [*idle(0, 1), LOCKED, *idle(3)], ("locked",), tiers=("exact", "locks"),
         metric=LOCK),
    Case("locks above a line", [*idle(0), change("a third", locks_a=0.3), *idle(2), LOCKED,
                                *idle(4)], ("a third",), tiers=("locks",), metric=LOCK,
         above=2.1, again=("good", "bad", "bad")),
    Case("good is above the line", [LOCKED, *idle(1), change("more", locks_b=2)],
         tiers=("locks",), metric=LOCK, above=2.5, refused="the good end is above 2.500 already"),
    Case("bad is not above the line", [*idle(0, 1), LOCKED], tiers=("locks",), metric=LOCK,
         above=3.5, refused="the bad end is not above 3.500; there is nothing to bisect"),
    Case("instructions and locks", [*idle(0, 1), change("both", mm_slow=500, locks_more=1),
                                    *idle(3)], ("both",), tiers=("exact", "locks")),
    Case("by the clock", [*idle(0, 1), change("slow", mm_slow=5000), *idle(3)], ("slow",),
         tiers=("timed",), metric=SPEED),
    Case("by the clock of a host that slows down", [*idle(0, 1, 2), change("slow", mm_slow=5000),
                                                    *idle(4)], ("slow",), tiers=("timed",),
         metric=SPEED, lab=slower_host),
    Case("by the clock of a host that tells nothing", [*idle(0, 1), change("slow", mm_slow=5000)],
         ("idle 1", "slow"), tiers=("timed",), metric=SPEED, lab=strange_host,
         skipped={"idle 1": "the bad end beside it came out good"}),
    Case("the host ends QEMU", [*idle(0, 1, 2), SLOW], lab=dying_host,
         refused="the host ended the guest; go on with './swapscale bisect --resume"),
]


def called(name: str) -> Case:
    """The case of that name."""
    (found,) = (one for one in CASES if one.name == name)
    return found


def asked(case: Case, place: Path) -> tuple[Bisect, list[str]]:
    commits = bisectkernel.grow(place / "tree", case.commits)
    lab = Lab()
    case.lab(lab, commits)
    points = bisectlab.between(place / "tree", commits[0], commits[-1])
    return bisectlab.ask(place, points, lab, case.tiers, case.metric, case.above), commits


def path(readings: list[Reading]) -> list[Reading]:
    return [one for one in readings if one.role == STEP]


def check(case: Case, bisect: Bisect, commits: list[str], found: Result) -> None:
    """An answer is what the case says, and each of its parts agrees with the others."""
    subjects = {commit: one.subject for commit, one in zip(commits, case.commits)}
    readings, steps = bisect.state.readings, path(bisect.state.readings)
    assert sorted(one.partition(" ")[2] for one in found.suspects) == sorted(case.left)
    assert (subjects[found.culprit] if found.culprit else "") == (
        case.left[0] if len(case.left) == 1 else "")
    assert found.exit == (Exit.OK if len(case.left) == 1 and case.again[:2] == ("good", "bad")
                          else Exit.INCONCLUSIVE)
    # Nothing is measured twice, and nothing that was left out on the way.
    assert len({one.point for one in steps}) == len(steps)
    if case.steps is not None:
        assert len(steps) <= case.steps
    for one in steps:
        wanted = [reason for words, reason in case.skipped.items()
                  if subjects[one.point].startswith(tuple(words.split("|")))
                  and one.verdict == "skip"]
        assert (one.verdict == "skip") == bool(wanted), one
        assert not wanted or wanted[0] in one.reason
        assert one.same_as == "" or subjects[one.point].startswith(case.same), one
    assert any(one.verdict == "skip" for one in steps) == bool(case.skipped)
    assert any(one.same_as for one in steps) == bool(case.same)
    assert sum(one.retries for one in readings) == case.retries
    if found.culprit:
        assert tuple(bisect.state.get(role).verdict for role in ("parent", "culprit", "revert")
                     ) == case.again
        assert 0.9 < found.confidence <= 1.0
        assert f"{case.left[0]}" in found.headline()
    # Boots: of every sample one, and none of a kernel whose verdict was taken over.
    lab = bisect.lab
    assert max(Counter((home, number) for home, _, number in lab.booted).values()) == 1
    taken = {f"@{one.point}" for one in steps if one.same_as}
    measured = {f"@{one.point}" for one in readings if not one.same_as}
    assert not [name for _, name, _ in lab.booted if any(name.endswith(one) for one in
                                                         taken - measured)]
    # What may come next was built beside the measurement, never beside a timed one.
    assert not (bisect.state.question.tier == "timed" and lab.ahead)
    # Every report is there, and the log is one that git replays.
    for name in bisectformats.FILES.values():
        assert (bisect.folder / name).stat().st_size
    assert json.loads((bisect.folder / "bisect.json").read_text())["culprit"] == found.culprit
