# SPDX-License-Identifier: GPL-2.0-only
"""Lock counts of a campaign as a table, and kept as budgets."""
from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

from runner import paths
from runner.asked import Experiment
from runner.campaign.campaign import Campaign, Record
from runner.errors import CannotMeasure, UsageError
from runner.judge import budgetfile
from runner.judge.budget import Budget
from runner.records import Sample, plain
from runner.report import lockpage


def of(samples: list[Sample], experiment: Experiment, home: Campaign, record: Record) -> Budget:
    """The campaign's figures; CannotMeasure where it holds no lock counts."""
    releases = {image["kernel"]: image["release"] for image in record.get("images", [])
                if plain(image["flavour"]) == "lockstat"}
    hosts = [f"{host.get('cores', '?')} × {host.get('cpu', '?')}, QEMU {host.get('qemu', '?')}"
             for host in (sample.host for sample in samples if not sample.invalid)]
    file = budgetfile.path_of(experiment.budget) if experiment.budget else home.folder
    return budgetfile.measured(file, samples, experiment, releases, hosts[0] if hosts else "")


def page(budget: Budget, home: Campaign) -> str:
    """The table of one campaign, its picture drawn into the campaign's folder."""
    drawn = lockpage.draw(budget, home.folder / "locks")
    return lockpage.render(budget, f"Made by `./swapscale report {home.folder} --locks`.",
                           "locks.svg" if drawn.files else "")


def keep(fresh: Budget) -> tuple[Budget, list[Path]]:
    """Put figures into their budget file and its page; what the file holds now, and the files.

    Budgets of cells that were not measured stay as they are.
    """
    whole = budgetfile.merge(budgetfile.load(fresh.file), fresh)
    written = [fresh.file]
    try:
        fresh.file.parent.mkdir(parents=True, exist_ok=True)
        fresh.file.write_text(budgetfile.to_text(whole), encoding="utf-8")
        if whole.page:
            written += show(whole)
    except OSError as error:
        raise CannotMeasure(f"{error.filename or fresh.file}: cannot be written: "
                            f"{error.strerror}") from None
    return whole, written


def show(budget: Budget) -> list[Path]:
    """Write the page a budget file names, and its picture beside it."""
    place = paths.ROOT / budget.page
    place.write_text(lockpage.kept(budget), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="swapscale-locks-") as scratch:
        drawn = lockpage.draw(budget, Path(scratch) / place.stem)
        if not drawn.files:
            raise CannotMeasure(f"{place}: written, but not its picture: {drawn.skipped}")
        picture = place.with_suffix(".svg")
        shutil.copyfile(drawn.files[0], picture)
    return [place, picture]


def judged_by(experiment: Experiment, file: Path) -> Experiment:
    """The experiment, its budget in another file; UsageError where there is none."""
    if not file.is_file():
        raise UsageError(f"{file}: is not a budget file; './swapscale budget CAMPAIGN --write' "
                         "makes one")
    return dataclasses.replace(experiment, budget=str(file.absolute()))
