# SPDX-License-Identifier: GPL-2.0-only
"""perf's lock contention: who waited for a lock in the steady phase, and how long."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile
from runner.records import Metric

OUTPUT = "tool.locks-report.err"     # perf lock says what it finds on standard error
PREFIX = "waited."
TOP = 10

_MOST = 1 << 20
_UNITS = {"ns": 1, "us": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_TIME = rf"(\d{{1,9}}(?:\.\d{{1,3}})?) *({'|'.join(_UNITS)})"
_ROW = re.compile(rf" *(\d{{1,12}}) +{_TIME} +{_TIME} +{_TIME} +"
                  r"([A-Za-z0-9:_-]{3,20}) +(\S.{0,200}?) *")
#: Of lock sequences that perf saw the end of alone; the rows above it stand.  Up to 6.3
#: there is no blank before the last signs.
_REMARKS = re.compile(r"\s*=+ *output for debug *=+\s*", re.IGNORECASE)
#: Warnings come on the same stream, at any place; what may be a row begins with its count.
_NO_ROW = re.compile(r"\s*[^\s\d]")
_CALLER = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,99})(?:\+0x[0-9a-f]{1,8})?")


@dataclass(frozen=True)
class Waited:
    count: int
    nanoseconds: int
    kind: str                    # 'spinlock', 'rwsem:W', 'mutex'
    caller: str


def _nanoseconds(number: str, unit: str) -> int:
    return round(float(number) * _UNITS[unit])


def parse(text: str, name: str = OUTPUT) -> list[Waited]:
    """Rows of 'perf lock contention', most waited first; CannotMeasure names what is none."""
    waits, table = [], False
    for number, line in enumerate(text.split("\n"), 1):
        if not table:
            table = "contended" in line and "total wait" in line
        elif _REMARKS.fullmatch(line):
            break
        elif match := _ROW.fullmatch(line):
            caller = _CALLER.fullmatch(match[9])
            waits.append(Waited(int(match[1]), _nanoseconds(match[2], match[3]), match[8],
                                caller[1] if caller else "[unknown]"))
        elif line.strip() and not _NO_ROW.match(line):
            raise CannotMeasure(f"{name}:{number}: is not a row of 'perf lock contention': "
                                f"{printable(line, 60)!r}")
    if not table:
        raise CannotMeasure(f"{name}: has no table of 'perf lock contention': "
                            f"{printable(text.strip()[-80:], 80)!r}")
    return sorted(waits, key=lambda wait: (-wait.nanoseconds, wait.caller, wait.kind))


def measure(evidence: Path, measured: dict[str, Metric]) -> dict[str, Metric]:
    """Waits per swapped-out page, of all locks and at the call sites that waited longest."""
    text = guestfile.raw(evidence / OUTPUT, _MOST).decode("utf-8", "replace")
    rows, pages = parse(text), measured["pswpout"]
    source = f"{OUTPUT}, {pages.evidence}"
    sites: dict[str, int] = {}
    for row in rows:
        place = f"{PREFIX}{row.kind.replace(':', '_')}.{row.caller}"
        sites[place] = sites.get(place, 0) + row.nanoseconds
    made = {place: Metric(waited / pages.value, "ns/page", "", source)
            for place, waited in sorted(sites.items(), key=lambda item: -item[1])[:TOP]}
    return {"lock_waits_per_page": Metric(sum(row.count for row in rows) / pages.value,
                                          "waits/page", "", source),
            "lock_wait_ns_per_page": Metric(sum(row.nanoseconds for row in rows) / pages.value,
                                            "ns/page", "", source), **made}
