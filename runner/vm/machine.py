# SPDX-License-Identifier: GPL-2.0-only
"""The machine description: what kind of PC, run how, and for how long."""
from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.paths import CONFIGS
from runner.records import MIB, Accelerator
from runner.tomlfile import REQUIRED, Table, load

DESCRIPTION = CONFIGS / "vm" / "pc.toml"


@dataclass(frozen=True)
class Limits:
    """What one boot may take: seconds of wall clock, bytes from the guest."""

    boot: float
    silence: float
    total: float
    console: float
    channel: float
    heartbeat: float

    def overridden(self, changes: dict[str, float]) -> Limits:
        """With single limits replaced as they are, unscaled; UsageError for what is none."""
        known = [field.name for field in dataclasses.fields(self)]
        for name, value in changes.items():
            if name not in known:
                raise UsageError(f"limits: {name}: is not known; known: {', '.join(known)}")
            if not 0 < value < float("inf"):
                raise UsageError(f"limits: {name}: {value} is not a positive number")
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Engine:
    """How one accelerator runs this machine."""

    cpu: str
    args: tuple[str, ...]        # of QEMU
    params: tuple[str, ...]      # of the kernel
    max_vcpus: int
    limits: Limits               # scaled to this accelerator


@dataclass(frozen=True)
class Machine:
    qemu: str
    type: str
    engines: dict[Accelerator, Engine]
    modular: float               # times `boot` that a kernel with modules may take

    def limits(self, accelerator: Accelerator, modular: bool) -> Limits:
        """Of one boot; `modular`: of a distribution's kernel, which has more to set up."""
        limits = self.engines[accelerator].limits
        return limits.overridden({"boot": limits.boot * self.modular}) if modular else limits


def _engine(table: Table, seconds: dict[str, float], bounds: dict[str, float]) -> Engine:
    scale = table.number("scale", 0.1, 1000, REQUIRED)
    engine = Engine(
        cpu=table.text("cpu", REQUIRED),
        args=tuple(table.texts("args", REQUIRED)),
        params=tuple(table.texts("params", [])),
        max_vcpus=table.integer("max_vcpus", 1, 1024, REQUIRED),
        limits=Limits(**{name: value * scale for name, value in seconds.items()}, **bounds))
    for param in engine.params:
        if " " in param:
            table.complain("params", f"{param!r} holds a blank; one kernel parameter per text")
    table.close()
    return engine


def read(path: Path = DESCRIPTION) -> Machine:
    """The machine described at `path`; UsageError names file, line and field."""
    root = load(path)
    limits, bounds = root.table("limits"), root.table("bounds")
    seconds = {name: limits.number(name, 0.1, 86400, REQUIRED)
               for name in ("boot", "silence", "total")}
    modular = limits.number("modular_boot", 1, 100, REQUIRED)
    sizes = {name: bounds.number(name, 0.01, 1024, REQUIRED) * MIB
             for name in ("console", "channel", "heartbeat")}
    accelerators = root.table("accelerator")
    machine = Machine(
        qemu=root.text("qemu", REQUIRED),
        type=root.text("type", REQUIRED),
        engines={name: _engine(accelerators.table(name), seconds, sizes)
                 for name in Accelerator},
        modular=modular)
    for table in (limits, bounds, accelerators, root):
        table.close()
    return machine


def digest(accelerator: Accelerator) -> str:
    """8 hex digits of what the description gives a guest on `accelerator`; limits are not in it."""
    machine = read()
    engine = machine.engines[accelerator]
    told = (machine.type, engine.cpu, engine.args, engine.params)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]
