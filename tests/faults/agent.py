# SPDX-License-Identifier: GPL-2.0-only
"""What a guest may send: really booted guests whose agent means harm (hostile.c)."""
from __future__ import annotations

from tests.faults.fault import Seen, add
from tests.faults.lab import Lab
from tests.faults.runs import seen


def _hostile(word: str, injected: str, outcome: str, line: str, quick: bool = False) -> None:
    def act(lab: Lab) -> Seen:
        lab.hostile(word)
        told = seen(lab, lab.measure(boot=90 if outcome == "early-hang" else 240))
        assert told.line.isprintable(), "the line has what a terminal takes for an order"
        over = [one for one in lab.results.rglob("*") if one.is_file()
                and one.stat().st_size > 34 << 20]
        assert not over, f"{over[0].name} has {over[0].stat().st_size} bytes"
        return told
    add(word, "agent", injected, outcome=outcome, status=4, line=f"does not count: {line}",
        act=act, quick=quick)


def _corrupt(word: str, injected: str, line: str, quick: bool = False) -> None:
    _hostile(word, injected, "corrupt-channel", f"corrupt-channel: {line}", quick)


_corrupt("frame-checksum", "a frame whose checksum is wrong",
         r"channel: byte \d+: checksum 0x[0-9a-f]{8} of frame 6 is not 0x[0-9a-f]{8}", quick=True)
_corrupt("frame-magic", "a frame that begins otherwise", r"channel: byte \d+: magic .+")
_corrupt("frame-huge", "a frame that says it has 4 GiB",
         r"channel: byte \d+: 4294967280 bytes in a frame of type \w+ are more than \d+")
_corrupt("frame-reserved", "a frame whose reserved field is set",
         r"channel: byte \d+: reserved field 0x0001 is not 0")
_corrupt("frame-type", "a frame of a type that there is not",
         r"channel: byte \d+: type 99 is not in 1\.\.7")
_corrupt("frame-heart", "a heartbeat on the channel",
         r"channel: byte \d+: \d+ bytes in a frame of type HEARTBEAT are more than 16")
_corrupt("frame-skipped", "frames out of order: 7 where 6 was due",
         r"channel: byte \d+: frame 7 came where 6 was due")
_corrupt("frame-twice", "a frame sent twice", r"channel: byte \d+: frame 6 came where 7 was due")
_hostile("frame-half", "half a frame, then the machine is powered off", "agent-died",
         r"agent-died: the guest powered off before the agent had sent all it had to")
_hostile("events-endless", "frames without end", "flooded",
         r"flooded: channel\.bin is over its bound of 33554432 bytes")
_corrupt("file-endless", "a file without end",
         r"channel: file flood is more than 8388608 bytes")
_corrupt("files-endless", "files without end", r"channel: all files are more than 25165824 bytes")
_corrupt("files-many", "more files than there may be", r"channel: more than 64 files")
_corrupt("path-above", "a file named ../../../../owned",
         r"channel: file name '\.\./\.\./\.\./\.\./owned' is not allowed")
_corrupt("path-absolute", "a file named /tmp/owned",
         r"channel: file name '/tmp/owned' is not allowed")
_corrupt("path-ours", "a file named boot.json",
         r"channel: file name boot\.json is the runner's own")
_corrupt("says-done", "DONE before the workload has run", r"\w+ came after DONE")
_corrupt("says-hello", "HELLO a second time", r"HELLO does not belong there")
_corrupt("says-nonsense", "escape sequences in place of how the workload ended",
         r"WORKLOAD frame .+ makes no sense")
_hostile("says-error", "escape sequences in place of what failed", "agent-error",
         r"agent-error: \\x1b\[2J\\x1b\]0;owned\\x07\\x1b\[31mall is well.+", quick=True)
_hostile("says-good", "a workload that did not run is said to have ended well", "ok, but invalid",
         r".+")
_hostile("no-swap", "swap is not turned on, and said to be", "agent-error", r"agent-error: .+")
_hostile("no-heart", "no heartbeat from the first on", "agent-error",
         r"agent-error: heartbeat: not one came")
_hostile("heart-stops", "the heart stops, and nothing more is heard", "guest-silent",
         r"guest-silent: no heartbeat in 30 s; .+")
_corrupt("heart-garbage", "garbage in place of heartbeats", r"heartbeat: byte \d+: magic .+")
_hostile("heart-endless", "heartbeats without end", "flooded",
         r"flooded: heartbeat\.bin is over its bound of 16777216 bytes")
_hostile("hangs-first", "PID 1 sleeps before its first word", "early-hang",
         r"early-hang: no word from the agent in 90 s; the console ends with: .+")
_hostile("hangs-greeted", "PID 1 sleeps after its first word", "guest-silent",
         r"guest-silent: no heartbeat in 30 s; the console ends with: .+")
_hostile("exits-first", "PID 1 exits", "agent-died",
         r"agent-died: Kernel panic - not syncing: Attempted to kill init! .+")
_hostile("off-first", "PID 1 powers the machine off at once", "agent-died",
         r"agent-died: the guest powered off before the agent had sent all it had to")
_hostile("console-1g", "1 GiB on the console", "flooded",
         r"flooded: console\.log is over its bound of 4194304 bytes", quick=True)
_hostile("console-endless-line", "a line without end on the console", "flooded",
         r"flooded: console\.log is over its bound of 4194304 bytes")
_hostile("console-escapes", "escape sequences on the console, then silence", "early-hang",
         r"early-hang: no word from the agent in 90 s; the console ends with: "
         r"\\x1b\[2J\\x1b\]0;owned\\x07\\x1b\[31mall is well")
for _word, _injected in (
        ("garbage", "escape sequences"), ("half", "half of itself"), ("none", "nothing"),
        ("zero", "counters that are all 0"), ("nines", "counters of nines")):
    _hostile(f"content-{_word}", f"/proc/vmstat after the steady phase is {_injected}",
             "ok, but invalid", r".+")
_hostile("workload-half", "the workload's document is half of itself", "ok, but invalid", r".+")
_hostile("workload-deep", "the workload's document is 200,000 brackets", "ok, but invalid", r".+")
