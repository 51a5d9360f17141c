# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as one HTML page without scripts or anything from elsewhere."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2

from runner.report import view
from runner.verdict import Comparison

_PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent),
                            autoescape=True, undefined=jinja2.StrictUndefined,
                            trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)


def render(comparison: Comparison, plots: Sequence[str] = ()) -> str:
    """The page; `plots` are SVG files, named relative to where the page will lie."""
    return _PAGES.get_template("page.html.j2").render(view=view.build(comparison), plots=plots)
