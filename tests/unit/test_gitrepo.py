# SPDX-License-Identifier: GPL-2.0-only
"""Repositories as people have them: partial, linked, another user's, configured; only read."""
from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from runner.bisect import githistory
from runner.bisect.points import Limits
from runner.errors import SwapscaleError, UsageError
from runner.kernel import definitions
from runner.kernel import git as gitsource
from runner.progress import Progress
from tests.conftest import ROOT, one_line
from tests.smallgit import commit, git, linear

EXPERIMENT = ROOT / "configs" / "bench.toml"


def kernel_tree(place: Path, count: int = 4) -> list[str]:
    """A repository whose commits look like kernels; each changes one file and adds one."""
    linear(place, 1)
    (place / "Kbuild").write_text("obj-y := init/\n")
    git(place, "add", "Kbuild")
    git(place, "commit", "--quiet", "-m", "a kernel")
    found = [git(place, "rev-parse", "HEAD")]
    for at in range(1, count):
        (place / "Kbuild").write_text(f"obj-y := init/ # {at}\n")
        git(place, "add", "Kbuild")
        found.append(commit(place, f"step {at}", f"f{at}"))
    return found


def partial(tmp_path: Path, name: str, *words: str) -> Path:
    source = tmp_path / "src"
    for key in ("allowFilter", "allowAnySHA1InWant"):
        git(source, "config", f"uploadpack.{key}", "true")
    git(tmp_path, "clone", "--quiet", *words, f"file://{source}", name)
    return tmp_path / name


def state(tree: Path) -> dict[str, str]:
    """Everything in a repository's folder, to see that nothing was written."""
    return {str(one.relative_to(tree)): hashlib.sha256(one.read_bytes()).hexdigest()
            for one in sorted(tree.rglob("*")) if one.is_file()}


def source(tree: Path, ref: str) -> definitions.Source:
    return definitions.Source(str(tree), "git", tree, ref)


@pytest.mark.parametrize("words", [
    ("--filter=blob:none", "--no-checkout"), ("--filter=blob:none",),
    ("--filter=tree:0", "--no-checkout"), ("--filter=blob:limit=1",),
    ("--filter=blob:none", "--no-checkout", "-o", "up.stream")])
def test_a_clone_without_its_files_is_refused_with_git_s_remedy(tmp_path: Path, swapscale,
                                                                words: tuple[str, ...]) -> None:
    commits = kernel_tree(tmp_path / "src")
    tree = partial(tmp_path, "partial", *words)
    before = state(tree)
    with pytest.raises(UsageError) as error:
        gitsource.identity(source(tree, commits[1]))
    assert "is a partial clone" in str(error.value) and "\n" not in str(error.value)
    results = tmp_path / "results"
    for arguments in (("kernel", "build", "--flavour", "perf", f"git:{tree}@{commits[1]}"),
                      ("bisect", "--tree", tree, "--good", commits[0], "--bad", commits[3],
                       "--experiment", EXPERIMENT, "--results", results)):
        done = swapscale(*arguments)
        assert done.returncode == 2 and "partial clone" in one_line(done.stderr)
    assert not results.exists() and state(tree) == before, "nothing is written, nothing fetched"
    # And what the line says mends it.
    remedy = str(error.value).split("'")[1]
    subprocess.run(remedy.split(), check=True, capture_output=True)
    assert gitsource.identity(source(tree, commits[1])) == git(
        tmp_path / "src", "rev-parse", f"{commits[1]}^{{tree}}")
    assert githistory.find(tree, commits[0], commits[3], Progress()).bad == commits[3]


def test_a_partial_clone_is_read_where_it_has_what_it_takes(tmp_path: Path) -> None:
    commits = kernel_tree(tmp_path / "src")
    tree = partial(tmp_path, "partial", "--filter=blob:none")
    assert gitsource.identity(source(tree, commits[-1]))  # checked out, so it is there
    with pytest.raises(UsageError, match="and lacks 1 file of"):
        (tmp_path / "src/f9").write_text("new\n")
        other = commit(tmp_path / "src", "another", "f9")
        git(tree, "fetch", "--quiet")
        gitsource.identity(source(tree, other))


