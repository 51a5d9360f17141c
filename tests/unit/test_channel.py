# SPDX-License-Identifier: GPL-2.0-only
"""Frames: real streams, and everything that can be wrong with one."""
from __future__ import annotations

import os
import struct
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
from crc32c import crc32c
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.vm import channel
from runner.vm.channel import ChannelError, Decoder, Frame, FrameType, Receiver

DATA = Path(__file__).parent.parent / "data" / "channel"


def encode(kind: int, payload: bytes, sequence: int = 0, magic: int = channel.MAGIC,
           zero: int = 0, length: int | None = None) -> bytes:
    head = struct.pack("<IHHII", magic, kind, zero, sequence,
                       len(payload) if length is None else length)
    return head + struct.pack("<I", crc32c(payload, crc32c(head))) + payload


def stream(*frames: tuple[int, bytes]) -> bytes:
    return b"".join(encode(kind, payload, i) for i, (kind, payload) in enumerate(frames))


def decode(data: bytes) -> list[Frame]:
    decoder = Decoder()
    frames = list(decoder.feed(data))
    decoder.finish()
    return frames


def file_frame(name: bytes, chunk: bytes) -> Frame:
    return Frame(FrameType.FILE, bytes([len(name)]) + name + chunk)


SMALL = stream((1, b"agent 1\n"), (3, b"device /dev/pmem0 4096"), (4, b"\x01aXYZ"),
               (6, b"exited 0"), (7, b""))


def test_check_value() -> None:
    # The check value of the CRC catalogues: it is CRC-32C, not zlib's CRC-32.
    assert crc32c(b"123456789") == 0xe3069283


def test_real_guest(tmp_path: Path) -> None:
    frames = decode((DATA / "ok" / "channel.bin").read_bytes())
    receiver = Receiver(tmp_path)
    for frame in frames:
        receiver.take(frame)
    receiver.close()
    assert frames[0].type is FrameType.HELLO
    assert frames[0].payload.startswith(b"agent 1\nrelease 6.1.192\ncpus 1\n")
    assert [f.payload.decode() for f in frames if f.type is FrameType.EVENT] == [
        "device /dev/pmem0 536870912", "device-driver ACPI.NFIT", "steady-begin", "steady-end"]
    assert [f.type for f in frames[-2:]] == [FrameType.WORKLOAD, FrameType.DONE]
    assert frames[-2].payload == b"exited 0"
    counters = ("vmstat", "meminfo", "swaps", "psi-memory", "psi-cpu", "psi-io")
    assert {path.name for path in tmp_path.iterdir()} == {
        "workload.json", "workload.stderr", "steady-end.lock_stat",
        *(f"{when}.{what}" for what in counters
          for when in ("before", "steady-begin", "steady-end", "after"))}
    # Six frames, and not a byte lost between them.
    assert (tmp_path / "steady-end.lock_stat").stat().st_size == 23672
    assert (tmp_path / "steady-end.lock_stat").read_text().startswith("lock_stat version 0.4\n")
    assert (tmp_path / "workload.stderr").read_bytes() == b""


def test_real_heartbeat() -> None:
    beats = [struct.unpack("<QQ", frame.payload)
             for frame in decode((DATA / "ok" / "heartbeat.bin").read_bytes())]
    assert len(beats) == 19
    assert beats == sorted(beats)
    assert beats[0][1] == 0 and beats[-1][1] == 131568
    gaps = [later[0] - earlier[0] for earlier, later in zip(beats[:-2], beats[1:-1])]
    assert all(abs(gap - 250_000_000) < 5_000_000 for gap in gaps)   # guest time


def test_real_failure() -> None:
    frames = decode((DATA / "exec-failed" / "channel.bin").read_bytes())
    assert frames[-1] == Frame(FrameType.ERROR, b"exec: /bin/nonesuch: No such file or directory")


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    try:
        decode(data)
    except ChannelError as error:
        assert str(error).isprintable()
    else:
        # Only the empty stream is a good one: 32 bits of magic and of checksum.
        assert data == b""


@given(st.binary(max_size=60), st.integers(0, 200))
def test_any_bytes_after_good_frames(tail: bytes, cut: int) -> None:
    good = decode(SMALL)
    seen: list[Frame] = []
    decoder = Decoder()
    try:
        for piece in (SMALL + tail)[:cut], (SMALL + tail)[cut:]:
            for frame in decoder.feed(piece):
                seen.append(frame)
    except ChannelError:
        pass
    assert seen == good


@given(st.lists(st.integers(0, len(SMALL)), max_size=8))
def test_split_feeding_is_whole_feeding(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(SMALL)]
    decoder = Decoder()
    frames = [frame for begin, end in zip(places, places[1:])
              for frame in decoder.feed(SMALL[begin:end])]
    decoder.finish()
    assert frames == decode(SMALL)


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_seen(bit: int) -> None:
    for place in range(len(SMALL)):
        damaged = bytearray(SMALL)
        damaged[place] ^= 1 << bit
        with pytest.raises(ChannelError):
            decode(bytes(damaged))


@given(st.integers(0, len(SMALL)))
def test_cut_short(length: int) -> None:
    whole = decode(SMALL)
    ends = list(accumulate((20 + len(frame.payload) for frame in whole), initial=0))
    if length in ends:
        assert decode(SMALL[:length]) == whole[:ends.index(length)]
    else:
        with pytest.raises(ChannelError, match="channel: byte [0-9]+: ends after [0-9]+ bytes"):
            decode(SMALL[:length])


