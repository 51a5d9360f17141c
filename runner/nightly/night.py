# SPDX-License-Identifier: GPL-2.0-only
"""One night of one kernel that moves: resolve, measure, gate, remember."""
from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from pathlib import Path

from runner import jsonread, programs, report
from runner.asked import Experiment
from runner.campaign import campaign, local, running
from runner.campaign.campaign import Campaign
from runner.campaign.executor import Executor
from runner.errors import Exit, SwapscaleError, UsageError, printable
from runner.experiment import plan
from runner.judge import compare
from runner.judge.figures import Verdict
from runner.judge.results import ALONE, CellResult, Comparison
from runner.kernel import build
from runner.nightly import gate, history, indexfile, known, nightfile, track
from runner.nightly.config import Nightly
from runner.nightly.gate import Finding
from runner.nightly.known import Known
from runner.nightly.nightfile import NightRecord
from runner.nightly.track import Tip
from runner.progress import Progress


@dataclass(frozen=True)
class Outcome:
    """What became of one kernel tonight."""

    track: str
    night: NightRecord | None              # None: not measured
    folder: Path | None
    release: str
    comparison: Comparison
    findings: tuple[Finding, ...]          # regressions that stand
    new: tuple[Finding, ...]               # those that no earlier night reported
    known: tuple[str, ...]
    exit: Exit
    said: str                              # one line: the verdict in words, or why there is none


def failed(config: Nightly, name: str, error: SwapscaleError) -> Outcome:
    """A kernel that could not be measured: each of its cells is missing, in every report."""
    asked = plan.load(config.experiment, config.kernels[:1])
    cells = tuple(CellResult(ALONE, name, device, count, asked.workload.program, tier, "none", 1,
                             Verdict.INVALID, str(error), "", (), 0, 0, ())
                  for device in asked.devices for count in asked.threads for tier in asked.tiers)
    missing = Comparison("", (), cells, (), (), (), Verdict.INVALID, str(error), error.exit)
    return Outcome(name, None, None, "", missing, (), (), (), error.exit, str(error))


def earlier(results: Path, name: str) -> list[tuple[str, NightRecord]]:
    """All nights of a kernel that moves, oldest first: (campaign's folder, night)."""
    with indexfile.opened(results) as connection:
        rows = connection.execute("SELECT folder, night FROM campaign WHERE night != '' "
                                  "ORDER BY started, folder").fetchall()
    nights = [(str(folder), nightfile.parse(jsonread.parse(text, str(folder))))
              for folder, text in rows]
    return [night for night in nights if night[1].track == name]


def _base(config: Nightly, now: Tip, nights: list[tuple[str, NightRecord]], flavours: list[str],
          progress: Progress) -> tuple[str, str, str]:
    """The last known good kernel, its night's folder and date; '' where there is none."""
    good = [night for night in nights if night[1].good]
    if not good:
        first = config.first_good
        return (first, "", "") if first and first not in (now.track, now.kernel) else ("", "", "")
    folder, last = good[-1]
    if last.identity == now.identity:
        return "", folder, last.started
    try:
        if not track.can_be_had(last.pinned, last.identity):
            raise UsageError("its patches have changed since")
        for flavour in flavours:
            build.cached(last.pinned, flavour)
    except SwapscaleError as error:
        progress.warn(f"{now.track}: the last known good kernel of {last.started[:10]} cannot be "
                      f"had any more ({error}); tonight is held against history alone")
        return "", folder, last.started
    return last.pinned, folder, last.started


