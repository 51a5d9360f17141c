# SPDX-License-Identifier: GPL-2.0-only
"""Stable lock names against real files of 4.4, 6.1, 6.12 and 7.3."""
from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lockfiles import DATA, KEYS, LOCKDEP, how

from runner.kernel import versions
from runner.metrics import lockclass, lockkeys, lockstat

PAGES = {"linux-4.4.155": 120820, "linux-6.1.192": 121796, "linux-6.12": 121704,
         "linux-6.1.192-2vcpu": 151455}
PAGES_7_3 = 74481


def per_page(name: str, keys: lockkeys.Keys | None = None) -> dict[str, float]:
    stat = lockstat.load(DATA / f"{name}.txt")
    taken: Counter[str] = Counter()
    for one in lockclass.identify(stat.classes, keys):
        taken[one.stable] += one.lock.acquisitions
    return {stable: count / PAGES[name] for stable, count in taken.items()}


@pytest.mark.parametrize("name, expected", [
    ("linux-4.4.155", {"swap_cache_tree": 4.0, "swap_device": 4.0, "swap_avail": 1.0,
                       "swap_cgroup": 1.0, "lru": 0.354}),
    ("linux-6.1.192", {"swap_cluster": 5.0, "swap_slots": 1.0, "swap_cgroup": 1.0, "lru": 0.360}),
    ("linux-6.12", {"swap_cluster": 4.0, "swap_slots": 1.0, "swap_cgroup": 1.0, "lru": 0.3036}),
])
def test_known_acquisitions_per_page(name: str, expected: dict[str, float]) -> None:
    found = per_page(name)
    assert {stable: found[stable] for stable in expected} == pytest.approx(expected, rel=0.01)


def test_old_kernels_have_no_cluster_lock() -> None:
    assert not {"swap_cluster", "swap_slots"} & set(per_page("linux-4.4.155"))


def test_call_sites_settle_without_keys() -> None:
    found = how("linux-6.1.192-2vcpu", None)
    assert found["swap_cache_tree"] == ("call site", "&xa->xa_lock#5")
    assert found["swap_device"] == ("call site", "&p->lock#2")


@pytest.mark.parametrize("name", ["linux-6.1.192", "linux-6.12"])
def test_without_either_nothing_is_named(name: str) -> None:
    found = how(name, None)
    assert "swap_cache_tree" not in found and found["xa_xa_lock"][0] == "unproven"
    assert how("linux-4.4.155", None)["swap_cache_tree"][0] == "name"


# Proof and its absence, on kernels of our own

BASE = 0xffffffff82a00000
PERCPU = 0xffff88803ea00000      # boot CPU's copy
START = 0x1000                   # of per-CPU symbols
Born = tuple[str, str, int]      # class's full name, file, acquisitions


def kernel(*born: Born, sources: tuple[str, ...] = ("swapfile.c",), percpu: bool = True
           ) -> tuple[lockclass.Named, ...]:
    """Name the classes of a kernel where each was born in its file; '?' is nowhere known."""
    keys = ["swapscale-lock-keys 1", f"{START:016x} 0 - __per_cpu_start",
            f"{START + 0x4000:016x} 0 - __per_cpu_end",
            f"{START + 0x1d40:016x} 1280 - hrtimer_bases",
            f"{START + 0x2000:016x} 192 swapfile.c percpu_swap_cluster",
            f"{START + 0x2100:016x} 696 swap.c cpu_fbatches"]
    lockdep = ["all lock classes:", f"{PERCPU + 0x1d58:016x}: hrtimer_bases.lock"] if percpu \
        else ["all lock classes:"]
    rows = []
    for number, (name, file, taken) in enumerate(born):
        address = {"percpu": PERCPU + 0x2078, "percpu lru": PERCPU + 0x2110}.get(
            file, BASE + 16 * number)
        lockdep.append(f"{address:016x}: {name}")
        if file != "?" and not file.startswith("percpu"):
            keys.append(f"{address:016x} 8 {file} __key.{number}")
        row = lockstat.Numbers(0, taken, 0.0, 1.0, 0.1)
        rows.append(lockstat.LockClass(lockkeys.printed(name), row, None))
    keys += [f"{BASE + 16 * (len(born) + at):016x} 8 {file} __key.{len(born) + at}"
             for at, file in enumerate(sources)]
    found = lockkeys.combine("\n".join(lockdep) + "\n", "\n".join(keys) + "\n")
    return lockclass.identify(rows, found)


def trees(count: int, *, at: int = 0) -> list[Born]:
    """So many xarrays; number `at` is the swap cache's, the first is the page cache's and busy."""
    files = ["inode.c", "idr.c", "blk-core.c", "workqueue.c", "fork.c"]
    return [("&xa->xa_lock" + (f"#{number}" if number > 1 else ""),
             "swap_state.c" if number == at else files[number % 5],
             60000 if number == 1 else 50 + number) for number in range(1, count + 1)]


