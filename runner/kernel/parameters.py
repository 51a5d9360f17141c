# SPDX-License-Identifier: GPL-2.0-only
"""Which parameters of its command line a kernel image knows.

A kernel passes over a dotted parameter that no code of it takes, without a
word (it may be a module's that is yet to come), so a setting that a
configuration lacks is measured as if it were on.  What it takes is in the
image: the section `__param` has every built-in module parameter with its full
name; what __setup() and early_param() register lies between two symbols.
"""
from __future__ import annotations

import functools
import gzip
import lzma
import re
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner.errors import printable
from runner.files import DAMAGED
from runner.records import BuiltKernel

_MAGIC = b"HdrS"
#: struct kernel_param and struct obs_kernel_param of a 64-bit kernel: a name comes first.
_PARAM, _SETUP = 40, 24
_MOST = 1 << 28
_LZ4, _ZSTD = b"\x02\x21\x4c\x18", b"\x28\xb5\x2f\xfd"
#: Taken by the boot loader, by init or by every module, and registered by nobody.
_ANYWAY = re.compile(r"(BOOT_IMAGE|initrd|nokaslr|no5lvl|dyndbg|[\w-]+\.(dyndbg|async_probe))"
                     r"(=.*)?")


_WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')


@dataclass(frozen=True)
class Known:
    """What one image takes; '-' and '_' are the same to it."""

    params: frozenset[str]     # 'zswap.enabled', 'initcall_debug'
    #: 'root=', 'nosmp'; None without a symbol table: then the dotted ones alone are known
    setups: frozenset[str] | None
    early: frozenset[str]
    sysctls: bool              # 'sysctl.vm.swappiness=…'

    def takes(self, word: str) -> bool:
        """Whether any code of the kernel's is given this word."""
        if _ANYWAY.fullmatch(word):
            return True
        name = word.split("=", 1)[0].replace("-", "_")
        if name.startswith(("sysctl.", "sysctl/")):
            return self.sysctls
        if self.setups is None and "." not in name:
            return True
        # As obsolete_checksetup does: by what it begins with.
        return name in self.params or name in self.early or any(
            (name + word[len(name):]).startswith(setup) for setup in self.setups or ())


def _unpacked(image: bytes) -> bytes | None:
    """The ELF file inside a bzImage; None where its compression is not known here."""
    if image[0x202:0x206] != _MAGIC:
        return None
    sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (sectors + 1) * 512 + offset
    packed = image[begin:begin + length]
    try:
        if packed[:2] == b"\x1f\x8b":
            return gzip.decompress(packed[:-4])
        if packed[:6] == b"\xfd7zXZ\x00":
            return lzma.LZMADecompressor().decompress(packed, _MOST)
        if packed.startswith(b"\x7fELF"):
            return packed
        for magic, tool in ((_LZ4, "lz4"), (_ZSTD, "zstd")):
            if packed.startswith(magic):
                # Its size stands behind it, which the tools take for a damaged end.
                done = subprocess.run([tool, "-dc"], input=packed[:-4], capture_output=True,
                                      check=False)
                return done.stdout or None
    except DAMAGED:
        pass
    return None


