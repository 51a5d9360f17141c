# SPDX-License-Identifier: GPL-2.0-only
"""What became of the pages behind the swap path: zswap's, zram's and large folios' own counters.

The agent reads their files into steady-begin.counters and steady-end.counters, a line of path
and value each, where the experiment has to do with them.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import header
from runner.errors import CannotMeasure, printable
from runner.jsonread import MAX_COUNT
from runner.metrics import guestfile
from runner.records import MIB, Metric
from runner.settings.words import FOLIOS

BEGIN, END = "steady-begin.counters", "steady-end.counters"
SWAPS = "steady-end.swaps"
ZSWAP = "/sys/kernel/debug/zswap"
ZRAM = "/sys/block/zram{}/mm_stat"
_HUGE = "/sys/kernel/mm/transparent_hugepage"
FOLIO_STATS = tuple(f"{_HUGE}/hugepages-{size}kB/stats" for size in FOLIOS)

_OF_ZSWAP = ("zswap_share", "zswap_written_back_per_page", "zswap_rejected_per_page",
             "zswap_full_per_page", "zswap_ratio", "zswap_pool_mib")
_OF_FOLIOS = ("swpout_share", "swpout_fallback_share", "alloc_fallback_share")
#: folios.SIZE.COUNTER
FOLIO_NAMES = tuple(f"folios.{size}.{name}" for size in FOLIOS for name in _OF_FOLIOS)
_AREAS = header.numbers("runner/agent/job.h")["JOB_MAX_AREAS"]
#: areas.DEVICE.FIGURE, by what the guest calls its swap devices.
AREA_NAMES = tuple(f"areas.{device}.{name}" for device in (
    *(f"{kind}{number}" for kind in ("pmem", "ram", "zram") for number in range(_AREAS)), "vda",
    "nvme0n1") for name in ("used_mib", "share"))
NAMES = (*_OF_ZSWAP, "zram_ratio", "zram_mib", *FOLIO_NAMES, *AREA_NAMES)

_LINE = re.compile(r"(?P<path>/\S{1,127}) (?P<value>[0-9 ]{1,255})")
_MOST = 1 << 17


@dataclass(frozen=True)
class Counts:
    """Both readings: path -> numbers."""

    begin: Mapping[str, tuple[int, ...]]
    end: Mapping[str, tuple[int, ...]]

    def rise(self, path: str) -> int | None:
        """Of the first number of a file; None where it was not read."""
        if path not in self.begin or path not in self.end:
            return None
        return self.end[path][0] - self.begin[path][0]

    def now(self, path: str) -> int | None:
        return self.end[path][0] if path in self.end else None


def read(path: Path) -> dict[str, tuple[int, ...]]:
    """A file of the agent's; what is no line of numbers is left out."""
    counts = {}
    for line in guestfile.text(path, _MOST).splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            continue
        numbers = tuple(int(word) for word in match["value"].split())
        if any(number >= MAX_COUNT for number in numbers):
            raise CannotMeasure(f"{path.name}: {printable(line, 60)!r}: is more than a counter")
        if numbers:
            counts[match["path"]] = numbers
    return counts


def measure(evidence: Path, pages: int, vmstat: Mapping[str, int],
            swaps: Sequence[guestfile.Swap], page_size: int) -> dict[str, Metric]:
    """`pages`: swapped out in the steady phase; `vmstat`: its rises; `swaps`: at its end."""
    counts = Counts({}, {})
    if (evidence / END).is_file() and (evidence / BEGIN).is_file():
        counts = Counts(read(evidence / BEGIN), read(evidence / END))
    figures = _zswap(counts, pages, vmstat, page_size)
    figures |= _zram(counts, sum(area.used for area in swaps if "/zram" in area.name), page_size)
    figures |= _areas(swaps)
    for size in FOLIOS:
        figures |= _folios(counts, size, pages, vmstat, page_size)
    return figures


