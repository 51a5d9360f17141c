# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as JSON; results/README.md documents the schema."""
from __future__ import annotations

import dataclasses
import json

from runner.judge.results import Comparison, as_data

FORMAT = 1


def render(comparison: Comparison) -> str:
    """One document, keys sorted, everything outside ASCII escaped, no NaN or Infinity."""
    return json.dumps({"swapscale-comparison": FORMAT, **dataclasses.asdict(comparison),
                       "cells": [as_data(cell) for cell in comparison.cells]},
                      indent=1, sort_keys=True, allow_nan=False) + "\n"
