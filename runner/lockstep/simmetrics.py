# SPDX-License-Identifier: GPL-2.0-only
"""From one sample's simulation to its metrics."""
from __future__ import annotations

import math
from collections import defaultdict

from runner.lockstep import reading
from runner.lockstep.names import Names, place_of
from runner.lockstep.reading import Reading
from runner.records import MIB, PAGE_SIZE, Metric

#: Parts of names of metrics: LINE|what it holds, of that WRITTEN|what it holds,
#: PAIR|what it holds|took|held, WAIT|lock|site.
LINE, WRITTEN, PAIR, WAIT, BAR = "line", "written", "pair", "wait", "|"
#: Code that waits by PAUSE because there is nothing to do; all other PAUSEs are spinning.
_IDLE = ("cpu_idle_poll", "do_idle", "default_idle", "poll_idle")
#: So many of the hottest lines, of pairs of each of the very hottest (with its writes), and of
#: waits are metrics.
_LINES, _FOUGHT, _PAIRS, _WAITS = 160, 24, 3, 32


def _metric(value: float, unit: str, better: str) -> Metric:
    return Metric(value, unit, better, reading.NAME)


def speed(written: Reading, names: Names, pages: int) -> dict[str, Metric]:
    """Throughput and time in simulated time, and what the time of the vCPUs went to."""
    total = written.total
    idle = math.fsum(ns for code, _, ns in written.pauses if names.code(code).startswith(_IDLE))
    spin = math.fsum(ns for code, _, ns in written.pauses) - idle
    waited = sum(wait.count for wait in written.waits)
    return {
        "throughput_mib_s": _metric(pages * PAGE_SIZE / MIB / (written.ns / 1e9), "MiB/s",
                                    "higher"),
        "ns_per_page": _metric(written.ns / pages, "ns/page", "lower"),
        "cpu_ns_per_page": _metric((written.cpu_ns - idle) / pages, "ns/page", "lower"),
        "retired_per_page": _metric(total["insns"] / pages, "instructions/page", "lower"),
        "transfers_per_page": _metric((total["near"] + total["far"]) / pages,
                                      "transfers/page", "lower"),
        "far_transfers_per_page": _metric(total["far"] / pages, "transfers/page", "lower"),
        "stall_share": _metric(total["stall_fs"] / 1e6 / written.cpu_ns, "", "lower"),
        "contended_per_page": _metric(waited / pages, "contentions/page", "lower"),
        "wait_ns_per_page": _metric(math.fsum(wait.ns for wait in written.waits) / pages, "ns/page",
                                    "lower"),
        "spin_share": _metric(spin / written.cpu_ns, "", "lower"),
        "idle_share": _metric(idle / written.cpu_ns, "", ""),
        "tick_share": _metric(total["irq_insns"] / max(1, total["insns"]), "", ""),
    }


def lines(written: Reading, names: Names, pages: int) -> dict[str, Metric]:
    """The hottest lines, and who takes them from whom; of one name together."""
    moves: dict[str, int] = defaultdict(int)
    writes: dict[str, int] = defaultdict(int)
    fights: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for line in written.lines:
        name = names.line(line.address)
        fighting: dict[tuple[str, str], int] = defaultdict(int)
        for pair in line.pairs:
            fighting[names.code(pair.took), names.code(pair.held)] += pair.moves.total
        if fighting and (name == place_of(line.address) or name in ("heap", "struct page")):
            # Nothing tells which of many it is, but who is after it does.
            name = f"{name} of {max(fighting, key=lambda key: (fighting[key], key))[0]}"
        moves[name] += line.moves.total
        writes[name] += line.moves.writes
        for both, count in fighting.items():
            fights[name][both] += count
    metrics = {}
    hottest = sorted(moves, key=lambda name: (-moves[name], name))[:_LINES]
    for place, name in enumerate(hottest):
        metrics[BAR.join((LINE, name))] = _metric(moves[name] / pages, "transfers/page", "lower")
        if place >= _FOUGHT:
            continue
        metrics[BAR.join((WRITTEN, name))] = _metric(writes[name] / pages, "transfers/page", "")
        own = fights[name]
        for took, held in sorted(own, key=lambda both: (-own[both], both))[:_PAIRS]:
            metrics[BAR.join((PAIR, name, took, held))] = _metric(
                own[took, held] / pages, "transfers/page", "")
    return metrics


def waits(written: Reading, names: Names, pages: int) -> dict[str, Metric]:
    """Contended acquisitions by lock and function."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for wait in written.waits:
        counts[names.lock(wait.lock), names.code(wait.site)] += wait.count
    busiest = sorted(counts, key=lambda key: (-counts[key], key))[:_WAITS]
    return {BAR.join((WAIT, *key)): _metric(counts[key] / pages, "contentions/page", "")
            for key in busiest}


def measure(written: Reading, names: Names, pages: int) -> dict[str, Metric]:
    """All of it, per page swapped out in the window."""
    return {**speed(written, names, pages), **lines(written, names, pages),
            **waits(written, names, pages)}
