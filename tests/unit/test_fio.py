# SPDX-License-Identifier: GPL-2.0-only
"""fio's documents, captured in guests and damaged."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.instruments import fio
from runner.records import MIB, Metric

DATA = Path(__file__).parent.parent / "data" / "tools"
SWAP = {"throughput_mib_s": Metric(60.0, "MiB/s", "higher", "workload.json")}


def evidence(tmp_path: Path, text: str | bytes) -> Path:
    (tmp_path / fio.OUTPUT).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def test_timed(tmp_path: Path) -> None:
    home = evidence(tmp_path, (DATA / "fio-timed.json").read_bytes())
    found = fio.measure(home, SWAP)
    rate = fio.bytes_per_second(home)
    assert found["device_ceiling_mib_s"].value == rate["sequential"] / MIB
    assert found["device_random_mib_s"].value == rate["random"] / MIB
    assert found["swap_efficiency"].value == pytest.approx(60 * MIB / rate["sequential"])
    assert found["swap_efficiency"].better == "higher"
    assert found["swap_efficiency"].evidence == "tool.fio.out, workload.json"


def test_exact_is_in_instructions(tmp_path: Path) -> None:
    home = evidence(tmp_path, (DATA / "fio-exact.json").read_bytes())
    swap = {"instructions_per_page": Metric(12000.0, "instructions/page", "lower", "w")}
    found = fio.measure(home, swap)
    cost = found["device_instructions_per_page"].value
    # As the captured guest had it: bw_bytes of the sequential job.
    bandwidth = {one["jobname"]: one["write"]["bw_bytes"]
                 for one in json.loads((DATA / "fio-exact.json").read_text())["jobs"]}
    assert cost == pytest.approx(4096e9 / bandwidth["sequential"])
    assert found["swap_efficiency"].value == pytest.approx(cost / 12000)


@pytest.mark.parametrize("change, says", [
    ({"jobs": []}, "tool.fio.out: jobs: has no 'sequential'"),
    ({"jobs": 3}, "tool.fio.out: document: jobs: is not a list of at most 1024 objects"),
    ({"jobs": [{"jobname": "sequential", "error": 28, "write": {}}]},
     "tool.fio.out: jobs[0]: sequential: failed with error 28"),
    ({"jobs": [{"jobname": "sequential", "error": 0, "write": {"io_bytes": 0}}]},
     "tool.fio.out: jobs[0]: sequential: wrote nothing"),
    ({"jobs": [{"jobname": "sequential", "error": 0,
                "write": {"io_bytes": 4096, "bw_bytes": 0}}]},
     "tool.fio.out: jobs[0].write: bw_bytes: 0 is not a whole number in 1..1099511627776"),
])
def test_what_is_wrong(tmp_path: Path, change: object, says: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        fio.measure(evidence(tmp_path, json.dumps(change)), SWAP)
    assert str(caught.value) == says


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_damage_never_is_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray((DATA / "fio-timed.json").read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    text = bytes(whole[:data.draw(st.integers(0, len(whole)))])
    try:
        found = fio.measure(evidence(tmp_path, text), SWAP)
    except CannotMeasure as error:
        assert str(error).isprintable()
    else:
        assert all(one.value > 0 for one in found.values())
