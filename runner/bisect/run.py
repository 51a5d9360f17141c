# SPDX-License-Identifier: GPL-2.0-only
"""A bisect from its question to its reports; what the commands and nightly share."""
from __future__ import annotations

import datetime
from pathlib import Path

from runner.asked import Experiment
from runner.bisect import (bisectformats, confirm, githistory, gitlog, patches, picture, question,
                           result, statefile)
from runner.bisect.loop import STEP, Loop
from runner.bisect.measure import Means
from runner.bisect.points import Limits, Range
from runner.bisect.result import Result
from runner.bisect.statefile import Question, Reading, State
from runner.campaign.store import held
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.judge import tier
from runner.judge.figures import label
from runner.progress import Progress
from runner.tomlfile import Given


def load(file: Path, given: Given | None = None) -> Experiment:
    """The experiment to ask with; UsageError where `given` names kernels of it."""
    question.refuse(given or {})
    return plan.load(file, given=given)


def ask(points: Range, kind: str, experiment: Experiment, metric: str | None,
        above: float | None, device: str | None, threads: int | None,
        given: Given | None = None) -> Question:
    """The question; UsageError where the experiment, read with `given`, cannot answer it."""
    name, where = question.metric_of(experiment, metric)
    own = tier.find(where)
    if above is not None and (own.by_clock or name == own.speed[0]):
        raise UsageError(f"--above: more {label(name)} is better; leave it away to part good from "
                         "bad half way")
    if above is None:
        question.threshold_of(experiment, name)
    place, count = question.cell_of(experiment, where, device, threads)
    return Question(kind, points.where, points.good, points.bad, name, where, place, count, above,
                    str(experiment.file), points.limits.first_parent, points.limits.paths,
                    tuple(dict.fromkeys(value.typed for value in (given or {}).values())))


def create(asked: Question, experiment: Experiment, folder: Path, given: Given | None = None
           ) -> State:
    """A new bisect in `folder`, which is made."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder}: is there already; go on with it by --resume {folder}"
                         ) from None
    except OSError as error:
        raise UsageError(f"{folder}: cannot hold results: {error.strerror}; name another folder "
                         "with --results") from None
    question.write_ends(experiment, asked, folder, given)
    state = State(folder, asked)
    state.save()
    return state


def fresh(results: Path) -> Path:
    """A name for a new bisect's folder."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    folder, count = results / f"bisect-{stamp}", 1
    while folder.exists():
        count += 1
        folder = results / f"bisect-{stamp}-{count}"
    return folder


def reopen(folder: Path, progress: Progress) -> tuple[State, Range]:
    """A bisect on disk and its history; UsageError where one of them is not there."""
    state = statefile.load(folder)
    asked = state.question
    if asked.kind == "series":
        return state, patches.find(asked.tree)
    return state, githistory.find(Path(asked.tree), asked.good, asked.bad, progress,
                                  Limits(asked.first_parent, asked.paths))


def trust(state: State, said: list[Reading]) -> None:
    """Take over what a log says of commits between the ends."""
    state.readings += said
    state.save()


def finish(state: State, points: Range, progress: Progress, means: Means = Means()) -> Result:
    """Bisect to the end, confirm, write every report."""
    plan.load(state.folder / question.ENDS)
    with held(state.folder, "bisect"):
        try:
            loop = Loop(state, points, progress, means)
            left = loop.run()
            if len(left) == 1:
                confirm.again(loop, left[0])
        except KeyboardInterrupt:
            progress.log("interrupted; what was measured is kept. Go on with: "
                         f"./swapscale bisect --resume {state.folder}")
            raise
        answer = result.build(loop, left)
        _write(answer, state, points, progress)
    return answer


def step(state: State, points: Range, commit: str, progress: Progress, means: Means = Means()
         ) -> Reading:
    """One commit alone, for a loop that is not ours; what is on record is not measured again."""
    with held(state.folder, "bisect"):
        loop = Loop(state, points, progress, means)
        return state.get(STEP, commit) or loop.classify(commit, STEP)


def _write(answer: Result, state: State, points: Range, progress: Progress) -> None:
    try:
        for form, name in bisectformats.FILES.items():
            (state.folder / name).write_text(bisectformats.FORMATS[form](answer), encoding="utf-8")
        if state.question.kind == "git":
            (state.folder / gitlog.FILE).write_text(
                gitlog.render(points, state.path(), answer.culprit), encoding="utf-8")
    except OSError as error:
        raise CannotMeasure(f"{error.filename}: cannot be written: {error.strerror}") from None
    if note := picture.render(answer, state.folder).skipped:
        progress.log(note)
