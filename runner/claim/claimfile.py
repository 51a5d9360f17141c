# SPDX-License-Identifier: GPL-2.0-only
"""A claim file: an experiment, and in [claim] what it is held against.

The experiment is read and run as any other, so a claim's campaign is resumed,
reported and kept as any other.
"""
from __future__ import annotations

import datetime
import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import paths, tomlfile
from runner.asked import Experiment
from runner.errors import SwapscaleError, UsageError, printable
from runner.experiment import plan
from runner.judge import tier
from runner.kernel import git, spec
from runner.tomlfile import REQUIRED, Table

_MAINLINE = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"
_GIT = re.compile(r"git:(?P<path>[^@:]+)(?P<rest>[@:].*|)")
FOLDER = paths.CONFIGS / "claims"

#: Beyond this a change is more likely percent than a share: it is three times the base.
_PERCENT = 2.0


@dataclass(frozen=True)
class Source:
    """Where the effect was published."""

    title: str
    author: str
    date: str                 # ISO 8601
    published: str            # mailing list, conference, ...
    message_id: str           # '' where none is confirmed
    url: str
    silent_on: tuple[str, ...]  # what a reader would want to know and does not find there


@dataclass(frozen=True)
class ClaimCell:
    """One published effect."""

    device: str
    threads: int
    metric: str
    effect: float             # test / base - 1
    tolerance: float          # of the effect, in the same unit: 0.1 is ten percentage points
    tiers: tuple[str, ...]    # that may decide it, best first
    cause: str                # the one the source states, '' for none

    @property
    def band(self) -> tuple[float, float]:
        return self.effect - self.tolerance, self.effect + self.tolerance


@dataclass(frozen=True)
class Claim:
    name: str
    statement: str
    source: Source
    cells: tuple[ClaimCell, ...]
    experiment: Experiment
    kernels: str = ""         # what the source compared, and how these stand for it

    @property
    def base(self) -> str:
        return self.experiment.rules.base

    @property
    def test(self) -> str:
        return next(kernel for kernel in self.experiment.kernels if kernel != self.base)


def find(name: str) -> Path:
    """The file of a claim, by its name in configs/claims or its path."""
    if "/" in name or name.endswith(".toml"):
        return Path(name)
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.toml"))
        near = difflib.get_close_matches(name, known, 1)
        raise UsageError(f"claim {printable(name, 80)!r} is not known; known: "
                         f"{', '.join(known) or 'none'}, or give a file"
                         + (f" (did you mean {near[0]}?)" if near else ""))
    return path


def of_tree(path: Path, tree: Path) -> tomlfile.Given:
    """The claim's git kernels, each at its commit of another repository.

    UsageError where it has none.
    """
    root = tomlfile.load(path)
    typed, there = f"--tree {tree}", root.whole()
    given: tomlfile.Given = {(key,): tomlfile.Change(_moved(there[key], tree), typed)
                             for key in ("base", "test") if key in there}
    if all(change.value == there[key] for (key,), change in given.items()):
        raise UsageError(f"{path}: --tree: names no kernel of a git repository")
    return given


def _moved(value: Any, tree: Path) -> Any:
    if isinstance(value, list):
        return [_moved(item, tree) for item in value]
    match = _GIT.fullmatch(value) if isinstance(value, str) else None
    return f"git:{tree.absolute()}{match['rest']}" if match else value


def sources(claim: Claim) -> None:
    """UsageError in one line where a kernel's repository, or its commit, is not there."""
    for name in (claim.base, claim.test):
        source = spec.parse(name).source
        if source.kind != "git":
            continue
        try:
            git.identity(source)
        except SwapscaleError as error:
            raise UsageError(
                f"claim {claim.name}: no kernel {printable(name, 200)}: {error}. To have it, 'git "
                f"clone {_MAINLINE} {source.path}' (some 3 GB; any clone with that commit will "
                "do), or name one you have with --tree DIR") from None


