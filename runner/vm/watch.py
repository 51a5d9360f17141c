# SPDX-License-Identifier: GPL-2.0-only
"""What one boot has come to: judged from frames, heartbeats, console and time.

No clock and no file is read here: `now` is seconds of any steady clock.
"""
from __future__ import annotations

import re
import struct

from runner.errors import printable
from runner.records import Outcome
from runner.vm.channel import Frame, FrameType
from runner.vm.console import Console, Finding
from runner.vm.machine import Limits

_WORKLOAD = re.compile(r"(exited|killed) (\d{1,3})( oom)?")
_TOOL = re.compile(r"tool ([a-z0-9-]{1,32}) (runs|silent|answered|exited|killed)( \d{1,3})?")
#: Code of the agent's ERROR where a tool is to blame: ERROR_TOOL in workloads/lib/error.h.
_TOOL_CODE = "tool"
LAST_WORDS = 10.0      # seconds a panicked kernel or a failed agent may take to end
_HEARTBEAT = struct.Struct("<QQ")


class Watch:
    """Judges a boot as it goes on; `finding` is set once it cannot end well."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.console = Console()
        self.finding: Finding | None = None
        self.hello: dict[str, str] = {}
        self.beats = 0
        self.progress = 0                  # pages, as the workload counts them
        self.done = False
        self.workload: str | None = None   # how it ended
        self.killed = 0                    # by which signal, where one ended it
        self._limits = limits
        self._begin = now
        self._greeted = False
        self._beaten = now                 # last heartbeat, HELLO or DONE
        self._moved = now                  # last time the workload's progress rose
        self._heard = now                  # last frame of the channel
        self._ending_since: float | None = None
        self._overdue = False
        self._tool = ""                    # the agent waits for it, and the workload may, too
        self._stopped: float | None = None  # since when QEMU has been, in a counted guest

    def fail(self, outcome: Outcome, detail: str) -> None:
        """The first thing found stands: what comes later follows from it."""
        if self.finding is None:
            self.finding = Finding(outcome, printable(detail))

    def frame(self, frame: Frame, now: float) -> None:
        """One frame of the channel."""
        self._heard = now
        text = frame.payload.decode("utf-8", "replace").strip()
        if not self._greeted and frame.type is not FrameType.ERROR:
            if frame.type is not FrameType.HELLO:
                self.fail(Outcome.CORRUPT_CHANNEL, f"{frame.type.name} came before HELLO")
                return
            self._greeted = True
            self._beaten = now
            self.hello = dict(line.partition(" ")[::2] for line in text.splitlines())
        elif self.done:
            self.fail(Outcome.CORRUPT_CHANNEL, f"{frame.type.name} came after DONE")
        elif frame.type is FrameType.ERROR:
            code, _, said = text.partition(": ")
            if code == _TOOL_CODE:
                self.fail(Outcome.TOOL_FAILED, said)
            else:
                self.fail(Outcome.AGENT_ERROR, text or "the agent gave no reason")
        elif frame.type is FrameType.EVENT:
            self._event(text, now)
        elif frame.type is FrameType.WORKLOAD:
            self._workload(text)
        elif frame.type is FrameType.DONE:
            self.done = True
            self._beaten = now
        elif frame.type is not FrameType.FILE:
            self.fail(Outcome.CORRUPT_CHANNEL, f"{frame.type.name} does not belong there")

    def _event(self, text: str, now: float) -> None:
        """Which tool the agent waits for: meanwhile nobody else can be told to hang."""
        if match := _TOOL.fullmatch(text):
            waits = match[2] in ("runs", "silent")
            if waits or self._tool == match[1]:
                self._tool = match[1] if waits else ""
                self._moved = now

    def _workload(self, text: str) -> None:
        match = _WORKLOAD.fullmatch(text)
        if match is None or self.workload is not None:
            self.fail(Outcome.CORRUPT_CHANNEL, f"WORKLOAD frame {text!r} makes no sense")
            return
        self.workload = text
        self.killed = int(match[2]) if match[1] == "killed" else 0
        if match[3]:
            self.fail(Outcome.OOM_KILLED, f"workload {text}")
        elif text != "exited 0":
            self.fail(Outcome.WORKLOAD_FAILED, f"workload {text}")

    def heartbeat(self, frame: Frame, now: float) -> None:
        """One frame of the heartbeat port."""
        if frame.type is not FrameType.HEARTBEAT or len(frame.payload) != _HEARTBEAT.size:
            self.fail(Outcome.CORRUPT_CHANNEL, f"{frame.type.name} of {len(frame.payload)} bytes "
                                               "on the heartbeat port")
            return
        self.beats += 1
        self._beaten = now
        _, pages = _HEARTBEAT.unpack(frame.payload)
        if pages > self.progress:
            self._moved = now
            self.progress = pages

    def stopped(self, now: float, counted: bool) -> None:
        """QEMU is stopped by a signal: of no consequence where the guest's clock is counted
        instructions, until somebody lets it go on."""
        if not counted:
            self.fail(Outcome.QEMU_STOPPED, "QEMU was stopped by a signal while the guest's clock "
                                            "went on")
        elif self._stopped is None:
            self._stopped = now

    def goes_on(self, now: float) -> None:
        """QEMU is not stopped, or no more."""
        if self._stopped is not None:
            # Nothing could come meanwhile.
            gap = now - self._stopped
            self._begin, self._beaten, self._moved = (
                min(now, moment + gap) for moment in (self._begin, self._beaten, self._moved))
            self._stopped = None

    def look(self, now: float) -> None:
        """Has any time limit run out?"""
        limits, last = self._limits, self.console.last_line
        if self._stopped is not None:
            if now - self._stopped > limits.silence:
                self._late(Outcome.QEMU_STOPPED, f"QEMU has been stopped by a signal for "
                                                 f"{limits.silence:g} s; send it SIGCONT next time")
            return
        said = f"; the console ends with: {last}" if last else "; the console is empty"
        if not self._greeted:
            if now - self._begin > limits.boot:
                self._late(Outcome.EARLY_HANG,
                           f"no word from the agent in {limits.boot:g} s{said}")
        elif now - self._beaten > limits.silence:
            what = "the guest did not power off" if self.done else "no heartbeat"
            self._late(Outcome.GUEST_SILENT, f"{what} in {limits.silence:g} s{said}")
        elif self._tool and self.progress and self.workload is None:
            if now - self._moved > limits.silence:
                self._late(Outcome.TOOL_FAILED,
                           f"{self._tool} does not answer in {limits.silence:g} s, and the "
                           "workload waits for it")
        elif (self.progress and self.workload is None
              and now - self._moved > limits.silence):
            self._late(Outcome.HUNG_IN_RECLAIM,
                       f"the heart beats, but the workload stands at {self.progress} pages for "
                       f"{limits.silence:g} s")
        if (self.console.finding is not None and not self._tool
                and now - max(self._moved, self._heard) > limits.silence):
            # What it waits for does not come: a task that is blocked before the load begins.
            self._overdue = True
        if now - self._begin > limits.total:
            if self._tool:
                self._late(Outcome.TOOL_FAILED,
                           f"{self._tool} has not ended; the boot's {limits.total:g} s are over")
            self._late(Outcome.TIMEOUT, f"not finished in {limits.total:g} s{said}")
        if self.console.fatal or self._gave_up:
            if self._ending_since is None:
                self._ending_since = now
            self._overdue |= now - self._ending_since > LAST_WORDS

    @property
    def _gave_up(self) -> bool:
        return self.finding is not None and self.finding.outcome in (Outcome.AGENT_ERROR,
                                                                     Outcome.TOOL_FAILED)

    def _late(self, outcome: Outcome, detail: str) -> None:
        self._overdue = True
        self.fail(outcome, detail)

    @property
    def hopeless(self) -> bool:
        """Nothing the guest may still say is worth waiting for.

        A dying kernel ends by itself, and what it still has to say is
        evidence.  So are the frames that follow an agent's ERROR or a failed
        workload.
        """
        return self._overdue or (self.finding is not None and self.finding.outcome not in (
            Outcome.AGENT_ERROR, Outcome.TOOL_FAILED, Outcome.WORKLOAD_FAILED,
            Outcome.OOM_KILLED))

    def verdict(self, qemu: str | None, exited: bool) -> Finding:
        """The outcome once QEMU is gone.

        `qemu` is one line on how it died, None where it ended as it should or
        we ended it; `exited` says that it ended by itself.
        """
        if self.console.finding is not None:
            return self.console.finding
        if self.finding is not None:
            return self.finding
        if qemu is not None:
            return Finding(Outcome.QEMU_DIED, printable(qemu))
        if not (exited and self.done and self.workload == "exited 0"):
            if self.console.powered_off or self.done:
                return Finding(Outcome.AGENT_DIED, "the guest powered off before the agent had "
                                                   "sent all it had to")
            last = self.console.last_line or "nothing"
            return Finding(Outcome.TRIPLE_FAULT, printable(
                f"the guest was reset with no panic; the console ends with: {last}"))
        if not self.beats:
            return Finding(Outcome.AGENT_ERROR, "heartbeat: not one came")
        return Finding(Outcome.OK, "")
