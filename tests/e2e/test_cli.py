# SPDX-License-Identifier: GPL-2.0-only
"""The front door: help, usage errors, doctor."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import doctor, paths
from tests.conftest import one_line


@pytest.mark.parametrize("args, says", [
    ((), "COMMAND"), (("frobnicate",), "frobnicate"), (("run",), "--resume"),
    (("run", "a", "--resume", "b"), "--resume"), (("run", "/nonexistent.toml"), "cannot be read"),
    (("report", "/nonexistent"), "is not a campaign"), (("compare", "6.1:vanilla"), "B"),
    (("compare", "6.1:vanilla", "x.jsonl"), "not of one kind"),
    (("compare", "6.1:vanilla", "6.1:vanilla"), "same kernel"),
    (("compare", "/nonexistent/a.jsonl", "/nonexistent/b.jsonl"), "cannot be read"),
    (("shell", "6.1:vanilla", "--vcpus", "0"), "1..64"), (("shell", "nonsense"), "nonsense"),
    (("run", "x.toml", "--format", "pdf"), "pdf"), (("kernel",), "ACTION"),
])
def test_usage_is_one_line_and_status_2(swapscale, args: tuple[str, ...], says: str) -> None:
    done = swapscale(*args)
    assert done.returncode == 2, done.stderr
    assert says in one_line(done.stderr)
    assert done.stdout == "" and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [(), ("run",), ("compare",), ("report",), ("shell",),
                                     ("doctor",), ("kernel",), ("kernel", "build")])
def test_help(swapscale, command: tuple[str, ...]) -> None:
    done = swapscale(*command, "--help")
    assert done.returncode == 0 and "usage: swapscale" in done.stdout


def test_doctor(swapscale) -> None:
    done = swapscale("doctor", "--json")
    found = {one["what"]: one for one in json.loads(done.stdout)}
    assert done.returncode == (4 if any(one["state"] == "missing" for one in found.values())
                               else 0)
    assert found["qemu-system-x86"]["state"] == "ok"
    assert found["KVM"]["state"] in ("ok", "note")
    assert {one.name for one in doctor.packages()} <= set(found)
    text = swapscale("doctor").stdout
    assert text.startswith("well: ")


def test_doctor_names_what_is_missing_and_the_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    gone = {package.name for package in doctor.packages()
            if package.probe.startswith("cmd:") and not package.probe.startswith("cmd:/")
            and not doctor.present(package.probe)}
    assert {"gcc", "make", "qemu-system-x86"} <= gone


def test_unwritable_results(swapscale, experiment, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = swapscale("run", experiment(), "--results", tmp_path / "file" / "x")
    assert done.returncode == 2
    assert "cannot hold results" in one_line(done.stderr)


def test_other_distribution_gets_the_list(tmp_path: Path) -> None:
    import subprocess
    (tmp_path / "os-release").write_text('ID=fedora\n')
    done = subprocess.run([paths.ROOT / "setup" / "install", "bench"], text=True,
                          capture_output=True, check=False,
                          env={"SWAPSCALE_OS_RELEASE": str(tmp_path / "os-release"),
                               "PATH": "/usr/bin:/bin"})
    assert done.returncode == 4
    assert "fedora, not Debian" in done.stderr
    listed = set(done.stderr.splitlines()[1:])
    assert listed == {one.name for one in doctor.packages() if one.group == "bench"}
