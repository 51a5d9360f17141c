# SPDX-License-Identifier: GPL-2.0-only
"""What a program needs to start, read out of its ELF headers; nothing is run."""
from __future__ import annotations

import glob
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure

#: Where Debian's loader looks without being told; /etc/ld.so.conf comes before it.
_TRUSTED = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib")
_LD_SO_CONF = Path("/etc/ld.so.conf")

_IDENT = b"\x7fELF\x02\x01"          # 64 bits, little-endian
_X86_64 = 62
_LOAD, _DYNAMIC, _INTERP = 1, 2, 3
_NEEDED, _STRTAB, _RPATH, _RUNPATH = 1, 5, 15, 29
_MOST_HEADERS = 4096


@dataclass(frozen=True)
class Elf:
    """One program or library."""

    path: Path
    interpreter: str           # the loader's path; '' for a library or a static program
    needed: tuple[str, ...]    # names of libraries, in order
    search: tuple[str, ...]    # its own RUNPATH or RPATH


def _text(data: bytes, start: int) -> str:
    return data[start:data.index(b"\0", start)].decode("ascii")


def _read(path: Path, data: bytes) -> Elf:
    if data[:6] != _IDENT or struct.unpack_from("<H", data, 18)[0] != _X86_64:
        raise ValueError("not a 64-bit x86 program")
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    loads: list[tuple[int, int, int]] = []       # address, bytes in the file, offset
    interpreter, dynamic = "", (0, 0)
    for number in range(count):
        kind, _, at, address, _, length = struct.unpack_from("<IIQQQQ", data,
                                                             offset + number * size)
        if kind == _LOAD:
            loads.append((address, length, at))
        elif kind == _INTERP:
            interpreter = _text(data, at)
        elif kind == _DYNAMIC:
            dynamic = (at, length // 16)
    entries = [struct.unpack_from("<qQ", data, dynamic[0] + 16 * number)
               for number in range(min(dynamic[1], _MOST_HEADERS))]
    tables = [value for tag, value in entries if tag == _STRTAB]
    if not tables:
        return Elf(path, interpreter, (), ())
    strings = next(tables[0] - address + at for address, length, at in loads
                   if address <= tables[0] < address + length)
    # RUNPATH wins: an RPATH beside it is for loaders that do not know it.
    own = [value for wanted in (_RUNPATH, _RPATH) for tag, value in entries if tag == wanted]
    folders = _text(data, strings + own[0]).split(":") if own else []
    origin = str(path.resolve().parent)
    return Elf(path, interpreter,
               tuple(_text(data, strings + value) for tag, value in entries if tag == _NEEDED),
               tuple(folder.replace("$ORIGIN", origin).replace("${ORIGIN}", origin)
                     for folder in folders if folder))


def read(path: Path) -> Elf:
    """The headers of a program or library; CannotMeasure where it is none or damaged."""
    try:
        return _read(path, path.read_bytes())
    except OSError as error:
        raise CannotMeasure(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, OverflowError, struct.error, StopIteration) as error:
        what = error if isinstance(error, ValueError) and "program" in str(error) else "damaged"
        raise CannotMeasure(f"{path}: is {what}; install its package again") from None


def configured(file: Path = _LD_SO_CONF) -> list[str]:
    """The folders that ld.so.conf and what it includes name, then the loader's own."""
    folders = []
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split("#")[0].split()
        if words[:1] == ["include"]:
            for pattern in words[1:]:
                for inner in sorted(glob.glob(os.path.join(file.parent, pattern))):
                    folders += configured(Path(inner))
        elif len(words) == 1:
            folders.append(words[0])
    return folders + [folder for folder in _TRUSTED if file == _LD_SO_CONF]


def closure(program: Path) -> dict[str, Path]:
    """Every library `program` loads: name as it is asked for -> file, nearest first.

    CannotMeasure where one cannot be found.
    """
    folders = configured()
    files: dict[str, Path] = {}
    waiting = [read(program)]
    loader = os.path.basename(waiting[0].interpreter)
    while waiting:
        loaded = waiting.pop(0)
        for name in loaded.needed:
            if name in files or name == loader:
                continue
            places = [Path(folder) / name for folder in (*loaded.search, *folders)]
            file = next((place for place in places if place.is_file()), None)
            if file is None:
                raise CannotMeasure(f"{loaded.path}: its library {name} is in none of the loader's "
                                    "folders; install its package again")
            files[name] = file
            waiting.append(read(file))
    return files
