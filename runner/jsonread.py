# SPDX-License-Identifier: GPL-2.0-only
"""JSON that comes from outside (a guest, a tool, a campaign that travelled), read with types.

runner/tomlfile.py does the same for what people write.
"""
from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from runner.errors import CannotMeasure, SwapscaleError, printable

#: More than a counter can be, and exact as a float's integer part need not be.
MAX_COUNT = 1 << 63


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _depth(data: bytes) -> int:
    """How deep brackets nest; strings count too, which only overstates it."""
    deepest = depth = 0
    for byte in data:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


class Json:
    """One object of a parsed document; complains with the key's path, as `error`."""

    def __init__(self, data: Any, file: str, path: str = "",
                 error: type[SwapscaleError] = CannotMeasure) -> None:
        self._file, self._path, self._error = file, path, error
        if not isinstance(data, dict):
            self.fail("is not an object")
        self.data = data

    def fail(self, what: str) -> NoReturn:
        """Raise the one line about this object."""
        raise self._error(f"{self._file}: {printable(self._path, 80) or 'document'}: {what}")

    def _at(self, key: str) -> Any:
        if key not in self.data:
            self.fail(f"has no {key!r}")
        return self.data[key]

    def _inner(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def integer(self, key: str, low: int = 0, high: int = MAX_COUNT) -> int:
        value = self._at(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(f"{key}: {printable(repr(value), 40)} is not a whole number "
                      f"in {low}..{high}")
        return value

    def number(self, key: str) -> float:
        """A whole number, too; none that a float does not hold."""
        value = self._at(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.fail(f"{key}: {printable(repr(value), 40)} is not a number")
        if not abs(value) <= sys.float_info.max:
            self.fail(f"{key}: is beyond what a number holds")
        return float(value)

    def boolean(self, key: str) -> bool:
        value = self._at(key)
        if not isinstance(value, bool):
            self.fail(f"{key}: {printable(repr(value), 40)} is not true or false")
        return value

    def whole(self, key: str) -> str:
        """A text as it stands there."""
        value = self._at(key)
        if not isinstance(value, str):
            self.fail(f"{key}: {printable(repr(value), 40)} is not a text")
        return value

    def text(self, key: str) -> str:
        """Printable and short, whatever a guest wrote."""
        return printable(self.whole(key))

    def has(self, key: str) -> bool:
        """Present and not null."""
        return self.data.get(key) is not None

    def texts(self, key: str, most: int = 64) -> list[str]:
        """A list of texts, each printable and short."""
        value = self._at(key)
        if not isinstance(value, list) or len(value) > most \
                or not all(isinstance(text, str) for text in value):
            self.fail(f"{key}: is not a list of at most {most} texts")
        return [printable(text) for text in value]

    def rows(self, key: str, numbers: int, most: int = 1 << 16) -> list[tuple[int, ...]]:
        """A list of lists that begin with so many counts; what follows in them is left out."""
        value = self._at(key)
        if not isinstance(value, list) or len(value) > most:
            self.fail(f"{key}: is not a list of at most {most} rows")
        for row in value:
            if not isinstance(row, list) or len(row) < numbers or not all(
                    type(count) is int and 0 <= count <= MAX_COUNT for count in row[:numbers]):
                self.fail(f"{key}: {printable(repr(row), 60)} does not begin with {numbers} counts")
        return [tuple(row[:numbers]) for row in value]

    def array(self, key: str, most: int = 1 << 16) -> list[Any]:
        """A list, whose parts the caller checks."""
        value = self._at(key)
        if not isinstance(value, list) or len(value) > most:
            self.fail(f"{key}: is not a list of at most {most}")
        return value

    def keys(self) -> list[str]:
        return list(self.data)

    def object(self, key: str) -> Json:
        return Json(self._at(key), self._file, self._inner(key), self._error)

    def objects(self, key: str, most: int = 1024) -> list[Json]:
        value = self._at(key)
        if not isinstance(value, list) or len(value) > most:
            self.fail(f"{key}: is not a list of at most {most} objects")
        return [Json(item, self._file, f"{self._inner(key)}[{number}]", self._error)
                for number, item in enumerate(value)]


def parse(data: bytes | str, file: str, most_deep: int | None = None,
          error: type[SwapscaleError] = CannotMeasure) -> Json:
    """A document that is one object, without NaN and Infinity; `error` with one line."""
    if most_deep is not None and isinstance(data, bytes) and _depth(data) > most_deep:
        raise error(f"{file}: nests deeper than {most_deep}")
    try:
        parsed = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise error(f"{file}: is not JSON: {printable(str(wrong), 100)}") from None
    return Json(parsed, file, error=error)
