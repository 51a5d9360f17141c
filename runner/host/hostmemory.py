# SPDX-License-Identifier: GPL-2.0-only
"""How much memory the host has to give."""
from __future__ import annotations

import os
import re
from pathlib import Path


def left() -> int:
    """Bytes that can be had without pushing anything out."""
    found = re.search(r"^MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text("utf-8"),
                      re.MULTILINE)
    if found:
        return int(found[1]) << 10
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