@pytest.mark.parametrize("data, says", [
    (encode(1, b"", magic=0x31465354), "byte 0: magic 0x31465354 is not 0x31465353"),
    (encode(1, b"", sequence=1), "byte 0: frame 1 came where 0 was due"),
    (stream((1, b""), (3, b""))[:20] + encode(3, b""), "byte 20: frame 0 came where 1 was due"),
    (encode(0, b""), "byte 0: type 0 is not in 1..7"),
    (encode(8, b""), "byte 0: type 8 is not in 1..7"),
    (encode(1, b"", zero=0x100), "byte 0: reserved field 0x0100 is not 0"),
    (encode(4, b"", length=65537), "byte 0: 65537 bytes in a frame of type FILE are more "
                                   "than 65536"),
    (encode(3, b"x" * 4097), "byte 0: 4097 bytes in a frame of type EVENT are more than 4096"),
    (encode(7, b"x"), "byte 0: 1 bytes in a frame of type DONE are more than 0"),
    (encode(2, b"x" * 17), "byte 0: 17 bytes in a frame of type HEARTBEAT are more than 16"),
    (encode(4, b"", length=1 << 31), "byte 0: 2147483648 bytes in a frame of type FILE"),
    (encode(3, b"abc")[:-1] + b"d", "byte 0: checksum 0x"),
])
def test_says_what_and_where(data: bytes, says: str) -> None:
    with pytest.raises(ChannelError) as caught:
        list(Decoder("channel").feed(data))
    assert str(caught.value).startswith(f"channel: {says}")


def test_a_wrong_header_is_not_waited_for() -> None:
    decoder = Decoder("heartbeat")
    with pytest.raises(ChannelError, match="^heartbeat: byte 0: type 9"):
        list(decoder.feed(encode(9, b"abc")[:20]))
    # For good: nothing that follows is taken, and the words stay the same.
    for more in b"", SMALL:
        with pytest.raises(ChannelError, match="^heartbeat: byte 0: type 9"):
            list(decoder.feed(more))
    with pytest.raises(ChannelError, match="^heartbeat: byte 0: type 9"):
        decoder.finish()


def test_frame_count_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MAX_FRAMES", 4)
    with pytest.raises(ChannelError, match="more than 4 frames"):
        decode(SMALL)


def receive(folder: Path, *frames: Frame) -> None:
    receiver = Receiver(folder)
    try:
        for frame in frames:
            receiver.take(frame)
    finally:
        receiver.close()


def test_chunks_are_appended(tmp_path: Path) -> None:
    receive(tmp_path, file_frame(b"a", b"1"), file_frame(b"b.c", b""), file_frame(b"a", b"23"),
            Frame(FrameType.EVENT, b"\x01zzz"))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"123", "b.c": b""}


@pytest.mark.parametrize("name", [
    b"", b".", b"..", b".hidden", b"../x", b"/etc/passwd", b"a/b", b"A", b"a b", b"a\0", b"a\n",
    b"\x1b[31m", b"\xff\xfe", "ä".encode(), b"a" * 65, b"a" * 255])
def test_names_that_are_refused(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    with pytest.raises(ChannelError) as caught:
        receive(folder, file_frame(name, b"x"))
    assert "is not allowed" in str(caught.value)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == [folder] and not list(folder.iterdir())


@given(st.binary(max_size=80))
def test_any_file_frame(tmp_path_factory: pytest.TempPathFactory, payload: bytes) -> None:
    folder = tmp_path_factory.mktemp("evidence")
    try:
        receive(folder, Frame(FrameType.FILE, payload))
    except ChannelError as error:
        assert str(error).isprintable()
        assert not list(folder.iterdir())
    else:
        name = payload[1:1 + payload[0]].decode("ascii")
        assert (folder / name).read_bytes() == payload[1 + payload[0]:]


@pytest.mark.parametrize("name", sorted(channel.RESERVED))
def test_the_runners_own_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ChannelError, match="is the runner's own"):
        receive(tmp_path, file_frame(name.encode(), b"x"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(ChannelError, match="file notes is there already"):
        receive(tmp_path, file_frame(b"notes", b"x"))
    assert (tmp_path / "notes").read_text() == "mine"


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(ChannelError, match="file link is there already"):
        receive(tmp_path, file_frame(b"link", b"x"))
    assert not (tmp_path / "target").exists()


def bounded(name: str, value: int) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(channel, name, value)


@pytest.mark.parametrize("bound, frames, says", [
    (bounded("MAX_FILE", 4), [(b"a", b"12345")], "file a is more than 4 bytes"),
    (bounded("MAX_FILE", 4), [(b"a", b"123"), (b"a", b"45")], "file a is more than 4 bytes"),
    (bounded("MAX_FILES_TOTAL", 4), [(b"a", b"123"), (b"b", b"45")],
     "all files are more than 4 bytes"),
    (bounded("MAX_FILES", 1), [(b"a", b""), (b"a", b""), (b"b", b"")], "more than 1 files"),
])
def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                bound: Callable[[pytest.MonkeyPatch], None], frames: list[tuple[bytes, bytes]],
                says: str) -> None:
    bound(monkeypatch)
    receiver = Receiver(tmp_path)
    for name, chunk in frames[:-1]:
        receiver.take(file_frame(name, chunk))
    with pytest.raises(ChannelError, match=says):
        receiver.take(file_frame(*frames[-1]))
    receiver.close()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure) as caught:
        receive(tmp_path / "gone", file_frame(b"a", b"x"))
    assert not isinstance(caught.value, ChannelError)
    assert str(caught.value).endswith("gone/a: cannot be written: No such file or directory")


def test_files_are_closed(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    receive(tmp_path, *(file_frame(b"f%d" % i, b"x") for i in range(20)))
    assert len(os.listdir("/proc/self/fd")) == before
