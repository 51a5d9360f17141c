# SPDX-License-Identifier: GPL-2.0-only
"""From one sample's evidence to the metrics that all tiers give.

Everything is taken over the steady phase: all threads run and RAM is full.
Under `-icount shift=0` the "virtual cpu will execute one instruction every
2^N ns of virtual time" (QEMU's manual, -icount), so the guest's nanoseconds
are instructions; with sleep=off an idle CPU's time "will jump to the next
timer deadline", and that jump is counted, too.  The guest calibrates its
clock against the emulated timer to within 10 ppm (measured: 999.993 MHz for
1 GHz), the same in every boot of one kernel.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure
from runner.jsonread import Json
from runner.metrics import backends, guestfile, latency, letters
from runner.records import Job, Metric

WORKLOAD = "workload.json"
BEGIN, END = "steady-begin.vmstat", "steady-end.vmstat"
SWAPS = backends.SWAPS
#: First key of a load's document -> what makes it swap out, or swap out more.
REMEDIES = {"swapstorm": "raise workload.ratio or workload.passes",
            "pressure": "give it more memory in workload.arguments",
            "swapbuild": "lower workload.memcg_mib or raise workload.units",
            "swapkv": "lower workload.memcg_mib or raise workload.requests"}

#: What of them tells how threads share the device.
FAIRNESS = ("fairness_min_max", "fairness_jain")
#: Of the steady phase, what letters of kernel series report beside speed.
FIGURES = ("refault_anon_per_page", "refault_file_per_page", "readahead_hit_share",
           "psi_memory_some_us_per_page", "psi_memory_full_us_per_page")
#: Metrics of every tier whose threshold an experiment may declare: those with a better direction.
KNOWN = ("pgscan_per_page", "direct_share", "allocstall_per_page", "pgmajfault_per_page",
         "pswpin_per_page", "slots_per_page", *FAIRNESS, "swap_efficiency", *FIGURES,
         *letters.NAMES, *backends.NAMES, *latency.NAMES)

_ZONE = r"(_(dma|dma32|normal|movable|high|device))?"
_RECLAIMER = r"(kswapd|direct|khugepaged|proactive)"  # versions before 4.8 split it by zone


def remedy(job: Job) -> str:
    """What makes a boot's load swap out more."""
    return REMEDIES.get(Path(job.workload[0]).name, "")


@dataclass(frozen=True)
class Window:
    """The steady phase, as the workload and as the kernel saw it."""

    nanoseconds: int          # of the guest's CLOCK_MONOTONIC
    pages: int                # swapped out, by the workload's reading of vmstat
    page_size: int
    begin: dict[str, int]     # vmstat as the agent read it
    end: dict[str, int]

    def rise(self, pattern: str) -> int:
        """Sum of the rises of all counters whose name matches."""
        return sum(value - self.begin.get(name, 0) for name, value in self.end.items()
                   if re.fullmatch(pattern, name))

    @property
    def kernel_pages(self) -> int:
        """Pages that left RAM: for the device, or for zswap, which writes some of its to the
        device later; kernels before 6.8 do not say how many, so those are counted twice."""
        return self.rise("pswpout|zswpout") - self.rise("zswpwb")

    def rises(self) -> dict[str, int]:
        """Of every counter."""
        return {name: value - self.begin.get(name, 0) for name, value in self.end.items()}


def _window(evidence: Path, workload: Json, remedy: str) -> Window:
    phases = workload.object("phases")
    if not phases.has("steady"):
        raise CannotMeasure(f"{WORKLOAD}: no steady phase: RAM never filled up while all threads "
                            f"ran; {remedy}")
    steady = phases.object("steady")
    span = steady.integer("end_ns") - steady.integer("begin_ns")
    pages = steady.integer("pswpout_end") - steady.integer("pswpout_begin")
    begin = guestfile.vmstat(evidence / BEGIN)
    end = guestfile.vmstat(evidence / END)
    for name, counters in ((BEGIN, begin), (END, end)):
        if "pswpout" not in counters:
            raise CannotMeasure(f"{name}: has no pswpout; the kernel needs CONFIG_SWAP and "
                                "CONFIG_VM_EVENT_COUNTERS")
    window = Window(span, pages, workload.integer("page_size", 512, 1 << 30), begin, end)
    if span <= 0 or pages <= 0 or window.kernel_pages <= 0:
        raise CannotMeasure(f"{WORKLOAD}: steady phase of {span} ns with {pages} pages swapped "
                            f"out ({window.kernel_pages} by {END}): nothing to measure; {remedy}")
    return window


@dataclass(frozen=True)
class Reading:
    """What a boot left of its load and its steady phase."""

    evidence: Path
    window: Window
    workload: Json


