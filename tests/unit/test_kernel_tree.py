# SPDX-License-Identifier: GPL-2.0-only
"""Series applied to a small tree: on, off, refused, cut short."""
from __future__ import annotations

import difflib
import os
import shutil
from pathlib import Path

import pytest

from runner.errors import CannotMeasure, UsageError
from runner.kernel import series as series_module
from runner.kernel import tree as tree_module
from runner.kernel.series import Series
from runner.kernel.stage import Content
from runner.kernel.tree import Tree

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"
LONG_AGO = 1_500_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    home = tmp_path / "home"
    shutil.copytree(TOY, home / "src")
    for file in home.rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))
    made = Tree(home)
    made.accept("toy 1")
    return made


def state(tree: Tree) -> dict[str, tuple[bytes, int]]:
    """Every file of the tree: content and permissions."""
    return {str(file.relative_to(tree.src)): (file.read_bytes(), file.stat().st_mode)
            for file in tree.src.rglob("*") if file.is_file()}


def patch(path: str, old: str | None, new: str | None) -> str:
    """A unified diff, as diff -u prints it."""
    text = difflib.unified_diff((old or "").splitlines(keepends=True),
                                (new or "").splitlines(keepends=True),
                                "/dev/null" if old is None else f"a/{path}",
                                "/dev/null" if new is None else f"b/{path}")
    return "".join(text)


def series(folder: Path, *patches: str) -> Series:
    """A series of these patches, read as the builder reads it."""
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(patches, 1):
        (folder / f"{number}.patch").write_text(text)
    (folder / "series").write_text("".join(f"{n}.patch\n" for n in range(1, len(patches) + 1)))
    return series_module.load([series_module.Part(folder.name, folder)])


VMSCAN = (TOY / "mm/vmscan.c").read_text()
SWAPFILE = (TOY / "mm/swapfile.c").read_text()
FASTER = VMSCAN.replace("return 12;", "return 10;")
BATCHED = FASTER.replace("return 32;", "return 256;")


def test_patches_build_on_each_other(tree: Tree, tmp_path: Path) -> None:
    two = series(tmp_path / "two", patch("mm/vmscan.c", VMSCAN, FASTER),
                 patch("mm/vmscan.c", FASTER, BATCHED))
    before = state(tree)
    assert tree.switch(tree.plan(two)) == ["mm/vmscan.c"]
    assert (tree.src / "mm/vmscan.c").read_text() == BATCHED
    assert {path for path, file in state(tree).items() if file != before[path]} == {"mm/vmscan.c"}
    assert (tree.src / "mm/swapfile.c").stat().st_mtime == LONG_AGO


def test_back_and_forth_restores_every_byte(tree: Tree, tmp_path: Path) -> None:
    before = state(tree)
    one = series(tmp_path / "one", patch("mm/vmscan.c", VMSCAN, FASTER),
                 patch("mm/batch/add.c", None, "int add;\n"),
                 patch("mm/swapfile.c", SWAPFILE, None))
    other = series(tmp_path / "other", patch("mm/swapfile.c", SWAPFILE, SWAPFILE + "int more;\n"))
    tree.switch(tree.plan(one))
    patched = state(tree)
    assert "mm/swapfile.c" not in patched and patched["mm/batch/add.c"][0] == b"int add;\n"
    tree.switch(tree.plan(other))
    assert state(tree)["mm/swapfile.c"][0] == (SWAPFILE + "int more;\n").encode()
    assert state(tree)["mm/vmscan.c"] == before["mm/vmscan.c"]
    tree.switch({})
    assert state(tree) == before and not (tree.src / "mm/batch").exists()
    tree.switch(tree.plan(one))
    assert state(tree) == patched


def test_same_series_again_writes_nothing(tree: Tree, tmp_path: Path) -> None:
    one = series(tmp_path / "one", patch("mm/vmscan.c", VMSCAN, FASTER))
    tree.switch(tree.plan(one))
    again = Tree(tree.home)
    assert again.switch(again.plan(one)) == []


def test_a_moved_hunk_applies_and_a_changed_one_does_not(tree: Tree, tmp_path: Path) -> None:
    moved = series(tmp_path / "moved",
                   patch("mm/vmscan.c", "//\n//\n" + VMSCAN, "//\n//\n" + FASTER))
    assert tree.plan(moved)["mm/vmscan.c"] == Content(FASTER.encode(), 0o644)
    # One line of context differs: fuzz would place it, and must not.
    near = patch("mm/vmscan.c", VMSCAN, FASTER).replace("int scan_priority", "int scan_prio")
    assert near != patch("mm/vmscan.c", VMSCAN, FASTER)
    with pytest.raises(UsageError, match="hunk 1 of 1 does not apply"):
        tree.plan(series(tmp_path / "near", near))


