# SPDX-License-Identifier: GPL-2.0-only
"""The built swapstorm on this host, with regions too small to cause swapping."""
from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.component.commands import document
from tests.component.storms import PAGE, PATTERNS, PROGRAM, locks, run


@locks(8)
def test_document_of_a_pass_boxed_run() -> None:
    found = document(run("--threads", "3", "--size-per-thread", "1M", "--passes", "2",
                         "--verify", "--seed", "7"))
    pages = (1 << 20) // PAGE
    assert list(found) == [
        "swapstorm", "seed", "threads", "page_size", "mem_total_bytes", "region_bytes_per_thread",
        "pattern", "content", "processes", "together", "region", "thp", "pageout_pages",
        "memcg_bytes", "rate_per_s", "passes", "time_limit_s", "sample_interval_ms", "phases",
        "per_thread", "fairness", "latency_ns", "series", "verification", "outcome"]
    assert found["fairness"] is None       # there was no steady phase
    assert found["latency_ns"] is None and found["series"] is None
    assert (found["swapstorm"], found["seed"], found["threads"]) == (1, 7, 3)
    assert found["page_size"] == PAGE
    assert found["mem_total_bytes"] == PAGE * os.sysconf("SC_PHYS_PAGES")
    assert found["region_bytes_per_thread"] == 1 << 20
    assert (found["passes"], found["time_limit_s"]) == (2, None)
    assert [t["thread"] for t in found["per_thread"]] == [0, 1, 2]
    assert [t["pages_written"] for t in found["per_thread"]] == [2 * pages] * 3
    assert all(t["write_seconds"] > 0 for t in found["per_thread"])
    assert found["verification"] == {"done": True, "pages": 3 * pages, "stamps": 3 * pages,
                                     "bad": 0, "first_bad": []}


@locks(8)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_comes_back(pattern: str) -> None:
    found = document(run("--threads", "2", "--size-per-thread", "2M", "--passes", "3", "--verify",
                         "--pattern", pattern))
    assert found["pattern"]["name"] == pattern
    pages = (2 << 20) // PAGE
    rounds = 2 if pattern == "readlater" else 1
    for one in found["per_thread"]:
        assert one["pages_written"] + one["pages_read"] == 3 * rounds * pages
        assert (one["pages_read"] > 0) == (pattern in ("mix", "readlater"))
    assert found["verification"]["bad"] == 0
    read = sum(one["pages_read"] for one in found["per_thread"])
    assert 2 * pages >= found["verification"]["pages"] - read > 0


@locks(8)
@pytest.mark.parametrize("options", [("--compressible", "60"), ("--compressible", "0"),
                                     ("--same-filled",)])
def test_every_content_comes_back(options: tuple[str, ...]) -> None:
    found = document(run("--size-per-thread", "2M", "--passes", "2", "--verify", *options))
    assert found["verification"]["pages"] == (2 << 20) // PAGE
    assert found["verification"]["bad"] == 0
    assert found["content"]["same_filled"] == (options == ("--same-filled",))


@locks(8)
def test_bare_pages_are_counted() -> None:
    found = document(run("--threads", "2", "--size-per-thread", "500K", "--passes", "3", "--bare"))
    assert [one["pages_written"] for one in found["per_thread"]] == [3 * 125] * 2
    assert found["content"]["bare"] is True
    assert found["verification"]["done"] is False
    found = document(run("--size-per-thread", "500K", "--time", "0.05", "--bare"))
    assert found["per_thread"][0]["pages_written"] > 0


@locks(8)
@pytest.mark.parametrize("options", [
    ("--processes",), ("--region", "shared"), ("--processes", "--region", "shared"),
    ("--pageout", "16"), ("--pageout", "16", "--region", "shared", "--pattern", "random"),
    ("--cpus", "0", "--nodes", "0"), ("--processes", "--latency", "--pattern", "mix"),
])
def test_every_place_comes_back(options: tuple[str, ...]) -> None:
    found = document(run("--threads", "2", "--size-per-thread", "1M", "--passes", "2", "--verify",
                         *options))
    assert found["verification"]["bad"] == 0
    assert found["processes"] == ("--processes" in options)
    assert found["region"] == ("shared" if "shared" in options else "private")
    assert [one["pages_written"] + one["pages_read"] for one in found["per_thread"]] == \
        [2 * (1 << 20) // PAGE] * 2
    if "--latency" in options:     # counted in memory that the processes share
        assert found["latency_ns"]["first_touch"]["count"] > 0


@locks(8)
@pytest.mark.parametrize("options", [(), ("--processes",), ("--region", "shared")])
def test_pages_are_told_by_node(options: tuple[str, ...]) -> None:
    """All of them: here nothing is swapped out."""
    found = document(run("--threads", "2", "--size-per-thread", "3M", "--nodes", "0", *options))
    pages = (3 << 20) // PAGE
    assert [(one["node"], one["pages_on_node"], one["pages_elsewhere"])
            for one in found["per_thread"]] == [(0, pages, 0)] * 2
    assert "pages_on_node" not in document(run("--size-per-thread", "64K"))["per_thread"][0]


@locks(8)
def test_copies_and_originals_come_back() -> None:
    found = document(run("--threads", "2", "--size-per-thread", "1M", "--processes", "--region",
                         "cow", "--verify"))
    assert found["verification"]["pages"] == 2 * 2 * (1 << 20) // PAGE
    assert found["verification"]["bad"] == 0


@locks(8)
def test_table_for_people() -> None:
    shown = run("--threads", "2", "--size-per-thread", "1M", "--passes", "2", "--latency",
                "--verify", "--format", "table")
    assert shown.returncode == 0 and shown.stderr == ""
    pages = (1 << 20) // PAGE
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("2 threads of 1.0 MiB each, ")
    words = [line.split() for line in lines]
    assert [one[1] for one in words if one and one[0] in ("0", "1")] == [str(2 * pages)] * 2
    first, = [one for one in words if one and one[0] == "first_touch"]
    assert int(first[1]) == 2 * pages and len(first) == 10
    assert f"verified: {2 * pages} pages, 0 of them bad" in lines
    assert lines[-1].startswith("outcome: ")
    assert json.loads(run("--size-per-thread", "64K", "--format", "json").stdout)


@locks(8)
def test_a_terminal_is_for_people() -> None:
    ours, theirs = os.openpty()
    try:
        subprocess.run([str(PROGRAM), "--size-per-thread", "64K"], stdout=theirs, timeout=120,
                       check=True)
        assert os.read(ours, 4096).startswith(b"1 thread of 0.1 MiB each")
    finally:
        os.close(ours)
        os.close(theirs)


@locks(8)
def test_ratio_is_of_all_ram_and_split() -> None:
    found = document(run("--threads", "3", "--ratio", "0.001"))
    whole = found["mem_total_bytes"] // PAGE // 1000
    assert found["region_bytes_per_thread"] == whole // 3 * PAGE


@locks(128)
def test_most_threads() -> None:
    """As many as there may be, with more than the document's buffer holds."""
    found = document(run("--threads", "1024", "--size-per-thread", "8K", "--verify"))
    assert len(found["per_thread"]) == 1024
    assert found["verification"]["pages"] == 1024 * 2
