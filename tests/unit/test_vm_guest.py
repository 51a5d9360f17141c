# SPDX-License-Identifier: GPL-2.0-only
"""Supervision of real QEMUs; the guests are a few bytes of assembly each."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from guestboots import PATIENCE, check_evidence, until

from runner.records import Accelerator, Boot, Job, Outcome
from runner.vm import guest, qemu


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
