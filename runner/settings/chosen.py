# SPDX-License-Identifier: GPL-2.0-only
"""An experiment's kernels with their settings: what all share, and how each differs."""
from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import UsageError, printable
from runner.settings import variant, words
from runner.settings.variant import Sets, Variant
from runner.settings.words import Knob, Meaning
from runner.tomlfile import Change, Given, Table


@dataclass(frozen=True)
class Chosen:
    """One kernel of an experiment."""

    shown: str                # with what tells it from the others
    written: str              # with all its settings
    knobs: tuple[Knob, ...]
    parameters: tuple[str, ...]
    keys: Given               # of the experiment, with other values


@dataclass(frozen=True)
class Kernels:
    """All of them, in the order they were named."""

    each: tuple[Chosen, ...]
    shared: str               # '{zswap=on}'
    names: Mapping[str, str]  # how they are shown, by each way they may be written

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(kernel.shown for kernel in self.each)


def choose(names: Iterable[str], root: Table, sets: Sets, common: dict[str, str]) -> Kernels:
    """`names` with their settings; `common`: what [settings] gives each that says nothing else."""
    whole, ways = [], list[tuple[str, str]]()
    for name in names:
        own = variant.parse(name, sets)
        ways.append((name, own.name))
        whole.append(Variant(own.kernel, tuple(sorted({**common, **dict(own.settings)}.items()))))
    shared = tuple(setting for setting in (whole[0].settings if whole else ())
                   if all(setting in other.settings for other in whole))
    if len(whole) == 1:
        shared = tuple(setting for setting in shared if setting in common.items())
    each = tuple(_chosen(kernel, shared) for kernel in whole)
    shown = [kernel.shown for kernel in each]
    for name in shown:
        if shown.count(name) > 1:
            root.complain("kernels" if "kernels" in root.keys() else "test",
                          f"{printable(name, 100)} is named twice; a kernel is not compared with "
                          "itself: the same kernel under other settings is KERNEL{SETTING=VALUE}")
    return Kernels(each, variant.braces(shared), {
        way: kernel.shown for kernel, said in zip(each, ways)
        for way in (*said, kernel.written, kernel.shown)})


def _chosen(whole: Variant, shared: Sequence[tuple[str, str]]) -> Chosen:
    shown = whole.without(shared).name
    meant = [(name, value, words.meaning(name, value)) for name, value in whole.settings]
    keys = {meaning.key: Change(_as_toml(value), f"{shown}: {name}={value}")
            for name, value, meaning in meant if meaning.key}
    return Chosen(shown, whole.name, _ordered(meaning for _, _, meaning in meant),
                  tuple(meaning.parameter for _, _, meaning in meant if meaning.parameter), keys)


def _ordered(meant: Iterable[Meaning]) -> tuple[Knob, ...]:
    """As they are written: what switches something on comes after how it is to be."""
    knobs = [meaning.knob for meaning in meant if meaning.knob is not None]
    return tuple(sorted(knobs, key=lambda knob: (knob.path.endswith("/enabled"), knob.path)))


def _as_toml(value: str) -> Any:
    """What stands for a key's value; a text where TOML has no other reading."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return value


def no_settings(name: str, what: str) -> None:
    """UsageError for settings where kernels alone can be named."""
    if variant.kernel_of(name) != name:
        raise UsageError(f"{printable(name, 100)}: {what} takes kernels without settings; put "
                         "them into [settings] of its experiment, where all kernels have them, or "
                         "(a bisect) behind --settings")