class _Elf:
    """Sections of the kernel's ELF file, and texts by their address."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        at, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        rows = [struct.unpack_from("<IIQQQQ", data, at + number * size) for number in range(count)]
        strings = rows[names][4]
        self.sections = {self._text(strings + row[0]): row for row in rows}
        self.loaded = [(row[3], row[4], row[5]) for row in rows if row[1] == 1 and row[3]]

    def _text(self, at: int) -> str:
        return self.data[at:self.data.index(b"\0", at)].decode("latin-1")

    def text(self, address: int) -> str:
        for start, offset, length in self.loaded:
            if start <= address < start + length:
                return self._text(offset + address - start)
        raise ValueError(f"{address:#x} is in no section")

    def entries(self, begin: int, end: int, size: int) -> Iterable[tuple[int, ...]]:
        """Structures of that size between two addresses, as 64-bit words."""
        for start, offset, length in self.loaded:
            if start <= begin <= end <= start + length:
                for at in range(offset + begin - start, offset + end - start - size + 1, size):
                    yield struct.unpack_from(f"<{size // 8}Q", self.data, at)
                return


def _symbols(file: Path) -> dict[str, int]:
    """Where System.map says that the table of __setup() is; empty without one."""
    if not file.is_file():
        return {}
    addresses = re.findall(r"^([0-9a-f]{16}) . (__setup_(?:start|end))$",
                           file.read_text("ascii", "replace"), re.MULTILINE)
    return {name: int(address, 16) for address, name in addresses}


@functools.lru_cache(maxsize=1)
def unpacked(image: Path) -> bytes | None:
    """The kernel inside an image, some 40 MB; None where it cannot be read."""
    try:
        return _unpacked(image.read_bytes())
    except (OSError, IndexError, struct.error):
        return None


@functools.lru_cache(maxsize=32)
def known(image: Path) -> Known | None:
    """What the image takes; None where it cannot be told."""
    try:
        data = unpacked(image)
        if data is None or not data.startswith(b"\x7fELF\x02\x01"):
            return None
        elf = _Elf(data)
        _, _, _, start, _, length = elf.sections["__param"]
        params = frozenset(elf.text(entry[0]).replace("-", "_")
                           for entry in elf.entries(start, start + length, _PARAM))
        ends = _symbols(image.with_name("System.map"))
        if len(ends) < 2:
            return Known(params, None, frozenset(), True)
        setups, early = set[str](), set[str]()
        for text, _, flag in elf.entries(ends["__setup_start"], ends["__setup_end"], _SETUP):
            (early if flag & 0xffffffff else setups).add(elf.text(text).replace("-", "_"))
        return Known(params, frozenset(setups), frozenset(early),
                     "CONFIG_PROC_SYSCTL" not in unset(image))
    except (OSError, ValueError, LookupError, struct.error):
        return None


def _configuration(image: Path) -> str:
    """The file kept beside the image; '' where there is none."""
    try:
        return image.with_name("config").read_text("utf-8", "replace")
    except OSError:
        return ""


@functools.lru_cache(maxsize=32)
def options(image: Path) -> frozenset[str]:
    """Options that the image's configuration has, built in or as modules; none where it has no
    such file."""
    return frozenset(re.findall(r"^(CONFIG_\w+)=[ym]$", _configuration(image), re.MULTILINE))


@functools.lru_cache(maxsize=32)
def unset(image: Path) -> frozenset[str]:
    """Options that the image's configuration, kept beside it, says are not set."""
    return frozenset(re.findall(r"^# (CONFIG_\w+) is not set$", _configuration(image),
                                re.MULTILINE))


def split(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The kernel's parameters and init's, as parse_args() tells them apart (lib/cmdline.c).

    Blanks part them but within quotes, which go where they are around a parameter or a value.
    What stands behind '--' is init's, the words of whoever comes later among it.
    """
    parted = []
    for match in _WORD.finditer(" ".join(words)):
        word = match[0]
        if word.startswith('"'):
            word = word[1:].removesuffix('"')
        name, equals, value = word.partition("=")
        if value.startswith('"'):
            value = value[1:].removesuffix('"')
        parted.append(name + equals + value)
    if "--" not in parted:
        return parted, []
    at = parted.index("--")
    return parted[:at], parted[at:]


def unknown(kernel: BuiltKernel, words: Iterable[str]) -> list[str]:
    """Those of the words that no code of the kernel takes, each with why if that is known.

    That of a driver that is a module is among them: modprobe reads the command line for a module,
    the kernel does not, and what loads modules in our guests is no modprobe.
    """
    mine, inits = split(words)
    told = [f"{printable(' '.join(inits), 60)} (what stands behind '--' is init's)"] if inits \
        else []
    takes = known(kernel.image)
    if takes is None:
        return told
    for word in mine:
        name = word.split("=", 1)[0]
        if takes.takes(word):
            continue
        owner = name.split(".")[0].replace("-", "_")
        option = "CONFIG_" + re.sub(r"\W", "_", owner).upper()
        modular = kernel.modules is not None and (kernel.modules / f"{owner}.ko").is_file()
        told.append(printable(name, 60) + (
            f" ({option} is not set)" if option in unset(kernel.image) else
            f" ({owner} is a module, which does not read the command line)" if modular else ""))
    return told
