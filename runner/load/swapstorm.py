# SPDX-License-Identifier: GPL-2.0-only
"""swapstorm: a workload's keys as the words of its command line, swapstorm(1)."""
from __future__ import annotations

from collections.abc import Iterable

from runner.load import memcg as limits
from runner.load import usemem
from runner.load.workload import Load, Machine, Start, Workload
from runner.metrics import latency, letters
from runner.records import MIB, PAGE_SIZE
from runner.tomlfile import Table

PATTERNS = ("sequential", "strided", "random", "zipf", "hotcold", "mix", "readlater")

#: Keys that are for one pattern: whole numbers, with their limits.
_OF_PATTERN = {
    "stride": ("strided", 1, 1 << 20),
    "hot_pages": ("hotcold", 1, 99),
    "hot_accesses": ("hotcold", 1, 99),
    "hot_shift": ("hotcold", 0, 100),
}


#: Whole numbers that swapstorm takes as they are, with their limits.
_NUMBERS = {"pageout": (1, 1 << 20), "rate": (1, 10**9), "series_ms": (1, 3600000)}

#: Options that cost what a bare loop does not have.
_NOT_BARE = ("--pattern", "--reads", "--compressible", "--same-filled", "--pageout", "--rate",
             "--latency")

REGIONS = ("private", "shared", "cow")
SWAPIN = ("none", "sequential", "random")
THP = ("never", "madvise", "always", "system")


class Swapstorm(Load):
    """Memory written page by page, by a program of ours."""

    name = guest_program = "swapstorm"
    own_metrics = (*latency.NAMES, *letters.AFTER)

    def read(self, work: Table, threads: Iterable[int], machine: Machine, usual: float
             ) -> Workload:
        return read(work, threads, machine, usual)

    def argv(self, work: Workload, start: Start) -> tuple[str, ...]:
        # In bytes, not as swapstorm's own ratio of MemTotal: brd's memory is in the
        # guest's MemTotal, and every device is to bear the same load.
        size = int((work.ratio + start.settle) * start.ram) // PAGE_SIZE // start.threads
        # The window is long, and closed by one thread only if there is but one.
        settling = ("--settle", str(int(start.settle * start.ram)),
                    *["--together"] * (start.threads > 1)) if start.settle else ()
        return (f"/bin/{self.guest_program}", "--threads", str(start.threads),
                "--size-per-thread", str(size * PAGE_SIZE),
                *(("--passes", str(work.passes)) if work.passes else ()),
                "--seed", str(work.seed), "--allow-oom", *settling, *work.last)

    def said(self, work: Workload) -> str:
        return (f"{self.name}, {work.ratio:g} times the RAM written by all threads together, "
                f"{work.passes} pass{'es' if work.passes != 1 else ''}")

    def lacks(self, work: Workload, metric: str) -> str:
        if metric in latency.NAMES and "--latency" not in work.options:
            return "is measured with workload.latency = true alone; set it"
        for phase in ("swapin", "swapoff", "free"):
            if metric.startswith(f"{phase}_") and f"--{phase}" not in work.options:
                return f"is measured with workload.{phase} alone; set it"
        return ""


def read(work: Table, threads: Iterable[int], machine: Machine, usual: float = 0.0) -> Workload:
    """As Load.read."""
    pasted = usemem.put(work, threads)
    ram, swap = machine.ram, machine.swap
    ratio = work.number("ratio", 1.05, 64.0, 1.75)
    size = work.integer("size_mib", 1, 1 << 20, 0)
    passes = work.integer("passes", 1, 1000, 1)
    seconds = work.number("seconds", 0.001, 86400.0, 0.0)
    for key, other in (("ratio", "size_mib"), ("passes", "seconds")):
        if {key, other} <= set(work.keys()):
            work.complain(other, f"{key} is given, too; give one of both")
    if size:
        if size > ram + swap:
            work.complain("size_mib", f"{size} MiB do not fit in {ram} MiB of RAM and {swap} MiB "
                                      "of swap; lower it or raise guest.swap_mib")
        ratio = size / ram
    elif ratio * ram > ram + swap:
        work.complain("ratio", f"{ratio:g} × {ram} MiB of RAM does not fit in RAM and "
                               f"{swap} MiB of swap; lower it or raise guest.swap_mib")
    pages = int(ratio * ram * MIB) // PAGE_SIZE
    if max(threads) > pages:
        work.complain("size_mib", f"{max(threads)} threads are more than its {pages} pages")
    verify = work.boolean("verify", not work.boolean("bare", False))
    options = [*_pattern(work), *_content(work), *_place(work, ratio * ram, machine, max(threads)),
               *_plain(work)]
    options += _bare(work, options, verify)
    if seconds:
        options += ["--time", f"{seconds:.6f}".rstrip("0").rstrip(".")]
        passes = 0
    made = Workload(Swapstorm.name, ratio, passes, verify,
                    work.integer("seed", 0, 2**63 - 1, 1), tuple(options),
                    work.number("settle", 0.0, 64.0) if "settle" in work.keys() else None, pasted)
    _settle(work, made, made.settled(usual), machine)
    work.close()
    return made


def _settle(work: Table, load: Workload, settle: float, machine: Machine) -> None:
    """Refuse what cannot settle."""
    if settle and not load.settles:
        work.complain("settle", "only where each page is written once, one after the other; "
                                "leave it out, or passes, seconds, pattern, reads, bare, cow")
    need = (load.ratio + settle) * machine.ram
    # A kernel with 18 CPUs keeps a fifth of 256 MiB to itself, and kills the load for lack of it.
    if settle and need > 0.75 * machine.ram + machine.swap:
        work.complain("settle", f"{load.ratio:g} and, before the window, {settle:g} times "
                                f"{machine.ram} MiB do not fit in three quarters of RAM and "
                                f"{machine.swap} MiB of swap; raise guest.swap_mib, or set "
                                "settle = 0 to measure the first pages that are swapped out")


