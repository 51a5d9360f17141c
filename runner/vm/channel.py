# SPDX-License-Identifier: GPL-2.0-only
"""Frames from the guest, as workloads/lib/frame.h describes them.

A guest is not trusted: everything it says is bounded, and nothing of it
becomes a path or reaches a terminal as it is.
"""
from __future__ import annotations

import enum
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from crc32c import crc32c

from runner import header
from runner.errors import CannotMeasure, printable
from runner.records import MIB

MAGIC = 0x31465353                  # "SSF1"
MAX_PAYLOAD = header.numbers("workloads/lib/frame.h")["FRAME_MAX_PAYLOAD"]
MAX_FRAMES = 1 << 20                # of one stream; a day of heartbeats is a third of it
MAX_TEXT = 4096                     # bytes of a payload that is a line of text
MAX_FILES = 64
MAX_FILE = 8 * MIB                  # the agent cuts its largest at 4 MiB
MAX_FILES_TOTAL = 24 * MIB

_HEADER = struct.Struct("<IHHIII")
_SUMMED = _HEADER.size - 4          # header bytes under the checksum
_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")

#: The channel's bytes as they came.
_STREAM = "channel.bin"
#: Evidence that the runner writes itself, before or after the guest's files.
RESERVED = frozenset(("console.log", _STREAM, "heartbeat.bin", "qemu.json", "qemu.stderr",
                      "kernel.json", "boot.json"))


class FrameType(enum.IntEnum):
    HELLO = 1
    HEARTBEAT = 2
    EVENT = 3
    FILE = 4
    ERROR = 5
    WORKLOAD = 6
    DONE = 7


_MOST = {FrameType.HEARTBEAT: 16, FrameType.FILE: MAX_PAYLOAD, FrameType.DONE: 0}


@dataclass(frozen=True)
class Frame:
    type: FrameType
    payload: bytes


class ChannelError(CannotMeasure):
    """What the guest sent is damaged or over a bound; the stream ends here."""


