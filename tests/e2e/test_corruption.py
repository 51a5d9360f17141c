# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that writes one wrong page in tens of thousands: verification names it."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests import corruption

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


@pytest.mark.parametrize("fault, passes, seed", [("flip:1031:2113:4", 1, 1), ("stale:1031", 2, 2)])
def test_one_wrong_page_is_found(swapscale, tmp_path: Path, fault: str, passes: int,
                                 seed: int) -> None:
    corruption.is_found(swapscale, tmp_path, fault, passes, seed)
