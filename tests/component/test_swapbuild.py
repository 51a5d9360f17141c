# SPDX-License-Identifier: GPL-2.0-only
"""The program that compiles: its options, its tree, its compilers and their ends, its document."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runner import paths
from runner.metrics import guestfile, letters
from tests.component.commands import Result, explains_each_choice, refused, script

SWAPBUILD = paths.BUILD / "swapbuild"
GCC = shutil.which("gcc") or ""


def run(*args: str | Path) -> Result:
    return subprocess.run([SWAPBUILD, *args], capture_output=True, text=True, timeout=300,
                          check=False)


@pytest.mark.parametrize("args, says", [
    ((), "--folder: missing"),
    (("--folder", "x", "more"), "more: is no option"),
    (("--folder",), "--folder: is unknown or lacks its value"),
    (("--jobs", "65"), "--jobs: 65 is not in 1..64"),
    (("--units", "0"), "--units: 0 is not in 1..10000"),
    (("--functions", "401"), "--functions: 401 is not in 1..400"),
    (("--memcg", "much"), "--memcg: "),
    (("--unit-s", "1"), "--unit-s: is unknown or lacks its value; --help shows what"),
])
def test_bad_input(args: tuple[str, ...], says: str) -> None:
    assert refused("swapbuild", run(*args)).startswith(says)


def test_help_and_the_man_page_have_every_option() -> None:
    explains_each_choice("swapbuild", run("--help"), 12)


def test_units_are_compiled_and_the_tree_is_the_seed_s(tmp_path: Path) -> None:
    trees = []
    for number in range(2):
        folder = tmp_path / str(number)
        done = run("--folder", folder, "--units", "3", "--jobs", "2", "--compiler", GCC, "--verify",
                   "--seed", "7")
        assert done.returncode == 0 and done.stderr == ""
        said = json.loads(done.stdout)
        assert said["work"]["done"] == 3 and said["phases"]["steady"] is None
        assert said["verification"]["done"] and said["verification"]["bad"] == 0
        trees.append({one.name: one.read_bytes() for one in sorted(folder.iterdir())})
    assert trees[0] == trees[1]
    assert set(trees[0]) == {"tree.h", *(f"unit-000{n}.{kind}" for n in range(3) for kind in "co")}
    assert len({text for name, text in trees[0].items() if name.endswith("o")}) == 3
    (tmp_path / "w.json").write_text(done.stdout)
    found = letters.measure(guestfile.document(tmp_path / "w.json"), "w", 4096)
    assert found["load_user_ns_per_unit"].value == pytest.approx(
        found["load_user_s"].value * 1e9 / 3)
    assert found["load_elapsed_ns_per_unit"].value > 0


def test_tree_of_another_seed_is_another(tmp_path: Path) -> None:
    for seed in "12":
        assert run("--folder", tmp_path / seed, "--units", "1", "--compiler", GCC,
                   "--seed", seed).returncode == 0
    one, other = (tmp_path / seed / "unit-0000.c" for seed in "12")
    assert one.read_text() != other.read_text()


@pytest.mark.parametrize("fails, says", [
    ("echo 'x.c:3: note: this'; echo 'x.c:4: error: that' >&2; exit 4",
     "the compiler exited 4: x.c:4: error: that"),
    ("echo 'it is wrong'; exit 1", "the compiler exited 1: it is wrong"),
    ("exit 2", "the compiler exited 2: "),
    ("kill -SEGV $$", "the compiler was killed by signal 11: "),
])
def test_compiler_that_fails_is_quoted(tmp_path: Path, fails: str, says: str) -> None:
    done = run("--folder", tmp_path / "tree", "--units", "2", "--compiler",
               script(tmp_path / "cc", fails))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"swapbuild: unit 0: {says}\n"


def test_compiler_that_is_not_there(tmp_path: Path) -> None:
    done = run("--folder", tmp_path, "--units", "1", "--compiler", "/no/such/cc")
    assert done.returncode == 1
    assert done.stderr == ("swapbuild: unit 0: the compiler exited 127: error: /no/such/cc: "
                           "No such file or directory\n")


def test_source_that_came_back_otherwise_is_found(tmp_path: Path) -> None:
    spoils = script(tmp_path / "cc", "printf X | dd of=tree.h bs=1 seek=8197 conv=notrunc "
                                     "status=none\necho >> unit-0001.c")
    done = run("--folder", tmp_path / "tree", "--units", "2", "--compiler", spoils, "--verify")
    found = json.loads(done.stdout)["verification"]
    assert done.returncode == 0 and found["bad"] >= 2
    assert found["first_bad"][0] == {"thread": 10000, "page": 2, "offset": 5, "kind": "corrupt"}
    assert found["first_bad"][1]["thread"] == 1
