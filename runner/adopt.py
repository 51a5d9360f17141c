# SPDX-License-Identifier: GPL-2.0-only
"""A new version of the kernel, looked through: what is new, unnamed or gone, and what to write.

Builds every flavour, boots what counts locks and instructions and what tortures, and holds what
came out against kernels/versions.toml.  It changes nothing of the checkout: the lines to add are
written beside the campaigns, for review.
"""
from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import paths, programs
from runner.campaign import campaign, running
from runner.campaign.executor import Executor
from runner.errors import CannotMeasure, SwapscaleError, UsageError
from runner.experiment import plan
from runner.judge import budgetfile
from runner.kernel import build, fragments, spec, versions
from runner.kernel.definitions import Source
from runner.metrics import guestfile, lockclass
from runner.metrics import steady as metrics
from runner.progress import Progress
from runner.records import FLAVOURS, BuiltKernel, Sample
from runner.report import locktable

#: Boots all tiers that say something of one kernel by itself.
EXPERIMENTS = ("locks.toml", "torture-short.toml")

_LOCK = re.compile(r"locks\.([a-z0-9_]+)\.acquisitions_per_page")


@dataclass
class Adopted:
    """What was found; `lines` are for people, `files` for review."""

    kernel: str
    release: str = ""
    lines: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def adopt(name: str, results: Path | None, executing: Executor, progress: Progress
          ) -> tuple[Adopted, Path]:
    """Look through a kernel, and the folder that holds what is proposed."""
    source = spec.parse(name).source
    if source.ready:
        raise UsageError(f"{name}: a ready kernel has no flavours to build; adopt a source")
    adopted = Adopted(name)
    built = _flavours(adopted, progress)
    adopted.release = next(iter(built.values())).release
    version = versions.series(adopted.release)
    seen = versions.read(versions.place())
    adopted.lines.append(f"{name} is Linux {adopted.release}, " + (
        f"seen before: {version} stands in {versions.place()}" if version in seen.seen
        else f"not seen before; the newest that was is {seen.newest()}"))
    programs.build(progress)
    samples: list[Sample] = []
    folder = Path()
    for file in EXPERIMENTS:
        experiment = plan.load(paths.CONFIGS / file, (name,), "")
        if any(flavour not in built for flavour in plan.flavours(experiment)):
            continue
        home, experiment, record = campaign.reopen(campaign.create(experiment, results).folder)
        progress.log(f"{file}: results in {home.folder}")
        made = running.run(experiment, home, progress, record, executing)
        samples += made
        for sample in made:
            adopted.lines += [f"{sample.cell.label()}: does not count: {reason}"
                              for reason in sample.invalid]
        if not folder.name:
            folder = home.folder
            adopted.lines += _counters(home.folder, made, seen.counters)
            try:
                budget = locktable.of(made, experiment, home, campaign.reopen(home.folder)[2])
                adopted.files["budget.toml"] = budgetfile.to_text(budget)
            except CannotMeasure as error:
                adopted.lines.append(f"no budget can be proposed: {error}")
    if not folder.name:
        raise CannotMeasure(f"{name}: no flavour was built that can be measured; "
                            + "; ".join(adopted.lines))
    mattered = _locks(adopted, samples, seen)
    adopted.files["versions.toml"] = _versions(version, mattered, built)
    adopted.files["kernels.toml"] = _definition(source, version, built)
    if lines := _alternatives(source, built):
        adopted.files["fragments"] = "".join(f"{line}\n" for line in lines)
    place = folder / "adopt"
    place.mkdir(exist_ok=True)
    for file, text in adopted.files.items():
        (place / file).write_text(text, encoding="utf-8")
    (place / "report.txt").write_text("".join(f"{line}\n" for line in adopted.lines), "utf-8")
    return adopted, place


def _flavours(adopted: Adopted, progress: Progress) -> dict[str, BuiltKernel]:
    """Every flavour that builds; a line for each that does not, and for what it goes without."""
    built = {}
    for flavour in FLAVOURS:
        try:
            built[flavour] = build.build(adopted.kernel, flavour, progress)
        except SwapscaleError as error:
            adopted.lines.append(f"flavour {flavour}: cannot be built: {error}")
            continue
        options = built[flavour].options
        adopted.lines.append(f"flavour {flavour}: built" + (
            f"; its options are not all the fragments' first choice: {options}" if options else ""))
    if not built:
        raise CannotMeasure("; ".join(adopted.lines))
    return built


