# SPDX-License-Identifier: GPL-2.0-only
"""What a variant may set, each word with what it does in a guest.

A setting is a file of the guest's, a kernel parameter, or a key of the
experiment.  Files are written by the agent before there is a swap device, and
read again before and after the load.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from runner.errors import UsageError, printable
from runner.tomlfile import meant

_HUGE = "/sys/kernel/mm/transparent_hugepage"
_ZSWAP = "/sys/module/zswap/parameters"
_ON, _OFF = ("on", "true", "yes", "1", "y"), ("off", "false", "no", "0", "n")
#: Sizes of large folios that x86 can have, in KiB; 2048 is the huge page of old.
FOLIOS = (16, 32, 64, 128, 256, 512, 1024, 2048)
#: What a table of the experiment holds that all its kernels must share.
_SHARED = ("guest.accelerator", "guest.count_locks", "guest.fit_host", "workload.program")
#: Folders of /proc/sys.
_SYSCTLS = ("vm", "kernel", "fs", "dev")
_PATH = re.compile(r"/(sys|proc/sys)(/[A-Za-z0-9._:@+-]+)+")
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Knob:
    """A file of the guest that a setting writes."""

    asked: str                # 'zswap=on', as people read it
    path: str
    value: str                # what is written


@dataclass(frozen=True)
class Meaning:
    """What one setting comes to: one of these is there."""

    knob: Knob | None = None
    parameter: str = ""       # of the kernel's command line
    key: tuple[str, ...] = ()  # of the experiment


@dataclass(frozen=True)
class _Word:
    path: str
    kind: str                 # 'number', 'switch', 'choice' or 'word'
    about: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    on: str = "1"
    off: str = "0"


WORDS: Mapping[str, _Word] = {
    "swappiness": _Word("/proc/sys/vm/swappiness", "number", "0 to 200", 0, 200),
    "page_cluster": _Word("/proc/sys/vm/page-cluster", "number", "pages read ahead from swap, as "
                          "a power of two", 0, 10),
    "thp": _Word(f"{_HUGE}/enabled", "choice", "huge pages of 2 MiB",
                 choices=("always", "madvise", "never")),
    "thp.defrag": _Word(f"{_HUGE}/defrag", "choice", "whether a fault waits for one", choices=(
        "always", "defer", "defer+madvise", "madvise", "never")),
    "mglru": _Word("/sys/kernel/mm/lru_gen/enabled", "switch", "multi-generational LRU",
                   on="y", off="n"),
    "mglru.min_ttl_ms": _Word("/sys/kernel/mm/lru_gen/min_ttl_ms", "number",
                              "what was used so lately stays", 0, 1 << 31),
    "swap.vma_readahead": _Word("/sys/kernel/mm/swap/vma_ra_enabled", "switch",
                                "read ahead by address, not by slot", on="true", off="false"),
    "zswap": _Word(f"{_ZSWAP}/enabled", "switch", "compressed swap in RAM before the device",
                   on="Y", off="N"),
    "zswap.compressor": _Word(f"{_ZSWAP}/compressor", "word", "lzo, lz4, zstd"),
    "zswap.pool_percent": _Word(f"{_ZSWAP}/max_pool_percent", "number", "of RAM at most", 1, 100),
    "zswap.accept_percent": _Word(f"{_ZSWAP}/accept_threshold_percent", "number",
                                  "of the pool: full, it takes pages again below that", 1, 100),
    "zswap.shrinker": _Word(f"{_ZSWAP}/shrinker_enabled", "switch",
                            "writes cold pages back before the pool is full", on="Y", off="N"),
    "zram.compressor": _Word("/sys/block/zram0/comp_algorithm", "word", "lzo, lzo-rle, lz4, zstd"),
    "zram.streams": _Word("/sys/block/zram0/max_comp_streams", "number",
                          "pages compressed at the same time", 1, 1024),
    **{f"mthp.{size}": _Word(f"{_HUGE}/hugepages-{size}kB/enabled", "choice",
                             f"large folios of {size} KiB",
                             choices=("always", "inherit", "madvise", "never"))
       for size in FOLIOS},
}
#: What files of a kernel's with compressors alone can be.
_COMPRESSING = (f"{_ZSWAP}/", "/sys/block/zram0/comp_algorithm")


def compresses(knob: Knob) -> bool:
    """Whether only a kernel with zswap and zram's compressors has this file."""
    return knob.path.startswith(_COMPRESSING)


