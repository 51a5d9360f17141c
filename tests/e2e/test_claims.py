# SPDX-License-Identifier: GPL-2.0-only
"""The claim of 2016 in a short form, from its file to its page: few pairs, a small guest."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from tests.conftest import one_line

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone

CLAIM = """\
format = 1
title = "a short claim"
base = "6.1:pagewise"
test = ["6.1:batched"]
threads = [1, 4]
tiers = ["exact", "locks", "timed"]
[guest]
ram_mib = 256
swap_mib = 320
vcpus = 4
fit_host = true
accelerator = "tcg"
count_locks = true
[workload]
ratio = 1.25
verify = false
[rules]
host = "any"
pairs = 1
pswpout_floor = 1000
[claim]
statement = "in batches the tree lock is taken once for 32 pages, and that is faster"
[claim.source]
title = "a test"
date = "2026-01-01"
silent_on = ["the spread"]
[[claim.cell]]
threads = 1
metric = "locks.swap_cache_tree.acquisitions_per_page"
effect = -0.97
tolerance = 0.01
tiers = ["locks"]
[[claim.cell]]
threads = 1
effect = 0.05
tolerance = 0.05
tiers = ["timed"]
[[claim.cell]]
threads = 4
effect = 0.5
tolerance = 0.1
tiers = ["timed"]
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("claim") / "short.toml"
    path.write_text(CLAIM, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def two_cpus():
    """A host of two CPUs, whatever this one has; what is started here inherits it."""
    had = os.sched_getaffinity(0)
    if len(had) < 2:
        pytest.skip("takes two CPUs")
    os.sched_setaffinity(0, sorted(had)[:2])
    yield
    os.sched_setaffinity(0, had)


@pytest.fixture(scope="module")
def claimed(swapscale, two_cpus: None, file: Path, tmp_path_factory: pytest.TempPathFactory):
    results = tmp_path_factory.mktemp("results")
    done = swapscale("claim", file, "--results", results)
    assert done.returncode == 3, done.stdout + done.stderr
    return done, next(results.iterdir())


def test_every_cell_has_its_verdict(claimed) -> None:
    data = json.loads((claimed[1] / "claim.json").read_text())
    tree, one, many = data["cells"]
    assert tree["verdict"] == "reproduced", tree
    assert tree["measured"]["accelerator"] == "icount" and tree["measured"]["vcpus"] == 1
    assert one["verdict"] == "inconclusive" and one["measured"]["emulated"] is True
    assert many["verdict"] == "inconclusive" and many["measured"] is None
    assert "4 threads want 4 CPUs and this host has 2" in many["reason"]
    assert any("locks of the swap-out path" in line for line in many["limits"])


def test_locks_are_counted_where_time_cannot_be_taken(claimed) -> None:
    samples = load_samples(claimed[1] / "samples.jsonl")
    assert [one.invalid for one in samples] == [()] * len(samples)
    assert {one.cell.threads for one in samples if one.cell.tier == "timed"} == {1}
    assert {one.cell.threads for one in samples if one.cell.tier == "locks"} == {1, 4}


def test_page_says_what_was_measured_and_how(claimed) -> None:
    said = claimed[0].stdout
    for word in ("Claim short: a short claim", "emulated", "message-id: not confirmed", "tcg",
                 "the source does not give: the spread", "icount", "reproduced",
                 "4 threads want 4 CPUs and this host has 2", "Claim: INCONCLUSIVE"):
        assert word in said, word
    assert (claimed[1] / "claim.txt").read_text() == said


def test_a_complete_claim_is_printed_again_without_a_boot(swapscale, claimed) -> None:
    before = (claimed[1] / "samples.jsonl").read_bytes()
    for args in ((claimed[1],), (claimed[1], "--recompute"), ("--resume", claimed[1])):
        again = swapscale("claim", *args)
        assert again.returncode == 3 and again.stdout == claimed[0].stdout, args
    assert (claimed[1] / "samples.jsonl").read_bytes() == before


def test_a_claim_is_an_experiment_to_the_other_commands(swapscale, claimed) -> None:
    assert "swap_cache_tree" in swapscale("report", claimed[1]).stdout


@pytest.mark.parametrize("args, says", [
    ((), "give a claim"), (("chen-2016", "--resume", "x"), "give a claim"),
    (("--resume", "x", "--results", "y"), "--results and --tree are for a new campaign"),
    (("chen-2016", "--recompute"), "--recompute takes a claim's folder"),
    (("chen-2015",), "did you mean chen-2016"), (("./nowhere.toml",), "cannot be read"),
    (("--resume", "/nonexistent"), "is not a campaign"),
    (("configs/bench.toml",), "configs/bench.toml:1: claim: missing")])
def test_usage_is_one_line_and_status_2(swapscale, args: tuple[str, ...], says: str) -> None:
    done = swapscale("claim", *args)
    assert done.returncode == 2 and says in one_line(done.stderr) and done.stdout == ""
