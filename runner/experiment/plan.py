# SPDX-License-Identifier: GPL-2.0-only
"""An experiment file, read and checked, and the samples it asks for, in order."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from runner import load as loads
from runner import swapareas, tomlfile
from runner.asked import Experiment, Guest, Planned, Under
from runner.errors import UsageError
from runner.host import host
from runner.instruments import table as instruments
from runner.judge import rules, tier
from runner.judge.tier.base import Tier
from runner.kernel import spec
from runner.load import memcg
from runner.load.workload import Machine, Workload
from runner.records import COMPRESSORS, DRIVERS, HOST_DEVICES, MIB, Accelerator
from runner.settings import chosen as settings
from runner.settings import variant
from runner.settings.words import compresses
from runner.swapareas import with_drivers
from runner.vm import accel, memory, numa

#: The flavour that stands for a kernel as its distributor ships it.
STOCK = "perf"


def load(path: Path, kernels: tuple[str, ...] | None = None,
         base: str | None = None, given: tomlfile.Given | None = None) -> Experiment:
    """Read an experiment; `kernels` replaces those it names, the first or `base` is their base.

    `given` replaces keys of the file; where one is wrong, the complaint names its option.
    UsageError with file, line and key for everything that is not right.
    """
    root = tomlfile.load(path, given)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    title = root.text("title", path.stem)
    named = _kernels(root)
    sets, common = variant.sets_of(root), variant.flat(root.table("settings"))
    if kernels is None:
        kernels = tuple(kernel for group in named.values() for kernel in group)
        base = named["base"][0] if "base" in named else ""
        for key, name in ((key, name) for key, group in named.items() for name in group):
            try:
                variant.parse(name, sets)
                spec.parse(name)
            except UsageError as error:
                root.complain(key, str(error))
    elif base is None:
        base = kernels[0]
    asked = settings.choose(kernels, root, sets, common)
    kernels, base = asked.shown, asked.names.get(base or "", base)
    devices = _devices(root)
    threads = root.integers("threads", 1, 1024, [1])
    tiers = root.texts("tiers", ["exact", "locks"], tuple(tier.TABLE))
    left_out = _left_out(root, kernels, tiers)
    chosen = tier.asked(tiers)
    more = _unadvised(root, asked)
    root.put(more)
    guest, work = _machine(root, devices, threads, chosen)
    variants = {}
    for kernel in asked.each:
        if kernel.knobs or kernel.parameters or kernel.keys:
            own_guest, own_work = _machine(
                tomlfile.load(path, {**(given or {}), **more, **kernel.keys}), devices, threads,
                chosen)
            variants[kernel.shown] = Under(kernel.written, dataclasses.replace(
                own_guest, cmdline=(*own_guest.cmdline, *kernel.parameters)), own_work,
                kernel.knobs, kernel.parameters)
    for name in kernels:
        _zswap(root, name, guest, variants.get(name), work)
    paired = sum(len(devices) * len(own.threads(threads, guest)) * max(0, len(kernels) - 1)
                 for own in chosen if own.paired)
    judging, boots = rules.read(root.table("rules"), base or "", paired)
    root.table("claim")  # what a claim adds to its experiment, runner/claim reads it
    budget = root.text("budget", "")
    if budget and not any(own.counts_locks for own in chosen):
        root.complain("budget", "limits what the locks tier counts; add it to tiers")
    watched = instruments.read(root.table("instruments"), instruments.Tiers(
        [own.name for own in tier.TABLE.values() if own.tools],
        [name for name in tiers if not tier.find(name).tools],
        [own.name for own in chosen if not own.contends]), devices,
        loads.find(work.program).tools(work))
    by_tier = {own.name: own.read(root, own in chosen, devices) for own in tier.every()}
    limits_table = root.table("limits")
    beside = tuple(root.texts("beside", []))
    limits = {}
    for key in ("boot", "silence", "total"):
        seconds = limits_table.number(f"{key}_s", 0.0, 86400.0, 0.0)
        if seconds:
            limits[key] = seconds
    limits_table.close()
    root.close()
    return Experiment(path.stem, title, path, kernels, tuple(devices), tuple(threads),
                      tuple(tiers), guest, work, boots, judging, limits, by_tier,
                      watched, left_out, budget, beside, asked.shared, variants)


def _devices(root: tomlfile.Table) -> list[str]:
    devices = []
    for name in root.texts("devices", ["pmem"]):
        try:
            devices.append(swapareas.canonical(name))
        except UsageError as error:
            root.complain("devices", str(error))
    if len(set(devices)) != len(devices):
        root.complain("devices", "names something twice")
    return devices


def _zswap(root: tomlfile.Table, name: str, guest: Guest, own: Under | None, work: Workload
           ) -> None:
    """Complain where a group's zswap is limited and there is none, or takes too much of it."""
    load = own.workload if own else work
    limited = [file for file in memcg.files(load.options) if file.startswith("memory.zswap.")]
    if any(knob.asked == "zswap=on" for knob in (own.knobs if own else ())):
        ram = (own.guest if own else guest).ram
        if wrong := memcg.with_zswap(load.options, load.ratio * ram / MIB):
            root.complain("workload", f"{name}: {wrong}")
    elif limited:
        root.complain("workload", f"{limited[0]} limits nothing: {name} runs without zswap; set "
                                  "zswap = \"on\" in [settings], or leave the key away")


