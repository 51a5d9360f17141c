# SPDX-License-Identifier: GPL-2.0-only
"""A console read whole."""
from __future__ import annotations

from runner.vm.console import Console


def read(data: bytes) -> Console:
    console = Console()
    console.feed(data)
    console.end()
    return console
