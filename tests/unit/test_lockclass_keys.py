# SPDX-License-Identifier: GPL-2.0-only
"""The files that say which lock a key is: of lockdep's, of a kernel's symbols, odd ones."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from lockfiles import DATA, KEYS, LOCKDEP, how

from runner.errors import CannotMeasure
from runner.metrics import lockclass, lockkeys, lockstat


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
    assert list(keys.places) == ["&xa->xa_lock#5"]
    assert keys.file_of("&xa->xa_lock#5") == "swap_state.c"


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
    found = lockkeys.combine(both, KEYS)
    assert found.file_of("a#1") is None
    assert found.files("a#1") == {"swap_state.c", "swapfile.c"}


def test_keys_are_read_from_a_program_with_symbols(tmp_path: Path) -> None:
    source = tmp_path / "swap_state.c"
    source.write_text("char shared_lock[64], small[8];\nstatic char lock[64];\n"
                      "static const char table[64] = {1};\n"
                      "int main(void) { static char __key[16]; return __key[0] + lock[0]\n"
                      "+ table[shared_lock[0]] + small[0]; }\n")
    subprocess.run([shutil.which("gcc") or "gcc", "-O0", "-no-pie", "-o", tmp_path / "vmlinux",
                    source], check=True)
    lockkeys.write(tmp_path / "vmlinux", tmp_path / "keys")
    head, *lines = (tmp_path / "keys").read_text().splitlines()
    assert head == "swapscale-lock-keys 1"
    assert sorted(line.split()[1:] for line in lines if "swap_state.c" in line) == [
        ["16", "swap_state.c", "__key.0"], ["64", "swap_state.c", "lock"]]
    assert ["64", "-", "shared_lock"] in [line.split()[1:] for line in lines]
    assert not any(name in line for line in lines for name in ("table", "small"))
    with pytest.raises(CannotMeasure, match="readelf"):
        lockkeys.write(tmp_path / "missing", tmp_path / "keys")


def test_small_keys_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "k.c"
    source.write_text("static struct { char b[16]; } __attribute__((used)) shadow_nodes_key, "
                      "no_keyhole, __key;\nint main(void) { return 0; }\n")
    subprocess.run(["gcc", "-o", tmp_path / "k", source], check=True)
    lockkeys.write(tmp_path / "k", tmp_path / "out")
    kept = {line.split()[3] for line in (tmp_path / "out").read_text().splitlines()[1:]
            if line.split()[2] == "k.c"}
    assert {"shadow_nodes_key", "__key"} <= kept and "no_keyhole" not in kept
