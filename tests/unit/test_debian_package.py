# SPDX-License-Identifier: GPL-2.0-only
"""debian/ says what setup/packages.txt and the program say."""
from __future__ import annotations

import re

from runner import __version__, paths
from runner.host import doctor

DEBIAN = paths.ROOT / "debian"
#: Every Debian system has it, and lintian wants no dependency on such.
ESSENTIAL = {"util-linux"}


def field(name: str) -> set[str]:
    text = (DEBIAN / "control").read_text(encoding="utf-8")
    found = re.search(rf"^{name}: (.*(?:\n .*)*)", text, re.MULTILINE)
    assert found
    return {one.strip() for one in re.split(r"[,|]", found[1])}


def test_it_depends_on_what_the_bench_takes() -> None:
    rows = [line.split() for line in doctor.PACKAGES.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]
    bench = {name for group, name, *_ in rows if group == "bench"}
    sources = {name for name in bench if name.startswith("linux-source-")}
    assert field("Depends") == bench - sources - ESSENTIAL | {"${misc:Depends}"}
    # A release has one of them; the other is fetched into the cache.
    assert sources <= field("Recommends")
    assert field("Suggests") <= {name for group, name, *_ in rows if group == "test"}


def test_it_has_the_programs_version() -> None:
    first = (DEBIAN / "changelog").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"swapscale ({__version__}) ")
