# SPDX-License-Identifier: GPL-2.0-only
"""The key-value load: its options, a real server under its own benchmark, and what fails."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runner import paths
from runner.metrics import guestfile, letters
from runner.vm import toollayer
from tests.component.commands import Result, explains_each_choice, refused, script

SWAPKV = paths.BUILD / "swapkv"
WAYS = ("--server", "/bin/true", "--client", "/bin/true", "--folder", "x")


def run(*args: str | Path) -> Result:
    return subprocess.run([SWAPKV, *args], capture_output=True, text=True, timeout=300,
                          check=False)


@pytest.fixture(params=["redis", "valkey"])
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str | Path, ...]:
    """Options that name a server under its own name, and its benchmark."""
    if not shutil.which(f"{request.param}-benchmark"):
        pytest.skip(f"{request.param}-tools is not installed")
    server = tmp_path / f"{request.param}-server"
    server.symlink_to(toollayer.find(server.name))
    return ("--server", server, "--client", toollayer.find(f"{request.param}-benchmark"),
            "--folder", tmp_path / "kv")


@pytest.mark.parametrize("args, says", [
    ((), "--server: missing"),
    (("--server", "x"), "--client: missing"),
    (("--server", "x", "--client", "y"), "--folder: missing"),
    ((*WAYS, "--keys", "0"), "--keys: 0 is not in 1..100000000"),
    ((*WAYS, "--value", "65537"), "--value: 65537 is not in 1..65536"),
    ((*WAYS, "--operations", "set", "--verify"), "--verify: other operations than get"),
    ((*WAYS, "--kyes", "1"), "--kyes: is unknown or lacks its value; --help shows what"),
    ((*WAYS, "--keys"), "--keys: is unknown or lacks its value"),
    ((*WAYS, "more"), "more: is no option"),
])
def test_bad_input(args: tuple[str, ...], says: str) -> None:
    assert refused("swapkv", run(*args)).startswith(says)


def test_help_and_the_man_page_have_every_option() -> None:
    explains_each_choice("swapkv", run("--help"), 15)


@pytest.mark.parametrize("more, operations", [
    (("--verify",), ["get"]), (("--operations", "set,get", "--pipeline", "4"), ["set", "get"])])
def test_a_server_is_filled_asked_and_read_back(programs, tmp_path: Path, more: tuple[str, ...],
                                                operations: list[str]) -> None:
    done = run(*programs, "--keys", "1000", "--value", "300", "--requests", "20000", "--clients",
               "3", *more)
    assert done.returncode == 0, done.stderr
    (tmp_path / "w.json").write_text(done.stdout)
    said = json.loads(done.stdout)
    if "--verify" in more:
        assert said["verification"] == {"done": True, "pages": 1000, "bad": 0, "first_bad": []}
    assert said["work"]["user_us"] + said["work"]["system_us"] > 0
    found = letters.measure(guestfile.document(tmp_path / "w.json"), "w", 4096)
    for operation in operations:
        assert found[f"{operation}_requests_per_s"].value > 0
        assert found[f"{operation}_p99_us"].value >= found[f"{operation}_p50_us"].value >= 0
    assert not {f"{one}_p50_us" for one in ("get", "set") if one not in operations} & set(found)


def test_values_that_came_back_otherwise_are_found(programs, tmp_path: Path) -> None:
    """The benchmark is a program that spoils one value first."""
    cli = toollayer.find(programs[3].name).with_name(programs[3].name.replace("benchmark", "cli"))
    spoils = script(tmp_path / "spoils", f"{cli} -s $2 setrange key:000000000007 3 XYZ >&2\n"
                                         f'exec {programs[3]} "$@"')
    done = run(*programs[:2], "--client", spoils, *programs[4:], "--keys", "100", "--requests",
               "100", "--verify")
    check = json.loads(done.stdout)["verification"]
    assert done.returncode == 0 and check["bad"] == 1 and check["first_bad"][0]["page"] == 7


@pytest.mark.parametrize("server, client, says", [
    ("echo 'Fatal error: no memory'; exit 3", "", "the server exited 3: Fatal error: no memory"),
    ("", "echo 'Could not connect' >&2; exit 1", "the benchmark exited 1: Could not connect"),
    ("", "kill -KILL $$", "the benchmark was killed by signal 9: "),
])
def test_what_fails_is_quoted(programs, tmp_path: Path, server: str, client: str,
                              says: str) -> None:
    words = list(programs)
    for place, fails in ((1, server), (3, client)):
        if fails:
            words[place] = script(tmp_path / f"fails-{place}", fails)
    done = run(*words, "--keys", "10")
    assert (done.returncode, done.stdout) == (1, "") and done.stderr == f"swapkv: {says}\n"
