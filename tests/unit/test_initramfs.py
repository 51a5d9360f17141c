# SPDX-License-Identifier: GPL-2.0-only
"""Layers: what cpio(1) finds in them, the job's text, and what it must not hold."""
from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import CannotMeasure, UsageError
from runner.records import MIB, Job, SwapDevice
from runner.vm.initramfs import base_layer, job_layer, job_text

JOB = Job(SwapDevice("pmem", 512 * MIB), True, ("/bin/swapstorm", "--threads", "2"))


def listing(archive: bytes) -> list[tuple[str, str, str]]:
    """(mode, size, name) of each member, as cpio(1) reads them."""
    out = subprocess.run(["cpio", "-itv", "--quiet"], input=archive, capture_output=True,
                         check=True).stdout.decode()
    rows = [line.split() for line in out.splitlines()]
    return [(row[0], row[4], row[-1]) for row in rows]


def unpack(archive: bytes, folder: Path) -> None:
    subprocess.run(["cpio", "-i", "--quiet"], input=archive, cwd=folder, check=True)


@pytest.fixture
def programs(tmp_path: Path) -> tuple[Path, Path]:
    agent, swapstorm = tmp_path / "agent", tmp_path / "swapstorm"
    agent.write_bytes(b"\x7fELF agent")
    swapstorm.write_bytes(b"\x7fELF swapstorm, of another length")
    return agent, swapstorm


def test_base_layer(programs: tuple[Path, Path], tmp_path: Path) -> None:
    layer = base_layer(*programs)
    assert [(mode, name) for mode, _, name in listing(layer)] == [
        ("drwxr-xr-x", "bin"), ("drwxr-xr-x", "dev"), ("drwxr-xr-x", "proc"),
        ("drwxr-xr-x", "sys"), ("-rwxr-xr-x", "init"), ("-rwxr-xr-x", "bin/swapstorm")]
    root = tmp_path / "root"
    root.mkdir()
    unpack(layer, root)
    assert (root / "init").read_bytes() == programs[0].read_bytes()
    assert (root / "bin" / "swapstorm").read_bytes() == programs[1].read_bytes()


def test_bytes_depend_on_content_alone(programs: tuple[Path, Path], tmp_path: Path) -> None:
    once = base_layer(*programs)
    other = tmp_path / "elsewhere"
    other.write_bytes(programs[0].read_bytes())
    other.chmod(0o600)
    assert base_layer(other, programs[1]) == once
    other.write_bytes(b"changed")
    assert base_layer(other, programs[1]) != once


def test_layers_follow_one_another(programs: tuple[Path, Path], tmp_path: Path) -> None:
    base, job = base_layer(*programs), job_layer(JOB)
    assert len(base) % 512 == 0 and len(job) % 512 == 0
    unpack(job, tmp_path)
    assert (tmp_path / "job").read_text() == job_text(JOB)


def test_program_not_built(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="agent: cannot be read: No such file or directory; "
                                            "run 'make' to build it"):
        base_layer(tmp_path / "agent", tmp_path / "swapstorm")


def test_job_text() -> None:
    assert job_text(JOB) == ("swapscale-job 1\n"
                             "device pmem\n"
                             "device-bytes 536870912\n"
                             "lock-stat 1\n"
                             "heartbeat-ms 250\n"
                             "arg /bin/swapstorm\n"
                             "arg --threads\n"
                             "arg 2\n"
                             "end\n")


@pytest.mark.parametrize("change, says", [
    ({"device": SwapDevice("tape", MIB)}, "job: device: 'tape' is not one of pmem, pmem-legacy"),
    ({"device": SwapDevice("pmem\nend", MIB)}, r"job: device: 'pmem\\nend' is not one of"),
    ({"device": SwapDevice("brd", MIB + 1)}, "job: device: 1048577 bytes is not a multiple"),
    ({"device": SwapDevice("brd", 0)}, "job: device: 0 bytes is not a multiple"),
    ({"device": SwapDevice("brd", 4096 << 32)}, "job: device: 17592186044416 bytes"),
    ({"heartbeat_ms": 9}, "job: heartbeat: 9 ms is not in 10..10000"),
    ({"heartbeat_ms": 10001}, "job: heartbeat: 10001 ms is not in 10..10000"),
    ({"workload": ()}, r"job: workload: 0 arguments are not in 1\.\.64"),
    ({"workload": ("/x",) * 65}, r"job: workload: 65 arguments are not in 1\.\.64"),
    ({"workload": ("swapstorm",)}, "job: workload: 'swapstorm' is not an absolute path"),
    ({"workload": ("/x", "a\nend")}, r"job: workload: argument 'a\\nend' has unprintable"),
    ({"workload": ("/x", "a\0")}, "has unprintable"),
    ({"workload": ("/x", "\x1b[2J")}, "has unprintable"),
    ({"workload": ("/x", "x" * 4093)}, "is longer than 4092 bytes"),
    ({"workload": ("/x", "ä" * 2047)}, "is longer than 4092 bytes"),
    ({"workload": ("/x", *["y" * 4000] * 20)}, "its arguments make more than 65535 bytes"),
])
def test_what_the_agent_would_not_take(change: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        job_text(dataclasses.replace(JOB, **change))  # type: ignore[arg-type]
    assert str(caught.value).isprintable()


@given(st.lists(st.text(max_size=50), max_size=10))
def test_no_line_is_smuggled_in(args: list[str]) -> None:
    job = dataclasses.replace(JOB, workload=("/bin/swapstorm", *args))
    try:
        text = job_text(job)
    except UsageError as error:
        assert str(error).isprintable()
        return
    lines = text.split("\n")
    assert [line[4:] for line in lines if line.startswith("arg ")] == ["/bin/swapstorm", *args]
    assert len(lines) == 5 + 1 + len(args) + 2
    assert lines[-2:] == ["end", ""]
