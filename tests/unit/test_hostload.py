# SPDX-License-Identifier: GPL-2.0-only
"""What the host did beside a sample, from counters of /proc, and when it is too much."""
from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.host import hostload
from runner.host.hostload import Load, Reading
from runner.reason import ReasonKind
from runner.records import HostLimits

TICK = os.sysconf("SC_CLK_TCK")
LIMITS = HostLimits()
QUIET = Load(0.01, 0.0, {"cpu": 0.2, "memory": 0.0, "io": 0.01})


def proc(tmp_path: Path, stat: str, **pressure: int) -> Path:
    (tmp_path / "pressure").mkdir(exist_ok=True)
    (tmp_path / "stat").write_text(stat)
    for what, total in pressure.items():
        (tmp_path / "pressure" / what).write_text(
            f"some avg10=1.00 avg60=0.50 avg300=0.10 total={total}\n"
            f"full avg10=0.00 avg60=0.00 avg300=0.00 total={total // 2}\n")
    return tmp_path


STAT = "cpu  {user} 0 {system} 900 5 0 1 {steal} {guest} 0\ncpu0 1 0\ncpu1 1 0\nintr 1\n"


def test_counters_are_read(tmp_path: Path) -> None:
    folder = proc(tmp_path, STAT.format(user=100, system=20, steal=7, guest=50),
                  cpu=2_000_000, memory=0, io=500_000)
    found = hostload.read(folder)
    assert (found.cpus, found.busy, found.steal) == (2, 121 / TICK, 7 / TICK), \
        "guest time is in user time already"
    assert found.pressure == {"cpu": 2.0, "memory": 0.0, "io": 0.5}


def test_a_host_without_psi_or_stat(tmp_path: Path) -> None:
    found = hostload.read(tmp_path)
    assert (found.cpus, found.pressure) == (0, {})
    assert hostload.between(found, replace(found, at=found.at + 1)) == Load(0.0, 0.0)


def test_shares() -> None:
    begin = Reading(10.0, 2, 100.0, 1.0, 50.0, {"cpu": 1.0, "memory": 0.0})
    end = Reading(20.0, 2, 117.0, 1.4, 65.0, {"cpu": 3.0, "memory": 0.5, "io": 9.0})
    found = hostload.between(begin, end)
    assert found.other == pytest.approx(0.1), "17 s of work, 15 s of it ours, 20 s in all"
    assert found.steal == pytest.approx(0.02)
    assert found.pressure == pytest.approx({"cpu": 0.2, "memory": 0.05, "io": 0.0})


READINGS = st.builds(Reading, st.floats(0, 1e6), st.integers(0, 64), *[st.floats(0, 1e9)] * 3,
                     st.dictionaries(st.sampled_from(["cpu", "memory", "io"]), st.floats(0, 1e9)))


@given(READINGS, READINGS)
def test_shares_are_shares(begin: Reading, end: Reading) -> None:
    found = hostload.between(begin, end)
    for share in (found.other, found.steal, *found.pressure.values()):
        assert 0.0 <= share <= 1.0


def test_our_own_children_are_not_others() -> None:
    begin = hostload.read()
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    end = hostload.read()
    own = end.own - begin.own
    assert own > 0
    alone = replace(end, busy=begin.busy + own)
    assert hostload.between(begin, alone).other == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("load, said", [
    (replace(QUIET, other=0.11), "other processes used 11.0% of the host's CPU time"),
    (replace(QUIET, steal=0.03), "the hypervisor took 3.0%"),
    (replace(QUIET, pressure={"cpu": 0.6}), "waited for cpu 60.0% of the time"),
    (replace(QUIET, pressure={"memory": 0.06}), "rules.host.memory_pressure"),
    (replace(QUIET, pressure={"io": 0.3}), "waited for io 30.0%")])
def test_too_busy(load: Load, said: str) -> None:
    reasons = hostload.judge(load, LIMITS)
    assert len(reasons) == 1 and said in reasons[0].text
    assert reasons[0].kind is ReasonKind.HOST


def test_quiet_enough() -> None:
    assert hostload.judge(QUIET, LIMITS) == []
    assert hostload.judge(Load(1.0, 1.0, {"cpu": 1.0}), HostLimits(1, 1, 1, 1, 1)) == []


def test_what_a_sample_records() -> None:
    assert QUIET.describe() == {"other_cpu": "0.0100", "steal": "0.0000", "pressure_cpu": "0.2000",
                                "pressure_memory": "0.0000", "pressure_io": "0.0100"}
