# SPDX-License-Identifier: GPL-2.0-only
"""fio's documents, captured in guests and damaged."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.instruments import fio, outputs
from runner.reason import ReasonKind
from runner.records import MIB, Job, Metric, SwapDevice, ToolStep

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
     "tool.fio.out: jobs[0]: sequential: failed with error 28 (No space left on device)"),
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


VERSIONS = ("3.25", "3.33", "3.39")
NOTES = ("fio: this platform does not support process shared mutexes, forcing use of threads.\n",
         "note: both iodepth >= 1 and synchronous I/O engine are selected, queue depth will be "
         "capped at 1\n", "fio: terminating on signal 2\n\n", "{ a note in braces }\n", "\n\n",
         "clock setaffinity failed: Invalid argument\nfio: {\n", "\xff\xfe no text\n")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("before", ("", *NOTES))
@pytest.mark.parametrize("behind", ("", "\nfio: file hash not empty on exit\n", "\n}\n"))
def test_versions_and_text_around_the_document(tmp_path: Path, version: str, before: str,
                                               behind: str) -> None:
    text = (DATA / f"fio-{version}.out").read_text()
    rates = {one["jobname"]: one["write"]["bw_bytes"] for one in json.loads(text)["jobs"]}
    home = evidence(tmp_path, before.encode("latin-1") + text.encode() + behind.encode())
    assert fio.bytes_per_second(home) == rates
    compact = json.dumps(json.loads(text))
    evidence(tmp_path, before.encode("latin-1") + compact.encode() + behind.encode())
    assert fio.bytes_per_second(home) == rates


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("streams", [("out", "err"), ("out",)])
def test_what_fio_says_of_its_failure_is_the_reason(tmp_path: Path, version: str,
                                                    streams: tuple[str, ...]) -> None:
    for stream in streams:
        (tmp_path / f"tool.fio.{stream}").write_bytes(
            (DATA / f"fio-{version}-full.{stream}").read_bytes())
    (tmp_path / "channel.bin").write_bytes(b"")
    job = Job(SwapDevice("pmem", MIB), False, (), tools=(ToolStep("fio", "before", ("fio",)),))
    (reason,) = outputs.failures(tmp_path, job)
    assert reason.kind is ReasonKind.TOOL
    assert reason.text.startswith("instrument fio: never ended: fio: ")
    assert "No space left on device" in reason.text
    with pytest.raises(CannotMeasure, match=r"failed with error 28 \(No space left on device\)"):
        fio.bytes_per_second(tmp_path)


@pytest.mark.parametrize("out, err, says", [
    ("", "WARNING: Kernel address maps are restricted\nFailed to open '/tmp/x', error: 2\n"
         "[ perf record: Woken up 0 times ]\n", "Failed to open '/tmp/x', error: 2"),
    ('{\n "error" : 5\n}\n', "", ""), ('{\n "error" : 5\n}\nno more\n', "", "no more"),
    ("stress-ng: fail: [1] vm: gave up\nstress-ng: info: done\n", "",
     "stress-ng: fail: [1] vm: gave up"),
    ("a result\n", "a last word\n", "a last word"), ("a result\n", "", "a result"),
    ("libndctl: ndctl_pfn_enable: Invalid argument\n", "done\n",
     "libndctl: ndctl_pfn_enable: Invalid argument"), ("", "", "")])
def test_the_line_that_speaks_of_a_failure(tmp_path: Path, out: str, err: str, says: str) -> None:
    (tmp_path / "tool.x.out").write_text(out)
    (tmp_path / "tool.x.err").write_text(err)
    (tmp_path / "channel.bin").write_bytes(b"")
    job = Job(SwapDevice("pmem", MIB), False, (), tools=(ToolStep("x", "before", ("x",)),))
    assert [one.text for one in outputs.failures(tmp_path, job)] == [
        f"instrument x: never ended{': ' if says else ''}{says}"]


def test_a_document_that_is_cut(tmp_path: Path) -> None:
    text = (DATA / "fio-3.39.out").read_text()
    for at in range(0, len(text) - 3, 997):
        with pytest.raises(CannotMeasure, match="^tool.fio.out"):
            fio.bytes_per_second(evidence(tmp_path, "fio: a note\n" + text[:at]))
