# SPDX-License-Identifier: GPL-2.0-only
"""What passed once on the same bytes is not checked again: for checks that take long.

A check that passed leaves an empty file in the cache, named by the digest of all it depends on;
one that failed leaves nothing, so it fails again.  Remove the cache's folder 'passed' to have
everything checked anew.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from runner import paths


def _stamp(inputs: Iterable[bytes]) -> Path:
    whole = hashlib.sha256()
    for one in inputs:
        whole.update(hashlib.sha256(one).digest())
    return paths.cache() / "passed" / whole.hexdigest()


def before(inputs: Iterable[bytes]) -> bool:
    """Whether the check whose inputs, its own program among them, are these has passed."""
    return _stamp(inputs).exists()


def now(inputs: Iterable[bytes]) -> None:
    """It has."""
    stamp = _stamp(inputs)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.touch()
