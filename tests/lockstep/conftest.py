# SPDX-License-Identifier: GPL-2.0-only
"""What the guests need: the plugin, and a QEMU that runs several vCPUs under -icount."""
from __future__ import annotations

import subprocess

import pytest

from runner.vm import newqemu
from tests.lockstep.guests import PLUGIN, ROOT


@pytest.fixture(scope="session", autouse=True)
def plugin() -> None:
    lack = newqemu.lack()
    if lack:
        pytest.skip(lack)
    subprocess.run(["make", "--silent", str(PLUGIN.relative_to(ROOT))], cwd=ROOT, check=True)
