# SPDX-License-Identifier: GPL-2.0-only
"""An experiment file, read and checked, and the samples it asks for, in order."""
from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import host, rules, storm, timed, tomlfile, torture
from runner.errors import UsageError
from runner.instruments import pressure
from runner.instruments import table as instruments
from runner.instruments.table import Instruments
from runner.kernel import spec
from runner.records import (DEVICES, HOST_DEVICES, MIB, TIER_FLAVOUR, TIERS, Accelerator, Cell,
                            Rules, SwapDevice, with_drivers)
from runner.rules import Boots
from runner.storm import Workload
from runner.torture import Torture
from runner.vm import accel, memory, numa


@dataclass(frozen=True)
class Guest:
    ram: int                  # bytes, without the swap device
    swap: int                 # bytes of the swap device
    vcpus: int                # timed and locks tiers; exact has one by nature
    accelerator: str          # 'auto', 'kvm', 'tcg' or 'icount', timed and locks tiers
    cmdline: tuple[str, ...]  # more kernel parameters
    count_locks: bool = False  # locks tier under icount, one vCPU: its counts repeat exactly
    fit_host: bool = False    # vcpus is what is wanted, cut to the host's; no more threads timed
    nodes: int = 1            # NUMA nodes that share RAM and vCPUs


@dataclass(frozen=True)
class Planned:
    """One boot to make."""

    number: int
    repeat: int
    cell: Cell
    layout: int = 0           # exact tier
    purpose: str = ""         # timed tier: as in Sample
    look: int = 0             # timed, exact: the look it is made for, from 0; then confirmation


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    file: Path
    kernels: tuple[str, ...]  # base first, where there is one
    devices: tuple[str, ...]
    threads: tuple[int, ...]
    tiers: tuple[str, ...]
    guest: Guest
    workload: Workload
    boots: Boots
    rules: Rules
    limits: dict[str, float] = field(default_factory=dict)  # seconds: boot, silence, total
    torture: Torture = Torture()
    instruments: Instruments = Instruments()
    left_out: str = ""        # one line on tiers that its kernels cannot have
    budget: str = ""          # lock budgets: a name of results/baselines or a path; '': none


def load(path: Path, kernels: tuple[str, ...] | None = None,
         base: str | None = None) -> Experiment:
    """Read an experiment; `kernels` replaces those it names, the first or `base` is their base.

    UsageError with file, line and key for everything that is not right.
    """
    root = tomlfile.load(path)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    title = root.text("title", path.stem)
    named = _kernels(root)
    if kernels is None:
        kernels = tuple(one for group in named.values() for one in group)
        base = named["base"][0] if "base" in named else ""
        for key, name in ((key, name) for key, group in named.items() for name in group):
            try:
                spec.parse(name)
            except UsageError as error:
                root.complain(key, str(error))
    elif base is None:
        base = kernels[0]
    devices = root.texts("devices", ["pmem"], DEVICES)
    threads = root.integers("threads", 1, 1024, [1])
    tiers = root.texts("tiers", ["exact", "locks"], TIERS)
    left_out = _left_out(root, kernels, tiers)
    guest, workload = _guest(root.table("guest"), root.table("workload"), threads, tiers)
    if guest.accelerator == Accelerator.ICOUNT and "timed" in tiers:
        root.complain("tiers", "timed: time under icount is instructions; leave the tier away or "
                               "set another guest.accelerator")
    for kind in devices:
        try:
            device = SwapDevice(kind, guest.swap)
            numa.share(memory.lay_out(guest.ram, device), device, guest.vcpus, guest.nodes)
        except UsageError as error:
            root.complain("guest", str(error))
    counted = "exact" in tiers or guest.accelerator == Accelerator.ICOUNT or (
        "locks" in tiers and guest.count_locks)
    for kind in devices:
        if counted and kind in HOST_DEVICES:
            root.complain("devices", f"{kind}: the host reads and writes for it in its own time, "
                                     "which the exact tier and icount do not have; take zram, "
                                     "brd or pmem, or the tiers timed and locks without icount")
    timed_cells = (len(devices) * len(_timed_threads(threads, guest)) * max(0, len(kernels) - 1)
                   if "timed" in tiers else 0)
    judging, boots = rules.read(root.table("rules"), base or "", timed_cells)
    root.table("claim")  # what a claim adds to its experiment, runner/claim reads it
    budget = root.text("budget", "")
    if budget and "locks" not in tiers:
        root.complain("budget", "limits what the locks tier counts; add it to tiers")
    watched = instruments.read(root.table("instruments"), tiers, devices, workload.program)
    tortured = torture.read(root.table("torture"), tiers, devices)
    limits_table = root.table("limits")
    limits = {}
    for key in ("boot", "silence", "total"):
        seconds = limits_table.number(f"{key}_s", 0.0, 86400.0, 0.0)
        if seconds:
            limits[key] = seconds
    limits_table.close()
    root.close()
    return Experiment(path.stem, title, path, kernels, tuple(devices), tuple(threads),
                      tuple(tiers), guest, workload, boots, judging, limits, tortured,
                      watched, left_out, budget)


