# SPDX-License-Identifier: GPL-2.0-only
"""Logs of git's bisect, damaged anywhere: read as git would, or refused in one line."""
from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.bisect import gitlog
from runner.errors import UsageError

LOG = """\
# bad: [83d9b4f5c1a2] mm: reclaim in batches
# good: [1f0e2d3c4b5a] mm: "quotes' and \\ more
git bisect start '--term-old=fast' '--term-new' slow --first-parent '83d9b4f5c1a2' 'mm/' -- 'x y'
git bisect fast 1f0e2d3c4b5a
# status: waiting
git bisect slow 83d9b4f5c1a2
git bisect skip 77aa77aa77aa 66bb66bb66bb
> git bisect good 55cc55cc55cc
git bisect terms
"""
#: What such a log is made of, and what it should not be.
PIECES = ["git bisect ", "git-bisect ", "start ", "good ", "bad ", "skip ", "--", "--term-old=",
          "'", '"', "\\", "\n", "\r", "\0", "\x1b[31m", "1f0e2d3c4b5a", "🙂", "=", " "]


def _is_commit(word: str) -> bool:
    return re.fullmatch("[0-9a-f]{12}", word) is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(LOG)), st.integers(0, 30),
                          st.one_of(st.sampled_from(PIECES), st.text(max_size=5))),
                min_size=1, max_size=8))
def test_any_damage_is_read_or_refused(tmp_path: Path, damage: list[tuple[int, int, str]]) -> None:
    text = LOG
    for at, gone, put in damage:
        text = text[:at] + put + text[at + gone:]
    file = tmp_path / "log"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        log = gitlog.read(file, _is_commit)
    except UsageError as error:
        assert str(error).startswith(str(file)) and str(error).isprintable()
        return
    assert log.good and log.bad
    assert all(ref and verdict in ("good", "bad", "skip") for ref, verdict in log.steps)


def test_undamaged_it_reads(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(LOG)
    log = gitlog.read(file, _is_commit)
    assert (log.good, log.bad) == ("1f0e2d3c4b5a", "83d9b4f5c1a2") and log.limits.first_parent
    assert log.steps == [("83d9b4f5c1a2", "bad"), ("77aa77aa77aa", "skip"),
                         ("66bb66bb66bb", "skip"), ("55cc55cc55cc", "good")]
