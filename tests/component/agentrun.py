# SPDX-License-Identifier: GPL-2.0-only
"""Runs of the agent outside a guest, and what each left."""
from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.vm.channel import Decoder, Frame, FrameType, Receiver

ROOT = Path(__file__).resolve().parent.parent.parent
AGENT = ROOT / "build" / "agent"
JOB = ("swapscale-job 1\ndevice pmem\ndevice-bytes 536870912\nlock-stat 0\nheartbeat-ms 10\n"
       "{args}end\n")


@dataclass
class Run:
    """What one run of the agent left."""

    status: int
    frames: list[Frame]
    beats: list[tuple[int, int]]         # guest ns, pages
    files: dict[str, bytes]
    stderr: str = ""
    texts: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Everything but HELLO and files: (type, text)."""
        self.texts = [(frame.type.name, frame.payload.decode()) for frame in self.frames
                      if frame.type not in (FrameType.HELLO, FrameType.FILE)]


def drain(fd: int, into: bytearray) -> None:
    while data := os.read(fd, 65536):
        into += data
    os.close(fd)


Agent = Callable[..., Run]


def take_in(status: int, streams: list[bytearray], tmp_path: Path, stderr: str) -> Run:
    decoders = Decoder(), Decoder("heartbeat")
    frames, beats = (list(decoder.feed(bytes(stream)))
                     for decoder, stream in zip(decoders, streams))
    for decoder in decoders:
        decoder.finish()
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    receiver = Receiver(evidence)
    for frame in frames:
        receiver.take(frame)
    receiver.close()
    assert {frame.type for frame in beats} <= {FrameType.HEARTBEAT}
    return Run(status, frames, [struct.unpack("<QQ", beat.payload) for beat in beats],
               {path.name: path.read_bytes() for path in evidence.iterdir()}, stderr)


def job(*args: str) -> str:
    return JOB.format(args="".join(f"arg {arg}\n" for arg in args))


PHASES = """
page = mmap.mmap(4, 65536)
os.write(3, b"steady-begin\\n")
assert len(os.read(3, 16)) == 1
struct.pack_into("<Q", page, 0, 1000)
struct.pack_into("<Q", page, 64 * 1023, 234)
os.write(3, b"steady-end\\n")
assert len(os.read(3, 16)) == 1
print('{"swapstorm": 1}')
print("a word", file=sys.stderr)
"""
