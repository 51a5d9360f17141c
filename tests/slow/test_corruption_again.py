# SPDX-License-Identifier: GPL-2.0-only
"""Wrong pages of many kinds and places, a boot each: all are found, and named truly."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests import corruption


@pytest.mark.slow
@pytest.mark.parametrize("fault, passes, more", [
    ("flip:512:0:0", 1, ""),                      # the first slot that is used; the first bit
    ("flip:777:8:7", 1, ""),                      # the stamp's number of the page
    ("flip:2500:31:6", 1, ""),                    # its last byte
    ("flip:6001:32:1", 1, ""),                    # the first byte behind it
    ("flip:9000:4095:7", 1, ""),                  # the last of the page
    ("flip:5000:2000:5", 1, "compressible = 0"),
    ("flip:3000:100:2", 1, "processes = true"),
    ("flip:4321:4000:0", 1, 'pattern = "strided"'),
    ("stale:513", 2, ""),
    ("stale:3000", 2, "compressible = 0"),
    ("stale:2048", 3, ""),                        # found when it is about to be written over
])
def test_each_is_found(request: pytest.FixtureRequest, swapscale, tmp_path: Path, fault: str,
                       passes: int, more: str) -> None:
    """Each with a seed of its own."""
    seed = 10 + request.node.callspec.indices["fault"]
    corruption.is_found(swapscale, tmp_path, fault, passes, seed, more)