def names(found: tuple[lockclass.Named, ...]) -> dict[str, str]:
    return {one.stable: one.how for one in found}


@pytest.mark.parametrize("count", [1, 7, 10, 12, 25])
def test_no_tree_where_no_key_lies_in_its_file(count: int) -> None:
    assert names(kernel(*trees(count))) == {"xa_xa_lock": "own name"}


@pytest.mark.parametrize("at", [1, 2, 9])
def test_the_tree_by_its_key_however_many_there_are(at: int) -> None:
    found = kernel(*trees(14, at=at))
    assert [one.lock.acquisitions for one in found if one.stable == "swap_cache_tree"] == [
        60000 if at == 1 else 50 + at]
    assert not any(one.maybe for one in found)


@pytest.mark.parametrize("at", [10, 13, 19])
def test_a_tree_that_prints_as_others_do_is_not_proven(at: int) -> None:
    found = kernel(*trees(19, at=at))
    assert "swap_cache_tree" not in names(found)
    assert {one.lock.name for one in found if one.maybe} == {"&xa->xa_lock#1"}


@pytest.mark.parametrize("sources, how", [
    # A kernel without the file has no lock of it; a kernel with it may.
    (("swapfile.c",), {"xa_xa_lock": "own name"}),
    (("swapfile.c", "swap_state.c"), {"xa_xa_lock": "unproven"}),
    # Keys that tell no file (LTO) prove nothing.
    (("ld-temp.o",), {"xa_xa_lock": "unproven"})])
def test_a_class_whose_key_is_nowhere_known(sources: tuple[str, ...], how: dict[str, str]) -> None:
    found = kernel(("&xa->xa_lock", "inode.c", 9), ("&xa->xa_lock#2", "?", 90000), sources=sources)
    if sources == ("ld-temp.o",):
        # swapfile.c is in kernel()'s per-CPU symbols, so take the classes without them.
        found = lockclass.identify([one.lock for one in found], None)
    assert {one.stable: one.how for one in found[1:]} == how


def test_the_device_lock_is_no_seq_file() -> None:
    found = kernel(("&p->lock", "seq_file.c", 90000), ("&p->lock#2", "swapfile.c", 10))
    assert [(one.stable, one.how, one.path) for one in found] == [
        ("p_lock", "own name", False), ("swap_device", "key", True)]
    assert "swap_device" not in names(kernel(("&p->lock", "seq_file.c", 90000)))


@pytest.mark.parametrize("name", ["&ctrl->lock", "&cache->free_lock", "&ci->lock", "&si->lock"])
def test_a_key_elsewhere_overrules_a_name(name: str) -> None:
    (one,) = kernel((name, "nvme.c", 5))
    assert (one.how, one.path) == ("own name", False)
    (one,) = kernel((name, "swap_cgroup.c" if name == "&ctrl->lock" else "swapfile.c", 5))
    assert one.stable in lockclass.SWAP_PATH and one.path


def test_a_nameless_class_by_its_per_cpu_key() -> None:
    found = kernel(("", "percpu", 100), ("#2", "percpu lru", 7))
    assert [(one.stable, one.how, one.path) for one in found] == [
        ("percpu_swap_cluster", "key", True), ("cpu_fbatches", "own name", False)]
    # The other alone is not it, although no other class is nameless.
    (one,) = kernel(("", "percpu lru", 7))
    assert (one.stable, one.path) == ("cpu_fbatches", False)


def test_nameless_classes_without_a_base() -> None:
    (one,) = kernel(("", "percpu", 100), percpu=False)
    assert (one.stable, one.how) == ("percpu_swap_cluster", "name")
    found = kernel(("", "percpu", 100), ("#2", "percpu lru", 7), percpu=False)
    assert {(one.stable, one.how, one.maybe) for one in found} == {
        ("unnamed", "unproven", "percpu_swap_cluster")}


def test_per_cpu_classes_that_do_not_agree_tell_nothing() -> None:
    text = ("swapscale-lock-keys 1\n0000000000000000 0 - __per_cpu_start\n"
            "0000000000004000 0 - __per_cpu_end\n0000000000001d40 1280 - hrtimer_bases\n"
            "0000000000002000 192 swapfile.c percpu_swap_cluster\n")
    one = f"{PERCPU + 0x1d58:x}: hrtimer_bases.lock\n{PERCPU + 0x2078:x}: \n"
    assert lockkeys.combine(f"all lock classes:\n{one}", text).symbol_of("") == \
        "percpu_swap_cluster"
    other = f"{PERCPU + 0x101d58:x}: hrtimer_bases.lock#2\n"
    assert lockkeys.combine(f"all lock classes:\n{other}{one}", text).symbol_of("") == ""


