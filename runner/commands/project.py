# SPDX-License-Identifier: GPL-2.0-only
"""swapscale project: what a campaign's kernels would do on another machine."""
from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from runner import campaign, model
from runner.commands.options import Commands
from runner.errors import Exit, UsageError
from runner.model import Ratio, ranges, show, validate
from runner.model.ranges import Row
from runner.progress import Progress
from runner.results import threads

THREADS = (1, 2, 4, 8, 16)


def counts(text: str) -> tuple[int, ...]:
    """argparse type: '1,2,16'."""
    parts = text.split(",")
    if not all(one.isascii() and one.isdigit() and 1 <= int(one) <= 1024 for one in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 1,2,16 of 1..1024")
    return tuple(sorted({int(one) for one in parts}))


def add(commands: Commands) -> None:
    one = commands.add_parser("project", help="throughput on another machine, from a campaign's "
                              "exact and locks tiers")
    one.add_argument("campaign", type=Path, help="a folder under results/")
    one.add_argument("--machine", default="haswell-ep-2s",
                     help="of configs/machines, or a path (default: %(default)s)")
    one.add_argument("--threads", type=counts, default=THREADS, metavar="N,...",
                     help="thread counts (default: 1,2,4,8,16)")
    one.add_argument("--kernel", action="append", metavar="KERNEL", dest="kernels",
                     help="only this kernel of the campaign; may be given again, the first is the "
                     "base")
    one.add_argument("--past-validation", action="store_true",
                     help="also where another lock saturates than was validated")
    one.add_argument("--sensitivity", action="store_true",
                     help="how the ratios at the highest thread count move with each input")
    one.add_argument("--calibrate", action="store_true",
                     help="print the figures that make the machine's published ones come out")
    one.add_argument("--validate", type=Path, metavar="TIMED",
                     help="hold the model against this campaign's timed tier")
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(run=do_project)


def do_project(args: argparse.Namespace, progress: Progress) -> Exit:
    home, experiment, _ = campaign.reopen(args.campaign)
    machine = model.machine(args.machine)
    samples = home.samples()
    if args.calibrate:
        if machine.published is None:
            raise UsageError(f"{machine.file}: has no [published] figures to calibrate by")
        with progress.step("calibration"):
            found = ranges.calibration(model.inputs(samples, machine.published.kernel), machine)
        print("\n".join(show.calibration_toml(found)))
        return Exit.OK
    kernels = args.kernels or experiment.kernels
    inputs = {kernel: model.inputs(samples, kernel) for kernel in kernels}
    base = kernels[0]
    if args.validate:
        timed, _, _ = campaign.reopen(args.validate)
        checks = validate.validate(inputs, machine, timed.samples())
        print(json.dumps([dataclasses.asdict(one) for one in checks], indent=1) if args.json
              else "\n".join(show.validation_table(checks, machine.name)))
        return Exit.OK
    found_all = {kernel: model.project(one, machine, args.threads,
                                       past_validation=args.past_validation)
                 for kernel, one in inputs.items()}
    against: dict[str, Sequence[Ratio]] = {
        kernel: model.ratios(found_all[base], one)
        for kernel, one in found_all.items() if kernel != base}
    rows: dict[str, Sequence[Row]] = {}
    for kernel in against if args.sensitivity else ():
        with progress.step(f"sensitivity of {kernel}"):
            rows[kernel] = model.sensitivity(inputs[base], inputs[kernel], machine,
                                             max(args.threads))
    if args.json:
        print(json.dumps(show.document(list(found_all.values()), against, rows), indent=1))
        return Exit.OK
    for kernel, one in found_all.items():
        print("\n".join(show.table(one, against.get(kernel, ()))) + "\n")
        if kernel in rows:
            print("\n".join(show.sensitivity_table(
                rows[kernel], f"{kernel} over {base}, {threads(max(args.threads))}")) + "\n")
    return Exit.OK
