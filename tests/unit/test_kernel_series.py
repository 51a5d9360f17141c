# SPDX-License-Identifier: GPL-2.0-only
"""Series files and patches, read and refused."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import paths
from runner.errors import UsageError
from runner.kernel import diff, series

PATCH = b"""\
From 1234 Mon Sep 17 00:00:00 2001
Subject: [PATCH] mm: scan more

rename from here to there is only talk
---
 mm/vmscan.c | 2 +-

diff --git a/mm/vmscan.c b/mm/vmscan.c
index 1..2 100644
--- a/mm/vmscan.c
+++ b/mm/vmscan.c
@@ -3,3 +3,3 @@ int scan_priority(void)
 {
--- old
+++ new
 }
-- \n2.39
"""


def parse(text: bytes, strip: int = 1) -> tuple[diff.FileDiff, ...]:
    return diff.parse(text, strip, "series s: p.patch")


def test_hunk_lines_that_look_like_file_names() -> None:
    (only,) = parse(PATCH)
    assert (only.path, only.creates, only.deletes, only.mode) == ("mm/vmscan.c", False, False, None)
    assert only.hunks == (b"@@ -3,3 +3,3 @@ int scan_priority(void)\n {\n--- old\n+++ new\n }\n",)


def test_new_deleted_mode_and_missing_newline() -> None:
    new, gone = parse(b"diff --git a/x.sh b/x.sh\nnew file mode 100755\n--- /dev/null\n+++ b/x.sh\n"
                      b"@@ -0,0 +1 @@\n+echo\n\\ No newline at end of file\n"
                      b"diff --git a/y b/y\ndeleted file mode 100644\n--- a/y\n+++ /dev/null\n"
                      b"@@ -1 +0,0 @@\n-y\n")
    assert (new.path, new.creates, new.mode) == ("x.sh", True, 0o755)
    assert new.hunks[0].endswith(b"\\ No newline at end of file\n")
    assert (gone.path, gone.deletes, gone.mode) == ("y", True, None)


def change(old: str, new: str) -> bytes:
    return f"--- {old}\n+++ {new}\n@@ -1 +1 @@\n-a\n+b\n".encode()


@pytest.mark.parametrize("text, problem", [
    (change("/etc/passwd", "/etc/passwd"), ":1: /etc/passwd: is not a path inside the tree"),
    (change("a/../../x", "b/../../x"), ":1: a/../../x: is not a path inside the tree"),
    (change('"a/\\303"', '"b/\\303"'), "is not a path inside the tree"),
    (change("a/.git/config", "b/.git/config"), "belongs to git"),
    (change("a/x", "b/y"), ":2: renames x to y"),
    (change("x", "x"), ":1: x: has nothing left after -p1"),
    (change("/dev/null", "/dev/null"), "names no file on either side"),
    (b"--- a/x\n+++ b/x\n@@ -1,3 +1 @@\n-a\n", ":5: the patch ends inside a hunk"),
    (b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\nwrapped\n", ":5: is not a line of a hunk"),
    (b"--- a/x\n+++ b/x\n@@ one @@\n", ":3: a hunk's first line must read"),
    (b"--- a/x\n+++ b/x\nnothing\n", ":3: a hunk ('@@ "),
    (b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
     ":2: links and submodules are not applied"),
    (b"diff --git a/x b/y\nrename from x\nrename to y\n", ":2: renames, copies and binary files"),
    (b"diff --git a/x b/x\nindex 1..2\nGIT binary patch\n", ":3: renames, copies and binary"),
    (b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "a change of mode alone"),
    (b"only words\n", "holds no unified diff"),
    (b"", "holds no unified diff"),
])
def test_refused(text: bytes, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value).startswith("series s: p.patch:")
    assert problem in str(caught.value)


@given(st.binary(max_size=200) | st.lists(st.sampled_from(
    [b"--- a/x", b"+++ b/x", b"+++ b/../x", b"@@ -1 +1 @@", b"@@ -1,9 +1 @@", b" a", b"-a", b"+a",
     b"diff --git a/x b/x", b"new file mode 100644", b"\\ No newline"]), max_size=12).map(
         lambda lines: b"\n".join(lines)))
def test_any_text_gives_safe_paths_or_one_line(text: bytes) -> None:
    try:
        files = parse(text)
    except UsageError as error:
        assert str(error).isprintable()
    else:
        assert {file.path for file in files} == {"x"}


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "series").write_text(text)
    for name in ("one.patch", "sub/two.patch"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(change("a/x", "b/x"))
    return folder


def load(folder: Path, upto: int | None = None) -> series.Series:
    return series.load([series.Part("s", folder, upto)])


def test_series_file(tmp_path: Path) -> None:
    folder = write(tmp_path, "# why\n\none.patch # said\nsub/two.patch -p1\n")
    loaded = load(folder)
    assert [patch.name for patch in loaded.patches] == ["one.patch", "sub/two.patch"]
    (folder / "one.patch").write_bytes(change("x", "x"))
    (folder / "series").write_text("one.patch -p0\n")
    assert load(folder).patches[0].files[0].path == "x"


def test_first_patches_and_stacks(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", "one.patch\nsub/two.patch\n")
    assert [patch.name for patch in load(folder, 1).patches] == ["one.patch"]
    assert load(folder, 0).digest() == series.load([]).digest() == "vanilla"
    other = write(tmp_path / "b", "sub/two.patch\n")
    stack = [series.Part("a", folder, 1), series.Part("b", other)]
    assert [patch.name for patch in series.load(stack).patches] == ["one.patch", "sub/two.patch"]
    assert series.load(stack).digest() == load(folder).digest()


def test_base_is_beside_the_series_or_its_sources(tmp_path: Path) -> None:
    folder = write(tmp_path / "batched" / "6.1", "one.patch\n")
    assert series.base(folder) == ""
    (folder.parent / "base").write_text("pagewise\n")
    assert series.base(folder) == "pagewise"
    (folder / "base").write_text("other\n")
    assert series.base(folder) == "other"
    (folder / "base").write_text("two words\n")
    with pytest.raises(UsageError, match="base: 'two words' is not one word"):
        series.base(folder)


@pytest.mark.parametrize("text, problem", [
    ("one.patch -p1 extra\n", "series:1: 'one.patch -p1 extra' is not the name of a patch"),
    ("#\n../x.patch\n", "series:2: ../x.patch leads out"),
    ("/x.patch\n", "leads out"),
    ("none.patch\n", "none.patch: cannot be read: No such file"),
    ("# nothing\n", "names no patch"),
])
def test_wrong_series(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(write(tmp_path, text))
    assert problem in str(caught.value)


def test_digest_is_of_what_is_done(tmp_path: Path) -> None:
    folder = write(tmp_path, "one.patch\n")
    before = load(folder).digest()
    (folder / "one.patch").write_bytes(b"Subject: better words\n\n" + change("c/x", "d/x"))
    assert series.load([series.Part("other", folder)]).digest() == before
    (folder / "one.patch").write_bytes(change("a/x", "b/x").replace(b"+b", b"+c"))
    assert load(folder).digest() != before
    (folder / "series").write_text("one.patch\nsub/two.patch\n")
    both = load(folder).digest()
    (folder / "series").write_text("sub/two.patch\none.patch\n")
    assert load(folder).digest() != both


def test_named_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    assert series.names() == []
    home = tmp_path / "series"
    write(home / "batch" / "6.1", "one.patch\n")
    write(home / "any", "one.patch\n")
    (home / "notes").mkdir()
    (home / "batch" / "README").write_text("\n# Add pages in batches\n\nMore.\n")
    assert series.names() == ["any", "batch"]
    assert series.sources_of("batch") == ["6.1"]
    assert series.find("batch", "6.1") == home / "batch" / "6.1"
    assert series.find("batch", "6.12") is None
    assert series.find("any", "6.12") == home / "any"
    assert series.description("batch") == "Add pages in batches"
    assert series.description("any") == ""
