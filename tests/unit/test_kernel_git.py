# SPDX-License-Identifier: GPL-2.0-only
"""Trees out of git repositories: the user's are left alone."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from kernelsource import SCAN, TOY, alone, content, fetch, run

from runner.errors import UsageError
from runner.kernel import git
from runner.kernel.definitions import Source
from tests.smallgit import commit, git as user_git


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(tmp_path, monkeypatch)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The toy tree in two commits: v1, and v2 with a file more and one changed."""
    made = tmp_path / "linux"
    shutil.copytree(TOY, made)
    user_git(made, "init", "-q", "-b", "main")
    user_git(made, "add", "-A")
    user_git(made, "commit", "-qm", "one")
    user_git(made, "tag", "v1")
    (made / "mm/new.c").write_text("int new;\n")
    (made / "mm/vmscan.c").write_text(SCAN)
    user_git(made, "add", "-A")
    user_git(made, "commit", "-qm", "two")
    user_git(made, "tag", "-am", "two", "v2")
    return made


def git_source(repository: Path, ref: str) -> Source:
    return Source("g", "git", repository, ref)


def snapshot(repository: Path) -> tuple[str, ...]:
    """All of a user's repository that a run could have disturbed."""
    return (user_git(repository, "status", "--porcelain=v2", "--branch"),
            user_git(repository, "stash", "list"), user_git(repository, "for-each-ref"),
            user_git(repository, "worktree", "list"), user_git(repository, "ls-files", "--stage"),
            user_git(repository, "config", "--list", "--local"), repr(content(repository)))


def test_git_leaves_a_dirty_tree_alone(repository: Path, tmp_path: Path) -> None:
    (repository / "mm/vmscan.c").write_text("int unfinished;\n")
    (repository / "mm/swapfile.c").unlink()
    user_git(repository, "add", "mm/swapfile.c")
    (repository / "notes").write_text("untracked\n")
    before = snapshot(repository)
    tree = fetch(git_source(repository, "v1"), tmp_path / "home")
    assert content(tree.src) == content(TOY)
    fetch(git_source(repository, "v2"), tmp_path / "home")
    assert snapshot(repository) == before


def test_git_changing_ref_writes_what_differs(repository: Path, tmp_path: Path) -> None:
    tree = fetch(git_source(repository, "v2"), tmp_path / "home")
    assert (tree.src / "mm/vmscan.c").read_text() == SCAN
    old = 1_500_000_000
    for name in ("mm/vmscan.c", "mm/swapfile.c"):
        os.utime(tree.src / name, (old, old))
    # git notes the times it finds, and touches nothing that only looks older.
    subprocess.run(["git", f"--git-dir={tree.home}/git", f"--work-tree={tree.src}", "-c",
                    "core.bare=false", "update-index", "-q", "--refresh"], cwd=tree.src, check=True)
    tree = fetch(git_source(repository, "v1"), tmp_path / "home")
    assert content(tree.src) == content(TOY)
    assert (tree.src / "mm/swapfile.c").stat().st_mtime == old
    assert (tree.src / "mm/vmscan.c").stat().st_mtime > old


@pytest.mark.parametrize("ref", ["v2", "main", "HEAD", "v1~0"])
def test_git_refs(repository: Path, ref: str) -> None:
    wanted = user_git(repository, "rev-parse", f"{ref}^{{tree}}")
    assert git.identity(git_source(repository, ref)) == wanted


def test_git_worktree_and_shallow_clone(repository: Path, tmp_path: Path) -> None:
    worktree, shallow = tmp_path / "worktree", tmp_path / "shallow"
    user_git(repository, "worktree", "add", "-q", str(worktree), "v1")
    run("git", "clone", "-q", "--depth=1", f"file://{repository}", str(shallow))
    before = snapshot(worktree), snapshot(shallow)
    assert content(fetch(git_source(worktree, "HEAD"), tmp_path / "a").src) == content(TOY)
    tree = fetch(git_source(shallow, "HEAD"), tmp_path / "b")
    assert (tree.src / "mm/new.c").read_text() == "int new;\n"
    assert (snapshot(worktree), snapshot(shallow)) == before


def test_git_borrows_through_a_clone_that_borrows(repository: Path, tmp_path: Path) -> None:
    run("git", "clone", "-q", "--shared", str(repository), str(tmp_path / "clone"))
    tree = fetch(git_source(tmp_path / "clone", "v2"), tmp_path / "home")
    assert (tree.src / "mm/new.c").is_file()


def test_git_series_and_leftovers_go_with_the_next_ref(repository: Path, tmp_path: Path) -> None:
    from runner.kernel.stage import Content
    tree = fetch(git_source(repository, "v2"), tmp_path / "home")
    tree.switch({"mm/added.c": Content(b"int x;\n", 0o644), "mm/swapfile.c": None})
    tree = fetch(git_source(repository, "v1"), tmp_path / "home")
    assert content(tree.src) == content(TOY)


def test_git_cut_short_starts_over(repository: Path, tmp_path: Path) -> None:
    tree = fetch(git_source(repository, "v2"), tmp_path / "home")
    tree.forget()
    (tree.home / "git/index.lock").write_text("")
    (tree.src / "mm/leftover.c").write_text("")
    tree = fetch(git_source(repository, "v1"), tmp_path / "home")
    assert content(tree.src) == content(TOY)


def test_git_problems_are_one_line(repository: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for path, ref, problem in ((tmp_path / "none", "v1", "no such folder"),
                               (plain, "v1", f"is not a git repository; for a plain folder say "
                                             f"dir:{plain}"),
                               (repository, "v9", "has no commit 'v9'"),
                               (repository, "v1:mm", "has no commit")):
        with pytest.raises(UsageError) as caught:
            git.identity(git_source(path, ref))
        assert str(caught.value).startswith(f"{path}: {problem}")
        assert str(caught.value).isprintable()


def test_git_without_a_kernel(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    user_git(other, "init", "-q")
    commit(other, "a", "a")
    with pytest.raises(UsageError, match="HEAD holds no kernel source"):
        fetch(git_source(other, "HEAD"), tmp_path / "home")
