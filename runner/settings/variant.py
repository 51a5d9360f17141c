# SPDX-License-Identifier: GPL-2.0-only
"""A variant's name: a kernel, and in braces what is set.

    6.12:vanilla{zswap=on, swappiness=10}
    6.12:vanilla{compressed, guest.ram_mib=512}     [variants.compressed] of the experiment

Settings stand in the order of their names and each in one way, so that the same
settings always make the same name, which results are kept and compared under.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import UsageError, printable
from runner.settings import words
from runner.tomlfile import Table, meant

_BRACES = re.compile(r"(?P<kernel>[^{]+)\{(?P<inside>.*)\}", re.DOTALL)
_ITEM = re.compile(r"""\s*(?P<name>[^=,{}"\s]+)\s*
                       (?P<set>=\s*(?P<value>"(?:[^"\\]|\\.)*"|[^,{}"]*?))?
                       \s*(?P<end>,|$)""", re.VERBOSE)
_PLAIN = re.compile(r"[^\s,{}\"\\]([^,{}\"\\]*[^\s,{}\"\\])?")
Sets = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Variant:
    kernel: str
    settings: tuple[tuple[str, str], ...] = ()   # sorted by name

    @property
    def name(self) -> str:
        """Parses back to the same."""
        return self.kernel + braces(self.settings)

    def without(self, shared: Sequence[tuple[str, str]]) -> Variant:
        return Variant(self.kernel, tuple(setting for setting in self.settings
                                          if setting not in shared))


def braces(settings: Sequence[tuple[str, str]]) -> str:
    """'{swappiness=10, zswap=on}', '' for none."""
    said = (f"{name}={value if _PLAIN.fullmatch(value) else json.dumps(value)}"
            for name, value in settings)
    return "{" + ", ".join(said) + "}" if settings else ""


def kernel_of(name: str) -> str:
    """The kernel of a variant's name; the name itself where it is none."""
    match = _BRACES.fullmatch(name)
    return match["kernel"] if match else name


def differ(name: str, other: str) -> bool:
    """Whether two names say different settings."""
    return name[len(kernel_of(name)):] != other[len(kernel_of(other)):]


def has(name: str, setting: str) -> bool:
    """Whether a variant's name, as it stands in results, says that setting."""
    match = _BRACES.fullmatch(name)
    return match is not None and any(item["name"] == setting
                                     for item in _ITEM.finditer(match["inside"]))


def parse(name: str, sets: Sets | None = None) -> Variant:
    """A variant by its name; UsageError in one line where that is none.

    `sets`: what the experiment's [variants] stand for.
    """
    shown = printable(name, 120)
    match = _BRACES.fullmatch(name)
    if match is None:
        if "{" in name or "}" in name:
            raise UsageError(f"{shown}: settings stand in one pair of braces at the end, as in "
                             "'6.12:vanilla{zswap=on, swappiness=10}'; the shell takes braces for "
                             "its own unless they are quoted")
        return Variant(name)
    settings: dict[str, str] = {}
    place, inside = 0, match["inside"]
    while place < len(inside):
        item = _ITEM.match(inside, place)
        if item is None:
            raise UsageError(f"{shown}: {printable(inside[place:].strip(), 60)!r} is not "
                             "NAME=VALUE; several stand with commas between them, and a value with "
                             "a comma or a brace in quotes")
        place = item.end()
        for key, value in _meant(shown, item, sets or {}):
            if settings.get(key, value) != value:
                raise UsageError(f"{shown}: {printable(key, 60)} is set twice")
            settings[key] = value
        if item["end"] == "," and not inside[place:].strip():
            raise UsageError(f"{shown}: nothing stands after the last comma")
    for key, value in settings.items():
        try:
            words.meaning(key, value)
        except UsageError as error:
            raise UsageError(f"{shown}: {error}") from None
    return Variant(match["kernel"], tuple(sorted(settings.items())))


def _meant(shown: str, item: re.Match[str], sets: Sets) -> list[tuple[str, str]]:
    """One item of the braces: a setting, or a set that stands for several."""
    name, value = item["name"], item["value"]
    if item["set"] is not None:
        if value.startswith('"'):
            try:
                value = str(json.loads(value))
            except ValueError:
                raise UsageError(f"{shown}: {printable(value, 60)} is no text in quotes") from None
        return [words.canonical(name, value)]
    if name not in sets:
        also = f"; sets of this experiment: {', '.join(sets)}" if sets else ""
        raise UsageError(f"{shown}: {printable(name, 60)!r} is neither NAME=VALUE nor a set of the "
                         f"experiment's [variants]{also}{meant(name, list(sets))}")
    return list(sets[name].items())


def flat(table: Table) -> dict[str, str]:
    """A table's settings: vm.swappiness = 10 is the same as "vm.swappiness" = 10."""
    return dict(_flat(table, ""))


def _flat(table: Table, above: str) -> list[tuple[str, str]]:
    settings: list[tuple[str, str]] = []
    for key in table.keys():
        name = f"{above}{key}"
        if table.is_table(key):
            settings += _flat(table.table(key), f"{name}.")
            continue
        said = words.canonical(name, _said(table.whole()[key]))
        try:
            words.meaning(*said)
        except UsageError as error:
            table.complain(key, str(error))
        settings.append(said)
    return settings


def _said(value: Any) -> str:
    """A TOML value as it stands in braces."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def sets_of(root: Table) -> Sets:
    """[variants] of an experiment: sets of settings by name."""
    table = root.table("variants")
    sets: dict[str, Mapping[str, str]] = {}
    for name in table.keys():
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) or not table.is_table(name):
            table.complain(name, "is not a set: [variants.NAME] with settings in it")
        sets[name] = flat(table.table(name))
    return sets