def _zswap(counts: Counts, pages: int, vmstat: Mapping[str, int], page_size: int
           ) -> dict[str, Metric]:
    source = f"{BEGIN}, {END}"
    if not vmstat.get("zswpout") and not counts.now(f"{ZSWAP}/stored_pages"):
        return {}
    figures = {"zswap_share": Metric(vmstat.get("zswpout", 0) / pages, "", "", source)}
    back = vmstat.get("zswpwb", counts.rise(f"{ZSWAP}/written_back_pages"))
    if back is not None:
        figures["zswap_written_back_per_page"] = Metric(back / pages, "pages/page", "lower", source)
    refused = [rise for path in counts.end if path.startswith(f"{ZSWAP}/reject_")
               and (rise := counts.rise(path)) is not None]
    if refused:
        figures["zswap_rejected_per_page"] = Metric(sum(refused) / pages, "pages/page", "lower",
                                                    source)
    full = counts.rise(f"{ZSWAP}/pool_limit_hit")
    if full is not None:
        figures["zswap_full_per_page"] = Metric(full / pages, "pages/page", "lower", source)
    stored, pool = counts.now(f"{ZSWAP}/stored_pages"), counts.now(f"{ZSWAP}/pool_total_size")
    if stored and pool:
        figures["zswap_ratio"] = Metric(stored * page_size / pool, "", "higher", END)
        figures["zswap_pool_mib"] = Metric(pool / MIB, "MiB", "lower", END)
    return figures


def _zram(counts: Counts, used: int, page_size: int) -> dict[str, Metric]:
    """Of the load's pages alone.

    The device was written full of pages that do not compress, each of which takes a page; those
    that no slot in use has taken the place of are still there.
    """
    stats = [numbers[:3] for path, numbers in counts.end.items()
             if path.startswith("/sys/block/zram") and len(numbers) >= 3]
    held, compressed, memory = (sum(numbers[at] for numbers in stats) for at in range(3))
    ours = compressed - (held - used)
    if used < page_size or ours <= 0:
        return {}
    return {"zram_ratio": Metric(used / ours, "", "higher", END),
            "zram_mib": Metric(memory / MIB, "MiB", "lower", END)}


def _areas(swaps: Sequence[guestfile.Swap]) -> dict[str, Metric]:
    """Where the load's pages went, of several swap devices."""
    used = sum(area.used for area in swaps)
    figures: dict[str, Metric] = {}
    for area in swaps if len(swaps) > 1 and used else ():
        # Linux 4.4 calls the disk of a pmem namespace pmem0m.
        name = f"areas.{area.name.removeprefix('/dev/').rstrip('ms')}"
        figures |= {f"{name}.used_mib": Metric(area.used / MIB, "MiB", "", SWAPS),
                    f"{name}.share": Metric(area.used / used, "", "", SWAPS)}
    return {name: figure for name, figure in figures.items() if name in AREA_NAMES}


def _folios(counts: Counts, size: int, pages: int, vmstat: Mapping[str, int], page_size: int
            ) -> dict[str, Metric]:
    """Of one size: how much of what went out went in one piece, and how often that failed."""
    place, source = f"{_HUGE}/hugepages-{size}kB/stats", f"{BEGIN}, {END}"
    rises = {name: counts.rise(f"{place}/{name}") for name in (
        "swpout", "zswpout", "swpout_fallback", "anon_fault_alloc", "anon_fault_fallback")}
    if rises["swpout"] is None and size == FOLIOS[-1]:
        # Before 6.8 there is one size, and the kernel counts it among all else.
        rises = {"swpout": vmstat.get("thp_swpout"), "zswpout": 0,
                 "swpout_fallback": vmstat.get("thp_swpout_fallback"),
                 "anon_fault_alloc": vmstat.get("thp_fault_alloc"),
                 "anon_fault_fallback": vmstat.get("thp_fault_fallback")}
        source = "steady-begin.vmstat, steady-end.vmstat"
    out = (rises["swpout"] or 0) + (rises["zswpout"] or 0)
    figures = {}
    name = f"folios.{size}."
    if out or rises["swpout_fallback"]:
        figures[f"{name}swpout_share"] = Metric(out * size * 1024 / page_size / pages, "", "higher",
                                                source)
        figures[f"{name}swpout_fallback_share"] = Metric(
            _share(rises["swpout_fallback"], out), "", "lower", source)
    if rises["anon_fault_alloc"] or rises["anon_fault_fallback"]:
        figures[f"{name}alloc_fallback_share"] = Metric(
            _share(rises["anon_fault_fallback"], rises["anon_fault_alloc"]), "", "lower", source)
    return figures


def _share(part: int | None, rest: int | None) -> float:
    whole = (part or 0) + (rest or 0)
    return (part or 0) / whole if whole else 0.0
