# SPDX-License-Identifier: GPL-2.0-only
"""Stable lock names against real files of 4.4, 6.1 and 6.12."""
from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.metrics import lockclass, lockkeys, lockstat

DATA = Path(__file__).resolve().parent.parent / "data/lock_stat"
LOCKDEP = (DATA / "linux-6.1.192-2vcpu.lockdep").read_text()
KEYS = (DATA / "linux-6.1.192.lock-keys.txt").read_text()
PAGES = {"linux-4.4.155": 120820, "linux-6.1.192": 121796, "linux-6.12": 121704,
         "linux-6.1.192-2vcpu": 151455}


def per_page(name: str, keys: lockkeys.Keys | None = None) -> dict[str, float]:
    stat = lockstat.load(DATA / f"{name}.txt")
    taken: Counter[str] = Counter()
    for one in lockclass.identify(stat.classes, keys):
        taken[one.stable] += one.lock.acquisitions
    return {stable: count / PAGES[name] for stable, count in taken.items()}


@pytest.mark.parametrize("name, expected", [
    ("linux-4.4.155", {"swap_cache_tree": 4.0, "swap_device": 4.0, "swap_avail": 1.0,
                       "swap_cgroup": 1.0, "lru": 0.354}),
    ("linux-6.1.192", {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_slots": 1.0,
                       "swap_cgroup": 1.0, "lru": 0.360}),
    ("linux-6.12", {"swap_cache_tree": 2.0, "swap_cluster": 4.0, "swap_slots": 1.0,
                    "swap_cgroup": 1.0, "lru": 0.3036}),
])
def test_known_acquisitions_per_page(name: str, expected: dict[str, float]) -> None:
    found = per_page(name)
    assert {stable: found[stable] for stable in expected} == pytest.approx(expected, rel=0.01)


def test_old_kernels_have_no_cluster_lock() -> None:
    assert not {"swap_cluster", "swap_slots"} & set(per_page("linux-4.4.155"))


def how(name: str, keys: lockkeys.Keys | None) -> dict[str, tuple[str, str]]:
    stat = lockstat.load(DATA / f"{name}.txt")
    return {one.stable: (one.how, one.lock.name)
            for one in lockclass.identify(stat.classes, keys)}


def test_keys_settle_shared_names() -> None:
    keys = lockkeys.combine(LOCKDEP, KEYS)
    assert keys.file_of("&xa->xa_lock#5") == "swap_state.c"
    assert keys.file_of("&xa->xa_lock#3") == "inode.c"
    assert keys.file_of("&p->lock#2") == "swapfile.c"
    assert keys.file_of("&p->lock") == "seq_file.c"
    assert keys.file_of("no such lock") is None
    found = how("linux-6.1.192-2vcpu", keys)
    assert found["swap_cache_tree"] == ("key", "&xa->xa_lock#5")
    assert found["swap_device"] == ("key", "&p->lock#2")
    # A key lies inside its class's symbol also for a subclass.
    assert keys.file_of("&((cluster_info + ci)->lock)/1") == "swapfile.c"


def test_keys_overrule_the_busiest() -> None:
    stat = lockstat.load(DATA / "linux-6.1.192-2vcpu.txt")
    swapped = {"#5": "#3", "#3": "#5"}
    turned = "\n".join(line[:-2] + swapped[line[-2:]] if "&xa->xa_lock#" in line
                       and line[-2:] in swapped else line for line in LOCKDEP.split("\n"))
    named = lockclass.identify(stat.classes, lockkeys.combine(turned, KEYS))
    tree = [one.lock.name for one in named if one.stable == "swap_cache_tree"]
    assert tree == ["&xa->xa_lock#3"]
    assert {one.lock.name for one in named if one.stable == "xa_xa_lock"} == {"&xa->xa_lock#5"}


def test_call_sites_settle_without_keys() -> None:
    found = how("linux-6.1.192-2vcpu", None)
    assert found["swap_cache_tree"] == ("call site", "&xa->xa_lock#5")
    assert found["swap_device"] == ("call site", "&p->lock#2")


def test_without_either_it_is_a_guess() -> None:
    assert how("linux-6.1.192", None)["swap_cache_tree"] == ("guess", "&xa->xa_lock#6")
    assert how("linux-6.12", None)["swap_cache_tree"] == ("guess", "&xa->xa_lock#7")
    assert how("linux-4.4.155", None)["swap_cache_tree"][0] == "name"


