# SPDX-License-Identifier: GPL-2.0-only
"""Budget files: read, made from a campaign, written."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from runner import paths, tomlfile
from runner.asked import Experiment
from runner.errors import CannotMeasure, UsageError, printable
from runner.judge import tier
from runner.judge.budget import (SHOWN, Budget, Conditions, Figures, Place, acquisitions,
                                 conditions, place_of)
from runner.judge.figures import middle
from runner.kernel import series, spec
from runner.kernel.spec import Spec
from runner.metrics.lockclass import SWAP_PATH
from runner.records import Sample

FORMAT = 1


def path_of(name: str) -> Path:
    """The file an experiment's `budget` names: a baseline's name, or a path with '/' in it."""
    return Path(name).expanduser() if "/" in name else \
        paths.RESULTS / "baselines" / f"{name}.toml"


def load(path: Path) -> Budget:
    """Read a budget file; one that is not there is a budget that has nothing in it.

    UsageError with file, line and key for everything that is not right.
    """
    if not path.exists():
        return Budget(path, None)
    root = tomlfile.load(path)
    root.integer("format", FORMAT, FORMAT, tomlfile.REQUIRED)
    page = root.text("page", "")
    if page and (page.startswith("/") or ".." in Path(page).parts):
        root.complain("page", f"{printable(page, 60)} is not below the checkout")
    measured = root.table("measured")
    shared = Conditions(measured.text("accelerator", tomlfile.REQUIRED),
                        measured.integer("vcpus", 1, 1024, tomlfile.REQUIRED),
                        measured.integer("ram_mib", 1, 1 << 20, tomlfile.REQUIRED),
                        measured.integer("swap_mib", 1, 1 << 20, tomlfile.REQUIRED),
                        measured.number("ratio", 0.0, 64.0, tomlfile.REQUIRED),
                        measured.integer("passes", 1, 1000, tomlfile.REQUIRED))
    host = measured.text("host", "")
    measured.close()
    figures: dict[Place, Figures] = {}
    kernels = root.table("kernel")
    for kernel in kernels.keys():
        devices = kernels.table(kernel)
        for device in devices.keys():
            counts = devices.table(device)
            for threads in counts.keys():
                if not threads.isascii() or not threads.isdigit():
                    counts.complain(threads, "is not a number of threads")
                figures[Place(kernel, device, int(threads))] = _figures(counts.table(threads))
    root.close()
    return Budget(path, shared, figures, host, page)


def _figures(cell: tomlfile.Table) -> Figures:
    locks = cell.table("locks")
    figures = Figures(cell.text("release", ""), cell.text("on", ""), cell.text("patch", ""),
                      cell.integer("pages", 0, 2**53, 0),
                      {lock: locks.number(lock, 0.0, 1e6) for lock in locks.keys()},
                      cell.number("instructions_per_page", 0.0, 1e12, 0.0))
    for lock in [lock for lock in SWAP_PATH if lock not in figures.locks]:
        cell.complain("locks", f"{lock}: missing; a budget limits " + ", ".join(SWAP_PATH))
    locks.close()
    cell.close()
    return figures


def _subject(patch: Path) -> str:
    """A patch's subject; its file name where it has none."""
    head = patch.read_text(encoding="utf-8", errors="replace").split("\n---\n")[0]
    match = re.search(r"^Subject: +(?:\[[^]]*\] *)?(.+(?:\n .+)*)", head, re.MULTILINE)
    return printable(" ".join(match[1].split()) if match else patch.stem, 120)


def _patches(kernel: Spec) -> tuple[Path, ...]:
    return tuple(part.folder / patch for part in kernel.stack
                 for patch, _ in series.entries(part.folder)[:part.upto])


def lineage(kernels: Iterable[str]) -> dict[str, tuple[str, str]]:
    """For each kernel the one of the others it extends by the fewest patches, and by which.

    A kernel whose name means nothing here any more extends none.
    """
    known: dict[str, tuple[str, tuple[Path, ...]]] = {}
    for name in kernels:
        try:
            parsed = spec.parse(name)
            known[name] = parsed.source.name, _patches(parsed)
        except UsageError:
            continue
    parents = {}
    for name, (source, mine) in known.items():
        below = [(len(other), parent) for parent, (its, other) in known.items()
                 if its == source and len(other) < len(mine) and mine[:len(other)] == other]
        if below:
            count, parent = max(below)
            new = mine[count:]
            parents[name] = parent, _subject(new[0]) if len(new) == 1 else f"{len(new)} patches"
    return parents