def _left_out(root: tomlfile.Table, kernels: tuple[str, ...], tiers: list[str]) -> str:
    """Takes tiers away that Debian's kernels are not built for; one line about it, or ''."""
    stock = [one for one in kernels if spec.split(one).kind == "stock"]
    if not stock or "locks" not in tiers and torture.TIER not in tiers:
        return ""
    tiers[:] = [one for one in tiers if one not in ("locks", torture.TIER)]
    why = f"{stock[0]} is built without LOCK_STAT and the kernel's own checks"
    if not tiers:
        root.complain("tiers", f"{why}; take exact or timed")
    return (f"{why}: the tiers locks and torture are left out; build the source to have them "
            "(./swapscale kernel list)")


def _kernels(root: tomlfile.Table) -> dict[str, list[str]]:
    """The kernels an experiment names, by key: 'base' and 'test', or 'kernels'."""
    if "kernels" in root.keys():
        for key in ("base", "test"):
            if key in root.keys():
                root.complain(key, "kernels are listed, to be measured each alone; name base and "
                                   "test, or kernels")
        named = {"kernels": root.texts("kernels")}
    else:
        named = {"base": [root.text("base", tomlfile.REQUIRED)], "test": root.texts("test", [])}
        if named["base"][0] in named["test"]:
            root.complain("test", f"{named['base'][0]} is the base; a kernel is not compared "
                                  "with itself")
    return named


def _guest(guest: tomlfile.Table, work: tomlfile.Table, threads: list[int],
           tiers: list[str]) -> tuple[Guest, Workload]:
    ram = guest.integer("ram_mib", 128, 1 << 20, 256)
    swap = guest.integer("swap_mib", 16, 1 << 20, 512)
    cmdline = guest.texts("cmdline", [])
    vcpus, fit_host = guest.integer("vcpus", 1, 64, 2), guest.boolean("fit_host", False)
    made = Guest(ram * MIB, swap * MIB, min(vcpus, host.cores()) if fit_host else vcpus,
                 guest.text("accelerator", "auto", accel.WANTED), tuple(cmdline),
                 guest.boolean("count_locks", False), fit_host,
                 guest.integer("numa_nodes", 1, numa.MOST, 1))
    if made.accelerator == Accelerator.ICOUNT and made.vcpus != 1:
        guest.complain("vcpus", f"icount counts the instructions of one vCPU, not of {made.vcpus}; "
                                "set vcpus = 1 or another accelerator")
    guest.close()
    vcpus = 1 if "exact" in tiers else made.vcpus
    if "program" in work.keys() and work.text("program") == pressure.PROGRAM:
        return made, pressure.read(work)
    machine = storm.Machine(ram, swap, vcpus, made.nodes)
    return made, storm.read(work, threads, machine)


