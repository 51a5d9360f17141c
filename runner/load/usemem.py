# SPDX-License-Identifier: GPL-2.0-only
"""A usemem command line, as letters and reports quote it, as keys of [workload].

usemem is vm-scalability's; what of it swaps out anonymous memory is said here in words of
swapstorm(1), which counts otherwise (runner/judge/caveats.py).
"""
from __future__ import annotations

import getopt
import re
import shlex
from collections.abc import Iterable
from typing import Any

from runner.errors import printable
from runner.records import MIB
from runner.tomlfile import Change, Table

KEY = "usemem"
_SHORT = "aAf:FPp:gqowRMm:n:t:ds:T:Sr:u:j:LDENHWyxe:OUZb:B:h"
_LONG = ["init-time", "touch-alloc", "punch-holes", "nproc=", "thread=", "malloc", "anonymous",
         "random", "repeat=", "step=", "sync-rw", "sync-free", "read-again", "runtime=", "quiet",
         "readonly", "prealloc", "prefault", "write-signal-read"]
_SAME = {"--nproc": "-n", "--thread": "-t", "--malloc": "-a", "--anonymous": "-O", "--random": "-R",
         "--repeat": "-r", "--step": "-j", "--sync-rw": "-y", "--sync-free": "-x",
         "--read-again": "-Z", "--runtime": "-T", "--quiet": "-q", "--readonly": "-o",
         "--prealloc": "-P", "--prefault": "-F", "--write-signal-read": "-W"}
#: Of no account here: memory is anonymous, all begin together, the fill is a phase of its own.
_NOTHING = {"-O", "-a", "-y", "-q", "--init-time", "--touch-alloc", "-w"}
_SIZE = re.compile(r"(\d{1,18})([kmgt]?)b?", re.IGNORECASE)
_PAGE = 4096


def _bytes(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    return int(match[1]) << 10 * " kmgt".index(match[2].lower() or " ") if match else None


def put(work: Table, threads: Iterable[int]) -> str:
    """Put what the command line means into [workload]; the line itself, '' where there is none."""
    if KEY not in work.keys():
        work.text(KEY, "")
        return ""
    line = work.text(KEY)
    keys = _keys(work, line)
    wanted = keys.pop("threads")
    if list(threads) != [wanted]:
        work.complain(KEY, f"runs {wanted} processes or threads; set threads = [{wanted}]")
    for key, value in keys.items():
        if key in work.keys():
            work.complain(key, f"is said by {KEY}, too; leave one of the two away")
    work.put({(key,): Change(value, f"{KEY} = {line}") for key, value in keys.items()})
    return line


def _keys(work: Table, line: str) -> dict[str, Any]:
    try:
        words = shlex.split(line)
        words = words[1:] if words and words[0].rpartition("/")[2] == "usemem" else words
        options, sizes = getopt.gnu_getopt(words, _SHORT, _LONG)
    except (ValueError, getopt.GetoptError) as error:
        work.complain(KEY, f"is no command line of usemem's: {printable(str(error), 80)}")
    if len(sizes) != 1 or not (size := _bytes(sizes[0])):
        work.complain(KEY, "ends with the size of each process's memory, such as 512M")
    keys: dict[str, Any] = {"threads": 1, "size_mib": size}
    for name, value in options:
        option = _SAME.get(name, name)
        if option in _NOTHING:
            continue
        if option in ("-n", "-t"):
            keys["threads"] = _number(work, name, value)
            if option == "-n":
                keys["processes"] = True
        elif option == "-R":
            keys["pattern"] = "random"
        elif option == "-r":
            keys["passes"] = _number(work, name, value)
        elif option == "-T":
            keys["seconds"] = float(_number(work, name, value))
        elif option == "-x":
            keys["free"] = True
        elif option in ("-Z", "-W"):
            keys["swapin"] = "sequential"
        elif option == "-j":
            if (_bytes(value) or 0) > _PAGE:
                work.complain(KEY, f"{name} {printable(value, 20)}: every page is touched here; "
                                   "take steps of a page at most")
        else:
            work.complain(KEY, f"{name}: is nothing that a load of anonymous memory here has; "
                               "leave it away, or say what you mean with keys of [workload]")
    if "seconds" in keys:
        keys.pop("passes", None)
    keys["size_mib"] = -(-size * keys["threads"] // MIB)
    return keys


def _number(work: Table, name: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value) <= 1024:
        work.complain(KEY, f"{name} {printable(value, 20)}: is not in 1..1024")
    return int(value)
