# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of a campaign: built or found, and their configurations kept beside its samples."""
from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from runner.asked import Experiment
from runner.campaign.campaign import Campaign
from runner.errors import CannotMeasure, written
from runner.experiment import plan
from runner.judge import able, ineffective
from runner.kernel import build, spec, together
from runner.progress import Progress
from runner.records import BuiltKernel
from runner.swapareas import kinds
from runner.vm import modules

#: Where a campaign keeps the configurations of its kernels.
CONFIGS = "kernel-configs"

#: Every kernel of an experiment by name and flavour, ready to boot.
Kernels = Callable[[Experiment, Progress], dict[tuple[str, str], BuiltKernel]]


def make(experiment: Experiment, progress: Progress) -> dict[tuple[str, str], BuiltKernel]:
    """Every (kernel, flavour) the experiment's tiers boot, from the cache or built."""
    alike = list(dict.fromkeys((*experiment.kernels, *experiment.beside)))
    agreed = {flavour: together.agree(alike, flavour, progress)
              if experiment.rules.base or experiment.beside else ()
              for flavour in plan.flavours(experiment)}
    # All flavours of one kernel in a row: the source tree changes series once.
    wanted = [(name, flavour) for name in experiment.kernels
              for flavour in plan.flavours(experiment)]
    missing = [pair for pair in wanted if not spec.parse(pair[0]).source.ready
               and build.cached(*pair, agreed[pair[1]]) is None]
    for number, (name, flavour) in enumerate(missing, 1):
        progress.log(f"kernel {number} of {len(missing)} to build: {name} ({flavour})")
        build.build(name, flavour, progress, agreed[flavour])
    kernels = {pair: build.build(*pair, progress, agreed[pair[1]]) for pair in wanted}
    for built in kernels.values():
        if built.modules:
            _has_modules(built.name, built.modules, experiment)
    ineffective.refuse(experiment, kernels)
    able.refuse(experiment, kernels)
    return kernels


def _has_modules(name: str, folder: Path, experiment: Experiment) -> None:
    """CannotMeasure before anything boots where a ready kernel lacks what a device takes."""
    for kind in (kind for device in experiment.devices for kind in kinds(device)):
        try:
            modules.order(folder, kind)
        except CannotMeasure as error:
            raise CannotMeasure(f"{name}: {error}") from None


def images(kernels: dict[tuple[str, str], BuiltKernel]) -> list[dict[str, str]]:
    return [{"kernel": name, "flavour": flavour, "key": built.key, "release": built.release,
             "image_sha256": built.image_sha256, "config": build.config_digest(name, flavour),
             "package": built.package, "options": built.options}
            for (name, flavour), built in kernels.items()]


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