def test_linked_work_trees(tmp_path: Path) -> None:
    commits = kernel_tree(tmp_path / "src")
    git(tmp_path / "src", "worktree", "add", "--quiet", str(tmp_path / "linked"), commits[2])
    linked = tmp_path / "linked"
    assert githistory.find(linked, commits[0], "HEAD", Progress()).bad == commits[2]
    assert gitsource.identity(source(linked, "HEAD")) == git(linked, "rev-parse", "HEAD^{tree}")
    # Moved by hand, git does not know it any more.
    linked.rename(tmp_path / "elsewhere")
    (tmp_path / "src").rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="its .git leads to a repository that is not there; "
                                         "'git worktree repair"):
        githistory.find(tmp_path / "elsewhere", commits[0], "HEAD", Progress())


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to give a folder to another user")
def test_another_user_s_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = kernel_tree(tmp_path / "src")
    tree = tmp_path / "src"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for one in [tree, *tree.rglob("*")]:
        os.chown(one, 65534, 65534)
    for ask in (lambda: githistory.find(tree, commits[0], commits[1], Progress()).bad,
                lambda: gitsource.identity(source(tree, commits[1]))):
        with pytest.raises(UsageError) as error:
            ask()
        assert "another user" in str(error.value)
        assert f"safe.directory {tree}" in str(error.value) and "\n" not in str(error.value)
    # As the image of a CI system says it: git heeds it, so do we.
    for key, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", str(tree))):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    assert githistory.find(tree, commits[0], commits[1], Progress()).bad == commits[1]


@pytest.mark.parametrize("variables", [
    {"GIT_DIR": "/nowhere"}, {"GIT_WORK_TREE": "/nowhere", "GIT_INDEX_FILE": "/nowhere"},
    {"GIT_OBJECT_DIRECTORY": "/nowhere"}, {"GIT_CEILING_DIRECTORIES": "/"},
    {"GIT_EXTERNAL_DIFF": "false", "GIT_PAGER": "false"}, {"GIT_NAMESPACE": "x"}])
def test_the_shell_s_git_is_another_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           variables: dict[str, str]) -> None:
    commits = kernel_tree(tmp_path / "src")
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    found = githistory.find(tmp_path / "src", commits[0], commits[3], Progress())
    assert len(found.suspects([found.good], found.bad)) == 3
    assert gitsource.identity(source(tmp_path / "src", commits[1]))


@pytest.mark.parametrize("key, value", [
    ("color.ui", "always"), ("color.diff", "always"), ("log.showSignature", "true"),
    ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.context", "0"),
    ("diff.external", "false"), ("diff.suppressBlankEmpty", "true"), ("core.pager", "false"),
    ("i18n.logOutputEncoding", "ISO-8859-1"), ("log.follow", "true"), ("core.quotePath", "false"),
    ("diff.renames", "copies"), ("status.branch", "true"), ("log.decorate", "full"),
    ("core.abbrev", "4"), ("diff.orderFile", "/no/where"), ("diff.algorithm", "histogram"),
    ("diff.relative", "true"), ("core.sparseCheckout", "true"), ("log.diffMerges", "off")])
def test_a_repository_s_settings_change_nothing(tmp_path: Path, key: str, value: str) -> None:
    commits = kernel_tree(tmp_path / "src")
    last = commit(tmp_path / "src", "größer", "f1")
    plain = githistory.find(tmp_path / "src", commits[0], last, Progress())
    known = (plain.title(last), plain.stat(last), plain.revert(last),
             sorted(plain.suspects([plain.good], plain.bad)), plain.title(commits[0]))
    git(tmp_path / "src", "config", key, value)
    found = githistory.find(tmp_path / "src", commits[0], last, Progress())
    assert (found.title(last), found.stat(last), found.revert(last),
            sorted(found.suspects([found.good], found.bad)), found.title(commits[0])) == known
    assert "größer" in known[0] and b"\x1b" not in known[2]


def test_a_repository_that_borrows_from_one_that_is_gone(tmp_path: Path) -> None:
    commits = kernel_tree(tmp_path / "src")
    git(tmp_path, "clone", "--quiet", "--shared", "src", "shared")
    shared = tmp_path / "shared"
    assert githistory.find(shared, commits[0], commits[3], Progress()).bad == commits[3]
    (tmp_path / "src").rename(tmp_path / "moved")
    for ask in (lambda: githistory.find(shared, commits[0], commits[3], Progress()).bad,
                lambda: gitsource.identity(source(shared, commits[1]))):
        with pytest.raises(UsageError, match="borrows its objects of .*src/.git/objects, which is "
                                             "not there; .*info/alternates"):
            ask()


