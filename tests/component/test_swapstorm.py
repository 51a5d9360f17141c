# SPDX-License-Identifier: GPL-2.0-only
"""The built swapstorm on this host, with regions too small to cause swapping."""
from __future__ import annotations

import json
import mmap
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "swapstorm"
PAGE = resource.getpagesize()
PATTERNS = ("sequential", "strided", "random", "zipf", "hotcold", "mix", "readlater")
LINE = 64       # bytes between two threads' progress counters

Result = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    subprocess.run(["make", "--silent", "build/swapstorm"], cwd=ROOT, check=True)


def can_lock(mebibytes: int) -> bool:
    """Whether a process like ours may lock that much (CAP_IPC_LOCK: any amount)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    capabilities = int(status.split("CapEff:")[1].split()[0], 16)
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return bool(capabilities >> 14 & 1) or limit in (
        resource.RLIM_INFINITY, max(limit, mebibytes << 20))


def locks(mebibytes: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not can_lock(mebibytes), reason=(
        f"locks up to {mebibytes} MiB of memory: be root or raise the limit (ulimit -l)"))


def run(*arguments: str, fds: tuple[int, ...] = (), before: tuple[str, ...] = ()) -> Result:
    return subprocess.run([*before, str(PROGRAM), *arguments], pass_fds=fds, text=True,
                          capture_output=True, timeout=120, check=False)


def document(result: Result) -> dict[str, Any]:
    assert result.stderr == ""
    assert result.returncode == 0
    loaded = json.loads(result.stdout)
    assert isinstance(loaded, dict)
    return loaded


def refused(result: Result, status: int) -> str:
    """The one line of an error; nothing may look like a result."""
    assert result.returncode == status
    assert result.stdout == ""
    assert result.stderr.startswith("swapstorm: ") and result.stderr.count("\n") == 1
    return result.stderr.removeprefix("swapstorm: ").rstrip("\n")


def test_is_static() -> None:
    """No program header of type PT_INTERP (3): the guest has no dynamic loader."""
    image = PROGRAM.read_bytes()
    table, = struct.unpack_from("<Q", image, 0x20)
    size, count = struct.unpack_from("<HH", image, 0x36)
    kinds = [struct.unpack_from("<I", image, table + i * size)[0] for i in range(count)]
    assert 1 in kinds and 3 not in kinds


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


def test_a_group_that_cannot_be_or_is_tidied_up() -> None:
    """Where this host lets us have one, it is gone afterwards; where not, one line says why."""
    result = run("--memcg", "16M", "--ratio", "0.1", "--verify")
    if result.returncode == 0:
        found = json.loads(result.stdout)
        assert found["memcg_bytes"] == 16 << 20
        assert found["region_bytes_per_thread"] == (16 << 20) // 10 // PAGE * PAGE
        assert not list(Path("/sys/fs/cgroup").glob("swapstorm-*"))
    else:
        status = 3 if "cannot lock" in result.stderr else 2
        assert refused(result, status).startswith(("--memcg: ", "cannot lock"))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None,
                    reason="needs root, and setpriv from util-linux, to become somebody else")
def test_a_group_that_nobody_may_make() -> None:
    before = ("setpriv", "--reuid=65534", "--clear-groups")
    copy = Path(tempfile.gettempdir()) / f"swapstorm-{os.getpid()}"
    shutil.copy(PROGRAM, copy)     # the tree need not be theirs to read
    try:
        result = subprocess.run([*before, str(copy), "--memcg", "16M", "--ratio", "0.1"],
                                text=True, capture_output=True, timeout=120, check=False)
    finally:
        copy.unlink()
    assert refused(result, 2).startswith("--memcg: ")


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


def region_start(pid: int, size: int) -> int:
    """Where the one mapping of `size` bytes begins."""
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="ascii").splitlines():
        begin, end = (int(address, 16) for address in line.split()[0].split("-"))
        if end - begin == size:
            return begin
    raise AssertionError(f"no mapping of {size} bytes")


def damaged_run(fd: int, size: int, page: int, offset: int) -> tuple[int, str, bool]:
    """Flip a bit of a page already written, while the program is stopped.

    Gives exit status, document, and whether we came before the re-read.
    """
    with (subprocess.Popen([str(PROGRAM), "--size-per-thread", str(size), "--verify",
                            "--progress-fd", str(fd)], pass_fds=(fd,), text=True,
                           stdout=subprocess.PIPE) as child,
          mmap.mmap(fd, LINE) as shared):
        while struct.unpack_from("=Q", shared)[0] <= page and child.poll() is None:
            os.sched_yield()
        if child.poll() is None:
            child.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        in_time = struct.unpack_from("=Q", shared)[0] < size // PAGE
        if in_time:
            where = region_start(child.pid, size) + page * PAGE + offset
            with open(f"/proc/{child.pid}/mem", "r+b", buffering=0) as memory:
                memory.seek(where)
                byte = memory.read(1)[0]
                memory.seek(where)
                memory.write(bytes([byte ^ 0x10]))
        child.send_signal(signal.SIGCONT)
        text, _ = child.communicate(timeout=120)
    return child.returncode, text, in_time


@locks(8)
def test_a_flipped_bit_is_found_and_named() -> None:
    in_time = False
    while not in_time:     # a busy machine may let us in only after the writing
        fd = os.memfd_create("progress")
        try:
            os.ftruncate(fd, LINE)
            status, text, in_time = damaged_run(fd, 256 << 20, page=5, offset=2113)
        finally:
            os.close(fd)
        assert status == (1 if in_time else 0)
    found = json.loads(text)
    assert found["outcome"] == "bad-pages"
    assert found["verification"]["pages"] == (256 << 20) // PAGE
    assert found["verification"]["bad"] == 1
    bad, = found["verification"]["first_bad"]
    assert (bad["thread"], bad["page"], bad["offset"]) == (0, 5, 2113)
    assert (bad["kind"], bad["wrong_bits"]) == ("corrupt", 1)
    bytes_named = [int(bad[key].removeprefix("byte "), 16) for key in ("found", "expected")]
    assert bytes_named[0] ^ bytes_named[1] == 0x10


@locks(8)
def test_nobody_is_notified_without_pressure() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        document(run("--size-per-thread", "64K", "--notify-fd", str(theirs.fileno()),
                     fds=(theirs.fileno(),)))
        theirs.close()
        assert ours.recv(64) == b""


def test_help_and_version() -> None:
    shown = run("--help")
    manual = (ROOT / "docs/man/swapstorm.1").read_text(encoding="utf-8")
    assert shown.returncode == 0 and shown.stderr == ""
    options = re.findall(r"^  (--[a-z-]+) ", shown.stdout, re.MULTILINE)
    assert len(options) > 15
    explained = re.findall(r"^\.It Fl -([a-z-]+)", manual, re.MULTILINE)
    assert options == [f"--{one}" for one in explained if one not in ("help", "version")]
    for name in PATTERNS:
        assert f"\n                         {name} " in shown.stdout
        assert f"\n.It {name}\n" in manual
    assert max(map(len, shown.stdout.splitlines())) < 80
    assert run("--version").stdout == "swapstorm 1\n"


@pytest.mark.parametrize("arguments, line", [
    (["--threads", "0"], "--threads: 0 is not in 1..1024"),
    (["--size-per-thread", "1M", "--ratio", "1"], "--size-per-thread and --ratio: give one"),
    (["--threads", "1024", "--ratio", "0.000001"],
     "--threads: 1024 threads are more than the "),
    (["--pattern", "sequentail"],
     "--pattern: 'sequentail' is not one of sequential, strided, random, zipf, hotcold, mix, "
     "readlater (did you mean sequential?)"),
    (["--time", "0"], "--time: 0 is not above 0 and up to 86400"),
    (["--region", "cow"], "--region: cow: only a process has a parent's memory to copy"),
    (["--cpus", "3-1"], "--cpus: '3-1' is not a list such as 0-3,8"),
    (["--wrong"], "--wrong: unknown option; see swapstorm --help"),
])
def test_usage_errors(arguments: list[str], line: str) -> None:
    assert refused(run(*arguments), 2).startswith(line)


def test_more_than_ram_and_swap_is_refused() -> None:
    line = refused(run("--size-per-thread", "60T"), 2)
    assert line.startswith("regions of 62914560M in all do not fit into ")
    assert line.endswith("; add swap, ask for less, or give --allow-oom")


@locks(8)
def test_more_than_the_address_space() -> None:
    line = refused(run("--threads", "4", "--size-per-thread", "64T", "--allow-oom"), 2)
    assert line.startswith("regions of 268435456M do not fit into an address space: ")
    # What keeps count of 2^34 pages is larger than the machine already.
    line = refused(run("--size-per-thread", "64T", "--allow-oom"), 3)
    assert line.startswith("cannot allocate 68719476736 bytes for itself: ")


def test_cpu_and_node_that_are_not_there() -> None:
    line = refused(run("--size-per-thread", "64K", "--cpus", "1023"), 2)
    assert line == "--cpus: 1023 is not a CPU that this process may run on"
    line = refused(run("--size-per-thread", "64K", "--nodes", "1000"), 2)
    assert line == "--nodes: 1000 is not a node that this process may have memory on"


@pytest.mark.parametrize("option", ["--notify-fd", "--progress-fd"])
def test_descriptor_that_is_not_open(option: str) -> None:
    line = refused(run("--size-per-thread", "64K", option, "40"), 3)
    assert line == f"{option}: 40: Bad file descriptor"


def test_progress_memory_too_small() -> None:
    fd = os.memfd_create("progress")
    try:
        os.ftruncate(fd, 2 * LINE - 1)
        line = refused(run("--threads", "2", "--size-per-thread", "64K", "--progress-fd", str(fd),
                           fds=(fd,)), 3)
    finally:
        os.close(fd)
    assert line == (f"--progress-fd: {fd}: 127 bytes are too few for 2 threads, "
                    "which need 128")


def test_memory_that_may_not_be_locked() -> None:
    """Root may always lock; setpriv takes that one right away."""
    before = ["prlimit", "--memlock=0"]
    if os.geteuid() == 0:
        before += ["setpriv", "--bounding-set=-ipc_lock"]
    if shutil.which("prlimit") is None or shutil.which("setpriv") is None:
        pytest.skip("prlimit or setpriv is missing: apt-get install util-linux")
    line = refused(run("--size-per-thread", "64K", before=tuple(before)), 3)
    assert line.startswith("cannot lock its own memory: ")
    assert line.endswith("; run it as root or raise the limit (ulimit -l)")


@locks(8)
def test_output_that_cannot_be_written() -> None:
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([str(PROGRAM), "--size-per-thread", "64K"], stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert result.returncode == 3
    assert result.stderr == "swapstorm: standard output: No space left on device\n"
