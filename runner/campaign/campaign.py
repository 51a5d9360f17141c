# SPDX-License-Identifier: GPL-2.0-only
"""Run an experiment into a campaign folder, or go on with an interrupted one."""
from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner import paths, programs, tomlfile, tomltext
from runner.asked import Experiment
from runner.campaign import adaptive, local, sample
from runner.campaign.executor import Executor
from runner.campaign.store import Campaign, held
from runner.errors import CannotMeasure, UsageError, printable, written
from runner.experiment import plan
from runner.host import host
from runner.judge import ineffective, tier
from runner.kernel import build, spec, together
from runner.progress import Progress
from runner.records import Accelerator, BuiltKernel, Sample
from runner.vm import accel, modules, toollayer

FORMAT = 1
#: Where a campaign keeps the configurations of its kernels.
CONFIGS = "kernel-configs"

#: campaign.json: what the campaign is of; results/README.md documents it.
Record = dict[str, Any]


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
    typed = [one.typed for one in given.values()] if given else []
    with written(campaign.experiment_file):
        if given:
            campaign.experiment_file.write_text("\n".join([
                *(f"# {printable(experiment.file.name)} with {printable(one)}" for one in typed),
                *tomltext.lines(tomlfile.load(experiment.file, given).whole())]) + "\n", "utf-8")
        else:
            shutil.copyfile(experiment.file, campaign.experiment_file)
    _write(campaign, {"format": FORMAT, "experiment": experiment.name, "title": experiment.title,
                      "kernels": list(experiment.kernels), "base": experiment.rules.base,
                      "layouts": list(experiment.rules.layouts),
                      **({"set": typed} if typed else {})})
    return campaign


def _write(campaign: Campaign, record: Record) -> None:
    # Whole or not at all: a runner killed here must leave a campaign that goes on.
    fresh = campaign.plan_file.with_suffix(".new")
    try:
        with written(fresh):
            with open(fresh, "w", encoding="utf-8") as file:
                json.dump(record, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(campaign.plan_file)
    except CannotMeasure:
        fresh.unlink(missing_ok=True)
        raise


def keep_configs(campaign: Campaign, kernels: dict[tuple[str, str], BuiltKernel]) -> None:
    """Put each kernel's configuration beside the samples; an image of the user's has none."""
    folder = campaign.folder / CONFIGS
    for (name, flavour), built in kernels.items():
        source = built.image.parent / "config"
        if flavour and built.flavour == flavour and source.is_file():
            words = re.sub(r"[^A-Za-z0-9.+@-]+", "-", f"{name}-{flavour}").strip("-.")[:80]
            with written(folder):
                folder.mkdir(exist_ok=True)
                shutil.copyfile(source, folder / f"{words}-{built.key[:12]}.config")


#: Every kernel of an experiment by name and flavour, ready to boot.
Kernels = Callable[[Experiment, Progress], dict[tuple[str, str], BuiltKernel]]


def build_kernels(experiment: Experiment, progress: Progress
                  ) -> dict[tuple[str, str], BuiltKernel]:
    """Every (kernel, flavour) the experiment's tiers boot, from the cache or built."""
    alike = list(dict.fromkeys((*experiment.kernels, *experiment.beside)))
    agreed = {flavour: together.agree(alike, flavour, progress)
              if experiment.rules.base or experiment.beside else ()
              for flavour in plan.flavours(experiment)}
    # All flavours of one kernel in a row: the source tree changes series once.
    wanted = [(name, flavour) for name in experiment.kernels
              for flavour in plan.flavours(experiment)]
    missing = [one for one in wanted if not spec.parse(one[0]).source.ready
               and build.cached(*one, agreed[one[1]]) is None]
    for number, (name, flavour) in enumerate(missing, 1):
        progress.log(f"kernel {number} of {len(missing)} to build: {name} ({flavour})")
        build.build(name, flavour, progress, agreed[flavour])
    kernels = {one: build.build(*one, progress, agreed[one[1]]) for one in wanted}
    for built in kernels.values():
        if built.modules:
            _has_modules(built.name, built.modules, experiment)
    ineffective.refuse(experiment, kernels.values())
    return kernels


def _has_modules(name: str, folder: Path, experiment: Experiment) -> None:
    """CannotMeasure before anything boots where a ready kernel lacks what a device takes."""
    for device in experiment.devices:
        try:
            modules.order(folder, device)
        except CannotMeasure as error:
            raise CannotMeasure(f"{name}: {error}") from None


def _images(kernels: dict[tuple[str, str], BuiltKernel]) -> list[dict[str, str]]:
    return [{"kernel": name, "flavour": flavour, "key": built.key, "release": built.release,
             "image_sha256": built.image_sha256, "config": build.config_digest(name, flavour),
             "package": built.package, "options": built.options}
            for (name, flavour), built in kernels.items()]


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


def run(experiment: Experiment, campaign: Campaign, progress: Progress,
        record: Record, measure: Executor = local.measure, kernels_of: Kernels = build_kernels
        ) -> list[Sample]:
    """Make every sample of the plan that is not on record yet; returns all of them.

    `record` is the campaign.json so far; where it names kernels' images and
    an accelerator, they must still be what they were.
    """
    with held(campaign.folder, "campaign"):
        if experiment.left_out:
            progress.warn(experiment.left_out)
        lost = {one.name: why for one in tier.asked(experiment.tiers) if (why := one.lost())}
        if len(lost) == len(experiment.tiers):
            raise CannotMeasure(next(iter(lost.values())))
        for name, why in lost.items():
            progress.warn(f"the tier {name} is left out: {why}")
        tools = experiment.instruments.programs
        toollayer.layer(tools)
        kernels = kernels_of(experiment, progress)
        images = _images(kernels)
        keep_configs(campaign, kernels)
        for old, new in zip(record.get("images", images), images):
            # A campaign of an earlier version may lack a key.
            if {**new, **old} != new:
                raise UsageError(
                    f"{campaign.folder}: {new['kernel']} ({new['flavour']}) is not the kernel "
                    "this campaign began with; start a new one with './swapscale run'")
        guest_programs = programs.digest(experiment.tiers, tools,
                                         experiment.workload.guest_program)
        if record.get("programs", guest_programs) != guest_programs:
            raise UsageError(f"{campaign.folder}: the guest's programs are not those this "
                             "campaign began with; start a new one with './swapscale run'")
        accelerator = accel.choose(record.get("accelerator", experiment.guest.accelerator),
                                   progress)
        _write(campaign, {**record, "accelerator": accelerator.value, "images": images,
                          "programs": guest_programs,
                          "order_seed": experiment.boots.order_seed, "host": host.describe()})
        if torn := campaign.mend():
            progress.warn(torn)
        done = campaign.samples() if campaign.samples_file.exists() else []
        have = {one.number for one in done}
        planned = [one for one in plan.samples(experiment) if one.cell.tier not in lost]
        todo = [one for one in planned if one.number not in have and one.look == 0
                and not tier.find(one.cell.tier).paired]
        setting = sample.Setting(experiment, kernels, accelerator, guest_programs,
                                 threading.Event(), lost)
        done += measure(setting, todo, campaign, progress)
        while batch := adaptive.due(experiment, planned, done):
            done += measure(setting, batch, campaign, progress)
        return sorted(done, key=lambda one: one.number)
