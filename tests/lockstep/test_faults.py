# SPDX-License-Identifier: GPL-2.0-only
"""What the plugin, and QEMU about it, say where they cannot go on: one line, and QEMU's status.

QEMU adds a line of its own to the plugin's, NOT_LOADED.
"""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.vm import newqemu, qemu
from tests.lockstep.guests import DONE, HIGH, PLUGIN, ROOT, Guest, Simulated, assemble, command, run

MACHINE = Simulated(2)
NOT_LOADED = re.compile(r"\S*qemu-system-x86_64: Could not load plugin (\S+): (.+)")
GAVE_UP = "qemu_plugin_install returned error code -1"


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    return assemble(tmp_path, "touch", CPUS=2, COUNT=10)


def lines(argv: list[str]) -> list[str]:
    """What QEMU says that does not start."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False, timeout=60)
    assert done.returncode == 1, done
    return done.stderr.splitlines()


def refused(guest: Guest, plugin: str) -> str:
    """The plugin's one line, after which QEMU does not start."""
    said, after = lines(command(guest, 2, plugin))
    found = NOT_LOADED.fullmatch(after)
    assert found is not None and found[1] == str(PLUGIN) and found[2] == GAVE_UP
    return said


def not_loaded(argv: list[str]) -> str:
    """Why QEMU does not load it."""
    said, = lines(argv)
    found = NOT_LOADED.fullmatch(said)
    assert found is not None, said
    return found[2]


def test_no_machine_file(tmp_path: Path, guest: Guest) -> None:
    missing = tmp_path / "missing.txt"
    assert refused(guest, f"{PLUGIN},machine={missing},out={tmp_path}/out") == (
        f"lockstep: {missing}: No such file or directory")


@pytest.mark.parametrize("given", ["", ",machine=FILE", ",out=FILE"])
def test_arguments(guest: Guest, given: str) -> None:
    assert refused(guest, f"{PLUGIN}{given}") == "lockstep: give machine=FILE and out=FILE"


@pytest.mark.parametrize(("machine", "says"), [
    (Simulated(1), "lockstep: QEMU has 2 vCPUs of x86_64, the machine file 1 of x86_64"),
    (Simulated(3), "lockstep: QEMU has 2 vCPUs of x86_64, the machine file 3 of x86_64"),
    (Simulated(2, more=("colour 3",)),
     "lockstep: FILE:12: colour: is not known, or not in its range"),
    (Simulated(2, more=("near_fs -1",)),
     "lockstep: FILE:12: near_fs: is not known, or not in its range"),
    (Simulated(2, more=(f"range {HIGH:#x} 64",)),
     "lockstep: no room for the lines of the ranges, two of them within one TiB, or one not "
     "within"),
])
def test_machine_files(tmp_path: Path, guest: Guest, machine: Simulated, says: str) -> None:
    file = tmp_path / "machine.txt"
    file.write_text(machine.text(guest.named))
    assert refused(guest, f"{PLUGIN},machine={file},out={tmp_path}/out").replace(
        str(file), "FILE") == says


def other_plugin(folder: Path, what: str, instead: str) -> Path:
    """Ours with something in its sources replaced."""
    sources, built = folder / "lockstep", folder / "other.so"
    shutil.copytree(ROOT / "lockstep", sources)
    for source in sources.glob("*.[ch]"):
        source.write_text(source.read_text().replace(what, instead))
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-fPIC", "-fvisibility=hidden",
                    "-ftls-model=initial-exec", "-shared", "-o", str(built),
                    *map(str, sources.glob("*.c"))], check=True)
    return built


def test_another_interface_version(tmp_path: Path, guest: Guest) -> None:
    other = other_plugin(tmp_path, "QEMU_PLUGIN_INTERFACE 4", "QEMU_PLUGIN_INTERFACE 99")
    assert re.fullmatch(
        r"plugin requires API version 99, but this QEMU supports only up to version \d+",
        not_loaded(command(guest, 2, f"{other},machine=x,out=y")))