def measured(file: Path, samples: Iterable[Sample], experiment: Experiment,
             releases: Mapping[str, str], host: str) -> Budget:
    """What a campaign's valid samples say, as a budget; `releases` by kernel.

    CannotMeasure where it holds no lock counts, or counts of several settings.
    """
    valid = [sample for sample in samples if not sample.invalid]
    counted: dict[Place, list[Sample]] = {}
    others: dict[Place, list[Sample]] = {}
    for sample in valid:
        (counted if tier.find(sample.cell.tier).counts_locks else others).setdefault(
            place_of(sample), []).append(sample)
    settings = {conditions(experiment, sample) for group in counted.values() for sample in group}
    if len(settings) != 1:
        raise CannotMeasure("the campaign holds no valid lock counts; run an experiment with the "
                            "locks tier" if not settings else
                            "the campaign holds lock counts of several accelerators or numbers of "
                            "vCPUs; run its experiment anew")
    figures = {}
    for place, group in counted.items():
        figures[place] = Figures(
            releases.get(place.kernel, ""), "", "",
            round(middle(group, "pswpout") or 0),
            {lock: round(middle(group, acquisitions(lock)) or 0.0, 5) for lock in SHOWN},
            round(middle(others.get(place, []), "instructions_per_page") or 0.0, 1))
    return Budget(file, settings.pop(), _related(figures), host)


def _related(figures: Mapping[Place, Figures]) -> dict[Place, Figures]:
    """The same figures, each with the kernel of theirs that it extends."""
    family = lineage(dict.fromkeys(place.kernel for place in figures))
    related = {}
    for place, own in figures.items():
        on, patch = family.get(place.kernel, ("", ""))
        related[place] = replace(own, on=on, patch=patch)
    return related


def merge(old: Budget, new: Budget) -> Budget:
    """`old` with the places of `new` in it; UsageError where their settings differ."""
    if old.conditions is None or new.conditions is None:
        return new
    if other := old.conditions.differs(new.conditions):
        raise UsageError(f"{old.file}: is of another setting ({other} in the campaign); remove "
                         "the file to begin anew")
    # In the campaign's order where it measured everything, else what is new comes last.
    all_new = set(old.figures) <= set(new.figures)
    return replace(new, page=old.page,
                   figures=new.figures if all_new else
                   _related({**old.figures, **new.figures}))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def to_text(budget: Budget) -> str:
    """The file `load` reads."""
    assert budget.conditions is not None
    lines = ["# SPDX-License-Identifier: GPL-2.0-only",
             "# Lock budgets: acquisitions per swapped-out page that each kernel may take.",
             "# Written by './swapscale budget CAMPAIGN --write'; results/README.md documents it.",
             f"format = {FORMAT}"]
    if budget.page:
        lines.append(f"page = {_text(budget.page)}")
    lines += ["", "[measured]"]
    lines += [f"{name} = {_text(value) if isinstance(value, str) else value}"
              for name, value in vars(budget.conditions).items()]
    if budget.host:
        lines.append(f"host = {_text(budget.host)}")
    for place, figures in budget.figures.items():
        head = f"kernel.{_text(place.kernel)}.{_text(place.device)}.{place.threads}"
        lines += ["", f"[{head}]"]
        lines += [f"{key} = {_text(value)}" for key, value in
                  (("release", figures.release), ("on", figures.on), ("patch", figures.patch))
                  if value]
        lines.append(f"pages = {figures.pages}")
        if figures.instructions:
            lines.append(f"instructions_per_page = {figures.instructions}")
        lines += [f"[{head}.locks]",
                  *(f"{lock} = {value}" for lock, value in figures.locks.items())]
    return "\n".join(lines) + "\n"
