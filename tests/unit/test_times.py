# SPDX-License-Identifier: GPL-2.0-only
"""The table of the slowest tests."""
from __future__ import annotations

from tests import times


def test_names_of_tests_stay_readable() -> None:
    rows = [{"test": f"tests/unit/test_{name}", "seconds": 1.0, "cpu": 0.5}
            for name in ("a.py::t[" + " " * (1 << 22) + "]", "b.py::t[a|b]", "c.py::t[\x1b[2J]")]
    made = times.table(rows)
    assert max(len(line) for line in made.splitlines()) < 200
    assert "unit/test_b.py::t[a\\|b]" in made and "\x1b" not in made
