# SPDX-License-Identifier: GPL-2.0-only
"""Names for lock classes that hold across kernel versions; docs/lock-classes.md lists them.

Most names tell the lock by themselves.  Some are shared by unrelated locks
(`&xa->xa_lock`, `&p->lock`, no name at all) and told apart by an accidental
number; those are settled by
  key        the source file of the class's key (see lockkeys),
  call site  a contended call in a function only that lock's users have.
Where neither proves it the class keeps its own name, and is said to be
unproven.  A key overrules a name, too: `&ctrl->lock` is NVMe's in another file.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from runner.metrics.lockkeys import Keys
from runner.metrics.lockstat import LockClass

OTHER_LENGTH = 40
#: Names that many locks share and that say nothing: what the key is, or where it lies, says more.
VAGUE = frozenset({"", "key", "&x->wait", "(completion)&x->wait"})


@dataclass(frozen=True)
class Rule:
    """How one stable name is recognised."""

    stable: str
    names: str                             # pattern: this name is this lock alone
    shared: str | None = None              # pattern: this name is other locks', too
    file: str = ""                         # where its key lies
    functions: frozenset[str] = frozenset()  # call sites that prove a shared name
    alone: bool = False                    # a shared name is this lock while one class bears it


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
    Rule("swap_cluster", r".*\bcluster_info\b.*|&ci->lock|&\(&ci->lock\)->rlock",
         file="swapfile.c"),
    # INIT_LOCAL_LOCK() of mm/swapfile.c, since 6.15; the only empty argument up to 7.3.
    Rule("percpu_swap_cluster", r"percpu_swap_cluster\.lock", r"", "swapfile.c", alone=True),
    Rule("swap_avail", r"swap_avail_lock", file="swapfile.c"),
    Rule("swap_slots", r"&cache->alloc_lock", file="swap_slots.c"),
    Rule("swap_slots_free", r"&cache->free_lock|&\(&cache->free_lock\)->rlock",
         file="swap_slots.c"),
    Rule("swap_cgroup", r"&ctrl->lock|&\(&ctrl->lock\)->rlock", file="swap_cgroup.c"),
    Rule("lru", r".*\blru_lock\b.*"),
    # 'key' is what lockdep_set_class() calls a class whose key came as an argument.
    Rule("list_lru", r"&\(?&?lru->node\[i\]\.lock.*|shadow_nodes_key"),
    Rule("page_table", r".*\bptlock_ptr\(.*"),
    Rule("zone", r"&zone->lock|&\(&zone->lock\)->rlock"),
    Rule("pcp", r"&pcp->lock|&\(&pcp->lock\)->rlock"),
    Rule("local_lock", r"lock"),   # INIT_LOCAL_LOCK(lock): the LRU's per-CPU batches above all
    Rule("memcg_stock", r".*\bstock_lock\b.*"),
    Rule("memcg_rstat", r".*\bcgroup_rstat_(cpu_)?lock\b.*"),
    Rule("anon_vma", r"&anon_vma->(rwsem|mutex)|&\(?&?anon_vma->lock.*"),
    Rule("mmap", r"&mm->mmap_(lock|sem)"),
    Rule("vma", r"&vma->vm_lock->lock|vm_lock"),
    Rule("slab_sheaf", r"(\(local_lock_t \*\))?&pcs->lock"),
    # Names that say nothing, with the file of their keys.
    Rule("x_wait_bio", r"&x->wait_bio"),   # submit_bio_wait()
    Rule("mm_counter", r"key_fork"),       # mm_struct's rss_stat: percpu_counter_init_many()
    Rule("runqueue", r"&rq->(__)?lock"),
    # What lockdep only pretends to be locks: nobody waits for them.
    Rule("annotation", r"rcu_read_lock.*|rcu_callback|fs_reclaim|.*\.seqcount|.*->seqcount"
                       r"|\(w(q|ork)_completion\).*|\(?\(?&?\w[\w.>-]*timer\w*\)+|tk_core"
                       r"|.*-wait-type-override|&q->q_usage_counter.*|.*\.seq|psi_seq"),
)

#: Their acquisitions per page decide the locks tier.
SWAP_LOCKS = ("swap_cache_tree", "swap_device", "swap_cluster", "swap_cgroup")
#: All locks of the swap-out path that have a name here: what a lock budget limits.
SWAP_PATH = ("swap_cache_tree", "swap_device", "swap_cluster", "swap_avail", "swap_slots",
             "swap_slots_free", "swap_cgroup", "percpu_swap_cluster")
#: Where the path's locks are born; one without a name here belongs to it by that.
SWAP_FILES = frozenset({"swap_state.c", "swapfile.c", "swap_slots.c", "swap_cgroup.c",
                        "page_io.c", "swap_table.c", "zswap.c"})
#: Their sum, as a class of its own.
PATH_SUM = "swap_path"
ANNOTATION = "annotation"
GLOBAL = "-"                  # 'file' of a symbol whose file is not known


@dataclass(frozen=True)
class Named:
    """A class under its stable name, and how that name was found."""

    stable: str
    how: str                  # 'name', 'key', 'call site', 'own name', 'unproven'
    lock: LockClass
    path: bool = False        # of the swap-out path
    maybe: str = ""           # what it may be, where that is 'unproven'


def base(name: str) -> str:
    """A printed name without '#2' and '/1'."""
    return re.sub(r"(#\d)?(/\d)?$", "", name)


def own(name: str) -> str:
    """A class without a stable name keeps its own, fit for a metric's name."""
    inner = re.sub(r"^&\(&(.*)\)->r\w*$", r"\1", base(name))
    return re.sub(r"[^A-Za-z0-9]+", "_", inner).strip("_")[:OTHER_LENGTH] or "unnamed"