def test_a_qemu_that_does_not_export_what_is_needed(tmp_path: Path, guest: Guest) -> None:
    other = other_plugin(tmp_path, "cpu_loop_exit_restore", "cpu_loop_exit_no_more")
    assert not_loaded(command(guest, 2, f"{other},machine=x,out=y")) == (
        f"{other}: undefined symbol: cpu_loop_exit_no_more")


def test_an_older_qemu(guest: Guest) -> None:
    system = shutil.which(newqemu.SYSTEM)
    version = re.search(r"version (\d+)", qemu.version(system)) if system else None
    if system is None or version is None or int(version[1]) >= 9:
        pytest.skip("the system has no QEMU older than the interface's version 4")
    argv = command(guest, 2, f"{PLUGIN},machine=x,out=y")
    argv[:1 + len(newqemu.lockstep_qemu().args)] = [system]
    assert re.fullmatch(re.escape(str(PLUGIN)) + r": undefined symbol: \w+", not_loaded(argv))


def test_a_qemu_without_plugins(guest: Guest) -> None:
    # Debian's for small machines is built without.
    other = shutil.which(newqemu.lockstep_qemu().program + "-microvm")
    if other is None:
        pytest.skip("no QEMU that is built without plugins is here")
    plugin = f"{PLUGIN},machine=x,out=y"
    said, = lines([other, "-plugin", plugin])
    assert said == (f"{Path(other).name}: -plugin {plugin}: "
                    "plugin interface not enabled in this build")


def test_output_that_cannot_be_written(tmp_path: Path, guest: Guest) -> None:
    file, out = tmp_path / "machine.txt", tmp_path / "no" / "out"
    file.write_text(MACHINE.text(guest.named))
    done = subprocess.run(command(guest, 2, f"{PLUGIN},machine={file},out={out}"), check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    # The guest has run; that there is no document says it.
    assert done.returncode == DONE
    assert done.stderr == f"lockstep: {out}: No such file or directory\n"


def test_cpus_that_are_not_told_apart(tmp_path: Path) -> None:
    end = run(tmp_path, assemble(tmp_path, "touch", CPUS=3, COUNT=10, REVERSED=1), Simulated(3))
    assert end.status == DONE and not end.stderr
    assert end.json["told"] == 3 and end.json["told_apart"] is False


@pytest.mark.parametrize(("left_away", "begun", "ended"), [("NO_BEGIN", 0, 1), ("NO_END", 1, 0)])
def test_a_window_that_is_not_whole(tmp_path: Path, left_away: str, begun: int,
                                    ended: int) -> None:
    symbols = {"CPUS": 2, "COUNT": 10, left_away: 1}
    end = run(tmp_path, assemble(tmp_path, "touch", **symbols), MACHINE)
    assert end.status == DONE and not end.stderr
    assert (end.json["begun"], end.json["ended"], end.json["fs"]) == (begun, ended, 0)
    for cpu in end.json["cpus"]:
        assert cpu["fs"] == 0 and not any(cpu["window"].values())


def test_more_lines_than_there_is_room_for(tmp_path: Path) -> None:
    machine = Simulated(2, most_lines=100)
    end = run(tmp_path, assemble(tmp_path, "touch", CPUS=2, COUNT=1000), machine)
    assert end.status == DONE and not end.stderr
    assert end.json["lines_moved"] <= 100 and end.json["dropped"] >= 900
    # What it costs is counted all the same.
    assert end.total("near") >= 1000


def test_qemu_that_is_ended(tmp_path: Path) -> None:
    """What it has come to by then is written: a time limit leaves a document."""
    guest = assemble(tmp_path, "count", CPUS=2, COUNT=1, WORKERS=1, APART=64, PAUSE=1, DONE=2)
    file, out = tmp_path / "machine.txt", tmp_path / "out"
    file.write_text(MACHINE.text(guest.named))
    with qemu.running(command(guest, 2, f"{PLUGIN},machine={file},out={out}"), 1 << 20,
                      subprocess.DEVNULL, None) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.terminate()
        assert process.wait(60) == 0
    written = json.loads(out.read_text())
    assert written["begun"] <= 1 and written["ended"] == 0 and written["fs"] == 0
