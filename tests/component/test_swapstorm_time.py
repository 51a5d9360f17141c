# SPDX-License-Identifier: GPL-2.0-only
"""The built swapstorm's phases, time series, rates and latencies on this host."""
from __future__ import annotations

import mmap
import os
import socket
import struct

import pytest

from tests.component.commands import document
from tests.component.storms import LINE, PAGE, locks, run


@locks(8)
def test_latency_of_touches() -> None:
    found = document(run("--threads", "2", "--size-per-thread", "1M", "--passes", "3", "--latency",
                         "--verify"))
    pages = 2 * (1 << 20) // PAGE
    kinds = found["latency_ns"]
    assert list(kinds) == ["first_touch", "resident", "swap_in"]
    assert kinds["first_touch"]["count"] == pages
    assert kinds["resident"]["count"] + kinds["swap_in"]["count"] == 2 * pages
    order = ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"]
    for kind in kinds.values():
        assert list(kind) == ["count", "mean", *order]
        assert [kind[one] for one in order] == sorted(kind[one] for one in order)
    assert found["verification"]["bad"] == 0


@locks(24)
def test_together() -> None:
    """The size is written once, by whom does not matter, and comes back."""
    found = document(run("--threads", "4", "--size-per-thread", "1M", "--together", "--verify"))
    written = [one["pages_written"] for one in found["per_thread"]]
    assert sum(written) == 4 * 256 and max(written) <= 4 * 256
    assert found["region_bytes_per_thread"] == 1 << 20
    assert found["together"] is True
    assert (found["verification"]["pages"], found["verification"]["bad"]) == (4 * 256, 0)


@locks(8)
def test_rate_is_never_exceeded() -> None:
    """256 accesses at 2000 a second are due over 127.5 ms; more time is the machine's."""
    found = document(run("--threads", "2", "--size-per-thread", "512K", "--rate", "2000"))
    fill = found["phases"]["fill"]["begin_ns"]
    assert found["rate_per_s"] == 2000
    assert found["phases"]["teardown"]["end_ns"] - fill >= 127_000_000
    assert [one["pages_written"] for one in found["per_thread"]] == [128, 128]


@locks(8)
def test_time_series() -> None:
    found = document(run("--threads", "2", "--size-per-thread", "64K", "--time", "0.2",
                         "--series-ms", "5"))
    series = found["series"]
    assert series["columns"] == ["t_ns", "pswpout", "pswpin", "allocstall", "free_pages",
                                 "pages_by_thread"]
    rows = series["rows"]
    assert len(rows) >= 2
    assert all(len(row) == 6 and len(row[5]) == 2 for row in rows)
    assert all(early[0] < late[0] for early, late in zip(rows, rows[1:]))
    assert rows[0][4] > 0
    done = [sum(row[5]) for row in rows]
    assert done == sorted(done)


@locks(8)
def test_phases_follow_one_another() -> None:
    phases = document(run("--threads", "2", "--size-per-thread", "4M", "--verify"))["phases"]
    assert list(phases) == ["fill", "steady", "teardown", "verify", "swapin", "swapoff", "free"]
    met = [span for span in phases.values() if span is not None]
    for earlier, later in zip(met, met[1:]):
        assert earlier["end_ns"] <= later["begin_ns"]
    for span in met:
        assert set(span) == {"begin_ns", "end_ns", "pswpout_begin", "pswpout_end",
                             "pswpin_begin", "pswpin_end"}
        assert span["begin_ns"] <= span["end_ns"]


@locks(8)
def test_ram_that_does_not_fill_is_said() -> None:
    found = document(run("--size-per-thread", "64K"))
    assert found["phases"]["steady"] is None
    assert found["phases"]["verify"] is None
    assert found["outcome"] == "no-pressure"
    assert found["verification"] == {"done": False, "pages": 0, "stamps": 0, "bad": 0,
                                     "first_bad": []}
    assert found["per_thread"][0]["steady_pages"] == 0


@locks(8)
@pytest.mark.parametrize("size", ["64K", "256M"])
def test_time_box(size: str) -> None:
    """Many passes over a small region, and part of one over a large one."""
    found = document(run("--threads", "2", "--size-per-thread", size, "--time", "0.05",
                         "--verify"))
    assert (found["passes"], found["time_limit_s"]) == (None, 0.05)
    phases = found["phases"]
    assert phases["teardown"]["begin_ns"] - phases["fill"]["begin_ns"] >= 50_000_000
    region = found["region_bytes_per_thread"] // PAGE
    written = [t["pages_written"] for t in found["per_thread"]]
    assert found["verification"]["pages"] == sum(min(w, region) for w in written) > 0
    assert found["verification"]["bad"] == 0


@locks(8)
def test_progress_counts_what_is_written_and_verified() -> None:
    fd = os.memfd_create("progress")
    try:
        os.ftruncate(fd, 3 * LINE)
        document(run("--threads", "2", "--size-per-thread", "40K", "--passes", "3", "--verify",
                     "--progress-fd", str(fd), fds=(fd,)))
        with mmap.mmap(fd, 3 * LINE) as shared:
            counts = [struct.unpack_from("=Q", shared, i * LINE)[0] for i in range(3)]
    finally:
        os.close(fd)
    pages = 40960 // PAGE
    assert counts == [4 * pages, 4 * pages, 0]


@locks(8)
def test_nobody_is_notified_without_pressure() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        document(run("--size-per-thread", "64K", "--notify-fd", str(theirs.fileno()),
                     fds=(theirs.fileno(),)))
        theirs.close()
        assert ours.recv(64) == b""
