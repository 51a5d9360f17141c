# SPDX-License-Identifier: GPL-2.0-only
"""Consoles captured from real boots of 6.1.192 under QEMU, and what they mean."""
from __future__ import annotations

from pathlib import Path

import pytest
from consoleread import read
from hypothesis import given
from hypothesis import strategies as st

from runner.records import Outcome
from runner.vm.console import LINE_LIMIT, Console

DATA = Path(__file__).parent.parent / "data" / "console"

CAPTURED = {
    "agent-died": (Outcome.AGENT_DIED, "Attempted to kill init! exitcode=0x00000300"),
    "no-init": (Outcome.KERNEL_PANIC, "VFS: Unable to mount root fs"),
    "oops-null": (Outcome.KERNEL_OOPS, "BUG: kernel NULL pointer dereference, address: "
                                       "0000000000000000 at __do_sys_getppid+0x2/0x20"),
    "invalid-opcode": (Outcome.KERNEL_OOPS, "invalid opcode: 0000 [#1] SMP at "
                                            "__do_sys_getppid+0x0/0x20"),
    "rcu-stall": (Outcome.LOCKUP, "rcu: INFO: rcu_sched self-detected stall on CPU at "
                                  "__do_sys_getppid+0x0/0x20"),
    "warning": (Outcome.KERNEL_WARNING, "WARNING: CPU: 1 PID: 0 at "
                                        "arch/x86/kernel/smpboot.c:432 topology_sane"),
    "sleeping": (Outcome.KERNEL_WARNING, "BUG: sleeping function called from invalid context at "
                                         "mm/swapfile.c:1309"),
    "oom": (Outcome.OOM_KILLED, "Out of memory: Killed process 23 (init)"),
}


@pytest.mark.parametrize("name", CAPTURED)
def test_captured(name: str) -> None:
    outcome, detail = CAPTURED[name]
    console = read((DATA / f"{name}.log").read_bytes())
    assert console.finding is not None
    assert console.finding.outcome is outcome
    assert detail in console.finding.detail
    assert "\n" not in console.finding.detail
    assert console.fatal == (outcome in (Outcome.AGENT_DIED, Outcome.KERNEL_PANIC,
                                         Outcome.KERNEL_OOPS))


def test_normal_boot_has_no_finding() -> None:
    console = read((DATA / "poweroff.log").read_bytes())
    assert console.finding is None and not console.fatal
    assert console.powered_off
    assert console.last_line == "reboot: Power down"


@pytest.mark.parametrize("name", [*CAPTURED, "poweroff"])
@given(cuts=st.lists(st.integers(0, 17000), max_size=8))
def test_pieces_read_as_the_whole_does(name: str, cuts: list[int]) -> None:
    data = (DATA / f"{name}.log").read_bytes()
    console, begin = Console(), 0
    for cut in sorted(cuts):
        console.feed(data[begin:cut])
        begin = max(begin, cut)
    console.feed(data[begin:])
    console.end()
    whole = read(data)
    assert (console.finding, console.last_line, console.powered_off) \
        == (whole.finding, whole.last_line, whole.powered_off)


def test_what_comes_first_stands_and_what_is_worse_wins() -> None:
    console = read(b"Out of memory: Killed process 9 (x)\n"
                   b"WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\n"
                   b"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:1]\n"
                   b"Oops: 0000 [#1] SMP\n"
                   b"Kernel panic - not syncing: Fatal exception\n"
                   b"Out of memory: Killed process 10 (y)\n")
    assert console.finding is not None
    assert console.finding.outcome is Outcome.KERNEL_OOPS


def test_control_characters_do_not_get_out() -> None:
    console = read(b"Kernel panic - not syncing: \x1b[2J\x07evil\xff\n")
    assert console.finding is not None and console.finding.detail.isprintable()
    assert console.last_line.isprintable()


def test_endless_line_is_bounded() -> None:
    console = Console()
    for _ in range(100):
        console.feed(b"x" * 100_000)
    assert len(console._rest) <= LINE_LIMIT
    console.feed(b"\nKernel panic - not syncing: after all\n")
    assert console.finding is not None


def test_failed_writes_spoil_a_boot_that_ends_well() -> None:
    console = read(b"[    3.700911] Write-error on swap-device (252:0:104448)\n"
                   b"[    8.800100] swap_writepage_bdev_async: 412 callbacks suppressed\n"
                   b"[   12.000000] reboot: Power down\n")
    assert console.powered_off and not console.fatal and console.finding is not None
    assert console.finding.outcome is Outcome.IO_FAILED
    assert console.finding.detail == "Write-error on swap-device (252:0:104448)"


def test_what_the_failed_write_led_to_does_not_hide_it() -> None:
    hung = b"INFO: task swapstorm:91 blocked in I/O wait for more than 122 seconds.\n"
    error = b"I/O error, dev vda, sector 8 op 0x1:(WRITE) flags 0x800 phys_seg 4 prio class 2\n"
    for lines, outcome in ((error + hung, Outcome.IO_FAILED), (hung + error, Outcome.LOCKUP),
                           (error + b"kernel BUG at mm/swapfile.c:1!\n", Outcome.KERNEL_OOPS),
                           (b"Out of memory: Killed process 23 (init)\n" + error,
                            Outcome.IO_FAILED)):
        finding = read(lines).finding
        assert finding is not None and finding.outcome is outcome