def test_nothing_is_lost_or_counted_twice() -> None:
    for name in PAGES:
        stat = lockstat.load(DATA / f"{name}.txt")
        named = lockclass.identify(stat.classes)
        assert [one.lock for one in named] == list(stat.classes)


@pytest.mark.parametrize("full, shown", [
    ("&xa->xa_lock#12", "&xa->xa_lock#1"),
    ("&pool->lock/1", "&pool->lock/1"),
    ("&(&swapper_spaces[i].tree_lock)->rlock", "&(&swapper_spaces[i].tree_lock)->rloc"),
    ("x" * 60 + "#3/1", "x" * 33 + "#3/1"),
])
def test_names_are_cut_as_the_kernel_cuts(full: str, shown: str) -> None:
    assert lockkeys.printed(full) == shown


def test_every_printed_class_is_in_lockdep() -> None:
    known = {lockkeys.printed(line.split(": ", 1)[1]) for line in LOCKDEP.splitlines()
             if ": " in line}
    stat = lockstat.load(DATA / "linux-6.1.192-2vcpu.txt")
    assert {one.name for one in stat.classes} <= known


@pytest.mark.parametrize("line", [
    "ffffffff821dc630: &xa->xa_lock#5",
    "ffffffff821dc630 FD:    3 BD:   14 -.-.: &xa->xa_lock#5",
    "ffffffff821dc630 OPS:       5 FD:    3 BD:   14 ..-...: &xa->xa_lock#5",
])
def test_lockdep_of_other_configurations(line: str) -> None:
    keys = lockkeys.combine(f"all lock classes:\n{line}\n -> [ffffffff821dc7a0] &p->lock\n\n", KEYS)
    assert keys.files == {"&xa->xa_lock#5": frozenset({"swap_state.c"})}


def test_hashed_pointers_tell_nothing(tmp_path: Path) -> None:
    hashed = "all lock classes:\n00000000deadbeef: &xa->xa_lock#5\n"
    (tmp_path / lockkeys.KEYS_FILE).write_text(KEYS)
    assert lockkeys.load(tmp_path) is None
    (tmp_path / lockkeys.LOCKDEP_FILE).write_text(hashed)
    assert lockkeys.load(tmp_path) is None
    (tmp_path / lockkeys.LOCKDEP_FILE).write_text(LOCKDEP)
    assert lockkeys.load(tmp_path) is not None


@pytest.mark.parametrize("lockdep, keys", [
    ("no lockdep\n", KEYS), (LOCKDEP, "no keys\n"), (LOCKDEP, KEYS + "zz 16 a.c __key\n")])
def test_malformed_key_files(lockdep: str, keys: str) -> None:
    with pytest.raises(CannotMeasure, match=r":\d+: is not"):
        lockkeys.combine(lockdep, keys)


def test_same_printed_name_from_two_files_is_no_answer() -> None:
    both = "all lock classes:\nffffffff821dc630: a#10\nffffffff821dc7a0: a#11\n"
    assert lockkeys.combine(both, KEYS).file_of("a#1") is None


def test_keys_are_read_from_a_program_with_symbols(tmp_path: Path) -> None:
    source = tmp_path / "swap_state.c"
    source.write_text("int main(void) { static char __key[16]; return __key[0]; }\n")
    subprocess.run([shutil.which("gcc") or "gcc", "-O0", "-no-pie", "-o", tmp_path / "vmlinux",
                    source], check=True)
    lockkeys.write(tmp_path / "vmlinux", tmp_path / "keys")
    head, *lines = (tmp_path / "keys").read_text().splitlines()
    assert head == "swapscale-lock-keys 1"
    assert [line.split()[1:] for line in lines if "swap_state.c" in line] == [
        ["16", "swap_state.c", "__key.0"]]
    with pytest.raises(CannotMeasure, match="readelf"):
        lockkeys.write(tmp_path / "missing", tmp_path / "keys")


def test_own_names_are_fit_for_metrics() -> None:
    assert lockclass.own("&(&n->list_lock)->rlock") == "n_list_lock"
    assert lockclass.own("&dentry->d_lock#2") == "dentry_d_lock"
    assert lockclass.own("../../etc/\x1b[31m") == "etc_31m"
    assert lockclass.own("&&") == "unnamed"