def _counters(reading: Reading) -> dict[str, Metric]:
    source = f"{BEGIN}, {END}"
    window, swaps = reading.window, guestfile.swaps(reading.evidence / SWAPS)
    pages = window.kernel_pages
    # Since boot, as are the slots in use.
    end_pages = max(1, window.end["pswpout"] + window.end.get("zswpout", 0)
                    - window.end.get("zswpwb", 0))
    scanned = window.rise(rf"pgscan_{_RECLAIMER}{_ZONE}")
    stolen = window.rise(rf"pgsteal_{_RECLAIMER}{_ZONE}")
    direct = window.rise(rf"pgsteal_direct{_ZONE}")
    figures = {
        "pswpout": Metric(pages, "pages", "", source),
        "pswpin_per_page": Metric(window.rise("pswpin|zswpin") / pages, "pages/page", "lower",
                                  source),
        "pswpout_agreement": Metric(window.pages / pages, "", "", f"{WORKLOAD}, {source}"),
        "pgfree_per_page": Metric(window.rise("pgfree") / pages, "pages/page", "", source),
        "pgscan_per_page": Metric(scanned / pages, "scanned/page", "lower", source),
        "allocstall_per_page": Metric(window.rise(rf"allocstall{_ZONE}") / pages, "stalls/page",
                                      "lower", source),
        "pgmajfault_per_page": Metric(window.rise("pgmajfault") / pages, "faults/page", "lower",
                                      source),
        "slots_per_page": Metric(sum(swap.used for swap in swaps) / window.page_size / end_pages,
                                 "slots/page", "lower", f"{SWAPS}, {END}"),
        "slots_used": Metric(sum(swap.used for swap in swaps) // window.page_size, "slots", "",
                             SWAPS),
    }
    for kind in ("anon", "file"):
        if f"workingset_refault_{kind}" in window.end:
            figures[f"refault_{kind}_per_page"] = Metric(
                window.rise(f"workingset_refault_{kind}") / pages, "refaults/page", "lower", source)
    if ahead := window.rise("swap_ra"):
        figures["readahead_hit_share"] = Metric(window.rise("swap_ra_hit") / ahead, "", "higher",
                                                source)
    if stolen > 0:
        figures["direct_share"] = Metric(direct / stolen, "", "lower", source)
    return figures


def _pressure(reading: Reading) -> dict[str, Metric]:
    """Time in which tasks waited for memory; nothing of a kernel without PSI."""
    names = [f"{place}.psi-memory" for place in ("steady-begin", "steady-end")]
    if not all((reading.evidence / name).is_file() for name in names):
        return {}
    totals = [dict(re.findall(r"^(some|full) .*total=(\d{1,18})$", guestfile.text(
        reading.evidence / name, guestfile.MAX_SMALL), re.MULTILINE)) for name in names]
    return {f"psi_memory_{kind}_us_per_page": Metric(
        (int(totals[1][kind]) - int(totals[0][kind])) / reading.window.kernel_pages, "us/page",
        "lower", ", ".join(names)) for kind in ("some", "full")
        if all(kind in total for total in totals)}


def _letters(reading: Reading) -> dict[str, Metric]:
    return letters.measure(reading.workload, WORKLOAD, reading.window.page_size)


def _backends(reading: Reading) -> dict[str, Metric]:
    window, swaps = reading.window, guestfile.swaps(reading.evidence / SWAPS)
    return backends.measure(reading.evidence, window.kernel_pages, window.rises(), swaps,
                            window.page_size)


def _phases(reading: Reading) -> dict[str, Metric]:
    phases = reading.workload.object("phases")
    figures = {}
    for name in ("fill", "steady", "teardown"):
        if phases.has(name):
            phase = phases.object(name)
            span = phase.integer("end_ns") - phase.integer("begin_ns")
            figures[f"{name}_s"] = Metric(max(0, span) / 1e9, "s", "", WORKLOAD)
    return figures


def _fairness(reading: Reading) -> dict[str, Metric]:
    done = [thread.integer("steady_pages") for thread in reading.workload.objects("per_thread")]
    if len(done) < 2 or not any(done):
        return {}
    jain = math.fsum(done) ** 2 / (len(done) * math.fsum(pages ** 2 for pages in done))
    return {"fairness_min_max": Metric(min(done) / max(done), "", "higher", WORKLOAD),
            "fairness_jain": Metric(jain, "", "higher", WORKLOAD)}


def _latency(reading: Reading) -> dict[str, Metric]:
    return latency.measure(reading.workload, WORKLOAD)


#: Each gives metrics of what a boot left; a later one wins.
FAMILIES: list[Callable[[Reading], dict[str, Metric]]] = [
    _counters, _pressure, _letters, _backends, _fairness, _phases, _latency]


def read(evidence: Path) -> Reading:
    """CannotMeasure with one line 'FILE: what' where it is missing, malformed or shows no
    swap-out."""
    workload = guestfile.document(evidence / WORKLOAD)
    kind = next((name for name in REMEDIES if workload.has(name)), "swapstorm")
    if workload.integer(kind) != 1:
        raise CannotMeasure(f"{WORKLOAD}: {kind}: version is not 1")
    return Reading(evidence, _window(evidence, workload, REMEDIES[kind]), workload)


def common(reading: Reading) -> dict[str, Metric]:
    """The metrics that every tier gives which runs a load, by name."""
    return {name: metric for family in FAMILIES for name, metric in family(reading).items()}
