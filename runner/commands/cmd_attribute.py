# SPDX-License-Identifier: GPL-2.0-only
"""swapscale attribute: a series patch by patch."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner import programs
from runner.bisect import attribution, patches
from runner.campaign import campaign, running
from runner.commands.cmd_compare import DEFAULT_EXPERIMENT
from runner.commands.options import Commands, campaigns
from runner.errors import CannotMeasure, Exit, UsageError
from runner.experiment import plan
from runner.progress import Progress


def add(commands: Commands) -> None:
    parser = commands.add_parser("attribute", help="what each patch of a series changed")
    parser.add_argument("series", metavar="KERNEL", help="such as 6.1:batch-add")
    parser.add_argument("--experiment", type=Path, default=DEFAULT_EXPERIMENT, metavar="FILE",
                        help="devices, load and thresholds (default: configs/bench.toml)")
    campaigns(parser)
    parser.add_argument("--resume", type=Path, metavar="CAMPAIGN", help="go on with an interrupted "
                        "attribution's folder, or print a finished one again")
    parser.add_argument("--format", choices=sorted(attribution.FORMATS), default="text",
                        help="what is printed (default: %(default)s)")
    parser.set_defaults(run=do_attribute)


def do_attribute(args: argparse.Namespace, progress: Progress) -> Exit:
    points = patches.find(args.series)
    kernels = tuple(points.kernel(str(number)) for number in range(len(points.names) + 1))
    folder = args.resume or campaign.create(plan.load(args.experiment, kernels),
                                            args.results).folder
    home, experiment, record = campaign.reopen(folder)
    if experiment.kernels != kernels:
        raise UsageError(f"{folder}: is not an attribution of {args.series}; it holds "
                         f"{', '.join(experiment.kernels)}")
    progress.log(f"{args.series}, {len(points.names)} patches: results in {folder}")
    try:
        programs.build(progress)
        samples = running.run(experiment, home, progress, record)
    except KeyboardInterrupt:
        progress.log("interrupted; what was measured is kept. Go on with: "
                     f"./swapscale attribute {args.series} --resume {folder}")
        raise
    answer = attribution.attribute(points, experiment, samples)
    try:
        for form, name in attribution.FILES.items():
            (folder / name).write_text(attribution.FORMATS[form](answer), encoding="utf-8")
    except OSError as error:
        raise CannotMeasure(f"{error.filename}: cannot be written: {error.strerror}") from None
    print(attribution.FORMATS[args.format](answer), end="")
    return answer.exit
