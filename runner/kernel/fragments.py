# SPDX-License-Identifier: GPL-2.0-only
"""Config fragments: what is asked of a kernel's configuration, and whether it held.

Kconfig drops what it does not know or whose dependencies are missing without
a word, so every line asked for is looked up in the configuration that came out.
"""
from __future__ import annotations

import hashlib
import re
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


def parse(file: Path) -> list[Request]:
    """The requests of one fragment, in order; UsageError with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"{file}: cannot be read: {reason}") from None
    found: dict[str, Request] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        place = f"{file}:{number}"
        if match := _SET.fullmatch(line):
            request = Request(match[1], match[2], place)
        elif match := _UNSET.fullmatch(line):
            request = Request(match[1], "n", place)
        elif not line or line.startswith("#"):
            continue
        else:
            raise UsageError(f"{place}: {printable(line, 60)!r} is not CONFIG_OPTION=VALUE")
        if request.option in found:
            raise UsageError(f"{place}: CONFIG_{request.option} stands in "
                             f"{found[request.option].place} already")
        found[request.option] = request
    return list(found.values())


def requests(source: Source, flavour: str) -> list[Request]:
    """All that is asked of this source in this flavour, such as 'perf' or 'perf+devices'; later
    files win.

    UsageError where a fragment is wrong or `without` names what nothing asks.
    """
    config = paths.KERNELS / "config"
    merged = {one.option: one for name in ("base", *flavour.split("+"))
              for one in parse(config / f"{name}.config")}
    for option in source.without:
        if option not in merged and option not in [
                one.option for one in parse(config / "devices.config")]:
            raise UsageError(f"kernel {source.name}: without: no line of base.config, "
                             f"{flavour}.config or devices.config asks for {option}; take it out "
                             "of 'without'")
        merged.pop(option, None)
    for file in source.fragments:
        for one in parse(file):
            merged.pop(one.option, None)
            merged[one.option] = one
    return list(merged.values())


def digest(wanted: list[Request]) -> str:
    """Of options and values; comments and places are not in it."""
    return hashlib.sha256(repr(sorted((one.option, one.value) for one in wanted))
                          .encode()).hexdigest()


def merge(config: str, wanted: list[Request]) -> str:
    """A .config with the wanted lines in place of its own for those options."""
    asked = {one.option for one in wanted}
    kept = [line for line in config.splitlines()
            if (match := _SET.fullmatch(line) or _UNSET.fullmatch(line)) is None
            or match[1] not in asked]
    added = [f"# CONFIG_{one.option} is not set" if one.value == "n"
             else f"CONFIG_{one.option}={one.value}" for one in wanted]
    return "\n".join(kept + added) + "\n"


def check(config: str, wanted: list[Request], name: str) -> None:
    """UsageError naming the first option whose value is not the wanted one."""
    values = {match[1]: match[2] for match in map(_SET.fullmatch, config.splitlines()) if match}
    known = {match[1] for match in map(_UNSET.fullmatch, config.splitlines()) if match}
    for one in wanted:
        got = values.get(one.option, "n")
        if got == one.value:
            continue
        if one.option not in values and one.option not in known:
            problem = ("vanished: this source does not know it, or what it depends on is off; add "
                       "that, or name the option in the source's 'without'")
        elif one.value == "n":
            problem = (f"came out {printable(got, 40)}: something else selects it; ask for that to "
                       "be off, or name the option in the source's 'without'")
        else:
            problem = (f"came out {'off' if got == 'n' else printable(got, 40)}: its dependencies "
                       "or a choice say otherwise; ask for those as well")
        raise UsageError(f"{one.place}: CONFIG_{one.option}={printable(one.value, 40)}: {name}: "
                         f"{problem}")
