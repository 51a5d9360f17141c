# SPDX-License-Identifier: GPL-2.0-only
"""What a page says, without how it looks: its sections, tables, lists and facts, line by line."""
from __future__ import annotations

import html.parser
import re

_BLOCKS = {"title", "h1", "h2", "h3", "p", "li", "summary", "caption", "dt", "dd", "label",
           "option", "button", "pre", "figcaption"}
_CELLS = {"td", "th"}
_SILENT = {"style", "script", "svg"}


class Outline(html.parser.HTMLParser):
    """Lines of 'element: text'; a row of a table is a line with its cells between bars.

    Also the ids, the links inside the page, and the rows that can be filtered.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.rows: list[dict[str, str]] = []            # data-... of rows that are filtered
        self.sorts: list[str] = []                      # what figures are sorted by
        self._silent = 0
        self._open: list[tuple[str, list[str]]] = []
        self._row: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._silent += tag in _SILENT
        if self._silent:
            return
        if "id" in told:
            self.ids.append(told["id"])
        if told.get("href", "").startswith("#"):
            self.targets.append(told["href"][1:].partition("&")[0])
        if "data-sort" in told:
            self.sorts.append(told["data-sort"])
        if tag == "tr":
            self._row = []
            if any(name.startswith("data-") for name in told):
                self.rows.append({name: value for name, value in told.items()
                                  if name.startswith("data-")})
        if tag == "section":
            self.lines.append(f"section {told.get('id', '')}".rstrip())
        if tag in _BLOCKS | _CELLS:
            self._open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent -= 1
        elif tag == "tr":
            self.lines.append("| " + " | ".join(self._row) + " |")
        elif tag in _BLOCKS | _CELLS and self._open and self._open[-1][0] == tag:
            text = re.sub(r"\s+", " ", "".join(self._open.pop()[1])).strip()
            if tag in _CELLS:
                self._row.append(text)
            elif text:
                self.lines.append(f"{tag}: {text}")

    def handle_data(self, data: str) -> None:
        if not self._silent and self._open:
            self._open[-1][1].append(data)
