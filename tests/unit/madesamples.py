# SPDX-License-Identifier: GPL-2.0-only
"""Samples made for tests of verdicts and reports, in the shape real ones have."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from runner.reason import Reason, ReasonKind
from runner.records import Cell, Metric, Rules, Sample

BASE, TEST = "6.1:vanilla", "6.1:batched"
RULES = Rules(BASE, {})
HOST = {"id": "0123456789ab", "cpu": "cpu", "cores": "2", "qemu": "7.2.22"}


def instructions(value: float) -> dict[str, Metric]:
    return {"instructions_per_page": Metric(value, "instructions/page", "lower", "workload.json"),
            "pswpout": Metric(121796, "pages", "", "steady-begin.vmstat, steady-end.vmstat")}


def throughput(value: float) -> dict[str, Metric]:
    return {"throughput_mib_s": Metric(value, "MiB/s", "higher", "workload.json")}


def locks(**taken: float) -> dict[str, Metric]:
    found = {}
    for name, value in taken.items():
        evidence = f"steady-end.lock_stat: {name}"
        found[f"locks.{name}.acquisitions_per_page"] = Metric(
            value, "acquisitions/page", "lower", evidence)
        found[f"locks.{name}.contentions_per_page"] = Metric(
            value / 100, "contentions/page", "lower", evidence)
        found[f"locks.{name}.contention_share"] = Metric(0.01, "", "lower", evidence)
        found[f"locks.{name}.hold_us_per_page"] = Metric(value / 2, "µs/page", "lower", evidence)
    return found


def because(text: str, kind: ReasonKind = ReasonKind.BOOT) -> tuple[Reason]:
    """One reason not to count."""
    return (Reason(kind, text),)


_ACCELERATORS = {"exact": "icount", "timed": "tcg", "locks": "tcg", "torture": "tcg",
                 "lockstep": "lockstep"}


def sample(kernel: str, tier: str, metrics: dict[str, Metric], number: int = 0, repeat: int = 0,
           device: str = "pmem", threads: int = 1, **changes: Any) -> Sample:
    made = Sample(number, repeat, Cell(kernel, device, threads, "swapstorm", tier),
                  _ACCELERATORS[tier], 1 if tier == "exact" else 2, f"key of {kernel}",
                  f"image of {kernel} {tier}", "ok", "", (), metrics,
                  f"evidence/{number:04d}", "2026-01-01T00:00:00+00:00", 10.0, HOST, "same")
    return replace(made, **changes)


def exact(base: float, test: float, **changes: Any) -> list[Sample]:
    """Base twice, for the self-check, and test."""
    return [sample(BASE, "exact", instructions(base), 0, 0, **changes),
            sample(BASE, "exact", instructions(base), 1, 1, **changes),
            sample(TEST, "exact", instructions(test), 2, 0, **changes)]


def timed(base: list[float], test: list[float]) -> list[Sample]:
    return [sample(kernel, "timed", throughput(value), 100 + 2 * repeat + side, repeat)
            for side, (kernel, values) in enumerate(((BASE, base), (TEST, test)))
            for repeat, value in enumerate(values)]


def locked(base: dict[str, float], test: dict[str, float], **changes: Any) -> list[Sample]:
    return [sample(BASE, "locks", locks(**base), 10, **changes),
            sample(TEST, "locks", locks(**test), 11, **changes)]