def _files(keys: Keys | None, name: str) -> frozenset[str] | None:
    """Files a class may come from; None where that is not known."""
    files = keys.files(name) if keys else None
    return None if files is None or GLOBAL in files else files


def speaks(keys: Keys | None) -> bool:
    """Do the keys tell files apart?  Then a file that has none is not part of the kernel."""
    return keys is not None and bool(keys.sources & SWAP_FILES)


def _settle(rule: Rule, candidates: list[LockClass], keys: Keys | None
            ) -> tuple[str, list[LockClass], list[LockClass]]:
    """Which of the classes that share a name are the rule's, how we know, and which may be."""
    if keys is not None and speaks(keys) and rule.file not in keys.sources:
        return "key", [], []
    files = [_files(keys, candidate.name) for candidate in candidates]
    mine = [candidate for candidate, some in zip(candidates, files) if some and some == {rule.file}]
    alike = [candidate for candidate, some in zip(candidates, files) if some and rule.file in some
             and some != {rule.file}]
    unknown = [candidate for candidate, some in zip(candidates, files) if some is None]
    if mine:
        return "key", mine, alike
    sites = [candidate for candidate in (*alike, *unknown)
             if any(site.function in rule.functions
                    for site in (*candidate.waiters, *candidate.holders))]
    if sites:
        return "call site", sites, []
    if rule.alone and candidates == unknown and len(unknown) == 1:
        return "name", unknown, []
    return "key", [], [*alike, *unknown]


def _by_name(lock: LockClass, keys: Keys | None) -> tuple[str, str]:
    """Name and how it was found, for a class whose name tells."""
    files = _files(keys, lock.name)
    vague = base(lock.name) in VAGUE
    # A name that says nothing yields to what the lock is.
    symbol = keys.symbol_of(lock.name) if keys and vague else ""
    one_file = next(iter(files)) if vague and files and len(files) == 1 else ""
    where = f"_{one_file.removesuffix('.c')}" if one_file else ""
    called = symbol or base(lock.name) + where
    for rule in RULES:
        if re.fullmatch(rule.names, called) \
                and not (rule.stable in SWAP_PATH and files and not files & SWAP_FILES):
            return rule.stable, "key" if vague and called != base(lock.name) else "name"
    return own(called), "own name"


def identify(classes: Iterable[LockClass], keys: Keys | None = None) -> tuple[Named, ...]:
    """Name every class, in the given order."""
    classes = tuple(classes)
    settled: dict[int, tuple[str, str, str]] = {}
    for rule in RULES:
        shared = [lock for lock in classes if rule.shared is not None
                  and re.fullmatch(rule.shared, base(lock.name))]
        if shared:
            how, mine, unproven = _settle(rule, shared, keys)
            settled.update({id(lock): (rule.stable, how, "") for lock in mine})
            settled.update({id(lock): (own(lock.name), "unproven", rule.stable)
                            for lock in unproven})
    named = []
    for lock in classes:
        stable, how, maybe = settled.get(id(lock)) or (*_by_name(lock, keys), "")
        files = _files(keys, lock.name) or frozenset({GLOBAL})
        named.append(Named(stable, how, lock,
                           not maybe and (stable in SWAP_PATH or files <= SWAP_FILES), maybe))
    return tuple(named)


def gone(named: Iterable[Named], keys: Keys | None, least: float) -> dict[str, str]:
    """Locks of the swap-out path that the kernel does not take, and what proves it.

    /proc/lockdep lists every class that was ever taken.  A lock that moved under a new name
    would be one of the same source file, taken at least `least` times.
    """
    if not speaks(keys):
        return {}
    named = tuple(named)
    there = {member.stable for member in named} | {member.maybe for member in named}
    new = {file for member in named
           if member.how == "own name" and member.lock.acquisitions >= least
           for file in _files(keys, member.lock.name) or ()}
    return {rule.stable: f"no class of {rule.file} is it" for rule in RULES
            if rule.stable in SWAP_PATH and rule.stable not in there and rule.file not in new}
