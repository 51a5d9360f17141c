# SPDX-License-Identifier: GPL-2.0-only
"""Trees out of git repositories, folders and tarballs: the user's are left alone."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.errors import CannotMeasure, UsageError
from runner.kernel import folder, git, image, tarball
from runner.kernel.definitions import Source
from runner.kernel.tree import Tree
from runner.progress import Progress

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"
SCAN = "int scan_priority(void)\n{\n\treturn 12;\n}\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(key, raising=False)


def run(*argv: str, cwd: Path | None = None) -> str:
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True).stdout


def user_git(repository: Path, *argv: str) -> str:
    return run("git", "-C", str(repository), "-c", "user.name=u", "-c", "user.email=u@x", *argv)


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


def fetch(source: Source, home: Path) -> Tree:
    """Fetch as the builder does; the tree then holds the source."""
    tree = Tree(home)
    home.mkdir(exist_ok=True)
    if tree.base:
        tree.switch({})
    kind = {"git": git, "dir": folder, "tarball": tarball}[source.kind]
    kind.fetch(source, tree, Progress())
    tree.accept(kind.identity(source))
    return tree


def content(top: Path) -> dict[str, bytes]:
    return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*")
            if file.is_file() and ".git" not in file.relative_to(top).parts}


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
    wanted = user_git(repository, "rev-parse", f"{ref}^{{tree}}").strip()
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
    (other / "a").write_text("a\n")
    user_git(other, "add", "a")
    user_git(other, "commit", "-qm", "a")
    with pytest.raises(UsageError, match="HEAD holds no kernel source"):
        fetch(git_source(other, "HEAD"), tmp_path / "home")


def test_folder(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(TOY, mine)
    (mine / "mm/vmscan.o").write_text("product")
    (mine / ".config").write_text("product")
    (mine / "link.c").symlink_to("mm/vmscan.c")
    source = Source("d", "dir", mine)
    before = folder.identity(source)
    tree = fetch(source, tmp_path / "home")
    assert set(content(tree.src)) == {*content(TOY), "link.c"}
    assert (tree.src / "link.c").is_symlink()
    (mine / "mm/swapfile.o").write_text("another product")
    assert folder.identity(source) == before
    # Put back to an older state, with its older time: it still counts as new.
    (mine / "mm/vmscan.c").write_text(SCAN)
    os.utime(mine / "mm/vmscan.c", (1_500_000_000, 1_500_000_000))
    (mine / "mm/swapfile.c").unlink()
    assert folder.identity(source) != before
    copied = (tree.src / "mm/vmscan.c").stat().st_mtime_ns
    tree = fetch(source, tmp_path / "home")
    assert (tree.src / "mm/vmscan.c").read_text() == SCAN
    assert (tree.src / "mm/vmscan.c").stat().st_mtime_ns > copied
    assert not (tree.src / "mm/swapfile.c").exists()


def test_folder_problems(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        folder.identity(Source("d", "dir", tmp_path / "none"))
    with pytest.raises(UsageError, match="holds no kernel source"):
        folder.identity(Source("d", "dir", tmp_path))


def pack(tmp_path: Path, top: Path) -> Source:
    file = tmp_path / "linux.tar.gz"
    run("tar", "-czf", str(file), "-C", str(top.parent), top.name)
    return Source("t", "tarball", file)


def test_tarball(tmp_path: Path) -> None:
    source = pack(tmp_path, TOY)
    before = tarball.identity(source)
    tree = fetch(source, tmp_path / "home")
    assert content(tree.src) == content(TOY)
    (tree.home / "perf").mkdir()
    changed = tmp_path / "changed"
    shutil.copytree(TOY, changed)
    (changed / "mm/swapfile.c").unlink()
    source = pack(tmp_path, changed)
    assert tarball.identity(source) != before
    tree = fetch(source, tmp_path / "home")
    assert content(tree.src) == content(changed)
    assert not (tree.home / "perf").exists()


def test_tarball_hash_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    source = pack(tmp_path, TOY)
    before = tarball.identity(source)
    stat = source.path.stat()
    source.path.write_bytes(b"x" * stat.st_size)
    os.utime(source.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert tarball.identity(source) == before       # same size and time: not read again
    os.utime(source.path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert tarball.identity(source) != before


def test_tarball_problems(tmp_path: Path) -> None:
    gone = tmp_path / "linux-source-6.12.tar.xz"
    with pytest.raises(CannotMeasure) as caught:
        tarball.identity(Source("6.12", "debian", gone, package="linux-source-6.12"))
    assert str(caught.value) == (f"kernel 6.12: {gone} is not there; "
                                 "apt-get install linux-source-6.12")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        tarball.identity(Source("t", "tarball", gone))
    gone.write_bytes(b"not packed")
    tree = Tree(tmp_path / "home")
    with pytest.raises(CannotMeasure, match="tar failed: .*not look like a tar archive"):
        tarball.fetch(Source("t", "tarball", gone), tree, Progress())
    assert not (tree.home / "src.new").exists()
    with pytest.raises(UsageError, match="holds no kernel source"):
        tarball.fetch(pack(tmp_path, TOY / "mm"), tree, Progress())


def bzimage(version: bytes) -> bytes:
    head = bytearray(0x1000)
    head[0x202:0x206] = b"HdrS"
    head[0x20E:0x210] = (0x400).to_bytes(2, "little")
    head[0x600:0x600 + len(version)] = version
    return bytes(head)


def test_image(tmp_path: Path) -> None:
    file = tmp_path / "vmlinuz"
    file.write_bytes(bzimage(b"6.1.0-30-amd64 (debian@x) #1"))
    source = Source("image:v", "image", file)
    assert image.find(source, "k", keep=False) is None
    built = image.find(source, "k", keep=True)
    assert built is not None
    assert (built.release, built.flavour, built.modules) == ("6.1.0-30-amd64", "", None)
    assert built.image != file and built.image.read_bytes() == file.read_bytes()
    built.image.write_bytes(b"damaged")
    assert image.find(source, "k", keep=False) is None
    mended = image.find(source, "k", keep=True)
    assert mended is not None and mended.image.read_bytes() == file.read_bytes()
    tree = tmp_path / "modules"
    tree.mkdir()
    (tree / "modules.builtin").write_text("kernel/virtio.ko\n")
    (tree / "brd.ko").write_bytes(b"\0depends=\0")
    other = image.find(Source("x", "image", file, modules=tree), "k", keep=True)
    assert other is not None and other.modules is not None and other.key != mended.key
    (tree / "brd.ko").write_bytes(b"\0depends=more\0")
    assert (other.modules / "brd.ko").read_bytes() == b"\0depends=\0"
    changed = image.find(Source("x", "image", file, modules=tree), "k", keep=True)
    assert changed is not None and changed.key != other.key


def test_image_of_an_installed_kernel_brings_its_modules(tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "vmlinuz"
    file.write_bytes(bzimage(b"6.1.0-30-amd64"))
    monkeypatch.setattr(image, "INSTALLED", tmp_path)
    (tmp_path / "6.1.0-30-amd64").mkdir()
    (tmp_path / "6.1.0-30-amd64/modules.builtin").write_text("kernel/brd.ko\n")
    built = image.find(Source("image:v", "image", file), "k", keep=True)
    assert built is not None and built.modules is not None
    assert (built.modules / "builtin").read_text() == "brd\n"


def test_image_problems(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        image.release(tmp_path / "none")
    (tmp_path / "elf").write_bytes(b"\x7fELF")
    with pytest.raises(UsageError, match="is not an x86 kernel image"):
        image.release(tmp_path / "elf")
    (tmp_path / "v").write_bytes(bzimage(b"6.1\x1b[2J x"))
    assert image.release(tmp_path / "v").isprintable()
    with pytest.raises(UsageError, match="no such folder; 'modules' is"):
        image.find(Source("x", "image", tmp_path / "v", modules=tmp_path / "m"), "k", keep=True)
