# SPDX-License-Identifier: GPL-2.0-only
"""libFuzzer's targets, two seconds each; 'make fuzz SECONDS=600' is for finding something."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner import paths

TARGETS = sorted(file.stem.removeprefix("fuzz_")
                 for file in (paths.ROOT / "tests/fuzz").glob("*.c"))
#: What clang links a target with; Debian has it in libclang-rt-dev.
RUNTIME = list(Path("/usr/lib").glob("llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer*"))

pytestmark = pytest.mark.skipif(not shutil.which("clang") or not RUNTIME, reason="no clang with "
                                "libFuzzer here; setup/install test adds it")


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    subprocess.run(["make", "-s", *(f"build/fuzz/{name}" for name in TARGETS)], cwd=paths.ROOT,
                   check=True, capture_output=True)


def seeds(name: str) -> list[str]:
    text = (paths.ROOT / f"tests/fuzz/fuzz_{name}.c").read_text(encoding="ascii")
    return [word for line in re.findall(r"^// SEEDS: (.*)", text, re.MULTILINE)
            for word in line.split()]


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found(name: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    done = subprocess.run(
        [paths.BUILD / "fuzz" / name, "-max_total_time=2", "-max_len=8192", "-verbosity=0",
         "-print_final_stats=1", f"-artifact_prefix={tmp_path}/", corpus, *seeds(name)],
        cwd=paths.ROOT, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert found and int(found[1]) > 1


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_seeds_that_are_there(name: str) -> None:
    for place in seeds(name):
        assert any((paths.ROOT / place).iterdir()), place
