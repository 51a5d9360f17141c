# SPDX-License-Identifier: GPL-2.0-only
"""A check that passed is not made again on the same bytes; one that failed is."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import passed, tidy, times

FLAGS = ["--", "-std=c11"]
FAULT = "#include <stdlib.h>\nint seen(const char *text)\n{\n\treturn atoi(text);\n}\n"
SOUND = '#include "one.h"\nint seen(void)\n{\n\treturn ONE;\n}\n'


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_bytes_decide_and_where_one_ends_and_the_next_begins() -> None:
    passed.now([b"ab", b"c"])
    assert passed.before([b"ab", b"c"])
    assert not passed.before([b"a", b"bc"]) and not passed.before([b"ab", b"c", b""])


@pytest.mark.skipif(shutil.which("clang-tidy") is None, reason="clang-tidy is not installed; "
                    "setup/install test adds it")
def test_clang_tidy_is_asked_again_where_it_found_something_or_a_header_moved(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
        ) -> None:
    file, header = tmp_path / "one.c", tmp_path / "one.h"
    file.write_text(FAULT)
    for _ in range(2):
        assert tidy.main([str(file), *FLAGS]) == 1
        assert "cert-err34-c" in capsys.readouterr().out
    file.write_text(SOUND)
    header.write_text("#define ONE 1\n")
    assert tidy.main([str(file), *FLAGS]) == 0
    with monkeypatch.context() as patched:
        # Nothing is run that could find anything.
        patched.setattr(tidy, "TOOL", "false")
        assert tidy.main([str(file), *FLAGS]) == 0
        header.write_text("#define ONE 2\n")
        assert tidy.main([str(file), *FLAGS]) == 1
    header.write_text("#include <stdlib.h>\n#define ONE atoi(\"1\")\n")
    assert tidy.main([str(file), *FLAGS]) == 1


def test_table_of_times_has_the_slowest_first() -> None:
    rows = [{"test": f"tests/unit/test_x.py::test[{at}|]", "seconds": float(at), "cpu": 1.0}
            for at in range(60)]
    lines = times.table(rows).splitlines()
    assert lines[0].startswith("All 60 tests: 1770 s, one after the other, and 60 s of CPU time.")
    assert lines[4] == "| `unit/test_x.py::test[59\\|]` | 59.0 | 1.0 |"
    assert len(lines) == 4 + times.SHOWN
    page = f"# Times\n{times.BEGIN}\nold\n{times.END}\nmore\n"
    new = times.put(page, times.table(rows))
    assert "old" not in new and new.endswith(f"{times.END}\nmore\n") and lines[4] in new
    assert times.put(new, "x\n") == f"# Times\n{times.BEGIN}\nx\n{times.END}\nmore\n"
    with pytest.raises(ValueError, match="no place for the table"):
        times.put("# Times\n", "x\n")
