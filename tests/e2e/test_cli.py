# SPDX-License-Identifier: GPL-2.0-only
"""The front door: help, usage errors, doctor."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import cli, paths
from runner.claim import claimfile
from runner.experiment import plan
from runner.host import doctor
from runner.kernel import series, spec
from tests.conftest import one_line


@pytest.mark.parametrize("args, says", [
    (("frobnicate",), "frobnicate"), (("run",), "--resume"),
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
    assert swapscale("doctor", "--verbose").stdout.startswith("well: ")
    screen = swapscale("doctor").stdout
    assert screen.startswith("works ") and len(screen.splitlines()) <= 24
    # What is not built is no lack, and what is said to build it does.
    kernels = [one for one in found.values() if one["what"].startswith("kernel ")]
    assert len(kernels) > 20
    for one in kernels:
        name, _, flavour = one["what"].partition(" ")[2].partition(" (")
        assert name.partition(":")[0] and flavour != ")"
        if one["state"] != "ok":
            wanted = f"--flavour {flavour.rstrip(')')} {name}" if flavour else name
            assert one["mend"] == f"./swapscale kernel build {wanted}"


def test_alone_it_orients(swapscale, tmp_path: Path) -> None:
    for folder in (paths.ROOT, tmp_path):
        done = swapscale(cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert len(lines) <= 24 and "results" in done.stdout and "this host" in done.stdout
        for line in lines:
            if line.startswith("  ./swapscale "):
                cli.parser().parse_args(line.split("   ")[0].split()[1:])
    assert len([line for line in lines if line.startswith("  ./swapscale ")]) == 3


@pytest.mark.parametrize("kind, name", [("experiment", "mine.toml"), ("claim", "mine.toml"),
                                        ("series", "mine")])
def test_what_is_new_is_valid_annotated_and_kept(swapscale, tmp_path: Path, kind: str, name: str
                                                 ) -> None:
    done = swapscale("new", kind, tmp_path / name)
    assert done.returncode == 0, done.stderr
    made = tmp_path / name
    assert done.stdout.startswith(f"{made}: written; change it, then: ./swapscale ")
    command = cli.parser().parse_args(done.stdout.split("./swapscale ")[1].split())
    assert str(made) in str(vars(command))
    if kind == "series":
        (part,) = spec.parse(f"6.1:{made}").stack
        assert series.load([part]).patches
    else:
        text = made.read_text()
        assert plan.load(made).kernels and text.count("\n#") > 4
        assert kind == "experiment" or claimfile.load(made).cells
    (made / "README.md" if kind == "series" else made).write_text("mine\n")
    again = swapscale("new", kind, made)
    assert again.returncode == 2 and "is there already" in one_line(again.stderr)
    assert (made / "README.md" if kind == "series" else made).read_text() == "mine\n"


@pytest.mark.parametrize("kind, name, said", [
    ("experiment", "mine", "say mine.toml"),
    ("claim", "no/such/folder/x.toml", "cannot be written"),
    ("kernel", "x", "invalid choice")])
def test_what_is_no_place_for_something_new(swapscale, tmp_path: Path, kind: str, name: str,
                                            said: str) -> None:
    done = swapscale("new", kind, name, cwd=tmp_path)
    assert done.returncode == 2 and said in one_line(done.stderr)
    assert not list(tmp_path.iterdir())


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