def _option(key: str) -> str:
    return "--" + key.replace("_", "-")


def _pattern(work: Table) -> list[str]:
    """Which page comes next."""
    pattern = work.text("pattern", "sequential", PATTERNS)
    options = ["--pattern", pattern] if pattern != "sequential" else []
    for key, (owner, low, high) in _OF_PATTERN.items():
        value = work.integer(key, low, high, 0)
        if key in work.keys():
            if pattern != owner:
                work.complain(key, f"is for pattern {owner}, not for {pattern}")
            options += [_option(key), str(value)]
    theta = work.number("zipf_theta", 0.01, 10.0, 0.99)
    if "zipf_theta" in work.keys():
        if pattern != "zipf":
            work.complain("zipf_theta", f"is for pattern zipf, not for {pattern}")
        options += ["--zipf-theta", f"{theta:.6f}"]
    reads = work.integer("reads", 0, 100, 0)
    if "reads" in work.keys():
        if pattern == "readlater":
            work.complain("reads", "pattern readlater decides that by itself")
        options += ["--reads", str(reads)]
    return options


def _plain(work: Table) -> list[str]:
    """Words that stand for themselves."""
    options = []
    for key, (low, high) in _NUMBERS.items():
        value = work.integer(key, low, high, 0)
        if value:
            options += [_option(key), str(value)]
    if work.boolean("latency", False):
        options.append("--latency")
    order = work.text("swapin", "none", SWAPIN)
    if order != "none":
        options += ["--swapin", order]
    for key in ("swapoff", "free"):
        if work.boolean(key, False):
            if work.text("region", "private", REGIONS) == "cow":
                work.complain(key, "a parent of copies keeps its own; take another region")
            options.append(_option(key))
    return options


def _own_memory(size: float, threads: int) -> int:
    """Bytes that a load of so many MiB locks: a count for each page, a stack for each thread, the
    program; and room for one batch of reclaim for each CPU to begin with."""
    return int(size * MIB) // PAGE_SIZE * 4 + threads * (64 << 10) + 4 * MIB


def _place(work: Table, size: float, machine: Machine, threads: int) -> list[str]:
    """Whose memory it is, and where; `size` of all regions, in MiB."""
    ram, swap = machine.ram, machine.swap
    options = []
    processes = work.boolean("processes", False)
    region = work.text("region", "private", REGIONS)
    if region == "cow":
        if not processes:
            work.complain("region", "cow: only a process has a parent's memory to copy; set "
                                    "processes = true")
        if 2 * size > ram + swap:
            work.complain("region", f"cow: {size:g} MiB and as much in copies do not fit in {ram} "
                                    f"MiB of RAM and {swap} MiB of swap; lower ratio or raise "
                                    "guest.swap_mib")
    memcg = work.integer("memcg_mib", 1, 1 << 20, 0)
    limits.below_ram(work, memcg, ram)
    if memcg and size - memcg > swap:
        work.complain("memcg_mib", f"{size:g} MiB do not fit in {memcg} MiB and {swap} MiB of "
                                   "swap; lower ratio or raise guest.swap_mib")
    if memcg and memcg * MIB < (own := _own_memory(size, threads)):
        work.complain("memcg_mib", f"{memcg} MiB are less than the {-(-own // MIB)} MiB that the "
                                   "load needs for itself, which is locked; raise it")
    thp = work.text("thp", "never", THP)
    if processes:
        options.append("--processes")
    if region != "private":
        options += ["--region", region]
    if thp != "never":
        options.append(f"--thp={thp}")
    if memcg:
        options += ["--memcg", f"{memcg}M"]
    options += limits.read(work, limits.Group(memcg, size, -(-_own_memory(size, threads) // MIB)))
    for key in ("cpus", "nodes"):
        numbers = work.integers(key, 0, 1023, [])
        if key == "cpus" and numbers and max(numbers) >= machine.vcpus:
            work.complain(key, f"{max(numbers)} is not one of the guest's CPUs, which are "
                               f"{machine.vcpus} (the exact tier has 1)")
        if key == "nodes" and numbers and max(numbers) >= machine.nodes:
            work.complain(key, f"{max(numbers)} is not one of the guest's memory nodes, which are "
                               f"{machine.nodes}; raise guest.numa_nodes")
        if numbers:
            options += [_option(key), ",".join(str(number) for number in numbers)]
    return options


def _content(work: Table) -> list[str]:
    """What is in a page."""
    share = work.integer("compressible", 0, 100, 100)
    same = work.boolean("same_filled", False)
    if share < 100 and same:
        work.complain("same_filled", "compressible is given, too; give one of both")
    if same:
        return ["--same-filled"]
    return ["--compressible", str(share)] if share < 100 else []


def _bare(work: Table, options: list[str], verify: bool) -> list[str]:
    """One word a page and nothing else; `options`: what is asked for already."""
    if not work.boolean("bare", False):
        return []
    if verify:
        work.complain("bare", "its pages cannot be verified; set verify = false")
    for option in options:
        if option in _NOT_BARE:
            work.complain("bare", f"is one word a page and nothing else; leave "
                                  f"{option.removeprefix('--').replace('-', '_')} out")
    return ["--bare"]
