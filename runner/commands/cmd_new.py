# SPDX-License-Identifier: GPL-2.0-only
"""swapscale new: an experiment, a claim or a series to begin with, annotated and valid."""
from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.claim import claimfile
from runner.commands.options import Commands
from runner.errors import Exit, UsageError
from runner.experiment import plan
from runner.kernel import series
from runner.progress import Progress

_TEMPLATES = paths.CONFIGS / "new"


@dataclass(frozen=True)
class Kind:
    template: Path
    check: Callable[[Path], object]
    then: str                 # what to do with it, '{}' being its place


KINDS = {
    "experiment": Kind(_TEMPLATES / "experiment.toml", plan.load, "./swapscale run {}"),
    "claim": Kind(_TEMPLATES / "claim.toml", claimfile.load, "./swapscale claim {}"),
    "series": Kind(_TEMPLATES / "series", series.entries,
                   "./swapscale compare 6.1:vanilla 6.1:{}")}


def add(commands: Commands) -> None:
    parser = commands.add_parser("new", help="write an annotated experiment, claim or series")
    parser.add_argument("kind", choices=sorted(KINDS), help="what to write")
    parser.add_argument("path", type=Path, help="where: a file, such as mine.toml; of a series a "
                        "folder, such as ./mine")
    parser.set_defaults(run=do_new)


def do_new(args: argparse.Namespace, progress: Progress) -> Exit:
    kind, place = KINDS[args.kind], args.path
    folder = kind.template.is_dir()
    if not folder and place.suffix != ".toml":
        raise UsageError(f"{place}: a file of this kind ends with .toml; say {place}.toml")
    try:
        if folder:
            shutil.copytree(kind.template, place)
        else:
            with open(place, "x", encoding="utf-8") as out:
                out.write(kind.template.read_text(encoding="utf-8"))
    except FileExistsError:
        raise UsageError(f"{place}: is there already and stays as it is; name another") from None
    except OSError as error:
        raise UsageError(f"{place}: cannot be written: {error.strerror}") from None
    kind.check(place)
    # A series that is named by a path has a '/' in it.
    shown = f"./{place}" if folder and "/" not in str(place) else str(place)
    print(f"{place}: written; change it, then: {kind.then.format(shown)}")
    return Exit.OK
