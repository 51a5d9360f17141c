# SPDX-License-Identifier: GPL-2.0-only
"""Numbers that C and Python share, read from the header where they are written once."""
from __future__ import annotations

import functools
import re

from runner import paths


@functools.cache
def numbers(name: str) -> dict[str, int]:
    """Constants of a header's enums that are plain numbers: {'JOB_MAX_ARGS': 64}."""
    text = (paths.ROOT / name).read_text(encoding="utf-8")
    return {word: int(value) for word, value in
            re.findall(r"^\s+([A-Z][A-Z0-9_]*) = (\d+),", text, re.MULTILINE)}
