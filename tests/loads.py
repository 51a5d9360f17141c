# SPDX-License-Identifier: GPL-2.0-only
"""Experiments of configs/loads, of one kernel where a comparison would take too long."""
from __future__ import annotations

import re
from pathlib import Path

from runner import paths


def of_one_kernel(name: str, folder: Path) -> Path:
    """The experiment of that load with its base kernel alone, written into the folder."""
    text = (paths.CONFIGS / f"loads/{name}.toml").read_text("utf-8")
    alone, changed = re.subn(r'^base = (".*")\ntest = .*\n', r"kernels = [\1]\n", text,
                             flags=re.MULTILINE)
    assert changed == 1
    file = folder / f"{name}.toml"
    file.write_text(alone, "utf-8")
    return file
