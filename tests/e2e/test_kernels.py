# SPDX-License-Identifier: GPL-2.0-only
"""Kernels through the front door: built once, refused with one clear line."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.records import BuiltKernel
from tests.conftest import one_line


def test_built_kernel_is_not_built_again(swapscale, built: BuiltKernel) -> None:
    files = sorted(built.image.parent.iterdir())
    before = [(path, path.stat().st_mtime_ns) for path in files]
    done = swapscale("kernel", "build", "--flavour", "perf", "--json", "6.1:vanilla")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["key"] == built.key
    assert [(path, path.stat().st_mtime_ns) for path in files] == before


def test_patch_that_does_not_apply(swapscale, built: BuiltKernel) -> None:
    done = swapscale("kernel", "build", f"6.1:{paths.ROOT}/tests/series/does-not-apply")
    assert done.returncode == 2, done.stderr
    line = one_line(done.stderr)
    for part in ("wrong-context.patch", "mm/swap_state.c", "hunk"):
        assert part in line.lower() or part in line


def test_option_that_vanishes(swapscale, built: BuiltKernel, tmp_path: Path) -> None:
    (tmp_path / "swapscale").mkdir()
    (tmp_path / "swapscale" / "kernels.toml").write_text(
        '[source.mine]\nkind = "debian"\npackage = "linux-source-6.1"\n'
        'suite = "bookworm"\n'
        f'fragments = ["{paths.ROOT}/tests/data/vanishing/option.config"]\n')
    done = swapscale("kernel", "build", "mine:vanilla", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert done.returncode == 2, done.stderr
    line = one_line(done.stderr)
    assert "option.config:2" in line and "CONFIG_SWAPSCALE_NO_SUCH_OPTION" in line
    assert "no such option in this source" in line and "without = [" in line


@pytest.mark.parametrize("name, says", [
    ("6.1:no-such-series", "no-such-series"), ("9.99:vanilla", "9.99"), ("", "''"),
    ("git:/nonexistent@v6.1", "/nonexistent"), ("image:/nonexistent", "/nonexistent"),
    ("tarball:/nonexistent.tar.xz", "/nonexistent.tar.xz"), ("dir:/nonexistent", "/nonexistent"),
])
def test_names_that_are_none(swapscale, name: str, says: str) -> None:
    done = swapscale("kernel", "build", name)
    assert done.returncode == 2, done.stderr
    assert says in one_line(done.stderr)


def test_ready_image_is_measured(swapscale, built: BuiltKernel, experiment,
                                 tmp_path: Path) -> None:
    """image: needs no build, and gives what the same kernel built here gives."""
    file = experiment()
    ours = swapscale("run", file, "--results", tmp_path / "a")
    file.write_text(file.read_text().replace("6.1:vanilla", f"image:{built.image}"))
    theirs = swapscale("run", file, "--results", tmp_path / "b")
    assert ours.returncode == theirs.returncode == 0, ours.stderr + theirs.stderr
    a, b = (load_samples(next((tmp_path / side).glob("*/samples.jsonl"))) for side in "ab")
    assert [one.metrics for one in a] == [one.metrics for one in b]


def test_612_takes_the_locks_it_is_known_for(swapscale, experiment, tmp_path: Path) -> None:
    """Acquisitions per swapped-out page of a 6.12 kernel, as measured on several hosts."""
    file = experiment(top='tiers = ["locks"]')
    file.write_text(file.read_text().replace("6.1:vanilla", "6.12:vanilla"))
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    sample, = load_samples(next(tmp_path.glob("*/samples.jsonl")))
    for name, known in (("swap_cache_tree", 2.0), ("swap_cluster", 4.0), ("swap_slots", 1.0),
                        ("swap_cgroup", 1.0)):
        found = sample.metrics[f"locks.{name}.acquisitions_per_page"].value
        assert found == pytest.approx(known, rel=0.05), name
