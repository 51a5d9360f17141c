# SPDX-License-Identifier: GPL-2.0-only
"""Each patch of each series builds, as perf and lockstat, without a warning: bisect may stop
anywhere."""
from __future__ import annotations

import re

import pytest

from runner import paths
from runner.kernel import build, series, spec
from runner.progress import Progress
from runner.records import TIER_FLAVOUR

PREFIXES = [f"{source}:{name}@{number}" for name in series.names()
            for source in series.sources_of(name) if source != "any"
            for number in range(1, len(series.entries(
                spec.parse(f"{source}:{name}").stack[-1].folder)) + 1)]

pytestmark = pytest.mark.slow


def test_there_are_prefixes_to_build() -> None:
    assert len(PREFIXES) > 20


@pytest.mark.parametrize("flavour", sorted(set(TIER_FLAVOUR.values())))
@pytest.mark.parametrize("name", PREFIXES)
def test_prefix_builds_without_a_warning(name: str, flavour: str) -> None:
    built = build.build(name, flavour, Progress())
    log = (paths.cache() / "images" / built.key / "build.log").read_text(errors="replace")
    # Kconfig's 'override' notes come from the way fragments are merged.
    warnings = [line for line in log.splitlines() if re.search(r"\bwarning:", line)
                and not re.match(r"\.config:\d+:warning: override", line)]
    assert warnings == []
