# SPDX-License-Identifier: GPL-2.0-only
"""Files a guest left as evidence: untrusted, so bounded and checked.

Every complaint is CannotMeasure with one line, 'FILE: what is wrong'.
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from runner import jsonread
from runner.errors import CannotMeasure, printable
from runner.jsonread import MAX_COUNT, Json

MAX_SMALL = 1 << 20          # vmstat, swaps
MAX_WORKLOAD = 4 << 20       # what the agent sends at most
MAX_DEPTH = 16
_MOST_BEGINS = 16

_VMSTAT = re.compile(r"([A-Za-z0-9_]{1,64}) (-?\d{1,20})", re.ASCII)
#: Counters that figures are made of.
_NEEDED = re.compile(r"(pswp(in|out)|pgfree|pgmajfault|nr_swapcached|pg(scan|steal)_\w+|"
                     r"allocstall\w*)(\W|$).*", re.ASCII)


def _fail(name: str, what: str) -> NoReturn:
    raise CannotMeasure(f"{name}: {what}")


def raw(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file."""
    try:
        if not path.is_file() or path.is_symlink():
            _fail(path.name, "missing from the evidence; see its console.log and channel.bin "
                             "for how far the guest came")
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        _fail(path.name, f"cannot be read: {error.strerror}")
    if len(data) > limit:
        _fail(path.name, f"is over {limit} bytes; a guest's file is not that large")
    return data


def text(path: Path, limit: int) -> str:
    """The same as ASCII text."""
    data = raw(path, limit)
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CannotMeasure(f"{path.name}:{line}: byte 0x{data[error.start]:02x} "
                            "is not text") from None


def vmstat(path: Path) -> dict[str, int]:
    """/proc/vmstat: name -> count; a line that is odd and that no figure needs is left out."""
    content = raw(path, MAX_SMALL).decode("latin-1")
    counts: dict[str, int] = {}
    if not content.endswith("\n"):
        _fail(path.name, "is cut: it does not end with a newline")
    for number, line in enumerate(content[:-1].split("\n"), 1):
        parts = _VMSTAT.fullmatch(line)
        # A gauge may be below nought for a moment; what has been counted cannot.
        if parts and abs(int(parts[2])) < MAX_COUNT and parts[1] not in counts \
                and (int(parts[2]) >= 0 or not _NEEDED.fullmatch(line)):
            counts[parts[1]] = int(parts[2])
        elif _NEEDED.fullmatch(line):
            _fail(f"{path.name}:{number}", f"is not 'name count': {printable(line, 60)!r}")
    return counts


@dataclass(frozen=True)
class Swap:
    name: str                 # printable, from the guest
    kind: str                 # 'partition' or 'file'
    size: int                 # bytes
    used: int                 # bytes
    priority: int = 0


def swaps(path: Path) -> tuple[Swap, ...]:
    """/proc/swaps; sizes there are KiB."""
    lines = text(path, MAX_SMALL).splitlines()
    if not lines or lines[0].split()[:1] != ["Filename"]:
        _fail(f"{path.name}:1", "is not the head of /proc/swaps")
    areas = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split()
        if len(cells) != 5 or not all(re.fullmatch(r"\d{1,15}", c, re.ASCII) for c in cells[2:4]) \
                or not re.fullmatch(r"-?\d{1,9}", cells[4], re.ASCII):
            _fail(f"{path.name}:{number}", f"is not a row of /proc/swaps: {printable(line, 60)!r}")
        areas.append(Swap(printable(cells[0], 60), printable(cells[1], 20),
                          int(cells[2]) * 1024, int(cells[3]) * 1024, int(cells[4])))
    return tuple(areas)


def document(path: Path, limit: int = MAX_WORKLOAD) -> Json:
    """A JSON document: bounded in size and depth, without NaN and Infinity."""
    return jsonread.parse(raw(path, limit), path.name, MAX_DEPTH)


def split(data: bytes) -> tuple[bytes, bytes]:
    """The JSON object in a tool's output, and the text around it, which is the tool's own.

    The object begins a line.  One that is cut reaches to the end.
    """
    begins = [brace.start() for brace in re.finditer(rb"^[ \t]*\{", data, re.MULTILINE)]
    decoder = json.JSONDecoder()
    for begin in begins[:_MOST_BEGINS]:
        # A byte is a character, so that places in the one are places in the other.
        try:
            _, length = decoder.raw_decode(data[begin:].decode("latin-1").lstrip())
        except (ValueError, RecursionError):
            continue
        end = begin + data[begin:].index(b"{") + length
        return data[begin:end], data[:begin] + data[end:]
    if not begins:
        return b"", data
    return data[begins[0]:], data[:begins[0]]


def embedded(path: Path, limit: int = MAX_WORKLOAD) -> Json:
    """The JSON document in what a tool printed, whatever text stands before and behind it."""
    data = raw(path, limit)
    return jsonread.parse(split(data)[0] or data, path.name, MAX_DEPTH)
