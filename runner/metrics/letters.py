# SPDX-License-Identifier: GPL-2.0-only
"""The figures that letters of kernel series report: CPU time of the load, and what comes after.

Times are the guest's, so under icount they are instructions.
"""
from __future__ import annotations

from dataclasses import dataclass

from runner.jsonread import Json
from runner.metrics import requests
from runner.records import MIB, Metric

#: In time, which an instruction count has not.
SPEEDS = ("swapin_mib_s", *requests.NAMES)
LOAD = ("load_elapsed_s", "load_user_s", "load_system_s", "load_user_ns_per_page",
        "load_system_ns_per_page")
AFTER = ("swapin_mib_s", "swapin_ns_per_page", "swapin_readahead_per_page",
         "swapin_readahead_hit_share", "swapin_refaults_per_page", "swapin_majors_per_page",
         "swapoff_s", "swapoff_ns_per_page", "free_s", "free_ns_per_page")
#: Of loads that count their work.
UNITS = ("load_elapsed_ns_per_unit", "load_user_ns_per_unit", "load_system_ns_per_unit")
NAMES = (*LOAD, *AFTER, *UNITS, *requests.NAMES)


def measure(workload: Json, source: str, page_size: int) -> dict[str, Metric]:
    """Nothing of a load that says nothing of it."""
    phases = workload.object("phases")
    figures = _load(workload, phases, source) | requests.measure(workload, source)
    if phases.has("swapin"):
        figures |= _swapin(phases.object("swapin"), source, page_size)
    for name in ("swapoff", "free"):
        if phases.has(name):
            span, pages = _span(phases.object(name))
            figures[f"{name}_s"] = Metric(span / 1e9, "s", "lower", source)
            if pages:
                figures[f"{name}_ns_per_page"] = Metric(span / pages, "ns/page", "lower", source)
    return figures


def _span(phase: Json) -> tuple[int, int]:
    return max(0, phase.integer("end_ns") - phase.integer("begin_ns")), phase.integer("pages")


@dataclass(frozen=True)
class _Spent:
    """By all of a load, from its first to its last touch."""

    span: int                 # ns
    user: int                 # us, of CPU time
    system: int
    pages: int                # swapped out
    units: int = 0            # of its work, where it counts it


def _threads(workload: Json, phases: Json) -> _Spent | None:
    """Of all threads, while they write: fill, steady phase and tear-down."""
    threads = workload.objects("per_thread")
    if not threads or not all(thread.has("system_us") for thread in threads):
        return None
    first, last = phases.object("fill"), phases.object("teardown")
    return _Spent(last.integer("end_ns") - first.integer("begin_ns"),
                  sum(thread.integer("user_us") for thread in threads),
                  sum(thread.integer("system_us") for thread in threads),
                  last.integer("pswpout_end") - first.integer("pswpout_begin"))


def _work(work: Json) -> _Spent:
    """Of all processes that a load has run."""
    return _Spent(work.integer("end_ns") - work.integer("begin_ns"), work.integer("user_us"),
                  work.integer("system_us"), work.integer("pswpout"), work.integer("done", 1))


def _load(workload: Json, phases: Json, source: str) -> dict[str, Metric]:
    spent = _work(workload.object("work")) if workload.has("work") else _threads(workload, phases)
    if spent is None:
        return {}
    used = {"elapsed": max(0, spent.span), "user": spent.user * 1000, "system": spent.system * 1000}
    figures = {f"load_{kind}_s": Metric(ns / 1e9, "s", "lower", source)
               for kind, ns in used.items()}
    if spent.pages > 0:
        figures |= {f"load_{kind}_ns_per_page": Metric(used[kind] / spent.pages, "ns/page", "lower",
                                                       source) for kind in ("user", "system")}
    if spent.units:
        figures |= {f"load_{kind}_ns_per_unit": Metric(ns / spent.units, "ns/unit", "lower", source)
                    for kind, ns in used.items()}
        for name in ("pswpout", "pswpin"):
            figures[f"load_{name}"] = Metric(workload.object("work").integer(name), "pages", "",
                                             source)
    return figures


def _swapin(phase: Json, source: str, page_size: int) -> dict[str, Metric]:
    span, pages = _span(phase)
    if not pages or not span:
        return {}
    figures = {"swapin_mib_s": Metric(pages * page_size / MIB / (span / 1e9), "MiB/s", "higher",
                                      source),
               "swapin_ns_per_page": Metric(span / pages, "ns/page", "lower", source)}
    for name, key, unit in (("readahead", "readahead", "pages/page"),
                            ("refaults", "refaults", "refaults/page"),
                            ("majors", "major_faults", "faults/page")):
        figures[f"swapin_{name}_per_page"] = Metric(phase.integer(key) / pages, unit,
                                                    "" if name == "readahead" else "lower", source)
    if ahead := phase.integer("readahead"):
        figures["swapin_readahead_hit_share"] = Metric(phase.integer("readahead_hits") / ahead, "",
                                                       "higher", source)
    return figures
