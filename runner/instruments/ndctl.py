# SPDX-License-Identifier: GPL-2.0-only
"""ndctl's list of namespaces: whether the nvdimm became what was asked for."""
from __future__ import annotations

import json
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.jsonread import Json
from runner.metrics import guestfile
from runner.records import MIB, Metric

OUTPUT = "tool.ndctl-list.out"
MODES = ("raw", "fsdax", "sector")
MODE = "--mode="
_MOST = 1 << 16


def namespace(evidence: Path) -> Json:
    """The one namespace that 'ndctl list' shows; CannotMeasure with one line."""
    data = guestfile.raw(evidence / OUTPUT, _MOST)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CannotMeasure(f"{OUTPUT}: is not JSON: {printable(str(error), 100)}") from None
    if isinstance(found, list):
        if len(found) != 1:
            raise CannotMeasure(f"{OUTPUT}: names {len(found)} namespaces, not one")
        found = found[0]
    return Json(found, OUTPUT)


def measure(evidence: Path, found: dict[str, Metric]) -> dict[str, Metric]:
    """The namespace's size."""
    one = namespace(evidence)
    if one.text("mode") not in MODES:
        one.fail(f"mode: {one.text('mode')!r} is not one of {', '.join(MODES)}")
    return {"namespace_mib": Metric(one.integer("size") / MIB, "MiB", "", OUTPUT)}


def reason(evidence: Path, wanted: str) -> str:
    """Why the namespace is not the one asked for; '' where it is."""
    try:
        mode = namespace(evidence).text("mode")
    except CannotMeasure as error:
        return f"instrument {error}"
    return "" if mode == wanted else f"the namespace is {mode}, not {wanted}"
