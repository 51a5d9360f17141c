# SPDX-License-Identifier: GPL-2.0-only
"""The input file of swapsim(1) for a kernel on a machine."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.model.measured import Inputs, Lock
from runner.model.machinefile import Figure, Machine

TREE_MIB = 64                # of swap to a swap cache tree since 4.11
CLUSTER_MIB = 1              # of swap to a cluster
BATCH = 32                   # pages reclaimed in one go: SWAP_CLUSTER_MAX


@dataclass(frozen=True)
class Effort:
    """How long and how often the simulator runs."""

    seed: int = 1
    seeds: int = 8
    pages: int = 60000
    warmup: int = 30000      # some ten times from low watermark to high and back


def _figure(figure: Figure) -> str:
    if figure.low < figure.high:
        return f"{figure.value:.9g}[{figure.low:.9g}..{figure.high:.9g}]"
    return f"{figure.value:.9g}"


def instances(inputs: Inputs, machine: Machine, name: str) -> int:
    """Independent locks of a class.

    A kernel without cluster locks has one swap cache tree to a device, as all had
    before 4.11; since then there is one to 64 MiB of swap.
    """
    devices = machine.devices
    if name == "swap_cache_tree" and inputs.lock("swap_cluster"):
        return devices.count * max(1, devices.mib // TREE_MIB)
    return {"swap_cluster": devices.count * max(1, devices.mib // CLUSTER_MIB),
            "swap_avail": 1, "lru": machine.sockets, "zone": machine.sockets}.get(
                name, devices.count)


def _lock(inputs: Inputs, machine: Machine, lock: Lock) -> str:
    extra = machine.figures["lines_per_extra_page"]
    value, low, high = (1 + one * (lock.batch - 1)
                        for one in (extra.value, extra.low, extra.high))
    data = Figure(value, low, high, extra.source)
    hold = Figure(lock.hold, lock.hold_low, lock.hold_high, "")
    return (f"lock {lock.name} acquisitions {lock.acquisitions:.9g} hold {_figure(hold)} "
            f"service exponential instances {instances(inputs, machine, lock.name)} "
            f"kind {lock.kind} data {_figure(data)}")


def text(inputs: Inputs, machine: Machine, threads: Sequence[int], effort: Effort) -> str:
    """What swapsim reads; every figure with its range."""
    figures = machine.figures
    least, low, high = machine.watermarks
    return "\n".join([
        "swapsim 2",
        f"# {inputs.kernel} on {machine.name}",
        f"ns-per-instruction {_figure(figures['ns_per_instruction'])}",
        f"reclaim {inputs.reclaim_instructions:.9g} exponential",
        f"fault {inputs.fault_instructions:.9g} exponential",
        f"sockets {machine.sockets}",
        f"cores {machine.cores}",
        f"transfer-ns {_figure(figures['near_ns'])} {_figure(figures['far_ns'])}",
        f"lines-per-hold {_figure(figures['lines_per_hold'])}",
        f"wake-ns {_figure(figures['wake_ns'])}",
        f"kswapd {machine.sockets} {least} {low} {high} {BATCH}",
        *(_lock(inputs, machine, lock) for lock in inputs.locks),
        f"device-ns {_figure(figures['device_ns'])} {machine.devices.count}",
        "workers " + " ".join(str(one) for one in threads),
        f"seed {effort.seed}",
        f"seeds {effort.seeds}",
        f"pages {effort.pages}",
        f"warmup-pages {effort.warmup}"]) + "\n"