def _counters(folder: Path, samples: Sequence[Sample], wanted: Iterable[str]) -> list[str]:
    """Counters that figures are made of and this kernel does not have."""
    for sample in samples:
        file = folder / sample.evidence / metrics.END
        if file.is_file():
            names = guestfile.vmstat(file)
            return [f"/proc/vmstat has no {pattern}: figures made of it are nought"
                    for pattern in wanted if not fnmatch.filter(names, pattern)]
    return ["no boot sent its /proc/vmstat"]


def _locks(adopted: Adopted, samples: Sequence[Sample], seen: versions.Known) -> dict[str, float]:
    """Locks that matter, by stable name; lines for those that are new, unproven, or gone."""
    mattered: dict[str, float] = {}
    for sample in samples:
        for name, metric in sample.metrics.items():
            match = _LOCK.fullmatch(name)
            if match and match[1] not in ("other", lockclass.PATH_SUM) and not sample.invalid:
                if metric.value >= versions.MATTERS:
                    mattered[match[1]] = metric.value
                    if metric.doubt:
                        adopted.lines.append(f"lock {match[1]}: is not proven: {metric.evidence} "
                                             f"may be {metric.doubt}")
    named = {rule.stable for rule in lockclass.RULES}
    ever: set[str] = set().union(*seen.locks.values()) if seen.locks else set()
    for lock, value in sorted(mattered.items(), key=lambda each: -each[1]):
        if lock not in named:
            adopted.lines.append(f"lock {lock}, {value:.3f} times a page: has no name of ours, "
                                 "only the kernel's; name it in runner/metrics/lockclass.py")
        if lock not in ever:
            adopted.lines.append(f"lock {lock}, {value:.3f} times a page: new, no version seen had "
                                 "it")
    if mattered and seen.newest() in seen.locks:
        for lock in sorted(seen.locks[seen.newest()] - mattered.keys()):
            adopted.lines.append(f"lock {lock}: gone, or rare now; {seen.newest()} has it")
    return mattered


def _versions(version: str, mattered: dict[str, float], built: dict[str, BuiltKernel]) -> str:
    names = ", ".join(f'"{option}"' for option in sorted(mattered))
    return (f"# Of Linux {next(iter(built.values())).release}: add to 'seen', and to [locks].\n"
            f'seen = ["{version}"]\n\n[locks]\n"{version}" = [{names}]\n')


def _definition(source: Source, version: str, built: dict[str, BuiltKernel]) -> str:
    """The source by the version's name, as kernels.toml has it."""
    package = next(iter(built.values())).package.split(" ")[0] or source.package
    key, place = {"git": ("tree", str(source.path.resolve())), "debian": ("package", package)}.get(
        source.kind, ("path", str(source.path.resolve())))
    more = f'suite = "{source.suite}"\n' if source.suite else ""
    more += f'ref = "{source.ref}"\n' if source.kind == "git" else ""
    return (f'[source."{version}"]\ndescription = "{version}"\nkind = "{source.kind}"\n'
            f'{key} = "{place}"\n{more}')


def _alternatives(source: Source, built: dict[str, BuiltKernel]) -> list[str]:
    """For each option that was not had as asked: its line, with what was had in its place."""
    lines = []
    for flavour, kernel in built.items():
        words = kernel.options.split()
        for asked in fragments.requests(source, flavour):
            ways = [way.text() for way in asked.ways()]
            if f"-{asked.option}" not in words or any(way in words for way in ways[1:]):
                continue
            last = asked.option.split("_")
            instead = [word for word in words if word.partition("=")[0] in (
                "_".join(last[1:]), "_".join(last[:-1]))]
            text = " or ".join(f"CONFIG_{way}" for way in (*ways, *instead))
            lines.append(f"# {asked.place}\n{text}" if instead else
                         f"# {asked.place}: nothing was found to ask for instead\n{text}")
    return list(dict.fromkeys(lines))
