# SPDX-License-Identifier: GPL-2.0-only
"""Where things live: the checkout, the cache, the user's configuration."""
from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / "kernels"
CONFIGS = ROOT / "configs"
#: Of an installed swapscale, which holds no results ('make install'), where it is called.
RESULTS = (Path.cwd() if (ROOT / "installed").exists() else ROOT) / "results"
BUILD = ROOT / "build"


def _xdg(variable: str, fallback: str) -> Path:
    # The XDG specification says a relative path is to be ignored.
    value = os.environ.get(variable, "")
    base = Path(value) if value.startswith("/") else Path.home() / fallback
    return base / "swapscale"


def cache() -> Path:
    """The cache folder: $XDG_CACHE_HOME/swapscale, created on first use."""
    path = _xdg("XDG_CACHE_HOME", ".cache")
    path.mkdir(parents=True, exist_ok=True)
    return path


def config() -> Path:
    """The user's own definitions: $XDG_CONFIG_HOME/swapscale; may not exist."""
    return _xdg("XDG_CONFIG_HOME", ".config")
