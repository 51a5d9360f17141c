# SPDX-License-Identifier: GPL-2.0-only
"""Names for lock classes that hold across kernel versions; docs/lock-classes.md lists them.

Most names tell the lock by themselves.  Some are shared by unrelated locks
(`&xa->xa_lock`, `&p->lock`) and told apart by an accidental number; those are
settled, best first, by
  key        the source file of the class's key (see lockkeys),
  call site  a contended call in a function only that lock's users have,
  guess      the busiest class of that name: in a swap-out run the page
             cache's and others' trees are hardly touched (in the 6.1 sample
             37 times to 453950), but nothing proves it.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from runner.metrics.lockkeys import Keys
from runner.metrics.lockstat import LockClass

OTHER_LENGTH = 40


@dataclass(frozen=True)
class Rule:
    """How one stable name is recognised."""

    stable: str
    names: str                             # pattern: this name is this lock alone
    shared: str = ""                       # pattern: this name is other locks', too
    file: str = ""                         # where the shared name's key must lie
    functions: frozenset[str] = frozenset()  # call sites that prove a shared name


RULES = (
    # 4.4 '&(&swapper_spaces[i].tree_lock)->rlock', 4.11 '&(&space->tree_lock)->rlock',
    # 4.18 '&(&(&space->i_pages)->xa_lock)->rlock', 4.20 '&(&xa->xa_lock)->rlock', 5.8 on
    # '&xa->xa_lock'.
    Rule("swap_cache_tree",
         r"&\(&swapper_spaces\[.*|&\(&space->tree_lock\).*|&\(&\(&space->i_pages\)->xa_lock.*",
         r"&xa->xa_lock|&\(&xa->xa_lock\)->rlock", "swap_state.c",
         frozenset({"add_to_swap_cache", "__delete_from_swap_cache", "delete_from_swap_cache",
                    "clear_shadow_from_swap_cache", "__add_to_swap_cache"})),
    # Spin lock of swap_info_struct; before 5.8 its name cannot be the seq_file mutex's.
    Rule("swap_device", r"&\(&(p|si)->lock\)->rlock|&si->lock", r"&p->lock", "swapfile.c",
         frozenset({"get_swap_pages", "swapcache_free_entries", "scan_swap_map_slots",
                    "scan_swap_map", "get_swap_page", "swap_info_get", "__swap_duplicate"})),
    Rule("swap_cluster", r".*\bcluster_info\b.*|&ci->lock|&\(&ci->lock\)->rlock"),
    Rule("swap_avail", r"swap_avail_lock"),
    Rule("swap_slots", r"&cache->alloc_lock"),
    Rule("swap_slots_free", r"&cache->free_lock|&\(&cache->free_lock\)->rlock"),
    Rule("swap_cgroup", r"&ctrl->lock|&\(&ctrl->lock\)->rlock"),
    Rule("lru", r".*\blru_lock\b.*"),
    Rule("list_lru", r"&\(?&?lru->node\[i\]\.lock.*"),
    Rule("page_table", r".*\bptlock_ptr\(.*"),
    Rule("zone", r"&zone->lock|&\(&zone->lock\)->rlock"),
    Rule("pcp", r"&pcp->lock|&\(&pcp->lock\)->rlock"),
    Rule("local_lock", r"lock"),   # INIT_LOCAL_LOCK(lock): the LRU's per-CPU batches above all
    Rule("memcg_stock", r".*\bstock_lock\b.*"),
    Rule("memcg_rstat", r".*\bcgroup_rstat_(cpu_)?lock\b.*"),
    Rule("anon_vma", r"&anon_vma->(rwsem|mutex)|&\(?&?anon_vma->lock.*"),
    Rule("mmap", r"&mm->mmap_(lock|sem)"),
    Rule("vma", r"&vma->vm_lock->lock"),
    Rule("runqueue", r"&rq->(__)?lock"),
    # What lockdep only pretends to be locks: nobody waits for them.
    Rule("annotation", r"rcu_read_lock.*|rcu_callback|fs_reclaim|.*\.seqcount|.*->seqcount"
                       r"|\(w(q|ork)_completion\).*|\(?\(?&?\w[\w.>-]*timer\w*\)+|tk_core"
                       r"|.*-wait-type-override|&q->q_usage_counter.*|.*\.seq"),
)

#: Their acquisitions per page decide the locks tier.
SWAP_LOCKS = ("swap_cache_tree", "swap_device", "swap_cluster", "swap_cgroup")
#: All locks of the swap-out path: what a lock budget limits.
SWAP_PATH = ("swap_cache_tree", "swap_device", "swap_cluster", "swap_avail", "swap_slots",
             "swap_slots_free", "swap_cgroup")
ANNOTATION = "annotation"


@dataclass(frozen=True)
class Named:
    """A class under its stable name, and how that name was found."""

    stable: str
    how: str                  # 'name', 'key', 'call site', 'guess', 'own name'
    lock: LockClass


def base(name: str) -> str:
    """A printed name without '#2' and '/1'."""
    return re.sub(r"(#\d)?(/\d)?$", "", name)


def own(name: str) -> str:
    """A class without a stable name keeps its own, fit for a metric's name."""
    inner = re.sub(r"^&\(&(.*)\)->r\w*$", r"\1", base(name))
    return re.sub(r"[^A-Za-z0-9]+", "_", inner).strip("_")[:OTHER_LENGTH] or "unnamed"


def _settle(rule: Rule, candidates: list[LockClass], keys: Keys | None
            ) -> tuple[str, list[LockClass]]:
    """Which of the classes that share a name are the rule's, and how we know."""
    if keys is not None:
        files = [keys.file_of(one.name) for one in candidates]
        # A class whose key cannot be told leaves the question open.
        if rule.file in files or None not in files:
            return "key", [one for one, file in zip(candidates, files) if file == rule.file]
    sites = [one for one in candidates
             if any(site.function in rule.functions for site in (*one.waiters, *one.holders))]
    if sites:
        return "call site", sites
    return "guess", [max(candidates, key=lambda one: one.acquisitions)]


def identify(classes: Iterable[LockClass], keys: Keys | None = None) -> tuple[Named, ...]:
    """Name every class, in the given order."""
    classes = tuple(classes)
    settled: dict[int, tuple[str, str]] = {}
    for rule in RULES:
        shared = [one for one in classes if rule.shared and re.fullmatch(rule.shared,
                                                                         base(one.name))]
        if shared:
            how, mine = _settle(rule, shared, keys)
            settled.update({id(one): (rule.stable, how) for one in mine})
            settled.update({id(one): (own(one.name), "own name") for one in shared
                            if all(one is not other for other in mine)})
    named = []
    for one in classes:
        if id(one) not in settled:
            stable = next((rule.stable for rule in RULES
                           if re.fullmatch(rule.names, base(one.name))), "")
            settled[id(one)] = (stable, "name") if stable else (own(one.name), "own name")
        named.append(Named(*settled[id(one)], one))
    return tuple(named)
