# SPDX-License-Identifier: GPL-2.0-only
"""What frames, heartbeats, console and passing time make of a boot."""
from __future__ import annotations

import struct

import pytest

from runner.records import MIB, Outcome
from runner.vm.channel import Frame, FrameType
from runner.vm.console import Finding
from runner.vm.machine import Limits
from runner.vm.watch import LAST_WORDS, Watch

LIMITS = Limits(boot=10, silence=5, total=60, console=MIB, channel=MIB, heartbeat=MIB)
HELLO = b"agent 1\nrelease 6.1.192\ncpus 1\nmemtotal-kib 250000\n"


class Guest:
    """A boot played by hand: frames, and a clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.watch = Watch(LIMITS, self.now)

    def send(self, kind: FrameType, payload: bytes = b"") -> Guest:
        self.watch.frame(Frame(kind, payload), self.now)
        return self

    def beat(self, pages: int, seconds: float = 0.25) -> Guest:
        self.wait(seconds)
        payload = struct.pack("<QQ", int(self.now * 1e9), pages)
        self.watch.heartbeat(Frame(FrameType.HEARTBEAT, payload), self.now)
        return self

    def wait(self, seconds: float) -> Guest:
        self.now += seconds
        self.watch.look(self.now)
        return self

    def say(self, line: str) -> Guest:
        self.watch.console.feed(line.encode() + b"\r\n")
        return self

    def finding(self, qemu: str | None = None, exited: bool = True) -> Finding:
        return self.watch.verdict(qemu, exited)

    def outcome(self) -> Outcome:
        return self.finding().outcome


def running() -> Guest:
    return Guest().send(FrameType.HELLO, HELLO).beat(0).beat(10)


def good() -> Guest:
    return (running().send(FrameType.FILE, b"\x01ax").send(FrameType.EVENT, b"steady-begin")
            .beat(20).send(FrameType.WORKLOAD, b"exited 0").send(FrameType.DONE))


def test_only_the_whole_sequence_is_ok() -> None:
    guest = good()
    assert guest.finding() == Finding(Outcome.OK, "")
    assert guest.watch.hello["release"] == "6.1.192"
    assert not guest.watch.hopeless


@pytest.mark.parametrize("missing, outcome", [
    ("HELLO", Outcome.CORRUPT_CHANNEL), ("beat", Outcome.AGENT_ERROR),
    ("WORKLOAD", Outcome.AGENT_DIED), ("DONE", Outcome.TRIPLE_FAULT)])
def test_nothing_may_be_missing(missing: str, outcome: Outcome) -> None:
    guest = Guest()
    if missing != "HELLO":
        guest.send(FrameType.HELLO, HELLO)
    if missing != "beat":
        guest.beat(5)
    if missing != "WORKLOAD":
        guest.send(FrameType.WORKLOAD, b"exited 0")
    if missing != "DONE":
        guest.send(FrameType.DONE)
    assert guest.outcome() is outcome


def test_a_good_guest_that_qemu_did_not_end_well_is_not_ok() -> None:
    assert good().finding("QEMU was killed by SIGKILL").outcome is Outcome.QEMU_DIED
    assert good().finding(exited=False).outcome is not Outcome.OK
    assert good().wait(5.1).finding(exited=False).outcome is Outcome.GUEST_SILENT


def test_no_hello() -> None:
    guest = Guest().say("Run /init as init process").wait(9)
    assert not guest.watch.hopeless
    guest.wait(2)
    assert guest.watch.hopeless
    assert guest.finding() == Finding(Outcome.EARLY_HANG, "no word from the agent in 10 s; the "
                                      "console ends with: Run /init as init process")


def test_heart_stops() -> None:
    guest = running().wait(4.9)
    assert not guest.watch.hopeless
    assert guest.wait(0.2).watch.hopeless
    assert guest.outcome() is Outcome.GUEST_SILENT


def test_after_a_lockup_nothing_more_is_waited_for() -> None:
    guest = Guest().send(FrameType.HELLO, HELLO).say("INFO: task init:1 blocked for more than 120 "
                                                     "seconds.")
    for _ in range(4):
        guest.beat(0, 1.2)
    assert not guest.watch.hopeless
    assert guest.beat(0, 1.2).beat(0, 1.2).watch.hopeless
    assert guest.outcome() is Outcome.LOCKUP


def test_a_guest_that_goes_on_after_a_warning_is_heard_out() -> None:
    guest = running().say("WARNING: CPU: 0 PID: 1 at mm/vmscan.c:1 f+0x1/0x2")
    for pages in range(20, 30):
        guest.beat(pages, 1.2)
    assert not guest.watch.hopeless
    assert guest.outcome() is Outcome.KERNEL_WARNING


def test_a_stop_of_qemu_is_not_held_against_a_counted_guest() -> None:
    guest = running()
    guest.watch.stopped(guest.now, True)
    guest.wait(4.9)
    guest.watch.goes_on(guest.now)
    assert not guest.wait(4.9).watch.hopeless
    assert guest.wait(0.2).outcome() is Outcome.GUEST_SILENT


def test_qemu_is_stopped_for_good() -> None:
    guest = running()
    guest.watch.stopped(guest.now, True)
    assert guest.wait(5.1).watch.hopeless
    assert guest.outcome() is Outcome.QEMU_STOPPED


def test_a_stop_of_qemu_spoils_what_goes_by_the_clock() -> None:
    guest = running()
    guest.watch.stopped(guest.now, False)
    assert guest.watch.hopeless
    assert guest.outcome() is Outcome.QEMU_STOPPED


def test_heart_beats_and_the_workload_stands() -> None:
    guest = running()
    for _ in range(19):
        guest.beat(10)
    assert not guest.watch.hopeless
    for _ in range(3):
        guest.beat(10)
    assert guest.watch.hopeless
    assert guest.finding().detail.startswith("the heart beats, but the workload stands at 10 ")
    assert guest.outcome() is Outcome.HUNG_IN_RECLAIM


def stand(guest: Guest, beats: int) -> Guest:
    for _ in range(beats):
        guest.beat(guest.watch.progress)
    return guest


@pytest.mark.parametrize("word", ["silent", "runs"])
def test_a_tool_that_keeps_the_workload_waiting_is_not_the_kernel_s_fault(word: str) -> None:
    guest = stand(running().beat(10).send(FrameType.EVENT, f"tool perf {word}".encode()), 40)
    assert guest.watch.hopeless
    assert guest.finding() == Finding(Outcome.TOOL_FAILED, "perf does not answer in 5 s, and the "
                                      "workload waits for it")


@pytest.mark.parametrize("end", ["answered", "exited 0", "killed 9"])
def test_after_the_tool_the_workload_has_its_time_again(end: str) -> None:
    guest = stand(running().beat(10).send(FrameType.EVENT, b"tool perf silent"), 15)
    stand(guest.send(FrameType.EVENT, f"tool perf {end}".encode()), 15)
    assert not guest.watch.hopeless
    assert stand(guest, 10).outcome() is Outcome.HUNG_IN_RECLAIM
    # Another's end says nothing of it.
    guest = stand(running().beat(10).send(FrameType.EVENT, b"tool perf silent"), 15)
    stand(guest.send(FrameType.EVENT, f"tool noise {end}".encode()), 25)
    assert guest.outcome() is Outcome.TOOL_FAILED


def test_the_agent_names_the_tool_that_hangs() -> None:
    guest = running().send(FrameType.ERROR, b"tool: perf has not answered 'enable' in 120 s")
    assert not guest.watch.hopeless, "its last words may come"
    assert guest.finding() == Finding(Outcome.TOOL_FAILED,
                                      "perf has not answered 'enable' in 120 s")


def test_a_boot_whose_time_a_tool_took_names_it() -> None:
    guest = running().send(FrameType.WORKLOAD, b"exited 0")
    guest.send(FrameType.EVENT, b"tool perf-report runs")
    while not guest.watch.hopeless:
        guest.beat(10, 4.0)
    assert guest.outcome() is Outcome.TOOL_FAILED
    assert guest.finding().detail.startswith("perf-report has not ended; the boot's ")


@pytest.mark.parametrize("before", [
    Guest().send(FrameType.HELLO, HELLO).beat(0),                     # not begun
    running().send(FrameType.WORKLOAD, b"exited 0")])                 # over
def test_no_progress_outside_the_workload_is_no_hang(before: Guest) -> None:
    for _ in range(40):
        before.beat(before.watch.progress)
    assert not before.watch.hopeless


def test_slow_is_not_hung_but_has_its_end() -> None:
    guest = running()
    for i in range(11, 11 + 14):
        guest.beat(i, 4.0)
    assert not guest.watch.hopeless
    guest.beat(100, 4.0)
    assert guest.watch.hopeless and guest.outcome() is Outcome.TIMEOUT


def test_agent_error_gives_its_text_and_waits_for_the_rest() -> None:
    guest = Guest().send(FrameType.ERROR, b"swapon: /dev/pmem0: \x1b[1mno such device")
    assert not guest.watch.hopeless
    assert guest.finding() == Finding(Outcome.AGENT_ERROR,
                                      "swapon: /dev/pmem0: \\x1b[1mno such device")
    # An agent that cannot power off is ended all the same, though its heart beats.
    guest = running().send(FrameType.ERROR, b"exec: no such file").wait(0)
    for _ in range(int(LAST_WORDS / 0.25)):
        guest.beat(guest.watch.progress + 1)
    assert not guest.watch.hopeless
    assert guest.beat(1000).watch.hopeless
    assert guest.outcome() is Outcome.AGENT_ERROR


@pytest.mark.parametrize("text, outcome", [
    (b"exited 1", Outcome.WORKLOAD_FAILED), (b"killed 11", Outcome.WORKLOAD_FAILED),
    (b"killed 9 oom", Outcome.OOM_KILLED), (b"exited 0 oom", Outcome.OOM_KILLED),
    (b"", Outcome.CORRUPT_CHANNEL), (b"exited -1", Outcome.CORRUPT_CHANNEL),
    (b"exited 0\nexited 1", Outcome.CORRUPT_CHANNEL)])
def test_workload_ends(text: bytes, outcome: Outcome) -> None:
    assert running().send(FrameType.WORKLOAD, text).send(FrameType.DONE).outcome() is outcome


def test_oom_is_told_in_the_kernels_words() -> None:
    guest = running().say("Out of memory: Killed process 60 (swapstorm) total-vm:1kB")
    assert not guest.watch.hopeless
    guest.send(FrameType.WORKLOAD, b"killed 9 oom").send(FrameType.DONE)
    assert guest.finding() == Finding(Outcome.OOM_KILLED, "Out of memory: Killed process 60 "
                                                          "(swapstorm) total-vm:1kB")


@pytest.mark.parametrize("line, outcome", [
    ("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
     Outcome.AGENT_DIED),
    ("Kernel panic - not syncing: sysrq triggered crash", Outcome.KERNEL_PANIC),
    ("BUG: unable to handle page fault for address: 0000dead", Outcome.KERNEL_OOPS)])
def test_a_dying_kernel_wins_and_has_time_for_its_last_words(line: str, outcome: Outcome) -> None:
    guest = running().say(line).wait(0.1)
    assert not guest.watch.hopeless
    assert guest.outcome() is outcome
    assert guest.finding("QEMU was killed by SIGKILL").outcome is outcome
    for _ in range(int(LAST_WORDS / 0.25) + 1):
        guest.beat(guest.watch.progress + 1)
    assert guest.watch.hopeless


def test_warning_spoils_a_good_end_and_ends_nothing() -> None:
    guest = good().say("WARNING: CPU: 0 PID: 60 at mm/swapfile.c:1 f+0x1/0x2").wait(0)
    assert not guest.watch.hopeless
    assert guest.outcome() is Outcome.KERNEL_WARNING


def test_lockup_explains_the_silence() -> None:
    guest = running().say("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:60]").wait(5.1)
    assert guest.watch.hopeless and guest.outcome() is Outcome.LOCKUP


def test_power_off_without_the_rest_is_the_agents_death() -> None:
    assert running().say("reboot: Power down").outcome() is Outcome.AGENT_DIED


@pytest.mark.parametrize("kind", [FrameType.HEARTBEAT, FrameType.HELLO])
def test_frames_that_do_not_belong_on_the_channel(kind: FrameType) -> None:
    guest = running().send(kind)
    assert guest.watch.hopeless and guest.outcome() is Outcome.CORRUPT_CHANNEL


def test_frame_after_done() -> None:
    assert good().send(FrameType.EVENT, b"more").outcome() is Outcome.CORRUPT_CHANNEL


@pytest.mark.parametrize("frame", [Frame(FrameType.HEARTBEAT, b"short"),
                                   Frame(FrameType.DONE, bytes(16))])
def test_heartbeats_that_are_none(frame: Frame) -> None:
    guest = running()
    guest.watch.heartbeat(frame, guest.now)
    assert guest.watch.hopeless and guest.outcome() is Outcome.CORRUPT_CHANNEL
