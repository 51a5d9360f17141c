# SPDX-License-Identifier: GPL-2.0-only
"""Which commit it was: a new regression of a git tree's commit is bisected by the night itself.

The question is put on disk as soon as the regression is seen, as './swapscale bisect' would; the
work is done once every kernel has had its night.  A night that is killed on the way leaves the
question, and what was measured for it, to the next one.  No answer changes the gate's verdict.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from runner import report
from runner.bisect import bisectformats, githistory, run, statefile
from runner.bisect.anchors import NothingToBisect
from runner.bisect.points import Range
from runner.bisect.statefile import Question
from runner.errors import CannotMeasure, SwapscaleError, UsageError, printable
from runner.experiment import plan
from runner.judge import tier
from runner.judge.results import HISTORY, Base, Bisected, Kind
from runner.kernel import gitrepo, spec
from runner.nightly import night, nightfile
from runner.nightly.config import Nightly
from runner.nightly.gate import Finding
from runner.nightly.night import Outcome
from runner.nightly.nightfile import NightRecord
from runner.progress import Progress


def begin(config: Nightly, outcome: Outcome, results: Path, progress: Progress) -> Outcome:
    """Ask which commit made what is new; take up what earlier nights asked of what stands."""
    tonight, home = outcome.night, outcome.folder
    if config.on_regression != "bisect" or tonight is None or home is None:
        return outcome
    asked = []
    if outcome.new:
        finding = leading(outcome.new)
        try:
            asked.append(_pending(finding, _ask(config, tonight, finding, results, progress)))
        except SwapscaleError as error:
            asked.append(Bisected(finding.said, "none", str(error)))
    folders = {pending.folder for pending in asked}
    asked += [earlier for earlier in _earlier(outcome, results) if earlier.folder not in folders]
    names = tuple(Path(pending.folder).name for pending in asked if pending.folder)
    if names:
        nightfile.write(home, dataclasses.replace(tonight, bisects=names))
    return _with(outcome, asked)


def unfinished(outcome: Outcome) -> bool:
    """Whether there is work for finish()."""
    return any(bisect.state == "unfinished" for bisect in outcome.comparison.bisects)


def finish(outcome: Outcome, progress: Progress) -> Outcome:
    """Bisect to the end; what keeps us from it is told, and is no reason to fail the night."""
    if not unfinished(outcome):
        return outcome
    done = _with(outcome, [_answer(bisect, progress) if bisect.state == "unfinished" else bisect
                           for bisect in outcome.comparison.bisects])
    assert done.folder is not None
    try:
        for note in report.write_all(done.comparison, done.folder):
            progress.log(note)
    except CannotMeasure as error:
        progress.warn(f"the night's report lacks its bisect: {error}")
    return done


def _answer(asked: Bisected, progress: Progress) -> Bisected:
    folder = Path(asked.folder)
    progress.log(f"which commit? {asked.regression}; bisect in {folder}")
    try:
        answer = run.finish(*run.reopen(folder, progress), progress)
    except NothingToBisect as error:
        return dataclasses.replace(asked, state="inconclusive", said=str(error))
    except (SwapscaleError, OSError) as error:
        progress.warn(f"bisect: {error}")
        return dataclasses.replace(asked, state="failed", said=f"{error}; {_later(folder)}")
    sure = answer.confidence if answer.culprit else None
    return dataclasses.replace(
        asked, state="found" if answer.culprit and answer.confirmed else "inconclusive",
        said=answer.headline(), report=str(folder / bisectformats.FILES["text"]),
        culprit=answer.culprit, title=answer.title, confidence=sure, confirmed=answer.confirmed)


def _pending(finding: Finding, folder: Path) -> Bisected:
    return Bisected(finding.said, "unfinished", _later(folder), str(folder))


def _later(folder: Path) -> str:
    return f"the next night that measures it goes on, or now: ./swapscale bisect --resume {folder}"


def _with(outcome: Outcome, asked: Sequence[Bisected]) -> Outcome:
    return dataclasses.replace(outcome, comparison=dataclasses.replace(
        outcome.comparison, bisects=tuple(asked)))


def leading(findings: Sequence[Finding]) -> Finding:
    """The one to bisect by; the others, where they are the same commit's, move with it."""
    most = min(findings, key=lambda finding: (tier.find(finding.tier).rank, -abs(finding.change)))
    cell = (most.tier, most.metric, most.device, most.threads)
    # History's good end is the night before; the baseline's may be older.
    return next((finding for finding in findings if finding.against.kind is Kind.HISTORY and
                 (finding.tier, finding.metric, finding.device, finding.threads) == cell), most)


