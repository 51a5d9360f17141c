# SPDX-License-Identifier: GPL-2.0-only
"""Small guests whose simulated time can be computed: the machine's figures, and nothing else.

Two tolerances, both from how the plugin takes turns.  EDGES is what the window has beside the
work: the CPUs learn from two lines that it begins and that all are done, and one that waits in
PAUSE sees that a quantum late at most.  And a CPU that waits for another sees its write by its own
clock, which is a quantum earlier or later at most: so much may each such wait be off.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.lockstep.guests import BYTE, DATA, FAR, HIGH, INSTRUCTION, NEAR, Simulated, answer

TURN = 20          # instructions of a quantum, 5 ns: a line takes 40 or 120
LONG = 1000        # and the longest that is used with real kernels


def edges(machine: Simulated, line: int = NEAR) -> int:
    return 2 * machine.quantum_fs + 4 * line + 100 * INSTRUCTION


@pytest.mark.parametrize("quantum", [TURN, 100])
@pytest.mark.parametrize(("sockets", "line", "kind"), [
    ((0, 0), NEAR, "near"), ((0, 1), FAR, "far")])
def test_a_line_is_passed_on(tmp_path: Path, sockets: tuple[int, ...], line: int, kind: str,
                             quantum: int) -> None:
    count = 1000
    machine = Simulated(2, sockets, quantum)
    end = answer(tmp_path, "pass", machine, COUNT=count)
    passes = 2 * count
    # Five instructions a pass: two of the wait, the write and the loop.
    expected = passes * (line + 5 * INSTRUCTION)
    assert abs(end.json["fs"] - expected) <= passes * 5 * INSTRUCTION + edges(machine, line)
    # Each pass is a read of what the other wrote and a write of what it read.
    other = {"near": "far", "far": "near"}[kind]
    assert not end.total(other)
    for cpu in end.json["cpus"]:
        assert abs(cpu["window"][kind] - 2 * count) <= 4
        # Now and then a write waits a little for the one before it to arrive.
        late = cpu["window"]["stall_fs"] - cpu["window"][kind] * line
        assert 0 <= late <= passes * 5 * INSTRUCTION
    hottest = end.json["lines"][0]
    assert int(hottest["line"], 16) == DATA
    assert sum(hottest["moves"]) == 2 * (passes - 1)


def test_a_pass_takes_a_quantum_where_that_is_longer(tmp_path: Path) -> None:
    machine = Simulated(2, quantum=LONG)
    end = answer(tmp_path, "pass", machine, COUNT=500)
    assert abs(end.json["fs"] - 1000 * machine.quantum_fs) <= edges(machine)


@pytest.mark.parametrize(("cpus", "sockets", "line"), [
    (2, (), NEAR), (4, (), NEAR), (8, (), NEAR), (4, (0, 1, 0, 1), FAR)])
def test_queued_lock(tmp_path: Path, cpus: int, sockets: tuple[int, ...], line: int) -> None:
    count, hold = 100, 400
    machine = Simulated(cpus, sockets, TURN, named="leaf,span lock")
    end = answer(tmp_path, "queue", machine, COUNT=count, HOLD=hold)
    holds = cpus * count
    # Held, given on and seen to be free; then the line of the one before.  With two CPUs the
    # other queues up only while the lock is held, so its line is had back to give it on.
    lines = 2 if cpus == 2 else 1
    expected = holds * ((2 * hold + 9) * INSTRUCTION + lines * line)
    assert abs(end.json["fs"] - expected) <= holds * machine.quantum_fs + edges(machine, line)
    # Every call is timed, under its caller's name and the lock's.
    (site, lock, calls, waited), = end.json["waits"]
    assert int(site, 16) > HIGH and int(lock, 16) == DATA and calls == holds
    assert waited <= cpus * end.json["fs"]
    # The lock's word goes from one to the next once a hold, by the caller's code alone.
    word, = (each for each in end.json["lines"] if int(each["line"], 16) == DATA)
    assert abs(sum(word["moves"]) - holds) <= holds // 50 + cpus
    assert all(int(taken, 16) == int(site, 16) & 0xFFFFFFFF for _, taken, *_ in word["pairs"])


def test_lock_that_nobody_else_wants(tmp_path: Path) -> None:
    machine = Simulated(1)
    end = answer(tmp_path, "queue", machine, COUNT=100, HOLD=400)
    assert end.total("near") == end.total("stall_fs") == end.total("pause_fs") == 0
    assert end.json["fs"] == end.total("insns") * INSTRUCTION
    assert abs(end.json["fs"] - 100 * 820 * INSTRUCTION) <= 100 * 10 * INSTRUCTION


def test_independent_cpus_do_twice_the_work(tmp_path: Path) -> None:
    count = 100_000
    times = {}
    for workers in (1, 2, 4):
        machine = Simulated(4, quantum=LONG)
        end = answer(tmp_path, "count", machine, COUNT=count, WORKERS=workers, APART=64)
        times[workers] = end.json["fs"]
        busy = [cpu["window"]["insns"] for cpu in end.json["cpus"][:workers]]
        assert all(3 * count <= insns <= 3 * count + 100 for insns in busy)
        assert abs(end.json["fs"] - 3 * count * INSTRUCTION) <= edges(machine)
    assert abs(times[4] - times[1]) <= edges(machine)


@pytest.mark.parametrize("how", ["PAUSE", "HALT"])
def test_idle_cpus_cost_nothing(tmp_path: Path, how: str) -> None:
    symbols = {"COUNT": 100_000, "WORKERS": 1, "APART": 64, "DONE": 1, how: 1}
    alone, beside = Simulated(1, quantum=LONG), Simulated(8, quantum=LONG)
    one = answer(tmp_path, "count", alone, **symbols)
    eight = answer(tmp_path, "count", beside, **symbols)
    assert abs(one.json["fs"] - eight.json["fs"]) <= edges(beside)


def test_a_cpu_that_slept_wakes_in_the_present(tmp_path: Path) -> None:
    count = 100_000
    machine = Simulated(2, quantum=LONG)
    end = answer(tmp_path, "wake", machine, COUNT=count)
    # One after the other, though the sleeper's own clock stood still.
    assert abs(end.json["fs"] - 4 * count * INSTRUCTION) <= machine.quantum_fs + edges(machine)


@pytest.mark.parametrize(("sockets", "line"), [((0, 0), NEAR), ((0, 1), FAR)])
def test_false_sharing(tmp_path: Path, sockets: tuple[int, ...], line: int) -> None:
    count = 2000
    machine = Simulated(2, sockets, TURN)
    apart = answer(tmp_path, "count", machine, COUNT=count, WORKERS=2, APART=64)
    within = answer(tmp_path, "count", machine, COUNT=count, WORKERS=2, APART=8)
    assert abs(apart.json["fs"] - 3 * count * INSTRUCTION) <= edges(machine, line)
    # A count is three instructions, a read of the line and a write.  The CPU that is behind counts
    # on in its cache until it has caught up: at the start by a line's time, then by a quantum's.
    caught_up = 2 * (line + machine.quantum_fs) // (3 * INSTRUCTION)
    most = count * (3 * INSTRUCTION + 2 * line)
    assert most - caught_up * 2 * line - edges(machine, line) <= within.json["fs"]
    assert within.json["fs"] <= most + edges(machine, line)
    hottest = within.json["lines"][0]
    assert int(hottest["line"], 16) == DATA
    assert 4 * (count - caught_up) <= sum(hottest["moves"]) <= 4 * count
    assert not [each for each in apart.json["lines"] if int(each["line"], 16) >= DATA]


@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_a_line_has_one_writer_at_a_time(tmp_path: Path, cpus: int) -> None:
    """Who counts in a word that others count in waits until those before it have the line."""
    count = 1000
    machine = Simulated(cpus)
    end = answer(tmp_path, "count", machine, COUNT=count, WORKERS=cpus, APART=0)
    each = max(3 * INSTRUCTION + 2 * NEAR, cpus * NEAR)
    assert count * each * 9 // 10 <= end.json["fs"] <= count * each + edges(machine)


def test_copied_pages_cost_by_the_byte(tmp_path: Path) -> None:
    count = 200
    machine = Simulated(1)
    end = answer(tmp_path, "copy", machine, COUNT=count)
    assert end.total("bulk_bytes") == count * 4096
    assert end.total("bulk_fs") == count * 4096 * BYTE
    # And three instructions a page around that.
    assert 0 <= end.json["fs"] - end.total("bulk_fs") - 3 * count * INSTRUCTION <= edges(machine)
    bulk = answer(tmp_path, "copy", Simulated(1, named="bulk"), COUNT=count)
    assert bulk.total("bulk_fs") == count * 4096 * BYTE
