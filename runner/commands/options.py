# SPDX-License-Identifier: GPL-2.0-only
"""What the commands' options share."""
from __future__ import annotations

import argparse
from typing import Any, TypeAlias

from runner import report
from runner.errors import UsageError
from runner.executor import Executor, local, slurm

#: What argparse's add_subparsers() returns; it has no public name.
Commands: TypeAlias = "argparse._SubParsersAction[Any]"


class Whole:
    """argparse type: a whole number in low..high."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not self.low <= int(text) <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not in {self.low}..{self.high}")
        return int(text)


def output(one: argparse.ArgumentParser) -> None:
    one.add_argument("--format", choices=sorted(report.FORMATS), default="text",
                     help="what is printed (default: %(default)s)")
    one.add_argument("--json", action="store_const", const="json", dest="format",
                     help="short for --format json")


def executor(one: argparse.ArgumentParser) -> None:
    one.add_argument("--executor", choices=("local", "slurm"), default="local",
                     help="where samples are made: on this machine, or as a job array of a Slurm "
                     "cluster (default: %(default)s)")
    one.add_argument("--patience", type=Whole(1, 10080), metavar="MINUTES",
                     help="slurm: how long no job of ours may run before we give up "
                     f"(default: {slurm.PATIENCE / 60:.0f})")


def measure(args: argparse.Namespace) -> Executor:
    """What the options of `executor` ask for."""
    if args.executor == "slurm":
        return slurm.executor(args.patience * 60.0 if args.patience else slurm.PATIENCE)
    if args.patience:
        raise UsageError("--patience is of --executor slurm; leave it away, or add that")
    return local.measure
