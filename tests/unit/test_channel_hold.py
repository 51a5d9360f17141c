# SPDX-License-Identifier: GPL-2.0-only
"""Evidence is what the guest sent, or the report is not made anew from it."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.vm import channel
from runner.vm.channel import Receiver
from tests.unit.test_channel import DATA, decode


@pytest.mark.parametrize("damage, says", [
    (lambda file: file.write_bytes(file.read_bytes()[:-9]), "is not what the guest sent, "),
    (lambda file: file.write_bytes(b"x" + file.read_bytes()[1:]), "is not what the guest sent, "),
    (lambda file: file.write_bytes(file.read_bytes() + b"x"), "is not what the guest sent, "),
    (lambda file: file.unlink(), "is gone, and the guest sent it"),
    (lambda file: os.truncate(file.with_name("channel.bin"), 5000), "ends after "),
    (lambda file: os.truncate(file.with_name("channel.bin"), 0), "ends before the guest had sent"),
], ids=["cut", "changed", "longer", "gone", "channel cut", "channel empty"])
def test_files_are_held_against_the_channel(tmp_path: Path, damage: Callable[[Path], None],
                                            says: str) -> None:
    data = (DATA / "ok" / "channel.bin").read_bytes()
    receiver = Receiver(tmp_path)
    for frame in decode(data):
        receiver.take(frame)
    receiver.close()
    channel.hold(tmp_path)                 # nothing to hold it against
    (tmp_path / "channel.bin").write_bytes(data)
    channel.hold(tmp_path)
    damage(tmp_path / "workload.json")
    with pytest.raises(CannotMeasure, match=f"^{tmp_path}/(workload.json|channel.bin): .*{says}"):
        channel.hold(tmp_path)
