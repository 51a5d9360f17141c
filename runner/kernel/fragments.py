# SPDX-License-Identifier: GPL-2.0-only
"""Config fragments: what is asked of a kernel's configuration, and whether it held.

Kconfig drops what it does not know or whose dependencies are missing without
a word, so every line asked for is looked up in the configuration that came out.
A line may hold alternatives, the preferred one first, for what kernels of
other versions call otherwise or have no more:

    CONFIG_BASE_FULL=y or CONFIG_BASE_SMALL=n
"""
from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.errors import UsageError, printable
from runner.kernel.definitions import Source

_SET = re.compile(r"CONFIG_([A-Za-z0-9_]+)=(.+)")
_UNSET = re.compile(r"# CONFIG_([A-Za-z0-9_]+) is not set")


@dataclass(frozen=True)
class Request:
    """One option asked for; value 'n' means off."""

    option: str               # without CONFIG_
    value: str
    place: str                # 'FILE:LINE'
    others: tuple[tuple[str, str], ...] = ()   # options and values that will do instead

    def text(self) -> str:
        """'PREEMPT_NONE=y'"""
        return f"{self.option}={self.value}"

    def ways(self) -> list[Request]:
        """Each alternative as a request of its own, the preferred one first."""
        return [Request(option, value, self.place)
                for option, value in ((self.option, self.value), *self.others)]


def parse(file: Path) -> list[Request]:
    """The requests of one fragment, in order; UsageError with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"{file}: cannot be read: {reason}") from None
    by_option: dict[str, Request] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        place = f"{file}:{number}"
        if match := _UNSET.fullmatch(line):
            request = Request(match[1], "n", place)
        elif not line or line.startswith("#"):
            continue
        else:
            ways = [_SET.fullmatch(way.strip()) for way in line.split(" or ")]
            told = [(way[1], way[2]) for way in ways if way]
            if len(told) < len(ways):
                raise UsageError(f"{place}: {printable(line, 60)!r} is not CONFIG_OPTION=VALUE, or "
                                 "several with 'or' between them")
            request = Request(*told[0], place, tuple(told[1:]))
        if request.option in by_option:
            raise UsageError(f"{place}: CONFIG_{request.option} stands in "
                             f"{by_option[request.option].place} already")
        by_option[request.option] = request
    return list(by_option.values())


def requests(source: Source, flavour: str) -> list[Request]:
    """All that is asked of this source in this flavour, such as 'perf' or 'perf+devices'; later
    files win.

    UsageError where a fragment is wrong or `without` names what nothing asks.
    """
    config = paths.KERNELS / "config"
    merged = {request.option: request for name in ("base", *flavour.split("+"))
              for request in parse(config / f"{name}.config")}
    ours = [request for file in sorted(config.glob("*.config")) for request in parse(file)] \
        if source.without else []
    for option in source.without:
        lines = [our.option for our in ours if option in [way.option for way in our.ways()]]
        if not lines:
            raise UsageError(f"kernel {source.name}: without: no fragment of {config} asks for "
                             f"{option}; take it out of 'without'")
        for line in lines:
            merged.pop(line, None)
    for file in source.fragments:
        for request in parse(file):
            merged.pop(request.option, None)
            merged[request.option] = request
    return list(merged.values())


def agreed(wanted: Iterable[Request], choices: Sequence[str]) -> list[Request]:
    """With the alternatives named in `choices`, 'PREEMPT=y', in place of all of their line."""
    chosen = []
    for request in wanted:
        ways = [way for way in request.ways() if request.others and way.text() in choices]
        chosen.append(ways[0] if ways else request)
    return chosen


def digest(wanted: list[Request]) -> str:
    """Of options and values; comments and places are not in it."""
    return hashlib.sha256(repr(sorted((request.option, request.value, *request.others)
                                      for request in wanted))
                          .encode()).hexdigest()


def plainly(source: Source, flavour: str, got: Sequence[Request]) -> str:
    """How the options a kernel has differ from the first choices of our own fragments: 'A=y -B',
    sorted; '' where they do not."""
    ours = {request.option: request.value for request in requests(
        dataclasses.replace(source, fragments=(), without=()), flavour)}
    has = {request.option: request.value for request in got}
    more = [f"{option}={value}" for option, value in has.items() if ours.get(option) != value]
    return " ".join(sorted([*more, *(f"-{option}" for option in ours if option not in has)]))


def merge(config: str, wanted: list[Request]) -> str:
    """A .config with the wanted lines in place of its own for those options."""
    asked = {request.option for request in wanted}
    kept = [line for line in config.splitlines()
            if (match := _SET.fullmatch(line) or _UNSET.fullmatch(line)) is None
            or match[1] not in asked]
    added = [f"# CONFIG_{request.option} is not set" if request.value == "n"
             else f"CONFIG_{request.option}={request.value}" for request in wanted]
    return "\n".join(kept + added) + "\n"


def values(config: str) -> dict[str, str]:
    """Of a .config: what is set; 'n' where it says that an option is off."""
    on = {match[1]: match[2] for match in map(_SET.fullmatch, config.splitlines()) if match}
    off = {match[1]: "n" for match in map(_UNSET.fullmatch, config.splitlines()) if match}
    return {**off, **on}


def lost(config: str, wanted: Sequence[Request]) -> list[Request]:
    """Those whose value is not the wanted one."""
    came = values(config)
    return [request for request in wanted if came.get(request.option, "n") != request.value]