def load(path: Path, experiment: Experiment | None = None,
         given: tomlfile.Given | None = None) -> Claim:
    """Read a claim; UsageError with file, line and key for everything that is not right.

    `experiment` is the file's own where it was read before; `given`: as for plan.load.
    """
    root = tomlfile.load(path, given)
    if "claim" not in root.keys():
        root.complain("claim", "missing; a claim file has a table [claim] beside its experiment")
    planned = experiment or plan.load(path, given=given)
    table = root.table("claim")
    if not planned.rules.base or len(planned.kernels) != 2:
        root.complain("test" if planned.rules.base else "kernels",
                      "a claim compares two kernels: name base and one test")
    made = Claim(planned.name, table.text("statement", REQUIRED), _source(table),
                 tuple(_cell(cell, planned) for cell in table.tables("cell")), planned,
                 table.text("kernels", ""))
    if not made.cells:
        table.complain("cell", "missing; a claim has at least one [[claim.cell]]")
    places = [(cell.device, cell.threads, cell.metric) for cell in made.cells]
    for number, place in enumerate(places):
        if place in places[:number]:
            table.tables("cell")[number].complain("", f"claims {place[2]} of {place[0]} with "
                                                  f"{place[1]} threads a second time")
    table.close()
    return made


def _source(claim: Table) -> Source:
    table = claim.table("source")
    date = table.text("date", REQUIRED)
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        table.complain("date", f"{printable(date, 40)!r} is not a date as 2016-05-03")
    made = Source(table.text("title", REQUIRED), table.text("author", ""), date,
                  table.text("published", ""), table.text("message_id", ""),
                  table.text("url", ""), tuple(table.texts("silent_on", [])))
    if made.message_id and ("@" not in made.message_id or " " in made.message_id
                            or made.message_id.startswith("<")):
        table.complain("message_id", f"{printable(made.message_id, 80)!r} is not a message-id "
                       "without its <>; leave the key away where you have not seen it")
    table.close()
    return made


def _share(table: Table, key: str, low: float, large: bool) -> float:
    """A change as a share of the base; what reads like percent is asked about."""
    value = table.number(key, -1000.0, 1000.0, REQUIRED)
    if abs(value) > _PERCENT and not (large and value >= low):
        table.complain(key, f"{value:g} is {value:+.0%} of the base: where {value:g} percent are "
                       f"meant, write {value / 100:g}"
                       + ("" if value < low else f"; where {value:g} is, add large = true"))
    return table.number(key, low, 1000.0, REQUIRED)


def _cell(table: Table, experiment: Experiment) -> ClaimCell:
    device = table.text("device", experiment.devices[0], experiment.devices)
    threads = table.integer("threads", 1, 1024, REQUIRED)
    if threads not in experiment.threads:
        table.complain("threads", f"{threads} is not measured by this experiment; add it to the "
                       f"file's threads ({', '.join(map(str, experiment.threads))})")
    metric = table.text("metric", "throughput_mib_s")
    if not tier.is_metric(metric):
        table.complain("metric", f"{printable(metric, 80)!r} {tier.no_metric(metric)}")
    if lack := experiment.lacks(metric):
        table.complain("metric", f"{metric} {lack}")
    deciding = [own for own in tier.every() if own.claims]
    able = [own.name for own in deciding if own.claimed(metric)]
    tiers = tuple(table.texts("tiers", REQUIRED, [own.name for own in deciding]))
    for name in tiers:
        if name not in able:
            table.complain("tiers", f"{name} does not measure {metric}; {' and '.join(able)} "
                           f"do{'es' if len(able) == 1 else ''}")
        if name not in experiment.tiers:
            table.complain("tiers", f"{name} is not among the file's tiers "
                           f"({', '.join(experiment.tiers)})")
    large = table.boolean("large", False)
    made = ClaimCell(device, threads, metric, _share(table, "effect", -1.0, large),
                     _share(table, "tolerance", 0.0, large), tiers, table.text("cause", ""))
    table.close()
    return made
