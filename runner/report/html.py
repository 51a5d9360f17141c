# SPDX-License-Identifier: GPL-2.0-only
"""HTML pages: one file each, style and script inside, nothing fetched from anywhere.

Everything is escaped by jinja2; and the page's policy names its own script
and style by their digests, so that a browser would run and apply nothing
else even if something slipped through.
"""
from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "page"
_PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True,
                            undefined=jinja2.StrictUndefined, trim_blocks=True,
                            lstrip_blocks=True, keep_trailing_newline=True)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def page(template: str, **shown: object) -> str:
    """The page that `template` makes of what is `shown`."""
    style, script = ((_FOLDER / name).read_text(encoding="utf-8")
                     for name in ("style.css", "page.js"))
    policy = (f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
              "base-uri 'none'; form-action 'none'")
    return _PAGES.get_template(template).render(
        **shown, style=Markup(style), script=Markup(script), policy=Markup(policy))
