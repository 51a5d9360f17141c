# SPDX-License-Identifier: GPL-2.0-only
"""Why a source does not have an option as it was asked for, out of its Kconfig files.

Read by what lines look like, not as Kconfig reads them: enough to say what to do.
"""
from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import printable
from runner.kernel import versions
from runner.kernel.fragments import Request

_ENTRY = re.compile(r"(?:menu)?config\s+([A-Za-z0-9_]+)\s*$")
_PROMPT = re.compile(r"(?:bool|tristate|int|hex|string|prompt)\s+[\"']")
_WORD = re.compile(r"(!?)\s*\b([A-Z][A-Z0-9_]+)\b(?!\s*[<>=!])")
_MAKEFILE = re.compile(r"^(VERSION|PATCHLEVEL)\s*=\s*(\d+)", re.MULTILINE)
#: Other architectures' options are no help.
_ELSEWHERE = re.compile(r"arch/(?!x86/)[^/]+/|scripts/|tools/|Documentation/")


@dataclass
class Symbol:
    """One option of a source."""

    prompt: bool = False                  # can be set by hand
    depends: list[str] = field(default_factory=list)


def version(src: Path) -> str:
    """'7.3' of a kernel's tree, '' where it does not say."""
    try:
        told = dict(_MAKEFILE.findall((src / "Makefile").read_text("utf-8", "replace")[:2000]))
    except OSError:
        return ""
    return f"{told['VERSION']}.{told['PATCHLEVEL']}" if len(told) == 2 else ""


def symbols(src: Path) -> dict[str, Symbol]:
    """Every option of a source by name, with the conditions that stand at it in its file."""
    every: dict[str, Symbol] = {}
    for folder, names, files in os.walk(src):
        inside = Path(folder).relative_to(src)
        names[:] = [name for name in names if not _ELSEWHERE.match(f"{inside / name}/")]
        for name in files:
            if name.startswith("Kconfig"):
                _read(Path(folder) / name, every)
    return every


def _read(file: Path, every: dict[str, Symbol]) -> None:
    conditions: list[str] = []
    symbol: Symbol | None = None
    text = file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for raw in text.splitlines():
        line = raw.strip()
        if match := _ENTRY.match(line):
            symbol = every.setdefault(match[1], Symbol())
            symbol.depends.extend(condition for condition in conditions
                                  if condition not in symbol.depends)
        elif raw.startswith("if "):
            conditions.append(line[3:])
            symbol = None
        elif raw.startswith("endif") and conditions:
            conditions.pop()
            symbol = None
        elif symbol is not None and line.startswith("depends on "):
            symbol.depends.append(line.removeprefix("depends on "))
        elif symbol is not None and _PROMPT.match(line):
            symbol.prompt = True
        elif re.match(r"(choice|menu|comment|source|endmenu|endchoice)\b", raw):
            symbol = None


def reason(request: Request, came: Mapping[str, str], options: Mapping[str, Symbol]) -> str:
    """One clause: why it did not come out as asked, and the line that mends it."""
    got = came.get(request.option, "n")
    if request.option not in options:
        guess = next(iter(difflib.get_close_matches(request.option, options, 1, 0.7)), "")
        new = versions.renamed(request.option) or (f"{guess}={request.value}" if guess else "")
        hint = f", perhaps it is CONFIG_{new} there" if new else ""
        line = f"add ' or CONFIG_{new}' to the line, or " if new else ""
        return (f"no such option in this source{hint}; {line}put \"{request.option}\" into the "
                "source's 'without'")
    if request.value == "n":
        return (f"came out {printable(got, 40)}: something else selects it; ask for that to be "
                f"off, or put \"{request.option}\" into the source's 'without'")
    off = _missing(options[request.option], came)
    if off:
        settable = [name for name, value in off.items()
                    if name in options and options[name].prompt and value == "y"]
        said = ", ".join(f"CONFIG_{name} is {'off' if value == 'y' else 'on'}"
                         for name, value in off.items())
        line = "add " + " and ".join(f"'CONFIG_{name}=y'" for name in settable) + \
            " to a fragment of the source, or " if settable else ""
        return f"a dependency says no ({said}); {line}put \"{request.option}\" into its 'without'"
    return (f"came out {'off' if got == 'n' else printable(got, 40)}: a choice or a range says "
            f"otherwise; ask for what it allows, or put \"{request.option}\" into its 'without'")


def successor(request: Request, options: Mapping[str, Symbol]) -> Request | None:
    """What to try for an option that is not in a source: the same name without its first word or
    its last, where that is an option to set by hand."""
    if request.option in options:
        return None
    words = request.option.split("_")
    for name in ("_".join(words[1:]), "_".join(words[:-1])):
        if name in options and options[name].prompt:
            return Request(name, request.value, request.place)
    return None


def _missing(symbol: Symbol, came: Mapping[str, str]) -> dict[str, str]:
    """Options of its conditions that are not as those want them, and what they want."""
    absent = {}
    for condition in symbol.depends:
        if "||" in condition:
            names = [name for no, name in _WORD.findall(condition) if not no]
            if names and all(came.get(name, "n") == "n" for name in names):
                absent[names[0]] = "y"
            continue
        for no, name in _WORD.findall(condition):
            if (came.get(name, "n") == "n") != bool(no):
                absent[name] = "n" if no else "y"
    return absent


def explain(lost: Sequence[Request], came: Mapping[str, str], src: Path) -> list[str]:
    """One clause for each request that did not hold."""
    options = symbols(src)
    reasons = []
    for request in lost:
        others = ", ".join(f"CONFIG_{way.text()}" for way in request.ways()[1:])
        also = f"; nor can it have {printable(others, 120)}" if others else ""
        reasons.append(f"{request.place}: CONFIG_{printable(request.text(), 80)}: "
                       f"{reason(request, came, options)}{also}")
    return reasons
