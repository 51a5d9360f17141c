# SPDX-License-Identifier: GPL-2.0-only
"""The [rules] of an experiment: how it is judged."""
from __future__ import annotations

import dataclasses

from runner.asked import Boots
from runner.judge import stats, tier
from runner.judge.tier import layouts, pairs
from runner.records import HostLimits, Rules
from runner.tomlfile import Table


def _thresholds(chosen: Table) -> dict[str, float]:
    thresholds = {}
    for key in chosen.keys():
        if not tier.is_metric(key):
            chosen.complain(key, tier.no_metric(key, " (contentions_per_page, contention_share, "
                                                "hold_us_per_page, wait_us_per_page)"))
        thresholds[key] = chosen.number(key, 0.0, 10.0)
    return thresholds


def _host(rules: Table) -> HostLimits:
    """[rules.host], or rules.host = "any" where no load of the host spoils a time."""
    if "host" in rules.keys() and not rules.is_table("host"):
        rules.text("host", choices=("any",))
        return HostLimits(**{field.name: 1.0 for field in dataclasses.fields(HostLimits)})
    table = rules.table("host")
    made = HostLimits(**{field.name: table.number(field.name, 0.0, 1.0, field.default)
                         for field in dataclasses.fields(HostLimits)})
    table.close()
    return made


def _looks(table: Table) -> tuple[int, ...]:
    """After how many pairs the timed tier is judged; the last is where it ends."""
    count = table.integer("pairs", 1, 1000, 5)
    if "looks" not in table.keys():
        return (count,)
    if "pairs" in table.keys():
        table.complain("pairs", "is the last of looks; leave one of the two away")
    looks = table.integers("looks", 1, 1000)
    if looks != sorted(looks):
        table.complain("looks", f"{looks} does not rise")
    share = stats.spending(looks)[0]
    if looks[0] < stats.fewest_pairs(share):
        table.complain("looks", f"{looks[0]} pairs can find nothing at the {share:.2g} that the "
                                f"first look may use; begin with {stats.fewest_pairs(share)}")
    return tuple(looks)


def _layouts(table: Table) -> tuple[int, ...]:
    """After how many memory layouts the exact tier is judged; the last is where it ends."""
    if "layouts" not in table.keys() or not table.is_list("layouts"):
        return (table.integer("layouts", 1, layouts.MOST, 1),)
    looks = table.integers("layouts", 1, layouts.MOST)
    if looks != sorted(set(looks)):
        table.complain("layouts", f"{looks} does not rise")
    return tuple(looks)


def _confirm(table: Table) -> int:
    count = table.integer("confirm_pairs", 0, 1000, 0)
    if 0 < count < pairs.FEWEST_FRESH:
        table.complain("confirm_pairs", f"{count} pairs confirm nothing; take 0 or at least "
                                        f"{pairs.FEWEST_FRESH}")
    return count


def read(table: Table, base: str, timed_cells: int) -> tuple[Rules, Boots]:
    """How the experiment judges and how often it boots; UsageError as in plan.load."""
    looks, confirm = _looks(table), _confirm(table)
    minimum = table.integer("minimum_pairs", 2, 1000, 5)
    floor = table.integer("pswpout_floor", 1, 2**40, 10000)
    boots = Boots(table.integer("order_seed", 0, 2**63 - 1, 1),
                  table.integer("aa_pairs", 0, 1000, 0),
                  table.integer("lock_boots", 1, 1000, 1), table.boolean("self_check", True))
    if boots.aa_pairs > looks[-1]:
        table.complain("aa_pairs", f"{boots.aa_pairs} rounds of {looks[-1]} cannot boot the base "
                                   "twice")
    thresholds = _thresholds(table.table("thresholds"))
    host, at, equal = _host(table), _layouts(table), table.boolean("equal_pages", True)
    perturbations = table.integer("perturbations", 1, 1000, 3)
    table.close()
    return Rules(base, thresholds, minimum, looks, confirm, timed_cells, floor, host, at,
                 equal, perturbations), boots
