# SPDX-License-Identifier: GPL-2.0-only
"""What the built swapstorm refuses, in one line and with which status; what it finds damaged."""
from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest

from runner import paths
from tests.component import commands, flippedbit
from tests.component.storms import LINE, PAGE, PATTERNS, PROGRAM, locks, run

refused = partial(commands.refused, "swapstorm")


def test_is_static() -> None:
    """No program header of type PT_INTERP (3): the guest has no dynamic loader."""
    image = PROGRAM.read_bytes()
    table, = struct.unpack_from("<Q", image, 0x20)
    size, count = struct.unpack_from("<HH", image, 0x36)
    kinds = [struct.unpack_from("<I", image, table + i * size)[0] for i in range(count)]
    assert 1 in kinds and 3 not in kinds


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
def test_a_flipped_bit_is_found_and_named() -> None:
    size = 256 << 20
    found = json.loads(flippedbit.run(
        [str(PROGRAM), "--size-per-thread", str(size), "--verify"], LINE, size, page=5,
        offset=2113))
    assert found["outcome"] == "bad-pages"
    assert found["verification"]["pages"] == size // PAGE
    assert found["verification"]["bad"] == 1
    bad, = found["verification"]["first_bad"]
    assert (bad["thread"], bad["page"], bad["offset"]) == (0, 5, 2113)
    assert (bad["kind"], bad["wrong_bits"]) == ("corrupt", 1)
    bytes_named = [int(bad[key].removeprefix("byte "), 16) for key in ("found", "expected")]
    assert bytes_named[0] ^ bytes_named[1] == 0x10


def test_help_and_version() -> None:
    shown = run("--help")
    manual = (paths.ROOT / "docs/man/swapstorm.1").read_text(encoding="utf-8")
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
    commands.cannot_write("swapstorm", "--size-per-thread", "64K")
