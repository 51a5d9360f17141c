# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that move: tips and pins."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from runner.kernel import definitions, spec
from runner.nightly import track


def git(tree: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(tree), "-c", "user.name=x", "-c", "user.email=x@y",
                           *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "linux"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_a_branch_moves_and_its_pin_does_not(tree: Path) -> None:
    name = f"git:{tree}@main"
    first = track.tip(name)
    assert first.commit == git(tree, "rev-parse", "HEAD")
    assert first.kernel == first.pinned == f"git:{tree}@{first.commit}:vanilla"
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    assert track.tip(name).commit != first.commit
    assert spec.parse(first.pinned).source.ref == first.commit


def test_a_series_that_changes_under_its_name_is_another_kernel(tree: Path, tmp_path: Path) -> None:
    series = tmp_path / "series"
    shutil.copytree(paths.KERNELS / "series/batch-add/6.1", series)
    name = f"git:{tree}@main:{series}"
    first = track.tip(name)
    assert track.can_be_had(first.pinned, first.identity)
    shutil.rmtree(series)
    shutil.copytree(paths.KERNELS / "series/pagewise/6.1", series)
    assert track.tip(name).identity != first.identity
    assert not track.can_be_had(first.pinned, first.identity)


def test_a_tarball_is_kept_and_found_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                 ) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    place = tmp_path / "linux.tar.xz"
    place.write_bytes(b"one")
    own = tmp_path / "XDG_CONFIG_HOME/swapscale/kernels.toml"
    own.parent.mkdir(parents=True)
    own.write_text(f'[source.mine]\nkind = "tarball"\npath = "{place}"\ncc = "gcc"\n')
    first = track.tip("mine:vanilla")
    assert first.kernel == "mine:vanilla" and first.pinned.startswith("mine@")
    with pytest.raises(UsageError, match="no source of that version or SHA-256 is kept"):
        spec.parse(first.pinned)
    track.keep(first)
    place.write_bytes(b"two, which is longer")
    kept = spec.parse(first.pinned).source
    assert kept.path == definitions.kept(first.source) and kept.path.read_bytes() == b"one"
    assert track.tip("mine:vanilla").identity != first.identity
    with pytest.raises(UsageError, match="is not a branch, tag or commit"):
        spec.parse("mine@../../x:vanilla")


@pytest.mark.parametrize("name, says", [
    ("image:/boot/vmlinuz", "not of kind image"), ("git:/nonexistent@x", "no such folder"),
    ("nonsense", "is not a source")])
def test_what_does_not_move_is_one_line(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        track.tip(name)
