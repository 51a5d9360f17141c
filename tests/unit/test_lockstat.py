# SPDX-License-Identifier: GPL-2.0-only
"""The lock_stat parser against real files, cut ones and nonsense."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from lockstatfiles import COLUMNS_03, DATA, REAL, ROW, made

from runner.metrics import lockstat


@pytest.mark.parametrize("name", REAL)
def test_real_file_every_row_counts(name: str) -> None:
    text = (DATA / f"{name}.txt").read_text()
    stat = lockstat.parse(text)
    rows = [line[41:].split() for line in text.splitlines() if line[40:41] == ":"]
    assert sum(one.acquisitions for one in stat.classes) == sum(int(row[7]) for row in rows)
    assert sum(one.contentions for one in stat.classes) == sum(int(row[1]) for row in rows)
    assert sum(one.hold_total for one in stat.classes) == pytest.approx(
        sum(float(row[10]) for row in rows))
    assert sum(len(one.rows) for one in stat.classes) == len(rows)
    assert stat.version == "0.4" and not stat.disabled


def test_names_cut_and_numbered() -> None:
    stat = lockstat.load(DATA / "linux-6.1.192.txt")
    names = [one.name for one in stat.classes]
    for name in ("&xa->xa_lock#6", "&pool->lock/1", "&sb->s_type->i_mutex_key#3", "subsys mutex#2",
                 "per_cpu_ptr(&cgroup_rstat_cpu_lock, c"):
        assert name in names
    assert names.count("subsys mutex#2") == 2, "numbers over 9 are cut: names repeat"
    tick = next(one for one in stat.classes if one.name == "tk_core.seq.seqcount")
    assert tick.write and tick.read
    assert (tick.write.acquisitions, tick.read.acquisitions) == (1296, 21938)
    assert tick.acquisitions == 1296 + 21938
    only = next(one for one in stat.classes if one.name == "rcu_read_lock")
    assert only.write is None and only.read and only.read.acquisitions == 3405181


def test_contention_points() -> None:
    stat = lockstat.load(DATA / "linux-6.1.192-2vcpu.txt")
    tree = next(one for one in stat.classes if one.name == "&xa->xa_lock#5")
    assert [(site.count, site.function) for site in tree.waiters] == [
        (179, "__remove_mapping"), (456, "clear_shadow_from_swap_cache"),
        (106, "add_to_swap_cache")]
    assert [(site.count, site.function) for site in tree.holders] == [
        (125, "__remove_mapping"), (331, "add_to_swap_cache"),
        (285, "clear_shadow_from_swap_cache")]
    assert sum(site.count for site in tree.waiters) == tree.contentions == 741


def test_version_03_has_no_averages() -> None:
    stat = lockstat.parse(made([("a", ROW), ("b-R", ROW)]))
    assert [one.name for one in stat.classes] == ["a", "b"]
    assert stat.classes[0].write == lockstat.Numbers(0, 7, 0, 1.1, .1)
    assert stat.classes[1].write is None and stat.classes[1].acquisitions == 7


def test_lockdep_off_is_seen() -> None:
    version, rest = made([("a", ROW)]).split("\n", 1)
    warning = "*WARNING* lock debugging disabled!! - possibly due to a lockdep warning\n"
    assert lockstat.parse(f"{version}\n{warning}{rest}").disabled


def test_waited_for_but_never_released_while_counting() -> None:
    # seq_stats prints the call sites of such a class without a row of its own.
    sites = (f"{'-' * 10:>40}\n{'still_held':>40} {1:>14} {'[<ffffffff81128cb8>]':>29} f+0x1/0x2\n")
    stat = lockstat.parse(made([("a", ROW)]) + sites + made([("b", ROW)]).split("\n\n")[1])
    assert [(one.name, one.rows == (), len(one.waiters)) for one in stat.classes] == [
        ("a", False, 0), ("still_held", True, 1), ("b", False, 0)]


def odd(column: str, cell: str) -> lockstat.LockStat:
    """The file of a kernel that prints `cell` there, in the row of a class `odd`."""
    cells = [cell if name == column else known for name, known in zip(COLUMNS_03, ROW)]
    return lockstat.parse(made([("odd", tuple(cells)), ("b", ROW)]), "f")


@pytest.mark.parametrize("column", ["con-bounces", "acq-bounces", "waittime-min", "waittime-max",
                                    "holdtime-max"])
@pytest.mark.parametrize("cell", ["-1.-22", "0.-04", "123456789012345", "nan", "1e30", "2270x"])
def test_a_field_that_nothing_uses_may_be_odd(column: str, cell: str) -> None:
    stat = odd(column, cell)
    assert [(one.name, one.acquisitions, one.hold_total) for one in stat.classes] == [
        ("odd", 7, 1.1), ("b", 7, 1.1)]
    # What is a count there is not odd.
    if not (cell.isdecimal() and "bounces" in column and len(cell) < 20):
        assert stat.left_out == (f"f:6: {column} {cell!r} of 'odd'",)


@pytest.mark.parametrize("column, left", [
    ("waittime-total", "wait_total"), ("holdtime-total", "hold_total")])
def test_a_time_that_cannot_be_read_costs_its_own_figure(column: str, left: str) -> None:
    # A clock that steps back; and 15 bytes, which hold no time over 10^14 µs.
    for cell in ("-1.-22", "12345678901234"):
        stat = odd(column, cell)
        assert getattr(stat.classes[0], left) is None and stat.classes[0].acquisitions == 7
        assert getattr(stat.classes[1], left) is not None
        assert stat.left_out == (f"f:6: {column} {cell!r} of 'odd'",)


@pytest.mark.parametrize("cell, value", [
    ("12345678901.23", 12345678901.23), ("123456789012.3", 123456789012.3),
    ("1234567890123.", 1234567890123.0), ("1234567890123456.78", 1234567890123456.78)])
def test_long_times_as_they_are_cut(cell: str, value: float) -> None:
    stat = odd("holdtime-total", cell)
    assert stat.classes[0].hold_total == value and stat.left_out == ()


def test_a_version_and_a_column_nobody_knows() -> None:
    columns = (*COLUMNS_03, "spins")
    stat = lockstat.parse(made([("a", (*ROW, "12"))], "0.5", columns), "f")
    assert stat.classes[0].write == lockstat.Numbers(0, 7, 0, 1.1, .1)
    assert stat.left_out == ("f:1: version 0.5 of lock_stat, read as 0.4",
                             "f:3: column 'spins', which is not known")


BUSY = ("0", "3", "0.10", "1.00", "1.10", "1", "7", "0.10", "0.20", "1.10")
WAITED = [(2, "get_swap_pages+0x1/0x2"), (1, "f+0x3/0x4 [module]")]


def sites(name: str, waiters: list[tuple[int, str]], holders: list[tuple[int, str]],
          reads: bool = False) -> str:
    """The lists of a class as seq_stats prints them."""
    text = ""
    length = len(name) + 2 * reads
    for some in (waiters, holders):
        if some:
            text += " " * (40 - length) + "-" * length + "\n"
        for count, symbol in some:
            text += f"{name:>40} {count:>14} {'[<ffffffff81128cb8>]':>29} {symbol}\n"
    return text + ("\n" + "." * 221 + "\n\n" if holders else "")


@pytest.mark.parametrize("name", ["", "#2", "#2/1", "/1", "a b: c", "x" * 37, "y" * 35 + "#2",
                                  "(wq_completion)kcryptd-ger\xe4t"])
@pytest.mark.parametrize("waiters, holders", [
    (WAITED, WAITED), (WAITED, []), ([], WAITED), ([], [])])
def test_every_name_and_every_pair_of_lists(name: str, waiters: list[tuple[int, str]],
                                            holders: list[tuple[int, str]]) -> None:
    first, plain = made([(name, BUSY)]), made([("z", ROW)]).split("\n\n", 1)[1]
    stat = lockstat.parse(first + sites(name, waiters, holders) + plain)
    one, other = stat.classes
    assert (one.name, one.contentions, other.name, stat.left_out) == (name, 3, "z", ())
    assert [(site.count, site.symbol) for site in one.waiters] == waiters
    assert [(site.count, site.symbol) for site in one.holders] == holders


def test_a_nameless_class_taken_both_ways() -> None:
    rows = f"{'':>38}-W:" + " ".join(BUSY) + f"\n{'':>38}-R:" + " ".join(BUSY) + "\n"
    head, plain = made([("z", ROW)]).split("\n\n", 1)
    stat = lockstat.parse(f"{head}\n\n{rows}{sites('', WAITED, WAITED, True)}{plain}")
    assert [(one.name, one.acquisitions, len(one.waiters)) for one in stat.classes] == [
        ("", 14, 2), ("z", 7, 0)]


def test_two_nameless_classes_are_two() -> None:
    plain = made([("z", ROW)]).split("\n\n", 1)[1]
    held = sites("", WAITED, WAITED)
    stat = lockstat.parse(made([("", BUSY)]) + held + made([("", BUSY)]).split("\n\n", 1)[1]
                          + held + plain)
    assert [(one.name, len(one.holders)) for one in stat.classes] == [("", 2), ("", 2), ("z", 0)]


def test_names_are_bytes(tmp_path: Path) -> None:
    # A queue is named after its device; columns count bytes, and the 37th may be half a letter.
    name = "(wq_completion)kcryptd-Pl\xc3\xa4tte\xc3".encode("latin-1")
    text = made([("z", ROW)]).encode() + b" " * (40 - len(name)) + name + b":" \
        + " ".join(ROW).encode() + b"\n"
    (tmp_path / "f").write_bytes(text)
    assert [one.acquisitions for one in lockstat.load(tmp_path / "f").classes] == [7, 7]


NUMBER = st.integers(0, 2**64 - 1)
NAME = st.from_regex(r"[&(]?[a-z_]{1,20}(->lock|\.seq)?(#[2-9])?(/1)?", fullmatch=True)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(NAME, NUMBER, st.integers(0, 10**14)), min_size=1, max_size=30))
def test_totals_survive(rows: list[tuple[str, int, int]]) -> None:
    stat = lockstat.parse(made([
        (name, ("0", "0", "0.00", "0.00", "0.00", "0", str(count), "0.00", "0.00",
                f"{hold // 100}.{hold % 100:02d}")) for name, count, hold in rows]))
    assert [one.name for one in stat.classes] == [name for name, *_ in rows]
    assert sum(one.acquisitions for one in stat.classes) == sum(count for _, count, _ in rows)
    assert sum(one.hold_total for one in stat.classes) == pytest.approx(
        sum(hold for *_, hold in rows) / 100)
