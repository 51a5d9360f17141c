# SPDX-License-Identifier: GPL-2.0-only
"""A campaign folder read for the index: its samples and the series they belong to."""
from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.campaign.campaign import Campaign
from runner.campaign.store import load_samples
from runner.errors import UsageError, printable
from runner.judge import tier
from runner.judge.figures import simulated
from runner.nightly import nightfile
from runner.nightly.nightfile import NightRecord
from runner.records import Metric, Sample

#: Files of a campaign that the index is made of.
SOURCES = ("campaign.json", "experiment.toml", "samples.jsonl", nightfile.NAME)


_SIMULATES = " simulates "


def machine(vcpus: int, digest: str, simulates: str) -> str:
    """'2 vCPU' and the digest of the machine's description, then what machine it simulates."""
    return f"{vcpus} vCPU {digest}".rstrip() + (f"{_SIMULATES}{simulates}" if simulates else "")


@dataclass(frozen=True, order=True)
class SeriesKey:
    """What nights must share to be held against each other; figures of one metric."""

    host: str                 # host class: 'CPU MODEL, 2 cores'
    qemu: str                 # '7.2.22'
    accelerator: str
    machine: str              # as machine() writes it
    config: str               # digest of guest, load and kernel configuration; 12 hex digits
    workload: str             # digest of the guest's programs; 12 hex digits
    kernel: str               # the kernel that moves, with its series: '6.1:vanilla'
    device: str
    threads: int
    load: str                 # 'swapstorm'
    tier: str
    metric: str
    unit: str
    better: str               # 'lower', 'higher' or ''

    def label(self) -> str:
        """For people: '6.1:vanilla, exact, pmem, 1 thread: instructions_per_page'."""
        threads = f"{self.threads} thread" + ("s" if self.threads != 1 else "")
        return f"{self.kernel}, {self.measured_by}, {self.device}, {threads}: {self.metric}"

    @property
    def simulated(self) -> str:
        """The machine that its tier simulates; '': none."""
        return self.machine.partition(_SIMULATES)[2]

    @property
    def measured_by(self) -> str:
        """The tier, for people."""
        return self.tier + simulated([self.simulated])


@dataclass(frozen=True)
class Facts:
    """What one campaign says."""

    folder: str                            # its name below the results folder
    experiment: str                        # name of the experiment
    thresholds: dict[str, float]           # that the experiment declares itself
    samples: tuple[Sample, ...]
    releases: dict[tuple[str, str], str]   # (kernel, flavour) -> 'uname -r'
    configs: dict[tuple[str, str], str]    # (kernel, flavour) -> digest of its config fragments
    settings: str                          # digest of guest and load
    night: NightRecord | None              # None: not a run of 'swapscale nightly'

    def release(self, sample: Sample) -> str:
        return self.releases.get((sample.cell.kernel, tier.flavour(sample.cell)), "")

    def role(self, sample: Sample) -> str:
        """'test', or 'base': booted for tonight's comparison, no night of the history."""
        return "base" if self.night and sample.cell.kernel != self.night.kernel else "test"

    def key(self, sample: Sample, name: str, metric: Metric) -> SeriesKey:
        """The series that `metric` of `sample` is a figure of."""
        cell, host = sample.cell, sample.host
        config = self.configs.get((cell.kernel, tier.flavour(cell)), "")
        kernel = self.night.track if self.night and self.role(sample) == "test" else cell.kernel
        return SeriesKey(
            host=f"{host.get('cpu', '')}, {host.get('cores', '')} cores",
            qemu=host.get("qemu", ""), accelerator=sample.accelerator,
            machine=machine(sample.vcpus, host.get("machine", ""),
                            tier.find(cell.tier).machine(sample)),
            config=hashlib.sha256(f"{self.settings} {config}".encode()).hexdigest()[:12],
            workload=host.get("programs", ""), kernel=kernel, device=cell.device,
            threads=cell.threads, load=cell.workload, tier=cell.tier, metric=name,
            unit=metric.unit, better=metric.better)


def seal(folder: Path) -> str:
    """Changes when a file the index is made of changes: sizes and times of change."""
    parts = []
    for name in SOURCES:
        try:
            stat = (folder / name).stat()
            parts.append(f"{stat.st_size}:{stat.st_mtime_ns}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def read(folder: Path) -> Facts:
    """What the campaign in `folder` says; UsageError 'FILE: what is wrong'.

    A last line cut short by a killed runner is left out: it was never a sample.
    """
    home = Campaign(folder)
    record = _record(home.plan_file)
    try:
        with open(home.experiment_file, "rb") as file:
            experiment = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{home.experiment_file}: cannot be read: "
                         f"{printable(str(error))}") from None
    images = record.get("images", [])
    try:
        built = {(str(image["kernel"]), str(image["flavour"])): image for image in images}
        releases = {place: str(image["release"]) for place, image in built.items()}
        configs = {place: str(image.get("config", "")) for place, image in built.items()}
        name = str(record["experiment"])
    except (LookupError, TypeError, AttributeError):
        raise UsageError(f"{home.plan_file}: is not of a campaign") from None
    return Facts(folder.name, name, _thresholds(experiment), tuple(_samples(home)), releases,
                 configs, _settings(experiment, record), nightfile.read(folder))


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read: {printable(str(error))}") from None
    if not isinstance(record, dict):
        raise UsageError(f"{path}: is not a JSON object")
    return record


def _samples(home: Campaign) -> list[Sample]:
    return load_samples(home.samples_file, torn=True) if home.samples_file.exists() else []


def _thresholds(experiment: dict[str, Any]) -> dict[str, float]:
    rules = experiment.get("rules")
    chosen = rules.get("thresholds") if isinstance(rules, dict) else None
    return {str(name): float(value) for name, value in chosen.items()
            if isinstance(value, (int, float))} if isinstance(chosen, dict) else {}


def _settings(experiment: dict[str, Any], record: dict[str, Any]) -> str:
    """Digest of what the experiment says of guest, load and tiers, as written.

    As written, not as loaded: a key that a later version adds, with the old
    behaviour as its default, must not end every series.
    """
    said = {key: experiment.get(key, {}) for key in ("guest", "workload", "torture")}
    said |= {name: experiment[name] for name in tier.TABLE if name in experiment}
    if "shared" in record:    # what its kernels had in common; the rest is in their names
        said["settings"] = record["shared"]
    if isinstance(said["guest"], dict):
        # A part of the series' key of its own, under the name it really ran on.
        said["guest"] = {key: value for key, value in said["guest"].items()
                         if key != "accelerator"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