class Decoder:
    """Bytes of one stream in, frames out; the first fault ends it for good.

    There is no looking for the next frame after a fault: the streams are
    files, so a damaged byte means that the sender or the host is at fault and
    that the rest cannot be trusted either.
    """

    def __init__(self, name: str = "channel") -> None:
        self._name = name
        self._buffer = bytearray()
        self._offset = 0            # of the buffer's first byte in the stream
        self._frames = 0
        self._error: ChannelError | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes, one by one; ChannelError at a fault."""
        if self._error is None:
            self._buffer += data
        return self._take()

    def finish(self) -> None:
        """The stream has ended: ChannelError where it ends inside a frame."""
        if self._error is not None:
            raise self._error
        if self._buffer:
            self._fail(f"ends after {len(self._buffer)} bytes of a frame")

    def _take(self) -> Iterator[Frame]:
        while True:
            if self._error is not None:
                raise self._error
            if len(self._buffer) < _HEADER.size:
                return
            magic, number, zero, sequence, length, crc = _HEADER.unpack_from(self._buffer)
            kind = self._check_header(magic, number, zero, sequence, length)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_HEADER.size:end])
            counted = crc32c(payload, crc32c(bytes(self._buffer[:_SUMMED])))
            if counted != crc:
                self._fail(f"checksum {counted:#010x} of frame {sequence} is not {crc:#010x}")
            del self._buffer[:end]
            self._offset += end
            self._frames += 1
            yield Frame(kind, payload)

    def _check_header(self, magic: int, number: int, zero: int, sequence: int,
                      length: int) -> FrameType:
        """Before the payload is there: a wrong length would be waited for in vain."""
        if magic != MAGIC:
            self._fail(f"magic {magic:#010x} is not {MAGIC:#010x}")
        if sequence != self._frames:
            self._fail(f"frame {sequence} came where {self._frames} was due")
        if self._frames >= MAX_FRAMES:
            self._fail(f"more than {MAX_FRAMES} frames")
        try:
            kind = FrameType(number)
        except ValueError:
            self._fail(f"type {number} is not in {min(FrameType)}..{max(FrameType)}")
        if zero:
            self._fail(f"reserved field {zero:#06x} is not 0")
        most = _MOST.get(kind, MAX_TEXT)
        if length > most:
            self._fail(f"{length} bytes in a frame of type {kind.name} are more than {most}")
        return kind

    def _fail(self, problem: str) -> NoReturn:
        self._error = ChannelError(f"{self._name}: byte {self._offset}: {problem}")
        raise self._error


def _piece(payload: bytes) -> tuple[bytes, bytes]:
    """Name and content of a FILE frame."""
    if not payload or len(payload) < 1 + payload[0]:
        raise ChannelError("channel: a FILE frame is shorter than its name")
    content = 1 + payload[0]
    return payload[1:content], payload[content:]


def hold(evidence: Path) -> None:
    """Hold the files of an evidence folder against the channel's bytes kept beside them.

    CannotMeasure where one is not what the guest sent: cut off, changed or gone since.  A folder
    without channel.bin has nothing to be held against.
    """
    sent: dict[str, bytearray] = {}
    last = None
    decoder = Decoder(str(evidence / _STREAM))
    try:
        for frame in decoder.feed((evidence / _STREAM).read_bytes()):
            last = frame.type
            if last is FrameType.FILE:
                raw, chunk = _piece(frame.payload)
                sent.setdefault(raw.decode("ascii", "backslashreplace"), bytearray()).extend(chunk)
        decoder.finish()
        if last is not FrameType.DONE:
            raise CannotMeasure(f"{evidence / _STREAM}: ends before the guest had sent all; it was "
                                "cut off; the report without --recompute has what was measured")
        for name, content in sent.items():
            there = (evidence / name).read_bytes() if _NAME.fullmatch(name) else b""
            if there != content:
                raise CannotMeasure(f"{evidence / name}: is not what the guest sent, {len(there)} "
                                    f"bytes of {len(content)}: it was cut off or changed; the "
                                    "report without --recompute has what was measured")
    except FileNotFoundError as error:
        if Path(error.filename).name != _STREAM:
            raise CannotMeasure(f"{error.filename}: is gone, and the guest sent it; the report "
                                "without --recompute has what was measured") from None


class Receiver:
    """Writes the files a guest sends into an evidence folder; other frames pass it by."""

    def __init__(self, evidence: Path) -> None:
        self._evidence = evidence
        self._open: dict[str, int] = {}      # name -> file descriptor
        self._sizes: dict[str, int] = {}

    def take(self, frame: Frame) -> None:
        """One frame of the channel; ChannelError for a bad name or too much."""
        if frame.type is not FrameType.FILE:
            return
        raw, chunk = _piece(frame.payload)
        name = self._check_name(raw)
        size = self._sizes.get(name, 0) + len(chunk)
        if size > MAX_FILE:
            raise ChannelError(f"channel: file {name} is more than {MAX_FILE} bytes")
        if sum(self._sizes.values()) + len(chunk) > MAX_FILES_TOTAL:
            raise ChannelError(f"channel: all files are more than {MAX_FILES_TOTAL} bytes")
        self._write(name, chunk)
        self._sizes[name] = size

    def close(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def _check_name(self, raw: bytes) -> str:
        name = raw.decode("ascii", "backslashreplace")
        if not _NAME.fullmatch(name):
            raise ChannelError(f"channel: file name '{printable(name, 80)}' is not allowed")
        if name in RESERVED:
            raise ChannelError(f"channel: file name {name} is the runner's own")
        if name not in self._sizes and len(self._sizes) >= MAX_FILES:
            raise ChannelError(f"channel: more than {MAX_FILES} files")
        return name

    def _write(self, name: str, chunk: bytes) -> None:
        try:
            if name not in self._open:
                self._open[name] = os.open(
                    self._evidence / name,
                    os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            while chunk:
                chunk = chunk[os.write(self._open[name], chunk):]
        except FileExistsError:
            raise ChannelError(f"channel: file {name} is there already") from None
        except OSError as error:
            raise CannotMeasure(f"{self._evidence / name}: cannot be written: "
                                f"{error.strerror}") from None
