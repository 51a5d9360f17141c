# SPDX-License-Identifier: GPL-2.0-only
"""How long each test took: a plugin that writes it down, and docs/times.md's table from that.

    SWAPSCALE_TIMES=FILE make pytest      appends a line of JSON a test to FILE
    python3 -m tests.times FILE           prints the table of the fifty slowest
    python3 -m tests.times FILE PAGE      puts it into a page, in place of the one there
    make times                            runs every test and does that to docs/times.md

An older tree is measured with this file copied into its tests/ and '-p tests.times'.

Beside the time by the clock, which the host's other work lengthens, the CPU time of the test and of
every process it waited for: compilers, guests.
"""
from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.errors import printable

#: Where the times go; nothing is written without it.
VARIABLE = "SWAPSCALE_TIMES"
SHOWN = 50
NAME = 160                    # characters of a name: one may hold all that the test is given
BEGIN, END = "<!-- slowest tests -->", "<!-- end of them -->"


def _cpu() -> float:
    return sum(os.times()[:4])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """With what its fixtures take where it is the first to need them."""
    clock, cpu = time.monotonic(), _cpu()
    yield
    if VARIABLE in os.environ:
        line = json.dumps({"test": item.nodeid.partition("@")[0],
                           "seconds": round(time.monotonic() - clock, 2),
                           "cpu": round(_cpu() - cpu, 2)}) + "\n"
        # One write: two workers append to the file.
        with open(os.environ[VARIABLE], "ab", buffering=0) as out:
            out.write(line.encode())


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: the slowest, and what all came to, in sum."""
    slowest = sorted(rows, key=lambda one: -one["seconds"])[:SHOWN]
    seconds, cpu = (sum(one[what] for one in rows) for what in ("seconds", "cpu"))
    lines = [f"All {len(rows)} tests: {seconds:.0f} s, one after the other, and {cpu:.0f} s of CPU "
             f"time. The {len(slowest)} slowest:", "",
             "| test | s | s of CPU |", "| --- | ---: | ---: |"]
    lines += [f"| `{name}` | {one['seconds']:.1f} | {one['cpu']:.1f} |" for one in slowest
              for name in [printable(one["test"].removeprefix("tests/"), NAME).replace("|", "\\|")]]
    return "\n".join(lines) + "\n"


def put(page: str, made: str) -> str:
    """The page with the table between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table; it goes between {BEGIN!r} and {END!r}")
    return f"{before}{begin}\n{made}{end}{after}"


def main(words: Sequence[str]) -> int:
    rows = [json.loads(line) for line in Path(words[0]).read_text(encoding="utf-8").splitlines()]
    if len(words) > 1:
        page = Path(words[1])
        page.write_text(put(page.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")
    else:
        print(table(rows), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