def _value(name: str, word: _Word, value: str) -> str:
    """The word's value as it is written; UsageError where it takes no such."""
    if word.kind == "switch":
        if value.lower() not in (*_ON, *_OFF):
            raise UsageError(f"{name}: {printable(value, 40)!r} is not on or off")
        return word.on if value.lower() in _ON else word.off
    if word.kind == "number":
        if not value.isascii() or not value.isdecimal() \
                or not word.low <= int(value) <= word.high:
            raise UsageError(f"{name}: {printable(value, 40)!r} is not a whole number in "
                             f"{word.low}..{word.high}")
        return str(int(value))
    if word.choices and value not in word.choices:
        raise UsageError(f"{name}: {printable(value, 40)!r} is not one of "
                         f"{', '.join(word.choices)}{meant(value, list(word.choices))}")
    if not re.fullmatch(r"[A-Za-z0-9_+.-]+", value):
        raise UsageError(f"{name}: {printable(value, 40)!r} is not a word")
    return value


def canonical(name: str, value: str) -> tuple[str, str]:
    """One way to write each setting, so that the same settings are the same series."""
    word = WORDS.get(name)
    if word is not None and word.kind == "switch" and value.lower() in (*_ON, *_OFF):
        return name, "on" if value.lower() in _ON else "off"
    if word is not None and word.kind == "number" and value.isascii() and value.isdecimal():
        return name, str(int(value))
    return name, value


def meaning(name: str, value: str) -> Meaning:
    """What `name=value` does; UsageError in one line where that is nothing."""
    asked = f"{name}={value}"
    if word := WORDS.get(name):
        return Meaning(Knob(asked, word.path, _value(name, word, value)))
    head, dot, rest = name.partition(".")
    if name in _SHARED:
        raise UsageError(f"{name}: is the experiment's, of all its kernels; set it there")
    if head in ("guest", "workload") and dot and _NAME.fullmatch(rest):
        return Meaning(key=(head, rest))
    if head == "boot" and dot:
        if not _NAME.fullmatch(rest) or any(c.isspace() or not c.isprintable() for c in value):
            raise UsageError(f"{printable(name, 60)}: is not a kernel parameter without blanks")
        return Meaning(parameter=f"{rest}={value}" if value else rest)
    if name.startswith("/"):
        if not _PATH.fullmatch(name) or "/../" in f"{name}/":
            raise UsageError(f"{printable(name, 80)}: is not a file below /sys or /proc/sys")
        return Meaning(_knob(asked, name, value))
    if head in _SYSCTLS and dot and _NAME.fullmatch(rest):
        return Meaning(_knob(asked, f"/proc/sys/{head}/{rest.replace('.', '/')}", value))
    if head == "mthp":
        raise UsageError(f"{printable(name, 40)}: large folios are of "
                         f"{', '.join(str(size) for size in FOLIOS)} KiB: mthp.64=always")
    known = [*WORDS, "guest.KEY", "workload.KEY", "boot.PARAMETER", "vm.SYSCTL", "/sys/FILE"]
    raise UsageError(f"{printable(name, 60)!r} is not a setting; settings: {', '.join(known)}"
                     f"{meant(name, list(WORDS))}")


def _knob(asked: str, path: str, value: str) -> Knob:
    if not value or not value.isprintable() or not value.isascii() or len(value) > 200:
        raise UsageError(f"{printable(asked, 60)}: takes a short printable value")
    return Knob(asked, path, value)


def taken(knob: Knob, read: str) -> bool:
    """Whether what a file reads says that it took the value."""
    words, asked = read.split(), knob.value
    if " ".join(words) == " ".join(asked.split()) or f"[{asked}]" in words:
        return True
    if any(word.startswith("[") for word in words):
        return False
    if len(words) != 1:
        return False
    return _same(asked.lower(), words[0].lower())


def _same(asked: str, read: str) -> bool:
    """Truths and numbers, which kernels write in several ways: 'y' reads 0x0007 of lru_gen."""
    truths = {**dict.fromkeys(_ON, True), **dict.fromkeys(_OFF, False)}
    try:
        number = int(read, 0)
    except ValueError:
        return asked in truths and read in truths and truths[asked] == truths[read]
    if asked in ("y", "n"):
        return truths[asked] == bool(number)
    try:
        return int(asked, 0) == number
    except ValueError:
        return asked in truths and read in truths and truths[asked] == truths[read]