@pytest.mark.parametrize("how", [("--bare",), ("--mirror",), ("--reference", "src")])
def test_other_clones_and_hashes(tmp_path: Path, how: tuple[str, ...]) -> None:
    commits = kernel_tree(tmp_path / "src")
    git(tmp_path, "clone", "--quiet", *how, "src", "other")
    found = githistory.find(tmp_path / "other", commits[0], "HEAD", Progress())
    assert len(found.suspects([found.good], found.bad)) == 3
    git(tmp_path, "init", "--quiet", "-b", "master", "--object-format=sha256", "new")
    long = kernel_tree(tmp_path / "new")
    assert len(long[0]) == 64
    assert githistory.find(tmp_path / "new", long[0], "HEAD", Progress()).bad == long[3]
    assert len(gitsource.identity(source(tmp_path / "new", "HEAD"))) == 64


def test_every_way_to_name_a_commit(tmp_path: Path) -> None:
    commits = kernel_tree(tmp_path / "src")
    tree = tmp_path / "src"
    git(tree, "tag", "-a", "-m", "x", "v1", commits[3])
    for name in ("HEAD", "v1", "v1^{}", "v1^{commit}", "HEAD@{0}", f"v1-0-g{commits[3][:12]}",
                 commits[3][:8], ":/step 3", "master", "refs/heads/master", "@"):
        assert githistory.commit_of(tree, name) == commits[3], name
    for name in ("v0..v1", "^HEAD", "--all", "HEAD^{tree}", "", "x\ny", ":/no such", "HEAD:Kbuild"):
        with pytest.raises(UsageError, match="has no commit"):
            githistory.commit_of(tree, name)


# Which commits may be it

def test_a_history_that_was_merged_begins_among_the_suspects(tmp_path: Path) -> None:
    tree = tmp_path / "src"
    trunk = linear(tree, 2)
    git(tree, "checkout", "--quiet", "--orphan", "btrfs")
    root = commit(tree, "another history", "other")
    git(tree, "checkout", "--quiet", "master")
    git(tree, "merge", "--quiet", "--allow-unrelated-histories", "-m", "merged", "btrfs", "-s",
        "ours")
    found = githistory.find(tree, trunk[0], "HEAD", Progress())
    assert root in found.suspects([found.good], found.bad)
    assert "other" in found.stat(root) and b"deleted file" in found.revert(root)


def test_paths(tmp_path: Path) -> None:
    commits = kernel_tree(tmp_path / "src", 6)
    tree = tmp_path / "src"
    found = githistory.find(tree, commits[0], commits[5], Progress(), Limits(paths=("f2", "f3")))
    # What is after the last of them is measured by nobody, so the end is there.
    assert found.bad == commits[3]
    assert set(found.suspects([found.good], found.bad)) == {commits[2], commits[3]}
    with pytest.raises(UsageError, match="no commit between .* touches f9; name other paths"):
        githistory.find(tree, commits[0], commits[5], Progress(), Limits(paths=("f9",)))
    with pytest.raises(UsageError) as error:
        githistory.find(tree, commits[0], commits[5], Progress(), Limits(paths=("/no/where",)))
    assert "/no/where" in str(error.value) and "\n" not in str(error.value)


def test_first_parent(tmp_path: Path) -> None:
    tree = tmp_path / "src"
    trunk = linear(tree, 2)
    git(tree, "checkout", "--quiet", "-b", "side", trunk[0])
    side = [commit(tree, f"side {at}", "other") for at in range(3)]
    git(tree, "checkout", "--quiet", "master")
    git(tree, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    merge = git(tree, "rev-parse", "HEAD")
    last = commit(tree, "last")
    whole = githistory.find(tree, trunk[0], last, Progress())
    assert set(whole.suspects([whole.good], whole.bad)) == {trunk[1], *side, merge, last}
    found = githistory.find(tree, trunk[0], last, Progress(), Limits(first_parent=True))
    assert set(found.suspects([found.good], found.bad)) == {trunk[1], merge, last}
    assert found.parent(merge) == trunk[1] and "other" in found.stat(merge)


def test_no_error_of_git_s_is_the_host_s_fault(tmp_path: Path, swapscale) -> None:
    """A repository that cannot be read is the user's to mend: status 2, before anything is made."""
    commits = kernel_tree(tmp_path / "src")
    (tmp_path / "src/.git/config").write_text("[core\n")
    done = swapscale("bisect", "--tree", tmp_path / "src", "--good", commits[0], "--experiment",
                     EXPERIMENT, "--results", tmp_path / "results")
    assert done.returncode == 2 and "bad config line 1" in one_line(done.stderr)
    assert not (tmp_path / "results").exists()
    with pytest.raises(SwapscaleError) as error:
        gitsource.identity(source(tmp_path / "src", commits[0]))
    assert error.value.exit == 2
