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
        listed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CannotMeasure(f"{OUTPUT}: is not JSON: {printable(str(error), 100)}") from None
    if isinstance(listed, list):
        if len(listed) != 1:
            raise CannotMeasure(f"{OUTPUT}: names {len(listed)} namespaces, not one")
        listed = listed[0]
    return Json(listed, OUTPUT)


def measure(evidence: Path, measured: dict[str, Metric]) -> dict[str, Metric]:
    """The namespace's size."""
    shown = namespace(evidence)
    if shown.text("mode") not in MODES:
        shown.fail(f"mode: {shown.text('mode')!r} is not one of {', '.join(MODES)}")
    return {"namespace_mib": Metric(shown.integer("size") / MIB, "MiB", "", OUTPUT)}


def reason(evidence: Path, wanted: str) -> str:
    """Why the namespace is not the one asked for; '' where it is."""
    try:
        mode = namespace(evidence).text("mode")
    except CannotMeasure as error:
        return f"instrument {error}"
    return "" if mode == wanted else f"the namespace is {mode}, not {wanted}"
