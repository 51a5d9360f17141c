# SPDX-License-Identifier: GPL-2.0-only
"""What the commands' options share."""
from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from runner import report, tomlfile, tomltext
from runner.campaign import local, slurm
from runner.campaign.executor import Executor
from runner.errors import UsageError, printable
from runner.settings import variant

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


def output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=sorted(report.FORMATS), default="text",
                        help="what is printed (default: %(default)s)")
    parser.add_argument("--json", action="store_const", const="json", dest="format",
                        help="short for --format json")


def campaigns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, metavar="DIR", help="where campaigns go "
                        "(default: results/ of the checkout)")


def keys(sub: argparse.ArgumentParser) -> None:
    """The option that stands for any key of the experiment."""
    sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the "
                     "experiment with another value, such as guest.ram_mib=512 or "
                     "settings.swappiness=10; more than once for more keys")


def changes(sub: argparse.ArgumentParser) -> None:
    """Options that stand for keys of the experiment."""
    keys(sub)
    sub.add_argument("--threads", metavar="LIST", help="short for --set 'threads=[LIST]': 1,16")
    sub.add_argument("--device", metavar="LIST", help="short for --set devices=...: zram,pmem")


def _typed(words: list[str]) -> list[tuple[str, str, str]]:
    """--set: key, value, the option; UsageError where one is no key and value."""
    asked = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise UsageError(f"--set {printable(word, 60)}: is not KEY=VALUE, such as "
                             "guest.ram_mib=512")
        asked.append((key.strip(), value.strip(), f"--set {word}"))
    return asked


def settings(sub: argparse.ArgumentParser) -> None:
    """Options of commands that name no kernels that could have settings in braces."""
    keys(sub)
    sub.add_argument("--settings", metavar="LIST", help="what every kernel has, as a kernel's "
                     "braces say it: 'swappiness=10, mglru=on', or sets of the experiment's "
                     "[variants]")


def given_settings(args: argparse.Namespace, file: Path) -> tomlfile.Given:
    """What those say; `file`: the experiment's."""
    asked = dict(tomltext.given(_typed(args.set)))
    if args.settings is None:
        return asked
    typed = f"--settings {{{args.settings.strip().removeprefix('{').removesuffix('}')}}}"
    named = variant.parse(typed, variant.sets_of(tomlfile.load(file, asked)))
    return {**asked, **{("settings", name): tomlfile.Change(value, typed)
                        for name, value in named.settings}}


def given(args: argparse.Namespace) -> tomlfile.Given:
    """What the options of `changes` say."""
    asked = _typed(args.set)
    if args.threads is not None:
        asked.append(("threads", f"[{args.threads}]", f"--threads {args.threads}"))
    if args.device is not None:
        asked.append(("devices", json.dumps(args.device.split(",")), f"--device {args.device}"))
    return tomltext.given(asked)


def _local(args: argparse.Namespace) -> Executor:
    if args.patience:
        raise UsageError("--patience is of --executor slurm; leave it away, or add that")
    return local.measure


def _slurm(args: argparse.Namespace) -> Executor:
    return slurm.executor(args.patience * 60.0 if args.patience else slurm.PATIENCE)


#: --executor, each with what makes it of a command's options.
EXECUTORS: dict[str, Callable[[argparse.Namespace], Executor]] = {"local": _local, "slurm": _slurm}


def executor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--executor", choices=tuple(EXECUTORS), default="local",
                        help="where samples are made: on this machine, or as a job array of a "
                        "Slurm cluster (default: %(default)s)")
    parser.add_argument("--patience", type=Whole(1, 10080), metavar="MINUTES",
                        help="slurm: how long no job of ours may run before we give up "
                        f"(default: {slurm.PATIENCE / 60:.0f})")


def measure(args: argparse.Namespace) -> Executor:
    """What the options of `executor` ask for."""
    return EXECUTORS[args.executor](args)
