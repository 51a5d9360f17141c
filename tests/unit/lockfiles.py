# SPDX-License-Identifier: GPL-2.0-only
"""Files of real kernels: lock_stat, lockdep and the keys of their locks."""
from __future__ import annotations

from lockstatfiles import DATA

from runner.metrics import lockclass, lockkeys, lockstat

LOCKDEP = (DATA / "linux-6.1.192-2vcpu.lockdep").read_text()
KEYS = (DATA / "linux-6.1.192.lock-keys.txt").read_text()


def how(name: str, keys: lockkeys.Keys | None) -> dict[str, tuple[str, str]]:
    stat = lockstat.load(DATA / f"{name}.txt")
    return {one.stable: (one.how, one.lock.name)
            for one in lockclass.identify(stat.classes, keys)}
