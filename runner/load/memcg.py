# SPDX-License-Identifier: GPL-2.0-only
"""Limits and protections of the control group that a load runs in, beside memory.max.

The load's program writes each and reads it back; where it has another value the sample does not
count.
"""
from __future__ import annotations

from dataclasses import dataclass

from runner.records import MIB
from runner.tomlfile import Table

OPTION = "--memcg-set"
#: Keys of [workload] in MiB, each with its file.
_SIZES = {"memcg_high_mib": "memory.high", "memcg_min_mib": "memory.min",
          "memcg_low_mib": "memory.low", "memcg_swap_max_mib": "memory.swap.max",
          "memcg_zswap_max_mib": "memory.zswap.max"}
_WRITEBACK = "memcg_zswap_writeback"


@dataclass(frozen=True)
class Group:
    """What of the load and the guest its limits are held against, MiB."""

    limit: int                # memory.max; 0: no group
    size: float               # what the load touches
    own: int                  # what it needs in RAM to get on


def ceiling(work: Table, ram: int, such: str) -> int:
    """memory.max of a load that runs in no guest without one, MiB; UsageError where it is missing.

    `ram`: the guest's, MiB; `such`: how the key is explained, with an example.
    """
    if "memcg_mib" not in work.keys():
        work.complain("memcg_mib", f"missing: {such}")
    limit = work.integer("memcg_mib", 1, 1 << 20)
    below_ram(work, limit, ram)
    return limit


def below_ram(work: Table, limit: int, ram: int) -> None:
    """UsageError where a memory.max is as much as there is."""
    if limit >= ram:
        work.complain("memcg_mib", f"a limit of {limit} MiB is none in a guest of {ram} MiB; "
                                   "lower it")


def read(work: Table, group: Group) -> list[str]:
    """Options of the load's program; UsageError where a limit is below the load's needs."""
    said = {key: work.integer(key, 0, 1 << 20, 0) for key in _SIZES}
    writeback = work.boolean(_WRITEBACK, True)
    given = [key for key in (*_SIZES, _WRITEBACK) if key in work.keys()]
    if given and not group.limit:
        work.complain(given[0], "is of a control group; set memcg_mib, its limit, too")
    for key in given:
        if key in ("memcg_high_mib", "memcg_min_mib", "memcg_low_mib") \
                and said[key] > group.limit:
            work.complain(key, f"{said[key]} MiB are more than the group's limit of {group.limit} "
                               "MiB, so it never matters; lower it")
    holds = group.limit
    if "memcg_high_mib" in given:
        holds = said["memcg_high_mib"]
        if holds < group.own:
            work.complain("memcg_high_mib", f"{holds} MiB are less than the {group.own} MiB that "
                                            "the load needs for itself; raise it")
    goes = group.size - holds
    if "memcg_swap_max_mib" in given and goes > said["memcg_swap_max_mib"]:
        work.complain("memcg_swap_max_mib", f"{said['memcg_swap_max_mib']} MiB do not hold the "
                      f"{goes:g} MiB of {group.size:g} that {holds} MiB of RAM do not; raise it")
    files = [f"{_SIZES[key]}={said[key] * MIB}" for key in _SIZES if key in given]
    if _WRITEBACK in given:
        files.append(f"memory.zswap.writeback={int(writeback)}")
    return [OPTION, ",".join(files)] if files else []


def files(options: tuple[str, ...]) -> dict[str, int]:
    """Files of the group that a load's options write, by name, and their values."""
    for option, value in zip(options, options[1:]):
        if option == OPTION:
            said = (item.partition("=") for item in value.split(","))
            return {name: int(number) for name, _, number in said}
    return {}


def with_zswap(options: tuple[str, ...], size: float) -> str:
    """What is wrong with the limits of a load of `size` MiB where pages go to zswap; '' for
    nothing.

    A page in zswap takes a slot and, compressed, some of the group's memory; one that comes back
    keeps its slot for a while.  Seen on 6.12, 282 MiB in a group of 96: killed with 224 MiB of
    slots, whatever zswap's limit, and not with 256 and a limit of 16.
    """
    said = files(options)
    if "memory.swap.max" not in said or "--memcg" not in options:
        return ""
    limit = int(options[options.index("--memcg") + 1].removesuffix("M"))
    pool = min(said.get("memory.zswap.max", limit * MIB // 2) / MIB, limit / 2)
    slots, need = said["memory.swap.max"] / MIB, size - limit + pool + limit / 2
    return "" if slots >= need else (
        f"memcg_swap_max_mib: {slots:g} MiB are less than the {need:g} MiB of slots that a load "
        f"of {size:g} MiB may take with zswap on; raise it, or lower memcg_zswap_max_mib")