def test_what_does_not_apply_is_named_and_touches_nothing(tree: Tree, tmp_path: Path) -> None:
    before = state(tree)
    late = VMSCAN.replace("pages > scan_limit() ?", "pages >= scan_max() ?")
    bad = series(tmp_path / "bad", patch("mm/swapfile.c", SWAPFILE, SWAPFILE + "int more;\n"),
                 patch("mm/vmscan.c", late.replace("scan_max", "scan_top"),
                       late.replace("return 12;", "return 11;")))
    with pytest.raises(UsageError) as caught:
        tree.plan(bad)
    assert str(caught.value) == (
        "series bad: 2.patch: mm/vmscan.c: hunk 2 of 2 does not apply at line 16: "
        "@@ -16,5 +16,5 @@; rebase the patch on this source")
    assert state(tree) == before and tree.touched == {}


@pytest.mark.parametrize("text, problem", [
    (patch("mm/none.c", "a\n", "b\n"), "mm/none.c: is not in this source"),
    (patch("mm/vmscan.c", None, "int new;\n"), "mm/vmscan.c: the patch makes this file, but"),
    (patch("mm/swapfile.c", "int none(void)\n", None),
     "hunk 1 of 1 does not apply (perhaps this source has the change already): @@ -1 +0,0 @@;"),
    (patch("mm", "a\n", "b\n"), "mm: is not a plain file"),
    (patch("link/passwd", "a\n", "b\n"), "link/passwd: is not a plain file"),
    (patch("linked.c", "a\n", "b\n"), "linked.c: is not a plain file"),
    (patch("link/new.c", None, "b\n"), "link/new.c: is not a plain file"),
    (patch("Kbuild/x.c", None, "b\n"), "Kbuild/x.c: is not a plain file"),
])
def test_refused_files(tree: Tree, tmp_path: Path, text: str, problem: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwd").write_text("a\n")
    (tree.src / "link").symlink_to(outside)
    (tree.src / "linked.c").symlink_to(outside / "passwd")
    with pytest.raises(UsageError) as caught:
        tree.switch(tree.plan(series(tmp_path / "s", text)))
    assert problem in str(caught.value)
    assert [(file.name, file.read_text()) for file in outside.iterdir()] == [("passwd", "a\n")]


def test_a_deletion_must_fit_the_whole_file(tree: Tree, tmp_path: Path) -> None:
    first = SWAPFILE.splitlines(keepends=True)
    text = (f"--- a/mm/swapfile.c\n+++ /dev/null\n@@ -1,{len(first) - 1} +0,0 @@\n"
            + "".join("-" + line for line in first[:-1]))
    with pytest.raises(UsageError, match="the patch deletes this file, but"):
        tree.plan(series(tmp_path / "s", text))


def test_modes_are_set_and_taken_back(tree: Tree, tmp_path: Path) -> None:
    before = state(tree)
    text = ("diff --git a/mm/swapfile.c b/mm/swapfile.c\nold mode 100644\nnew mode 100755\n"
            + patch("mm/swapfile.c", SWAPFILE, SWAPFILE + "int more;\n"))
    tree.switch(tree.plan(series(tmp_path / "s", text)))
    assert state(tree)["mm/swapfile.c"][1] & 0o777 == 0o755
    tree.switch({})
    assert state(tree) == before


@pytest.mark.parametrize("writes", range(7))
def test_a_switch_cut_short_is_finished_by_the_next(
        tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    before = state(tree)
    one = series(tmp_path / "one", patch("mm/vmscan.c", VMSCAN, FASTER),
                 patch("mm/new.c", None, "int add;\n"), patch("mm/swapfile.c", SWAPFILE, None))
    real, done = tree_module.write, 0

    def dies(place: Path, content: Content) -> None:
        nonlocal done
        if done == writes:
            raise KeyboardInterrupt
        done += 1
        real(place, content)

    monkeypatch.setattr(tree_module, "write", dies)
    try:
        tree.switch(tree.plan(one))
        finished = True
    except KeyboardInterrupt:
        finished = False
    monkeypatch.setattr(tree_module, "write", real)
    # 2 originals, state, 2 files, state
    assert finished == (writes == 6)
    found = Tree(tree.home)
    found.switch({})
    assert state(found) == before and found.touched == {}


def test_lost_originals_are_noticed(tree: Tree, tmp_path: Path) -> None:
    tree.switch(tree.plan(series(tmp_path / "one", patch("mm/vmscan.c", VMSCAN, FASTER))))
    shutil.rmtree(tree.home / "orig")
    with pytest.raises(CannotMeasure, match="has gone"):
        Tree(tree.home).switch({})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"base": "x", "touched": []}'])
def test_damaged_state_is_one_line(tree: Tree, text: str) -> None:
    (tree.home / "state.json").write_text(text)
    with pytest.raises(CannotMeasure, match="state.json: is damaged"):
        Tree(tree.home)
