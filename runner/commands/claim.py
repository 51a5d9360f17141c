# SPDX-License-Identifier: GPL-2.0-only
"""swapscale claim: a published effect, measured here and held against what was published."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from runner import campaign, programs, report
from runner.claim import claimfile, formats
from runner.claim.campaign import findings
from runner.commands.options import Commands
from runner.errors import Exit, UsageError
from runner.progress import Progress


def add(commands: Commands) -> None:
    one = commands.add_parser("claim", help="measure a published effect, say whether it is "
                              "reproduced")
    one.add_argument("claim", nargs="?", metavar="CLAIM",
                     help="a name of configs/claims such as chen-2016, or a file")
    one.add_argument("--resume", type=Path, metavar="CAMPAIGN",
                     help="go on with an interrupted claim's folder, or print its page again")
    one.add_argument("--results", type=Path, metavar="DIR", help="where campaigns go "
                     "(default: results/ of the checkout)")
    one.add_argument("--format", choices=sorted(formats.FORMATS), default="text",
                     help="what is printed (default: %(default)s)")
    one.add_argument("--json", action="store_const", const="json", dest="format",
                     help="short for --format json")
    one.set_defaults(run=do_claim)


def do_claim(args: argparse.Namespace, progress: Progress) -> Exit:
    if (args.claim is None) == (args.resume is None):
        raise UsageError("claim: give a claim, or --resume and a campaign's folder; "
                         "see 'swapscale claim --help'")
    if args.resume and args.results:
        raise UsageError("claim: --results is for a new campaign; --resume goes on in its folder")
    if args.resume:
        folder: Path = args.resume
    else:
        # All of it is checked before there is a folder.
        wanted = claimfile.load(claimfile.find(args.claim))
        folder = campaign.create(wanted.experiment, args.results).folder
    home, experiment, record = campaign.reopen(folder)
    claim = replace(claimfile.load(home.experiment_file, experiment),
                    name=str(record.get("experiment", experiment.name)))
    progress.log(f"{experiment.title}: results in {home.folder}")
    try:
        programs.build(progress)
        samples = campaign.run(experiment, home, progress, record)
    except KeyboardInterrupt:
        progress.log(f"interrupted; what was measured is kept. Go on with: "
                     f"./swapscale claim --resume {home.folder}")
        raise
    found = findings(claim, samples)
    for note in report.write_all(found.comparison, home.folder):
        progress.log(note)
    formats.write_all(found, home.folder)
    progress.log(f"page: {home.folder / formats.FILES['html']}")
    print(formats.FORMATS[args.format](found), end="")
    return found.exit
