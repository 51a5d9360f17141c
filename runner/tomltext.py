# SPDX-License-Identifier: GPL-2.0-only
"""TOML as text: what a program writes for plan.load() to read, and what a user types as one key."""
from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from runner.errors import UsageError, printable
from runner.tomlfile import Change, Given


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def lines(data: dict[str, Any], above: str = "") -> Iterator[str]:
    """A table and those inside it; values are texts, numbers, truths and lists of them."""
    for key, value in data.items():
        if not isinstance(value, dict) and not _is_tables(value):
            yield f"{json.dumps(key)} = {_value(value)}"
    for key, value in data.items():
        name = f"{above}{json.dumps(key)}"
        for head, inner in [(f"[{name}]", value)] if isinstance(value, dict) else \
                [(f"[[{name}]]", table) for table in value] if _is_tables(value) else []:
            yield from ("", head, *lines(inner, f"{name}."))


def _typed(key: str, value: str, option: str) -> dict[str, Any]:
    """KEY = VALUE as TOML has it; a VALUE that is none is taken for a text."""
    for text in (value, json.dumps(value)):
        try:
            return tomllib.loads(f"{key} = {text}")
        except tomllib.TOMLDecodeError:
            continue
    raise UsageError(f"{printable(option, 80)}: {printable(key, 40)} is no key of a file")


def given(options: list[tuple[str, str, str]]) -> Given:
    """From (key, value, the option as it was typed); UsageError where one is said twice."""
    changes: dict[tuple[str, ...], Change] = {}
    for key, value, option in options:
        inner: Any = _typed(key, value, option)
        place: list[str] = []
        while isinstance(inner, dict) and len(inner) == 1:
            ((part, inner),) = inner.items()
            place.append(part)
        if not place:
            raise UsageError(f"{printable(option, 80)}: is more than one key")
        if tuple(place) in changes:
            raise UsageError(f"{printable(option, 80)}: {'.'.join(place)} is given twice")
        changes[tuple(place)] = Change(inner, option)
    return changes
