# SPDX-License-Identifier: GPL-2.0-only
"""swapscale report: a campaign's comparison again."""
from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from runner import report
from runner.asked import Experiment
from runner.campaign import campaign
from runner.campaign.campaign import Campaign
from runner.commands.options import Commands, output
from runner.errors import Exit
from runner.judge import compare, ineffective, tier
from runner.nightly import nightfile
from runner.progress import Progress
from runner.records import Outcome, Sample
from runner.report import locktable
from runner.vm import channel


def add(commands: Commands) -> None:
    parser = commands.add_parser("report", help="print a campaign's comparison again")
    parser.add_argument("campaign", type=Path, help="a folder under results/")
    parser.add_argument("--recompute", action="store_true",
                        help="take every metric anew from the evidence")
    parser.add_argument("--budget", type=Path, metavar="FILE",
                        help="hold lock counts against this budget file")
    parser.add_argument("--locks", action="store_true", help="print lock acquisitions per page "
                        "instead, a row per kernel, as Markdown")
    output(parser)
    parser.set_defaults(run=do_report)


def do_report(args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, record = campaign.reopen(args.campaign)
    if args.budget:
        experiment = locktable.judged_by(experiment, args.budget)
    samples = home.samples()
    if args.recompute:
        samples = recomputed(samples, home)
    if args.locks:
        print(locktable.page(locktable.of(samples, experiment, home, record), home), end="")
        return Exit.OK
    return show(samples, experiment, home, args.format, progress)


def recomputed(samples: list[Sample], home: Campaign) -> list[Sample]:
    """The samples with every metric taken anew from the campaign's evidence."""
    return [_recomputed(sample, home.folder / sample.evidence)
            if sample.outcome == Outcome.OK and sample.cell.tier in tier.TABLE else sample
            for sample in samples]


def _recomputed(sample: Sample, evidence: Path) -> Sample:
    channel.hold(evidence)
    # What its settings did to its kernel was told of the kernel's image, which is not here.
    kept = {name: figure for name, figure in sample.metrics.items()
            if name == ineffective.METRIC}
    return dataclasses.replace(sample, metrics=tier.find(sample.cell.tier).measure(evidence) | kept)


def show(samples: list[Sample], experiment: Experiment, home: Campaign, form: str,
         progress: Progress) -> Exit:
    comparison = compare.campaign(samples, experiment)
    night = nightfile.read(home.folder)
    if night is not None and night.verdict:
        progress.warn(f"{home.folder}: is a night; this is its campaign alone. What its gate said "
                      f"with history in view ({night.verdict}) stays in {report.FILES['text']}, "
                      f"{report.FILES['html']} and the others there")
    else:
        for note in report.write_all(comparison, home.folder):
            progress.log(note)
    progress.log(f"report with pictures: {home.folder / report.FILES['html']}")
    for line in comparison.over_budget():
        progress.log(line)
    # The page in the folder has the evidence, which the comparison alone lacks.
    print((home.folder / report.FILES[form]).read_text(encoding="utf-8") if form == "html"
          else report.FORMATS[form](comparison), end="")
    return comparison.exit
