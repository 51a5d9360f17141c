# SPDX-License-Identifier: GPL-2.0-only
"""QEMUs that the host kills, stops or starves, and their runner: none of it is the guest's."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guestboots import PATIENCE, check_evidence, until

from runner.errors import CannotMeasure
from runner.paths import ROOT
from runner.records import Accelerator, Boot, BootResult, Outcome
from runner.vm import guest, qemu
from tests.waiting import qemus_of


def test_killed_qemu(boot_of: Callable[..., Boot], initrd: Path) -> None:
    boot = boot_of("hang", boot=PATIENCE)
    killer = threading.Thread(target=lambda: os.kill(
        until(lambda: qemus_of(boot.evidence))[0], signal.SIGKILL))  # type: ignore[index]
    killer.start()
    result = guest.supervise(boot, initrd)
    killer.join()
    assert result.outcome is Outcome.QEMU_DIED
    assert result.detail == "QEMU was killed by SIGKILL"
    assert result.qemu_status == -signal.SIGKILL
    check_evidence(boot, result)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_host_that_ends_qemu_is_not_the_guest(boot_of: Callable[..., Boot], initrd: Path,
                                                sent: signal.Signals) -> None:
    boot = boot_of("hang", boot=PATIENCE)

    def killer() -> None:
        # The guest has run, so QEMU has long set up what it does on a signal.
        until(lambda: (boot.evidence / "console.log").is_file()
              and (boot.evidence / "console.log").stat().st_size)
        os.kill(until(lambda: qemus_of(boot.evidence))[0], sent)  # type: ignore[index]

    thread = threading.Thread(target=killer)
    thread.start()
    result = guest.supervise(boot, initrd)
    thread.join()
    assert result.outcome is Outcome.QEMU_DIED
    assert f"terminating on signal {int(sent)}" in result.detail
    assert result.qemu_status == 0
    check_evidence(boot, result)


@pytest.mark.parametrize("accelerator, detail", [
    (Accelerator.TCG, "QEMU was stopped by a signal while the guest's clock went on"),
    (Accelerator.ICOUNT, "QEMU has been stopped by a signal for 1 s; send it SIGCONT next time")])
def test_a_stopped_qemu_is_not_the_guest(boot_of: Callable[..., Boot], initrd: Path,
                                         accelerator: Accelerator, detail: str) -> None:
    boot = boot_of("hang", accelerator, boot=PATIENCE, silence=1.0)
    stopper = threading.Thread(target=lambda: os.kill(
        until(lambda: qemus_of(boot.evidence))[0], signal.SIGSTOP))  # type: ignore[index]
    stopper.start()
    result = guest.supervise(boot, initrd)
    stopper.join()
    assert (result.outcome, result.detail) == (Outcome.QEMU_STOPPED, detail)
    assert result.qemu_status is None
    check_evidence(boot, result)


def test_a_full_disk_is_not_the_guest(boot_of: Callable[..., Boot], initrd: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    boot = boot_of("reset", boot=PATIENCE)
    real = os.statvfs(boot.evidence)
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(
        (*real[:3], 3, 3, *real[5:10])))
    with pytest.raises(CannotMeasure, match="evidence, 1: No space left on device"):
        guest.supervise(boot, initrd)
    assert not (boot.evidence / "boot.json").exists() and not qemus_of(boot.evidence)


def test_qemu_that_refuses_gives_its_last_line(boot_of: Callable[..., Boot],
                                               tmp_path: Path) -> None:
    boot = boot_of("hang", boot=PATIENCE)
    result = guest.supervise(boot, tmp_path / "missing-initrd")
    assert result.outcome is Outcome.QEMU_DIED
    assert result.detail.startswith("QEMU exited with status 1: ")
    assert "missing-initrd" in result.detail


def test_stop_ends_the_guest(boot_of: Callable[..., Boot], initrd: Path) -> None:
    boot = boot_of("hang", boot=PATIENCE)
    stop = threading.Event()

    def stopper() -> None:
        until(lambda: qemus_of(boot.evidence))
        stop.set()

    thread = threading.Thread(target=stopper)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        guest.supervise(boot, initrd, stop=stop)
    thread.join()
    assert not qemus_of(boot.evidence)
    assert not (boot.evidence / "boot.json").exists()


RUNNER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from runner.vm import qemu
import subprocess
with open({log!r}, "wb") as log, qemu.running(
        ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-nic", "none",
         "-chardev", "file,id=x,path=" + qemu.escaped({mark!r}),
         "-kernel", {image!r}], 1 << 20, subprocess.DEVNULL, log) as process:
    process.wait()
"""


@pytest.fixture
def runner(tmp_path: Path, boot_of: Callable[..., Boot]
           ) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Another process of ours that runs a guest, and the folder that names it."""
    folder = tmp_path / "mark"
    folder.mkdir()
    text = RUNNER.format(root=str(ROOT), log=str(tmp_path / "log"), mark=str(folder / "x"),
                         image=str(boot_of("hang").kernel.image))
    with subprocess.Popen([sys.executable, "-c", text]) as process:
        yield process, folder
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_qemu_never_outlives_the_runner(runner: tuple[subprocess.Popen[bytes], Path],
                                        how: signal.Signals) -> None:
    process, folder = runner
    pid, = until(lambda: qemus_of(folder))  # type: ignore[misc]
    os.kill(process.pid, how)
    process.wait(PATIENCE)
    until(lambda: not Path(f"/proc/{pid}").exists() or not qemus_of(folder))


def test_a_guest_that_ignores_sigterm_is_killed_and_reaped(tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb") as log, qemu.running(
            ["sh", "-c", "trap '' TERM; echo ready >&2; while :; do sleep 1; done"],
            1 << 20, subprocess.DEVNULL, log) as process:
        until(lambda: (tmp_path / "log").read_bytes())
    assert process.returncode == -signal.SIGKILL


def test_boots_in_threads(boot_of: Callable[..., Boot], initrd: Path, tmp_path: Path) -> None:
    # The death signal is tied to the thread that started QEMU: a boot must outlast its siblings.
    first = boot_of("reset", boot=PATIENCE)
    others = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        others.append(Boot(first.kernel, first.accelerator, 1, first.ram, first.job,
                           tmp_path / name, limits=first.limits))
    results: list[BootResult] = []
    threads = [threading.Thread(target=lambda one=one: results.append(
        guest.supervise(one, initrd))) for one in (first, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.outcome for one in results] == [Outcome.TRIPLE_FAULT] * 3


def test_missing_programs_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          boot_of: Callable[..., Boot]) -> None:
    monkeypatch.setattr(guest, "BUILD", tmp_path)
    with pytest.raises(CannotMeasure, match="run 'make'"):
        guest.run(boot_of("hang"))


def test_a_plugin_that_is_not_taken_says_what_to_do() -> None:
    said = ("qemu-system-x86_64: Could not load plugin build/lockstep.so: plugin requires API "
            "version 99, but this QEMU supports only up to version 4")
    assert "'make -B all' builds the plugin anew" in qemu.remedy(said)
    assert qemu.remedy("qemu-system-x86_64: terminating on signal 15") == ""
