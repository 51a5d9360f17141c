# SPDX-License-Identifier: GPL-2.0-only
"""What lockstep's plugin is told, what it wrote, the symbols behind it, the figures out of it."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from simulated import MAP

from runner.errors import CannotMeasure
from runner.lockstep import machinefile, reading, simfile, simmetrics, symbols
from runner.lockstep.names import Names
from runner.lockstep.symbols import Symbols

DEVICE, BASE_OF_CPU_1 = 0xFFFF888008182C00, 0xFFFF88800FA00000
SLOW, IDLE = 0xFFFFFFFF81001050, 0xFFFFFFFF81001410


def counters(**given: int) -> dict[str, int]:
    return {**dict.fromkeys(reading.COUNTERS, 0), **given}


def document() -> dict[str, Any]:
    pair = ["0x81001210", "0x81001050", 1, 2, 3, 4]
    return {
        "lockstep": 1, "told_apart": True, "told": 2, "begun": 1, "ended": 1,
        "fs": 2_000_000_000_000, "lost": 0, "outside": 5, "dropped": 0,
        "cpus": [{"socket": 0, "fs": 2_000_000_000_000,
                  "window": counters(insns=8000, near=40, far=60, stall_fs=10**12)},
                 {"socket": 1, "fs": 2_000_000_000_000, "window": counters(insns=2000)}],
        "peeks": {hex(0xFFFFFFFF81002000): hex(DEVICE),
                  hex(0xFFFFFFFF81002108): hex(BASE_OF_CPU_1)},
        "waits": [["0xffffffff81001210", hex(DEVICE + 0xD8), 30, 10**9]],
        "pauses": [[hex(IDLE), "0x0", 10, 10**12], [hex(SLOW), "0x0", 10, 2 * 10**11]],
        "lines_moved": 3,
        "lines": [{"line": hex(DEVICE + 0xC0), "moves": [1, 2, 3, 4], "pairs": [pair]},
                  {"line": hex(BASE_OF_CPU_1 + 0x140), "moves": [1, 0, 0, 0], "pairs": [pair]},
                  {"line": hex(0xFFFF888001000000), "moves": [0, 0, 1, 0], "pairs": [pair]}]}


def read(folder: Path, data: object) -> reading.Reading:
    (folder / reading.NAME).write_text(json.dumps(data), "ascii")
    return reading.read(folder)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, document())
    assert (found.ns, found.vcpus, found.cpu_ns) == (2e6, 2, 4e6)
    assert found.total["insns"] == 10000 and found.lines[0].moves.total == 10
    assert found.waits[0].ns == 1000 and found.lines[0].moves.writes == 7


@pytest.mark.parametrize("change, says", [
    ({"told_apart": False}, "not told apart"), ({"told": 1}, "1 of 2 reported"),
    ({"told": 0}, "not told apart"), ({"begun": 0}, "began 0 times"),
    ({"ended": 2}, "ended 2 times"),
    ({"dropped": 3}, "more lines changed hands than there is room for"),
    ({"lost": 1}, "without a HLT"), ({"fs": 0}, "took no time"),
    ({"lockstep": 2}, "version is not"),
    ({"waits": [["x", "0x1", 1, 1]]}, "is not two addresses"),
    ({"waits": [["0x1", "0x1", -1, 1]]}, "is not two addresses"), ({"cpus": 1}, "cpus"),
    ({"lines": [{"line": "0x1", "moves": [1], "pairs": []}]}, "is not two addresses")])
def test_what_is_not_sound_is_one_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(CannotMeasure, match=says) as caught:
        read(tmp_path, document() | change)
    assert str(caught.value).startswith(reading.NAME) and "\n" not in str(caught.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.sampled_from([*document(), "x"]), inner, max_size=8)))
def test_any_document_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory,
                                         data: object) -> None:
    try:
        read(tmp_path_factory.mktemp("x"), document() | data if isinstance(data, dict) else data)
    except CannotMeasure as error:
        assert "\n" not in str(error)


def test_names(tmp_path: Path) -> None:
    names = Names(Symbols(MAP), read(tmp_path, document()))
    assert names.line(DEVICE + 0xC0) == "swap device 0 +0xc0"
    assert names.line(BASE_OF_CPU_1 + 0x140) == "per-CPU runqueues +0x40, CPU 1"
    assert names.line(0xFFFFFFFF81002300) == "swap_avail_lock", "a key of lockdep's is no data"
    assert names.line(0xFFFFFFFF81002040) == "swap_info +0x40"
    assert names.line(0xFFFFEA0000000040) == "struct page"
    assert names.line(0xFFFF888001000000) == "heap"
    assert names.line(0xFFFFC90000000000) == "vmalloc"
    assert names.code(0x81001210) == "get_swap_pages" and names.code(0x10) == "?"
    assert names.lock(0xFFFFFFFF81002308) == "swap_avail_lock"


def test_a_kernel_without_a_map_has_no_names(tmp_path: Path) -> None:
    assert not symbols.load(tmp_path)
    names = Names(symbols.load(tmp_path), read(tmp_path, document()))
    assert (names.line(DEVICE), names.code(0x81001210)) == ("heap", "?")


def test_a_map_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / symbols.FILE).write_text("ffffffff81000000 T\n")
    with pytest.raises(CannotMeasure, match="System.map:1: is not 'ADDRESS TYPE NAME'"):
        symbols.load(tmp_path)


def test_figures(tmp_path: Path) -> None:
    found = read(tmp_path, document())
    got = simmetrics.measure(found, Names(Symbols(MAP), found), 100)
    assert got["throughput_mib_s"].value == pytest.approx(100 * 4096 / (1 << 20) / 2e-3)
    assert got["ns_per_page"].value == 2e4
    assert got["idle_share"].value == 0.25 and got["spin_share"].value == 0.05
    assert got["stall_share"].value == 0.25 and got["contended_per_page"].value == 0.3
    assert got["transfers_per_page"].value == 1.0 and got["far_transfers_per_page"].value == 0.6
    assert got["line|swap device 0 +0xc0"].value == 0.1
    assert got["written|swap device 0 +0xc0"].value == 0.07
    assert got["line|heap of native_queued_spin_lock_slowpath"].value == 0.01
    assert "pair|swap device 0 +0xc0|native_queued_spin_lock_slowpath|get_swap_pages" in got
    assert got["wait|swap device 0 +0xd8|get_swap_pages"].value == 0.3


def test_what_the_plugin_is_told() -> None:
    machine = machinefile.load("haswell-ep-2s")
    told = simfile.text(simfile.Simulation(machine, 18, 250, 3), Symbols(MAP)).splitlines()
    for line in ("cpus 18", "socket 8 0", "socket 9 1", "skew_seed 3",
                 "leaf 0xffffffff81001000 0xffffffff81001040",
                 "bulk 0xffffffff81001500 0xffffffff81001540", "span lock 0xffffffff81001040",
                 "span irq 0xffffffff81001540", "peek 0xffffffff81002000",
                 "peek 0xffffffff81002188"):
        assert line in told, line
    value = machine.figures["ns_per_instruction"].value
    assert f"quantum_fs {round(value * 1e6) * 250}" in told
