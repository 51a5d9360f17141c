# SPDX-License-Identifier: GPL-2.0-only
"""A guest with two NUMA nodes: threads and their memory are where the experiment says."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


@pytest.mark.parametrize("nodes", [[0, 1], [1, 0]], ids=["beside", "crossed"])
def test_each_threads_pages_are_on_its_node(swapscale, built, tmp_path: Path,
                                            nodes: list[int]) -> None:
    text = (paths.CONFIGS / "numa.toml").read_text()
    assert "\nnodes = [0, 1]\n" in text
    file = tmp_path / "numa.toml"
    file.write_text(text.replace("\nnodes = [0, 1]\n", f"\nnodes = {nodes}\n"))
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.glob("*/samples.jsonl")).parent
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == ()
    evidence = home / sample.evidence
    document = json.loads((evidence / "workload.json").read_text())
    assert document["verification"]["done"] and document["verification"]["bad"] == 0
    threads = document["per_thread"]
    assert [one["node"] for one in threads] == nodes
    # As the kernel tells: of either region much is in memory, and nothing on the other node.
    assert all(one["pages_on_node"] > 5000 and one["pages_elsewhere"] == 0 for one in threads)
    # And as it counts allocations on a node that is not the running CPU's.
    before, after = (dict(line.split() for line in (evidence / f"{when}.vmstat").read_text()
                          .splitlines()) for when in ("before", "after"))
    other, local = (int(after[key]) - int(before[key]) for key in ("numa_other", "numa_local"))
    written = sum(one["pages_written"] for one in threads)
    if nodes == [0, 1]:
        assert local > written > 10 * other
    else:
        assert other > written