def test_a_lock_of_the_path_under_a_new_name_is_of_the_path() -> None:
    (one,) = kernel(("&si->table_lock", "swapfile.c", 5))
    assert (one.stable, one.how, one.path) == ("si_table_lock", "own name", True)


def test_what_is_gone_is_proven_gone(tmp_path: Path) -> None:
    stat = lockstat.load(DATA / "linux-6.1.192-2vcpu.txt")
    keys = lockkeys.combine(LOCKDEP, KEYS)
    named = [one for one in lockclass.identify(stat.classes, keys)]
    assert set(lockclass.gone(named, keys, 1000)) == {"percpu_swap_cluster"}
    without = [one for one in named if one.stable not in ("swap_slots", "swap_slots_free")]
    assert set(lockclass.gone(without, keys, 1000)) == {"percpu_swap_cluster", "swap_slots",
                                                        "swap_slots_free"}
    # A busy lock of the same file could be the old one under a new name.
    row = lockstat.Numbers(0, 5000, 0.0, 1.0, 0.1)
    renamed = lockclass.Named("new", "own name", lockstat.LockClass("&p->lock#2", row, None))
    assert set(lockclass.gone([*without, renamed], keys, 1000)) == {"swap_slots",
                                                                    "swap_slots_free"}
    assert lockclass.gone(named, None, 1000) == {}


def test_nothing_is_lost_or_counted_twice() -> None:
    for name in PAGES:
        stat = lockstat.load(DATA / f"{name}.txt")
        named = lockclass.identify(stat.classes)
        assert [one.lock for one in named] == list(stat.classes)


def test_own_names_are_fit_for_metrics() -> None:
    assert lockclass.own("&(&n->list_lock)->rlock") == "n_list_lock"
    assert lockclass.own("&dentry->d_lock#2") == "dentry_d_lock"
    assert lockclass.own("../../etc/\x1b[31m") == "etc_31m"
    assert lockclass.own("&&") == "unnamed"


def test_a_name_that_says_nothing_yields_to_what_the_key_is() -> None:
    """Linux 6.12 and 7.3 on swap to pmem: classes taken once a page and more."""
    symbols = ("swapscale-lock-keys 1\n"
               "ffffffff82000000 16 workingset.c shadow_nodes_key\n"
               "ffffffff82000010 16 bio.c __key.3\n"
               "ffffffff82000020 16 super.c __key\n")
    lockdep = ("all lock classes:\nffffffff82000000 ....: key#3\n"
               "ffffffff82000010 ....: &x->wait#7\nffffffff82000020 ....: &x->wait#9\n")
    keys = lockkeys.combine(lockdep, symbols)
    found = {one.lock.name: (one.stable, one.how) for one in lockclass.identify(
        [lockstat.LockClass(name, (), (), ()) for name in (
            "key#3", "&x->wait#7", "&x->wait#9", "&x->wait#2", "&pcs->lock", "vm_lock")], keys)}
    assert found == {"key#3": ("list_lru", "key"), "&x->wait#7": ("x_wait_bio", "key"),
                     "&x->wait#9": ("x_wait_super", "own name"),
                     "&x->wait#2": ("x_wait", "own name"), "&pcs->lock": ("slab_sheaf", "name"),
                     "vm_lock": ("vma", "name")}


def test_every_lock_that_matters_on_7_3_is_named_by_proof() -> None:
    """A real boot: each class taken 0.05 times a page has a name of ours, or is no lock."""
    read = {kind: (DATA / f"linux-7.3.4.{kind}").read_text("utf-8")
            for kind in ("lockdep", "lock-keys.txt")}
    keys = lockkeys.combine(read["lockdep"], read["lock-keys.txt"])
    named = lockclass.identify(lockstat.load(DATA / "linux-7.3.4.txt").classes, keys)
    taken: dict[str, float] = {}
    for one in named:
        taken[one.stable] = taken.get(one.stable, 0.0) + one.lock.acquisitions / PAGES_7_3
    ours = {rule.stable for rule in lockclass.RULES}
    mattered = {name for name, value in taken.items() if value >= versions.MATTERS}
    assert mattered - ours == {"hrtimer_bases_lock"}, "which names itself"
    assert not [one for one in named if one.stable in mattered and one.how == "unproven"]
    assert {name: round(taken[name], 2) for name in (
        "swap_cluster", "percpu_swap_cluster", "slab_sheaf", "x_wait_bio", "vma", "mm_counter")} \
        == {"swap_cluster": 5.0, "percpu_swap_cluster": 1.0, "slab_sheaf": 2.01,
            "x_wait_bio": 2.0, "vma": 0.99, "mm_counter": 0.07}
    assert {"swap_cache_tree", "swap_cgroup", "swap_slots"} <= set(
        lockclass.gone(named, keys, 0.05 * PAGES_7_3)), "gone is gone"
