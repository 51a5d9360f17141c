# SPDX-License-Identifier: GPL-2.0-only
"""One bisect with real kernels, killed on the way; the commands are those of the page.

What else a bisect may meet is tests/unit/test_bisect_table.py, without a kernel; with kernels it is
tests/slow/test_bisect_long.py.
"""
from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests import bisecttree
from tests.bisecttree import NOTHING, harmless, slower
from tests.bisecttyped import documented, readings, seal, told
from tests.conftest import EXPERIMENT, ROOT
from tests.waiting import qemus_of, wait_for

#: Some 5% of what a page costs.
COSTLY = slower(300)
#: The good end is the first of them, the bad end the last.
COMMITS = [harmless(0), harmless(1), COSTLY, NOTHING, harmless(2)]
#: Seconds that a kernel built from nothing and both ends may take on a crowded host.
BEFORE_A_STEP = 3000.0


@pytest.fixture(scope="module")
def history() -> tuple[Path, list[str]]:
    """The repository, and its commits without the import."""
    place = bisecttree.warm_place()
    return place, bisecttree.make(place, COMMITS)[1:]


@pytest.fixture(scope="module")
def words(history: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory
          ) -> dict[str, str | Path]:
    tree, commits = history
    file = tmp_path_factory.mktemp("bisect") / "bisect.toml"
    file.write_text(EXPERIMENT.format(
        top='tiers = ["exact"]', guest='vcpus = 1\naccelerator = "icount"', swap=192, ratio=1.25,
        verify="false", floor=1000).replace("ram_mib = 256", "ram_mib = 128"), encoding="utf-8")
    return {"/src/linux": tree, "v6.10": commits[0], "v6.11": commits[-1],
            "configs/bench.toml": file}


def test_a_commit_is_named_through_a_kill(history: tuple[Path, list[str]],
                                          words: dict[str, str | Path], swapscale,
                                          tmp_path: Path) -> None:
    tree, commits = history
    before = seal(tree)
    command = [*documented("bisect --tree", **words), "--results", tmp_path]
    with subprocess.Popen([str(ROOT / "swapscale"), *map(str, command)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as runner:
        folder = wait_for(lambda: list(tmp_path.glob("bisect-*/state.json")))[0].parent
        # Killed while a guest runs, once the ends are measured.
        wait_for(lambda: runner.poll() is not None or (
            len(readings(folder)) >= 2 and qemus_of(folder)), BEFORE_A_STEP)
        runner.send_signal(signal.SIGKILL)
        said = runner.communicate()[0]
    assert runner.returncode == -signal.SIGKILL, said
    wait_for(lambda: not qemus_of(folder))
    first = readings(folder)

    done = swapscale(*documented("bisect --resume", **{
        "results/bisect-20261126-120000": folder}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert readings(folder)[:len(first)] == first
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(COSTLY)]
    assert COSTLY.subject in done.stdout.splitlines()[0]
    assert found["confirmed"] and found["confidence"] > 0.9
    assert "mm/page_io.c" in found["stat"]
    assert 0.03 < found["change"]["change"] < 0.08
    assert [one["reading"]["verdict"] for one in found["again"]] == ["good", "bad", "good"]
    assert "git bisect bad " + found["culprit"] in (folder / "bisect.log").read_text()
    assert (folder / "bisect.png").is_file() and (folder / "bisect.md").is_file()
    assert seal(tree) == before


def test_a_step_that_is_no_verdict_ends_gits_loop(history: tuple[Path, list[str]],
                                                  words: dict[str, str | Path], swapscale,
                                                  tmp_path: Path) -> None:
    _, commits = history
    step = documented("bisect-step", **{**words, "results/mine": tmp_path / "mine",
                                        "v6.10": commits[1]})
    assert swapscale(*step, "--commit", commits[0], "--metric", "nonsense").returncode >= 128
    assert not (tmp_path / "mine").exists()
