# SPDX-License-Identifier: GPL-2.0-only
"""'make install' into a folder, and what is there used from another; bash completes its words."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner import paths


def installed(place: Path) -> Path:
    subprocess.run(["make", "-s", "-C", str(paths.ROOT), "install", f"PREFIX={place}"], check=True,
                   env={name: value for name, value in os.environ.items()
                        if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")})
    return place


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("prefix") / "usr")


def ask(prefix: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([prefix / "bin/swapscale", *words], cwd=folder, text=True,
                          capture_output=True, check=False, timeout=300)


def test_it_works_from_any_folder(prefix: Path, tmp_path: Path) -> None:
    done = ask(prefix, tmp_path)
    assert done.returncode == 0 and "\nresults    results: no campaign yet\n" in done.stdout
    assert "6.1:batch-add" in ask(prefix, tmp_path, "kernel", "list").stdout
    made = ask(prefix, tmp_path, "new", "experiment", "mine.toml")
    assert made.returncode == 0 and (tmp_path / "mine.toml").is_file()
    wrong = ask(prefix, tmp_path, "run", "mine.toml", "--threads", "0")
    assert wrong.returncode == 2 and "--threads 0" in wrong.stderr


def test_the_guests_programs_are_those_of_the_checkout_and_need_no_compiler(prefix: Path) -> None:
    home = prefix / "lib/swapscale"
    for name in ("agent", "swapstorm", "pressure", "swaptorture"):
        assert (home / "build" / name).read_bytes() == (paths.BUILD / name).read_bytes()
    done = subprocess.run(["make", "-q", "-C", str(home), "all"], capture_output=True, text=True,
                          check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_that_was_made_by_use_is_installed(prefix: Path) -> None:
    files = {str(one.relative_to(prefix)) for one in prefix.rglob("*")}
    assert not [one for one in files if "__pycache__" in one or "/tests/" in one]
    assert {"share/man/man1/swapscale.1", "share/man/man1/swapstorm.1",
            "share/bash-completion/completions/swapscale"} <= files


@pytest.mark.parametrize("words, completed", [
    (("swapscale", "comp"), {"compare", "completion"}), (("swapscale", "kernel", "l"), {"list"}),
    (("swapscale", "run", "--th"), {"--threads"}),
    (("swapscale", "run", "--format", "ju"), {"junit"}),
    (("swapscale", "kernel", "build", "--flavour", "perf+"), {
        "perf+devices", "perf+devices+compress", "perf+tools", "perf+tools+loads"}),
    (("swapscale", "new", "s"), {"series"}), (("swapscale", "run", "configs/ben"), {
        "configs/bench.toml"}), (("swapscale", "frob"), set())])
def test_bash_completes(prefix: Path, words: tuple[str, ...], completed: set[str]) -> None:
    script = (f"source {prefix}/share/bash-completion/completions/swapscale; COMP_WORDS=(\"$@\"); "
              'COMP_CWORD=$(($#-1)); _swapscale; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "-", *words], text=True, capture_output=True,
                          check=True, cwd=prefix / "lib/swapscale")
    assert set(done.stdout.split()) == completed, done.stdout
