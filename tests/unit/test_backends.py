# SPDX-License-Identifier: GPL-2.0-only
"""zswap's, zram's and large folios' counters as figures, whatever a guest writes there."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.judge import tier
from runner.metrics import backends
from runner.metrics.backends import BEGIN, END, FOLIO_STATS, ZSWAP
from runner.metrics.guestfile import Swap

ZRAM = backends.ZRAM.format(0)


def measured(folder: Path, begin: str, end: str, pages: int = 1000, used: int = 0,
             **vmstat: int) -> dict[str, float]:
    (folder / BEGIN).write_text(begin)
    (folder / END).write_text(end)
    return {name: one.value for name, one in backends.measure(
        folder, pages, vmstat, [Swap("/dev/zram0", "partition", 1 << 20, used)], 4096).items()}


def test_zswap(tmp_path: Path) -> None:
    begin = f"{ZSWAP}/reject_alloc_fail 1\n{ZSWAP}/reject_compress_fail 0\n{ZSWAP}/" \
            f"pool_limit_hit 5\n{ZSWAP}/written_back_pages 10\n"
    end = f"{ZSWAP}/reject_alloc_fail 3\n{ZSWAP}/reject_compress_fail 4\n{ZSWAP}/pool_limit_hit " \
          f"15\n{ZSWAP}/written_back_pages 60\n{ZSWAP}/stored_pages 3000\n{ZSWAP}/" \
          f"pool_total_size {1000 * 4096}\n"
    assert measured(tmp_path, begin, end, zswpout=800) == {
        "zswap_share": 0.8, "zswap_written_back_per_page": 0.05, "zswap_rejected_per_page": 0.006,
        "zswap_full_per_page": 0.01, "zswap_ratio": 3.0,
        "zswap_pool_mib": pytest.approx(1000 / 256)}
    # A kernel that counts what is written back is believed.
    assert measured(tmp_path, begin, end, zswpout=800, zswpwb=70)[
        "zswap_written_back_per_page"] == 0.07
    assert measured(tmp_path, "", "", zswpout=0) == {}


def test_zram_is_of_the_pages_of_the_load(tmp_path: Path) -> None:
    # 100 pages that do not compress, 40 of them replaced by ones that take a quarter.
    line = f"{ZRAM} {100 * 4096} {60 * 4096 + 40 * 1024} {75 * 4096} 0 0 0 0 60 60\n"
    found = measured(tmp_path, line, line, used=40 * 4096)
    assert found == {"zram_ratio": 4.0, "zram_mib": 75 / 256}
    assert measured(tmp_path, line, line, used=0) == {}
    assert measured(tmp_path, "", f"{ZRAM} 1 2\n") == {}


def test_of_several_swap_devices(tmp_path: Path) -> None:
    """Each is told how much of the load it holds; what compressed is of those that are zram."""
    stat = f"{100 * 4096} {60 * 4096 + 40 * 1024} {75 * 4096} 0 0 0 0 60 60"
    (tmp_path / BEGIN).write_text("")
    (tmp_path / END).write_text("".join(f"{backends.ZRAM.format(at)} {stat}\n" for at in (0, 1)))
    swaps = [Swap("/dev/zram0", "partition", 1 << 20, 40 * 4096, 5),
             Swap("/dev/pmem0m", "partition", 1 << 20, 120 * 4096, -2),
             Swap("/dev/zram1", "partition", 1 << 20, 40 * 4096, 5)]
    assert {name: one.value for name, one in backends.measure(
        tmp_path, 1000, {}, swaps, 4096).items()} == {
            "zram_ratio": 4.0, "zram_mib": 150 / 256,
            "areas.zram0.used_mib": 40 / 256, "areas.zram0.share": 0.2,
            "areas.pmem0.used_mib": 120 / 256, "areas.pmem0.share": 0.6,
            "areas.zram1.used_mib": 40 / 256, "areas.zram1.share": 0.2}
    swaps[1] = Swap("/dev/sda", "partition", 1 << 20, 0, 1)
    assert "areas.sda.share" not in backends.measure(tmp_path, 1000, {}, swaps, 4096)


def test_folios_by_size(tmp_path: Path) -> None:
    place = FOLIO_STATS[2]
    begin = f"{place}/swpout 10\n{place}/swpout_fallback 0\n{place}/anon_fault_alloc 0\n" \
            f"{place}/anon_fault_fallback 1\n"
    end = f"{place}/swpout 40\n{place}/swpout_fallback 10\n{place}/anon_fault_alloc 90\n" \
          f"{place}/anon_fault_fallback 11\n"
    assert measured(tmp_path, begin, end) == {
        "folios.64.swpout_share": 30 * 16 / 1000, "folios.64.swpout_fallback_share": 0.25,
        "folios.64.alloc_fallback_share": 0.1}
    # Before there were sizes.
    assert measured(tmp_path, "", "", thp_swpout=1, thp_swpout_fallback=1)[
        "folios.2048.swpout_share"] == 0.512


@pytest.mark.parametrize("name", [name for name in backends.NAMES if name != "zswap_share"])
def test_each_may_be_judged(name: str) -> None:
    assert tier.is_metric(name)
    assert tier.find("exact").answers(name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(max_codepoint=127), max_size=300))
def test_nothing_a_guest_writes_does_more_than_refuse(tmp_path: Path, text: str) -> None:
    try:
        measured(tmp_path, text, f"{ZSWAP}/stored_pages 5\n{text}", zswpout=1)
    except CannotMeasure as error:
        assert str(error).isprintable()
