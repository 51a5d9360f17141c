# SPDX-License-Identifier: GPL-2.0-only
"""A campaign: its folder, made of an experiment or found on disk.

results/README.md documents what lies in it.
"""
from __future__ import annotations

import dataclasses
import datetime
import json
import os
import shutil
from pathlib import Path
from typing import Any

from runner import paths, tomlfile, tomltext
from runner.asked import Experiment
from runner.campaign import store
from runner.errors import CannotMeasure, UsageError, printable, written
from runner.experiment import plan
from runner.records import Accelerator, Sample

FORMAT = 1
_ROOM = "make room there, and go on with: ./swapscale run --resume"

#: campaign.json: what the campaign is of.
Record = dict[str, Any]


class Campaign:
    """results/CAMPAIGN/ on disk.

    samples.jsonl is appended and fsynced sample by sample, so a runner that is killed loses at
    most the sample in flight.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.samples_file = folder / "samples.jsonl"
        self.plan_file = folder / "campaign.json"
        self.experiment_file = folder / "experiment.toml"

    def write(self, record: Record) -> None:
        """Put campaign.json there, whole or not at all: a runner may be killed here."""
        fresh = self.plan_file.with_suffix(".new")
        try:
            with written(fresh):
                with open(fresh, "w", encoding="utf-8") as file:
                    json.dump(record, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.rename(self.plan_file)
        except CannotMeasure:
            fresh.unlink(missing_ok=True)
            raise

    def samples(self) -> list[Sample]:
        """Every sample on record, checked line by line."""
        return store.load_samples(self.samples_file)

    def mend(self) -> str | None:
        """Set a last line that a killed runner left torn aside; says so, or None.

        The torn bytes are kept in samples.torn.
        """
        if not self.samples_file.exists():
            return None
        data = self.samples_file.read_bytes()
        if not data or data.endswith(b"\n"):
            return None
        whole = data.rfind(b"\n") + 1
        with written(self.samples_file):
            with open(self.folder / "samples.torn", "ab") as torn:
                torn.write(data[whole:] + b"\n")
            with open(self.samples_file, "r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        return (f"{self.samples_file}: last line was cut short ({len(data) - whole} bytes, "
                "kept in samples.torn); that sample is measured again")

    def append(self, sample: Sample) -> None:
        """Add one sample; it is on the disk when this returns."""
        with written(self.samples_file, f"{_ROOM} {self.folder}"), \
                open(self.samples_file, "ab") as file:
            file.write(store.to_line(sample).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def evidence_for(self, number: int) -> Path:
        """An empty folder for sample `number`; what an interrupted boot left is set aside."""
        folder = self.folder / "evidence" / f"{number:04d}"
        if folder.exists():
            count = len(list(folder.parent.glob(f"{number:04d}.interrupted-*")))
            folder.rename(folder.with_name(f"{number:04d}.interrupted-{count + 1}"))
        with written(folder):
            folder.mkdir(parents=True)
        return folder


def create(experiment: Experiment, results: Path | None = None,
           given: tomlfile.Given | None = None) -> Campaign:
    """A new folder results/NAME-TIME holding a copy of the experiment, with `given` put in."""
    parent = results or paths.RESULTS
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    folder = parent / f"{experiment.name}-{stamp}"
    count = 1
    while True:
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            count += 1
            folder = parent / f"{experiment.name}-{stamp}-{count}"
        except OSError as error:
            raise UsageError(f"{parent}: cannot hold results: {error.strerror}; "
                             "name another folder with --results") from None
    try:
        return _filled(Campaign(folder), experiment, given)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)    # nothing has been measured
        raise


def _filled(campaign: Campaign, experiment: Experiment, given: tomlfile.Given | None) -> Campaign:
    typed = [value.typed for value in given.values()] if given else []
    with written(campaign.experiment_file):
        if given:
            campaign.experiment_file.write_text("\n".join([
                *(f"# {printable(experiment.file.name)} with {printable(words)}"
                  for words in typed),
                *tomltext.lines(tomlfile.load(experiment.file, given).whole())]) + "\n", "utf-8")
        else:
            shutil.copyfile(experiment.file, campaign.experiment_file)
    campaign.write({"format": FORMAT, "experiment": experiment.name, "title": experiment.title,
                    "kernels": list(experiment.written), "base": experiment.rules.base,
                    **({"shared": experiment.shared} if experiment.shared else {}),
                    "layouts": list(experiment.rules.layouts),
                    **({"set": typed} if typed else {})})
    return campaign


def reopen(folder: Path) -> tuple[Campaign, Experiment, Record]:
    """A campaign on disk, its experiment and its record; UsageError where it is none."""
    campaign = Campaign(folder)
    if not campaign.plan_file.is_file():
        raise UsageError(f"{folder}: is not a campaign (no {campaign.plan_file.name}); "
                         "give a folder that './swapscale run' made")
    try:
        record = json.loads(campaign.plan_file.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']} is not {FORMAT}")
        kernels = tuple(str(name) for name in record["kernels"])
        base = str(record["base"]) if "base" in record else None
        layouts = tuple(int(count) for count in record.get("layouts", ()))
        if "accelerator" in record:
            record["accelerator"] = Accelerator(record["accelerator"])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UsageError(f"{campaign.plan_file}: cannot be read: {printable(str(error))}; "
                         "start a new campaign") from None
    experiment = plan.load(campaign.experiment_file, kernels, base)
    # The file's own title is of the kernels that it names.
    experiment = dataclasses.replace(experiment, title=str(record.get("title", experiment.title)))
    if layouts:   # nightly declares more looks than the experiment does
        experiment = dataclasses.replace(experiment, rules=dataclasses.replace(
            experiment.rules, layouts=layouts))
    return campaign, experiment, record
