# SPDX-License-Identifier: GPL-2.0-only
"""Supervision of real QEMUs; the guests are a few bytes of assembly each."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.paths import ROOT
from runner.records import (MIB, Accelerator, Boot, BootResult, BuiltKernel, Job, Outcome,
                            SwapDevice)
from runner.vm import guest, qemu
from runner.vm.flat import assemble

GUESTS = ROOT / "tests" / "data" / "guests"
EVIDENCE = {"boot.json", "channel.bin", "console.log", "heartbeat.bin", "kernel.json",
            "qemu.json", "qemu.stderr"}
PATIENCE = 60.0      # seconds until a test that waits gives up; not a thing measured


@pytest.fixture
def boot_of(tmp_path: Path) -> Callable[..., Boot]:
    """A boot of tests/data/guests/NAME.s; keywords are limits."""
    def make(name: str, accelerator: Accelerator = Accelerator.TCG, **limits: float) -> Boot:
        image = tmp_path / name
        assemble(GUESTS / f"{name}.s", image)
        # QEMU's options are comma-separated: a comma in a path must not end one.
        evidence = tmp_path / "evidence, 1"
        evidence.mkdir()
        kernel = BuiltKernel(f"image:{name}", "", "00", "", image, "00")
        job = Job(SwapDevice("pmem", 16 * MIB), False, ("/bin/true",))
        return Boot(kernel, accelerator, 1, 64 * MIB, job, evidence, limits=limits)
    return make


@pytest.fixture
def initrd(tmp_path: Path) -> Path:
    path = tmp_path / "initrd"
    path.write_bytes(bytes(512))
    return path


def until(condition: Callable[[], object]) -> object:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


def qemus_of(folder: Path) -> list[int]:
    """Process ids of QEMUs that write into `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        place = os.fsencode(qemu.escaped(folder))
        if words[0].startswith(b"qemu-system") and any(place in word for word in words):
            found.append(int(entry.name))
    return found


def check_evidence(boot: Boot, result: BootResult) -> None:
    assert EVIDENCE <= {path.name for path in boot.evidence.iterdir()}
    told = json.loads((boot.evidence / "boot.json").read_text())
    assert told["outcome"] == result.outcome and told["detail"] == result.detail
    machine = json.loads((boot.evidence / "qemu.json").read_text())
    assert machine["argv"][0] == "qemu-system-x86_64" and "QEMU" in machine["version"]
    assert result.detail.isprintable()
    assert not qemus_of(boot.evidence)


@pytest.mark.parametrize("accelerator", [Accelerator.TCG, Accelerator.ICOUNT])
def test_early_hang_quotes_the_console(boot_of: Callable[..., Boot], initrd: Path,
                                       accelerator: Accelerator) -> None:
    boot = boot_of("hang", accelerator, boot=2.0)
    result = guest.supervise(boot, initrd)
    assert result.outcome is Outcome.EARLY_HANG
    assert result.detail == ("no word from the agent in 2 s; the console ends with: "
                             "about to \\x1b[31mhang")
    assert result.qemu_status is None
    check_evidence(boot, result)


def test_total_limit(boot_of: Callable[..., Boot], initrd: Path) -> None:
    result = guest.supervise(boot_of("hang", total=0.2), initrd)
    assert result.outcome is Outcome.TIMEOUT


def test_triple_fault(boot_of: Callable[..., Boot], initrd: Path) -> None:
    boot = boot_of("reset", boot=PATIENCE)
    result = guest.supervise(boot, initrd)
    assert result.outcome is Outcome.TRIPLE_FAULT
    assert result.qemu_status == 0
    check_evidence(boot, result)


@pytest.mark.parametrize("bound", [{"heartbeat": 1000.0}, {}])
def test_garbage_in_quantity(boot_of: Callable[..., Boot], initrd: Path,
                             bound: dict[str, float]) -> None:
    # What is seen first, the bound or bytes that are no frame, is a matter of luck.
    boot = boot_of("flood", boot=PATIENCE, **bound)
    result = guest.supervise(boot, initrd)
    assert result.outcome in (Outcome.FLOODED, Outcome.CORRUPT_CHANNEL)
    assert "heartbeat" in result.detail
    check_evidence(boot, result)


def test_flood(boot_of: Callable[..., Boot], initrd: Path) -> None:
    boot = boot_of("babble", boot=PATIENCE, heartbeat=10.0)
    result = guest.supervise(boot, initrd)
    assert result.outcome is Outcome.FLOODED
    assert result.detail == "heartbeat.bin is over its bound of 10 bytes"
    check_evidence(boot, result)


def test_corrupt_channel(boot_of: Callable[..., Boot], initrd: Path) -> None:
    boot = boot_of("babble", boot=PATIENCE)
    result = guest.supervise(boot, initrd)
    assert result.outcome is Outcome.CORRUPT_CHANNEL
    assert result.detail.startswith("heartbeat: byte 0: magic ")
    check_evidence(boot, result)


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_no_file_of_a_guests_grows_without_end(tmp_path: Path,
                                               boot_of: Callable[..., Boot]) -> None:
    # The hard bound is the kernel's: it holds even while nobody looks.
    out, boot = tmp_path / "out", boot_of("flood")
    with open(tmp_path / "log", "wb") as log, qemu.running(
            ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-nic", "none",
             "-kernel", str(boot.kernel.image), "-chardev", f"{qemu.to_file(out)},id=out",
             "-device", "isa-debugcon,iobase=0xe9,chardev=out"],
            100_000, subprocess.DEVNULL, log) as process:
        until(lambda: out.exists() and out.stat().st_size >= 100_000)
        ticks = cpu_ticks(process.pid)
        until(lambda: process.poll() is not None or cpu_ticks(process.pid) >= ticks + 10)
        assert out.stat().st_size == 100_000


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


@pytest.mark.parametrize("argv, pages", [
    (("--size-per-thread", "8192", "--threads", "2"), 4),
    (("--size-per-thread", "8192", "--passes", "3", "--verify"), 8),
    (("--size-per-thread", "12288"), 3), (("--size-per-thread", "M"), None),
    (("--ratio", "2"), None), ((), None)])
def test_planned_pages(boot_of: Callable[..., Boot], argv: tuple[str, ...],
                       pages: int | None) -> None:
    plain = boot_of("hang")
    boot = Boot(plain.kernel, plain.accelerator, 1, plain.ram,
                Job(plain.job.device, False, ("/bin/swapstorm", *argv)),
                plain.evidence)
    assert guest.planned_pages(boot) == pages


def test_a_plugin_that_is_not_taken_says_what_to_do() -> None:
    said = ("qemu-system-x86_64: Could not load plugin build/lockstep.so: plugin requires API "
            "version 99, but this QEMU supports only up to version 4")
    assert "'make -B all' builds the plugin anew" in qemu.remedy(said)
    assert qemu.remedy("qemu-system-x86_64: terminating on signal 15") == ""
