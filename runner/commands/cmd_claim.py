# SPDX-License-Identifier: GPL-2.0-only
"""swapscale claim: a published effect, measured here and held against what was published."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from runner import programs, report
from runner.campaign import campaign, running, stored
from runner.campaign.campaign import Campaign
from runner.claim import claimfile, claimformats, claimpictures
from runner.claim.assess import findings
from runner.claim.claimfile import Claim
from runner.commands.cmd_report import recomputed
from runner.commands.options import Commands, campaigns, executor, measure
from runner.errors import Exit, UsageError
from runner.progress import Progress
from runner.records import Sample


def add(commands: Commands) -> None:
    parser = commands.add_parser("claim", help="measure a published effect, say whether it is "
                                 "reproduced")
    parser.add_argument("claim", nargs="?", metavar="CLAIM",
                        help="a name of configs/claims such as chen-2016, or a file; with a "
                        "claim's folder under results/: print its page again")
    parser.add_argument("--resume", type=Path, metavar="CAMPAIGN",
                        help="go on with an interrupted claim's folder")
    parser.add_argument("--tree", type=Path, metavar="DIR", help="the git repository that has "
                        "the claim's kernels, where they are not in the folder it names")
    parser.add_argument("--recompute", action="store_true",
                        help="with a folder: take every metric anew from the evidence")
    campaigns(parser)
    executor(parser)
    parser.add_argument("--format", choices=sorted(claimformats.FORMATS), default="text",
                        help="what is printed (default: %(default)s)")
    parser.add_argument("--json", action="store_const", const="json", dest="format",
                        help="short for --format json")
    parser.set_defaults(run=do_claim)


def do_claim(args: argparse.Namespace, progress: Progress) -> Exit:
    if (args.claim is None) == (args.resume is None):
        raise UsageError("claim: give a claim, or --resume and a campaign's folder; "
                         "see 'swapscale claim --help'")
    again = args.claim is not None and stored.is_stored(args.claim)
    if args.recompute and not again:
        raise UsageError("claim: --recompute takes a claim's folder that is complete")
    if (args.results or args.tree) and (args.resume or again):
        raise UsageError("claim: --results and --tree are for a new campaign")
    if again:
        home, claim, _ = _reopen(Path(args.claim))
        samples = home.samples()
        if args.recompute:
            samples = recomputed(samples, home)
        return _show(claim, samples, home, args.format, progress)
    executing = measure(args)
    folder: Path | None = args.resume
    if folder is None:
        # All of it is checked before there is a folder.
        file = claimfile.find(args.claim)
        given = claimfile.of_tree(file, args.tree) if args.tree else None
        wanted = claimfile.load(file, given=given)
        claimfile.sources(wanted)
        folder = campaign.create(wanted.experiment, args.results, given).folder
    home, claim, record = _reopen(folder)
    progress.log(f"{claim.experiment.title}: results in {home.folder}")
    try:
        programs.build(progress)
        samples = running.run(claim.experiment, home, progress, record, executing)
    except KeyboardInterrupt:
        progress.log(f"interrupted; what was measured is kept. Go on with: "
                     f"./swapscale claim --resume {home.folder}")
        raise
    return _show(claim, samples, home, args.format, progress)


def _reopen(folder: Path) -> tuple[Campaign, Claim, campaign.Record]:
    home, experiment, record = campaign.reopen(folder)
    claim = claimfile.load(home.experiment_file, experiment)
    return home, replace(claim, name=str(record.get("experiment", claim.name))), record


def _show(claim: Claim, samples: list[Sample], home: Campaign, form: str,
          progress: Progress) -> Exit:
    judged = findings(claim, samples)
    notes = report.write_all(judged.comparison, home.folder)
    drawn, left_out = claimpictures.draw(judged, home.folder)
    for note in dict.fromkeys((*notes, *left_out)):
        progress.log(note)
    claimformats.write_all(judged, home.folder, drawn)
    progress.log(f"page: {home.folder / claimformats.FILES['html']}")
    print(claimformats.FORMATS[form](judged), end="")
    return judged.exit
