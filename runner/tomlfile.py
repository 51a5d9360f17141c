# SPDX-License-Identifier: GPL-2.0-only
"""TOML files read with types, limits and line numbers.

Every complaint reads 'FILE:LINE: KEY: what is wrong, what is allowed'.  A
table is read key by key and then closed; a key that nobody asked for is an
error, so a misspelt one never goes unnoticed.
"""
from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from runner.errors import UsageError, printable

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where each table and key stands: path -> line, counted from 1.

    The tables of a list are numbered from 1: [[cell]] is ('cell', '1').
    """
    where: dict[tuple[str, ...], int] = {}
    seen: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            parts = re.findall(r'"[^"]*"|\'[^\']*\'|[^.\s]+', header[2])
            table = tuple(part.strip("\"'") for part in parts)
            where.setdefault(table, number)
            if header[1] == "[[":
                seen[table] = seen.get(table, 0) + 1
                table = (*table, str(seen[table]))
                where[table] = number
        elif key := _KEY.match(line):
            where.setdefault((*table, key[1].strip("\"'")), number)
    return where


@dataclass(frozen=True)
class Change:
    """A value from the command line in place of a file's."""

    value: Any
    typed: str                # the option, for messages and for the record


#: By the key's path: ('guest', 'ram_mib').
Given: TypeAlias = Mapping[tuple[str, ...], Change]


class Table:
    """One TOML table; `path` is where it stands, for messages."""

    def __init__(self, file: Path, where: dict[tuple[str, ...], int],
                 path: tuple[str, ...], data: dict[str, Any],
                 given: Given | None = None) -> None:
        self.file = file
        self._where, self._given = where, given or {}
        self._path = path
        self._data = data
        self._known: set[str] = set()

    def complain(self, key: str, problem: str) -> NoReturn:
        """Raise the one line about `key` of this table."""
        path = (*self._path, key) if key else self._path
        if path in self._given:
            raise UsageError(f"{printable(self._given[path].typed, 80)}: {problem}")
        line = self._where.get(path) or self._where.get(self._path) or 1
        name = ".".join(path) or "file"
        raise UsageError(f"{self.file}:{line}: {printable(name, 80)}: {problem}")

    def _take(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        self._known.add(key)
        if key not in self._data:
            if default is REQUIRED:
                self.complain(key, f"missing; it takes {wanted}")
            return default
        value = self._data[key]
        # bool is an int to Python, never to the person who wrote the file.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain(key, f"{printable(repr(value), 60)} is not {wanted}")
        return value

    def integer(self, key: str, low: int, high: int, default: Any = None) -> int:
        value: int = self._take(key, int, f"a whole number in {low}..{high}", default)
        if key in self._data and not low <= value <= high:
            self.complain(key, f"{value} is not in {low}..{high}")
        return value

    def number(self, key: str, low: float, high: float, default: Any = None) -> float:
        value = self._take(key, (int, float), f"a number in {low:g}..{high:g}", default)
        if key in self._data and not low <= value <= high:  # also refuses nan
            self.complain(key, f"{value} is not in {low:g}..{high:g}")
        return float(value)

    def boolean(self, key: str, default: Any = None) -> bool:
        value: bool = self._take(key, bool, "true or false", default)
        return value

    def text(self, key: str, default: Any = None, choices: Iterable[str] | None = None) -> str:
        allowed = list(choices) if choices is not None else None
        wanted = "one of " + ", ".join(allowed) if allowed else "a text in quotes"
        value: str = self._take(key, str, wanted, default)
        if key in self._data:
            self._check_text(key, value, allowed, wanted)
        return value

    def _check_text(self, key: str, value: str, allowed: list[str] | None, wanted: str) -> None:
        if not value.strip() or any(not c.isprintable() for c in value):
            self.complain(key, f"{printable(repr(value), 60)} is empty or unprintable")
        if allowed is not None and value not in allowed:
            self.complain(key, f"{printable(value, 60)!r} is not {wanted}{meant(value, allowed)}")

    def _list(self, key: str, kind: type, wanted: str, default: Any,
              repeats: bool = False) -> list[Any]:
        value: list[Any] = self._take(key, list, f"a list of {wanted}", default)
        if key in self._data:
            if not value:
                self.complain(key, f"is empty; it takes at least one of {wanted}")
            for item in value:
                if not isinstance(item, kind) or isinstance(item, bool):
                    self.complain(key, f"{printable(repr(item), 60)} is not one of {wanted}")
            if not repeats and len(set(value)) != len(value):
                self.complain(key, "names something twice")
        return value

    def texts(self, key: str, default: Any = None,
              choices: Iterable[str] | None = None) -> list[str]:
        allowed = list(choices) if choices is not None else None
        wanted = ", ".join(allowed) if allowed else "texts in quotes"
        value = self._list(key, str, wanted, default)
        for item in value if key in self._data else []:
            self._check_text(key, item, allowed, f"one of {wanted}")
        return value

    def integers(self, key: str, low: int, high: int, default: Any = None,
                 repeats: bool = False) -> list[int]:
        """With `repeats` a number may be there twice, as a measured one may."""
        value = self._list(key, int, f"whole numbers in {low}..{high}", default, repeats)
        for item in value if key in self._data else []:
            if not low <= item <= high:
                self.complain(key, f"{item} is not in {low}..{high}")
        return value

    def table(self, key: str) -> Table:
        """A sub-table; empty where the file has none."""
        data: dict[str, Any] = self._take(key, dict, "a table", {})
        return Table(self.file, self._where, (*self._path, key), data, self._given)

    def is_table(self, key: str) -> bool:
        """Whether the key is there and holds a table."""
        return isinstance(self._data.get(key), dict)

    def is_list(self, key: str) -> bool:
        """Whether the key is there and holds a list."""
        return isinstance(self._data.get(key), list)

    def tables(self, key: str) -> list[Table]:
        """A list of tables, [[key]] each; empty where the file has none."""
        data: list[Any] = self._take(key, list, f"a list of tables, [[{key}]] each", [])
        for item in data:
            if not isinstance(item, dict):
                self.complain(key, f"{printable(repr(item), 60)} is not a table, [[{key}]]")
        return [Table(self.file, self._where, (*self._path, key, str(number)), item,
                      self._given) for number, item in enumerate(data, 1)]

    def whole(self) -> dict[str, Any]:
        """All that it holds, unchecked; for writing it down again."""
        return self._data

    def put(self, given: Given) -> None:
        """Further values, as `load` puts them in."""
        _put(self._data, given, self.file)

    def keys(self) -> list[str]:
        """All keys of this table, for tables whose keys are names."""
        return list(self._data)

    def close(self) -> None:
        """Complain about the first key that nobody asked for."""
        for key in self._data:
            if key not in self._known:
                self.complain(key, "is not known here; known: " + ", ".join(sorted(self._known))
                              + meant(key, sorted(self._known)))


REQUIRED: Any = object()
"""As a default: the key must be there."""


def meant(word: str, known: list[str]) -> str:
    """' (did you mean X?)' where one of `known` is near, else nothing."""
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _put(data: dict[str, Any], given: Given, path: Path) -> None:
    for place, change in given.items():
        inner = data
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise UsageError(f"{printable(change.typed, 80)}: {printable(part, 40)} is no "
                                 f"table of {path}")
        inner[place[-1]] = change.value


def load(path: Path, given: Given | None = None) -> Table:
    """The file's root table, `given` put in; UsageError where it cannot be read as TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 at byte {error.start}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    _put(data, given or {}, path)
    return Table(path, _lines(text), (), data, given)