def flavours(experiment: Experiment) -> list[str]:
    """Of the kernels that its cells boot."""
    return sorted({flavour(experiment, tier, device) for tier in experiment.tiers
                   for device in experiment.devices})


def flavour(experiment: Experiment, tier: str, device: str) -> str:
    """Of the kernels that a tier's cells on a device boot."""
    tools = "+tools" if experiment.instruments.programs else ""
    return with_drivers(TIER_FLAVOUR[tier] + tools, device)


def timed_threads(experiment: Experiment) -> tuple[int, ...]:
    """Thread counts the timed tier measures; with fit_host those that have a vCPU each."""
    return _timed_threads(experiment.threads, experiment.guest)


def _timed_threads(threads: Sequence[int], guest: Guest) -> tuple[int, ...]:
    return tuple(count for count in threads if count <= guest.vcpus or not guest.fit_host)


def samples(experiment: Experiment) -> list[Planned]:
    """Every boot the experiment may come to need, in the order it would be made.

    Locks cells `lock_boots` times each; exact cells once at each memory layout, the
    very first twice (the tier's self-check).  Of the layouts beyond the first look, and of
    timed cells, in rounds, runner.adaptive makes those that are needed.  The same experiment always
    gives the same list, so a sample's number is its place in it.
    """
    cells = [*_exact(experiment), *_locks(experiment), *_timed(experiment)]
    if torture.TIER in experiment.tiers:
        cells += [Planned(0, 0, cell) for cell in torture.cells(
            experiment.kernels, experiment.devices, experiment.threads, experiment.torture)]
    return [dataclasses.replace(one, number=number) for number, one in enumerate(cells)]


def _places(experiment: Experiment, tier: str) -> list[tuple[str, int]]:
    counts = timed_threads(experiment) if tier == "timed" else experiment.threads
    return [(device, threads) for device in experiment.devices
            for threads in counts] if tier in experiment.tiers else []


def _exact(experiment: Experiment) -> Iterator[Planned]:
    first, looks = experiment.boots.self_check, experiment.rules.layouts
    for look, (begin, end) in enumerate(zip([0, *looks], looks)):
        for device, threads in _places(experiment, "exact"):
            for kernel in experiment.kernels:
                cell = Cell(kernel, device, threads, experiment.workload.program, "exact")
                for layout in range(begin, end):
                    yield Planned(0, layout, cell, layout, "", look)
                    if first:
                        yield Planned(0, looks[-1], cell, layout, "", look)
                        first = False


def _locks(experiment: Experiment) -> Iterator[Planned]:
    for device, threads in _places(experiment, "locks"):
        for kernel in experiment.kernels:
            cell = Cell(kernel, device, threads, experiment.workload.program, "locks")
            yield from (Planned(0, boot, cell) for boot in range(experiment.boots.lock_boots))


def _timed(experiment: Experiment) -> Iterator[Planned]:
    """Rounds: all kernels of one boot next to each other, in an order drawn from the recorded
    seed and reversed in every second round, so that a drift of the host favours nobody.

    In the first `aa_pairs` rounds the base boots a second time.
    """
    draw = random.Random(experiment.boots.order_seed)
    looks, confirm = experiment.rules.looks, experiment.rules.confirm_pairs
    for device, threads in _places(experiment, "timed"):
        order = [(kernel, "") for kernel in experiment.kernels]
        if experiment.boots.aa_pairs and experiment.rules.base:
            order.append((experiment.rules.base, timed.AA))
        for repeat in range(looks[-1] + confirm):
            if repeat % 2 == 0:
                draw.shuffle(order)
            else:
                order.reverse()
            look = sum(repeat >= count for count in looks)
            for kernel, purpose in order:
                if purpose == timed.AA and repeat >= experiment.boots.aa_pairs:
                    continue
                yield Planned(0, repeat, Cell(kernel, device, threads,
                                              experiment.workload.program, "timed"), 0,
                              timed.CONFIRM if look == len(looks) else purpose, look)