def _campaign(config: Nightly, results: Path, now: Tip, base: tuple[str, str, str],
              nights: list[tuple[str, NightRecord]], progress: Progress
              ) -> tuple[Campaign, Experiment, campaign.Record, NightRecord]:
    """Tonight's campaign: a night of the same kernels that was killed, or a new one."""
    for folder, night in nights[-1:]:
        if not night.verdict and (night.kernel, night.base) == (now.kernel, base[0]):
            progress.log(f"{now.track}: going on with {results / folder}, which was not finished")
            return (*campaign.reopen(results / folder), night)
    kernels = (base[0], now.kernel) if base[0] else (now.kernel,)
    experiment = plan.load(config.experiment, kernels, base[0])
    experiment = dataclasses.replace(experiment, rules=dataclasses.replace(
        experiment.rules, layouts=config.layouts))
    home = campaign.create(dataclasses.replace(experiment, name=config.name), results)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    night = NightRecord(now.track, now.kernel, now.identity, now.commit, now.pinned, base[0],
                        base[1], started)
    nightfile.write(home.folder, night)
    return (*campaign.reopen(home.folder), night)


def run(config: Nightly, name: str, results: Path, progress: Progress,
        measure: Executor = local.measure) -> Outcome | None:
    """Measure `name` tonight and judge it; None where it is good, did not move and need not be
    measured.

    SwapscaleError where it cannot be measured; what was is kept, and the next
    run goes on with it.
    """
    track.fetch(name, progress, config.fetch)
    now = track.tip(name)
    track.keep(now)
    indexfile.refresh(results, progress)
    nights = earlier(results, name)
    flavours = plan.flavours(plan.load(config.experiment, (now.kernel,)))
    base = _base(config, now, nights, flavours, progress)
    finished = [night for night in nights if night[1].verdict]
    if config.unchanged == "skip" and finished and finished[-1][1].identity == now.identity:
        folder, last = finished[-1]
        unmoved = f"{name}: did not move since {last.started[:10]}; nothing is measured"
        if last.good:
            progress.log(unmoved)
            return None
        if last.exit == Exit.REGRESSED:
            # It stands until it is acknowledged, so it is judged anew by what was measured then.
            progress.log(f"{unmoved}, and its regression stands unless it was acknowledged")
            home, experiment, _ = campaign.reopen(results / folder)
            return _judge(config, results, home, compare.campaign(home.samples(), experiment),
                          last, base[2], nights, progress)
    home, experiment, record, night = _campaign(config, results, now, base, nights, progress)
    progress.log(f"{name}: {now.kernel} against {base[0] or 'history alone'}; results in "
                 f"{home.folder}")
    programs.build(progress)
    samples = running.run(experiment, home, progress, record, measure)
    return _judge(config, results, home, compare.campaign(samples, experiment), night, base[2],
                  nights, progress)


def _accepted(config: Nightly, results: Path) -> Known:
    own = results / known.NAME
    return known.load(config.known) if config.known else \
        known.load(own) if own.is_file() else Known()


def _judge(config: Nightly, results: Path, home: Campaign, comparison: Comparison,
           night: NightRecord, since: str, nights: list[tuple[str, NightRecord]],
           progress: Progress) -> Outcome:
    past = history.read(results, config.known, config.settings, progress)
    for problem in past.problems:
        progress.warn(f"left out of the history: {problem}")
    gated = gate.judge(comparison, past, night.track, night.kernel, home.folder.name, since,
                       _accepted(config, results))
    told = {name for _, night in nights for name in night.reported}
    new = tuple(finding for finding in gated.findings if finding.name not in told)
    summed = gated.comparison
    done = dataclasses.replace(
        night, verdict=summed.verdict.value, reason=printable(summed.reason, 1000),
        exit=int(summed.exit), good=summed.exit == Exit.OK,
        reported=tuple(finding.name for finding in gated.findings))
    for note in report.write_all(summed, home.folder):
        progress.log(note)
    nightfile.write(home.folder, done)
    indexfile.refresh(results, progress)
    return Outcome(night.track, done, home.folder, _release(home, night.kernel), summed,
                   gated.findings, new, gated.known, summed.exit, printable(summed.reason, 400))


def _release(home: Campaign, kernel: str) -> str:
    _, _, record = campaign.reopen(home.folder)
    return next((str(image["release"]) for image in record.get("images", [])
                 if image["kernel"] == kernel), "")


def must_be_there(results: Path) -> None:
    """Make the folder of campaigns; UsageError where that cannot be."""
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{results}: cannot hold results: {error.strerror}; name another folder "
                         "with --results") from None