def _earlier(outcome: Outcome, results: Path) -> list[Bisected]:
    """The bisects of what is not new: an answer is had again from what was measured for it."""
    earlier: dict[str, Bisected] = {}
    for _, before in reversed(night.earlier(results, outcome.track)):
        stands = [finding for finding in outcome.findings if finding.name in before.reported]
        for name in before.bisects:
            try:
                asked = statefile.load(results / name).question
            except UsageError:
                continue      # the folder was removed, or stayed on another machine
            cell = (asked.metric, asked.device, asked.threads, asked.tier)
            for stand in stands:
                if (stand.metric, stand.device, stand.threads, stand.tier) == cell:
                    earlier.setdefault(name, _pending(stand, results / name))
    return list(earlier.values())


def _ask(config: Nightly, tonight: NightRecord, finding: Finding, results: Path,
         progress: Progress) -> Path:
    """The folder of the question; UsageError 'why there is none to ask'."""
    points = _range(tonight, finding, progress)
    experiment = plan.load(config.experiment, (tonight.kernel,))
    asked = run.ask(points, "git", experiment, finding.metric, None, finding.device,
                    finding.threads)
    if asked.tier != finding.tier:
        raise UsageError(f"{finding.metric} regressed in the {finding.tier} tier, and bisect "
                         f"measures it in the {asked.tier} tier")
    return _same(asked, results) or run.create(asked, experiment, run.fresh(results)).folder


def _same(asked: Question, results: Path) -> Path | None:
    """A bisect of the very same range by the same metric: no range is measured twice."""
    for file in sorted(results.glob(f"*/{statefile.STATE}")):
        try:
            old = statefile.load(file.parent).question
        except UsageError:
            continue
        if dataclasses.replace(old, experiment=asked.experiment) == asked:
            return file.parent
    return None


def _range(tonight: NightRecord, finding: Finding, progress: Progress) -> Range:
    """From the last commit without the regression to tonight's."""
    shown = printable(tonight.kernel, 120)
    moved = spec.parse(tonight.kernel)
    if moved.source.kind != "git":
        raise UsageError(f"{shown} is not a commit of a git tree, so there are no commits to "
                         "bisect; hold the two sources against each other with './swapscale "
                         "compare'")
    if moved.stack:
        raise UsageError(f"{shown} has patches on top of its commit, and commits alone can be "
                         "bisected; see './swapscale attribute' for the patches")
    tree, good = moved.source.path, finding.before
    if finding.against not in (HISTORY, Base(Kind.KERNEL, tonight.base)):
        raise UsageError(f"it is held against {printable(finding.against.name, 80)}, which is no "
                         "commit")
    if finding.against != HISTORY:
        base = spec.parse(tonight.base)
        if base.source.kind != "git" or base.stack or base.source.path != tree:
            raise UsageError(f"{printable(tonight.base, 120)} is not a commit of {tree}, so "
                             "there is no range of commits to bisect")
        good = base.source.ref
    good = githistory.commit_of(tree, good)
    if good == tonight.commit:
        raise UsageError(f"the night before had the same commit {good[:12]}: what changed is not "
                         "the kernel, but this host or its programs")
    return githistory.find(tree, _parted(tree, good, tonight.commit, progress), tonight.commit,
                           progress)


def _parted(tree: Path, good: str, bad: str, progress: Progress) -> str:
    """The good end of a branch that was rebased: where the two nights' commits part.

    Whether it is good is measured before anything else is.
    """
    try:
        base = gitrepo.ask(tree, "merge-base", good, bad).strip()
    except CannotMeasure:
        return good           # nothing in common: history.find says so
    if base in (good, bad):
        return good
    progress.log(f"{tree}: was rebased since {good[:12]}; bisected from where they part, "
                 f"{base[:12]}")
    return base
