# SPDX-License-Identifier: GPL-2.0-only
"""Tables and pictures of an HTML page, before they are HTML."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup

from runner.errors import printable
from runner.plot.plots import Drawn
from runner.report import svg


@dataclass(frozen=True)
class Column:
    label: str
    figures: bool = True                   # right-aligned and sorted as numbers


@dataclass(frozen=True)
class Value:
    """What stands in one place of a table."""

    text: str
    sort: float | None = None              # None: sorted as text, or not there
    href: str = ""                         # '#cell-…' or a file in the campaign's folder
    verdict: bool = False                  # shown as a badge


@dataclass(frozen=True)
class Row:
    values: tuple[Value, ...]
    facets: dict[str, str] = field(default_factory=dict)   # what the filters choose by
    id: str = ""


@dataclass(frozen=True)
class Grid:
    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    id: str
    title: str
    wide: Markup
    narrow: Markup
    caption: str = ""


@dataclass(frozen=True)
class Facet:
    """One choice of the filters: a name and the values that rows have."""

    name: str
    values: tuple[str, ...]


class Names:
    """Anchors: short, of letters, digits and dashes, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def anchor(self, *words: str) -> str:
        stem = "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
        stem = stem[:80].rstrip("-")
        name, count = stem, 1
        while name in self._given:
            count += 1
            name = f"{stem}-{count}"
        self._given.add(name)
        return name


def facets(names: Iterable[str], rows: Iterable[Row]) -> tuple[Facet, ...]:
    """The choices that tell `rows` apart: those with two values or more."""
    all_rows = list(rows)
    every = [Facet(name, tuple(dict.fromkeys(row.facets[name] for row in all_rows
                                             if row.facets.get(name))))
             for name in names]
    return tuple(facet for facet in every if len(facet.values) > 1)


def figure(id_: str, title: str, drawn: Drawn, caption: str = "") -> Figure:
    """A picture that was drawn for a page."""
    return Figure(id_, title, svg.inline(drawn.wide, f"{id_}-w-", title, css="wide"),
                  svg.inline(drawn.narrow, f"{id_}-n-", title, css="narrow"), caption)


def lines(text: str, width: int = 400) -> Iterator[str]:
    """Each line of a text from a guest or a file, made harmless to look at."""
    for line in text.split("\n"):
        yield printable(line.rstrip("\r").expandtabs(8), width)


def clock(iso: str) -> str:
    """'2026-01-31T02:03:04+00:00' for people: '2026-01-31 02:03:04 UTC'."""
    return printable(iso.replace("T", " ").replace("+00:00", " UTC"), 40)