def _left_out(root: tomlfile.Table, kernels: tuple[str, ...], tiers: list[str]) -> str:
    """Takes tiers away that Debian's kernels are not built for; one line about it, or ''."""
    stock = [kernel for kernel in kernels if spec.split(kernel).kind == "stock"]
    able = [own.name for own in tier.TABLE.values() if own.flavour == STOCK]
    if not stock or all(name in able for name in tiers):
        return ""
    tiers[:] = [name for name in tiers if name in able]
    why = f"{stock[0]} is built without LOCK_STAT and the kernel's own checks"
    if not tiers:
        root.complain("tiers", f"{why}; take {' or '.join(able)}")
    others = " and ".join(name for name in tier.TABLE if name not in able)
    return (f"{why}: the tiers {others} are left out; build the source to have them "
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


def _unadvised(root: tomlfile.Table, asked: settings.Kernels) -> tomlfile.Given:
    """Where folios' sizes are settings, the load leaves its memory to them unless it says more."""
    place = ("workload", "thp")
    if not any("/transparent_hugepage/" in knob.path
               for kernel in asked.each for knob in kernel.knobs) \
            or place[1] in root.table(place[0]).keys():
        return {}
    return {place: tomlfile.Change("system", "workload.thp=system")}


def _machine(root: tomlfile.Table, devices: list[str], threads: list[int], chosen: list[Tier]
             ) -> tuple[Guest, Workload]:
    """[guest] and [workload], checked against each other, the devices and the tiers."""
    guest, workload = _guest(root.table("guest"), root.table("workload"), threads, chosen)
    for own in chosen:
        own.check(root, guest)
    for name in devices:
        try:
            device = swapareas.make(name, guest.swap)
            numa.share(memory.lay_out(guest.ram, device), device, guest.vcpus, guest.nodes)
        except UsageError as error:
            root.complain("guest", str(error))
        if any(area.kind in HOST_DEVICES for area in device.areas) \
                and any(own.counted(guest, guest.accelerator) for own in chosen):
            root.complain("devices", f"{name}: the host reads and writes for it in its own time, "
                                     "which the exact tier and icount do not have; take zram, "
                                     "brd or pmem, or the tiers timed and locks without icount")
    return guest, workload


def _guest(guest: tomlfile.Table, work: tomlfile.Table, threads: list[int],
           tiers: Sequence[Tier]) -> tuple[Guest, Workload]:
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
    vcpus = min((own.vcpus(made, made.accelerator) for own in tiers), default=made.vcpus)
    machine = Machine(ram, swap, vcpus, made.nodes)
    return made, loads.read(work, threads, machine,
                            max((own.settle for own in tiers), default=0.0))


def flavours(experiment: Experiment) -> list[str]:
    """Of the kernels that its cells boot."""
    return sorted({flavour(experiment, name, device) for name in experiment.tiers
                   for device in experiment.devices})


def flavour(experiment: Experiment, name: str, device: str) -> str:
    """Of the kernels that a tier's cells on a device boot."""
    tools = "+tools" if experiment.instruments.programs else ""
    more = loads.find(experiment.workload.program).kernel
    if any(compresses(knob) for own in experiment.variants.values() for knob in own.knobs):
        return tier.find(name).flavour + tools + DRIVERS + COMPRESSORS + more
    return with_drivers(tier.find(name).flavour + tools, device) + more


def samples(experiment: Experiment) -> list[Planned]:
    """Every boot the experiment may come to need, in the order it would be made.

    Beyond the first look, and of pairs, runner.campaign.adaptive makes those that are needed.
    The same experiment always gives the same list, so a sample's number is its place in it.
    """
    planned = (boot for own in tier.asked(experiment.tiers) for boot in own.boots(experiment))
    return [dataclasses.replace(boot, number=number) for number, boot in enumerate(planned)]
