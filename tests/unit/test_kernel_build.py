# SPDX-License-Identifier: GPL-2.0-only
"""The builder end to end, on a tree that answers to make in a second."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import kernelhome
import pytest
from kernelhome import PATCH, compiled, define

from runner import paths
from runner.errors import UsageError
from runner.files import sha256
from runner.kernel import build, cache, make, toolchain
from runner.progress import Progress


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return kernelhome.lay_out(tmp_path, monkeypatch)


def test_build_then_cached() -> None:
    assert build.cached("toy:vanilla", "perf") is None
    built = build.build("toy:vanilla", "perf", Progress())
    assert (built.name, built.flavour, built.release) == ("toy:vanilla", "perf", "6.1.0-toy")
    assert built.image_sha256 == sha256(built.image)
    assert build.cached("toy:vanilla", "perf") == built
    assert sorted(file.name for file in built.image.parent.iterdir()) == [
        "System.map", "build.log", "bzImage", "config", "kernel.json"]
    assert (built.image.parent / "config").read_text().splitlines() == [
        "# CONFIG_MEMCG is not set", "CONFIG_SWAP=y", "# CONFIG_LOCK_STAT is not set"]
    assert compiled(built.key) == ["mm/swapfile.o", "mm/vmscan.o"]


def test_cached_runs_no_make(monkeypatch: pytest.MonkeyPatch) -> None:
    built = build.build("toy", "perf", Progress())

    def never(*argv: object) -> int:
        raise AssertionError("make was run")

    monkeypatch.setattr(make, "run", never)
    assert build.build("toy", "perf", Progress()) == built


def test_second_series_compiles_what_it_touches_and_back_nothing_is_built() -> None:
    vanilla = build.build("toy:vanilla", "perf", Progress())
    more = build.build("toy:more", "perf", Progress())
    assert compiled(more.key) == ["mm/swapfile.o"]
    assert more.image_sha256 != vanilla.image_sha256
    told = json.loads((more.image.parent / "kernel.json").read_text())
    assert told["patches"] == [{"series": "more", "patch": "one.patch",
                                "files": ["mm/swapfile.c"]}]
    assert build.build("toy:vanilla", "perf", Progress()) == vanilla
    lockstat = build.build("toy:vanilla", "lockstat", Progress())
    assert lockstat.key != vanilla.key
    assert "CONFIG_LOCK_STAT=y" in (lockstat.image.parent / "config").read_text()


def test_equal_input_gives_equal_images() -> None:
    first = build.build("toy:vanilla", "perf", Progress())
    build.build("toy:more", "perf", Progress())
    shutil.rmtree(first.image.parent)
    again = build.build("toy:vanilla", "perf", Progress())
    assert again == first


def test_damaged_image_is_built_again() -> None:
    built = build.build("toy", "perf", Progress())
    built.image.write_bytes(b"damaged")
    assert build.cached("toy", "perf") is None
    assert build.build("toy", "perf", Progress()) == built


def key_now() -> str:
    recipe = build._recipe(build.spec.parse("toy:more"), "perf")
    return cache.key(recipe.told())


def test_key_changes_with_all_that_shapes_the_image(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = home / "kernels"
    seen = {key_now()}
    assert key_now() in seen
    (kernels / "config/base.config").write_text("# a comment\nCONFIG_SWAP=y\n")
    (kernels / "series/more/README").write_text("better words\n")
    assert key_now() in seen

    def changed() -> None:
        assert key_now() not in seen
        seen.add(key_now())

    (kernels / "config/base.config").write_text("CONFIG_SWAP=y\nCONFIG_MEMCG=y\n")
    changed()
    (kernels / "series/more/one.patch").write_text(PATCH.replace("128", "256"))
    changed()
    (home / "toy/mm/vmscan.c").write_text("int nothing;\n")
    changed()
    define(kernels, 'make = { KCFLAGS = "-O1" }')
    changed()
    define(kernels, 'cc = "cc"')
    changed()
    monkeypatch.setattr(build, "RECIPE", build.RECIPE + 1)
    changed()
    monkeypatch.setattr(toolchain, "versions", lambda cc: ("gcc 99", "ld 99"))
    changed()


def test_environment_does_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    first = build.build("toy", "perf", Progress())
    shutil.rmtree(paths.cache())
    for key in ("KCFLAGS", "ARCH", "CROSS_COMPILE", "MAKEFLAGS", "CFLAGS", "LANG"):
        monkeypatch.setenv(key, "--nonsense")
    assert build.build("toy", "perf", Progress()) == first


def test_make_variables_reach_the_compiler(home: Path) -> None:
    (home / "toy/mm/vmscan.c").write_text("#ifndef OLD_TREE\n#error flag is missing\n#endif\n")
    define(home / "kernels", 'make = { KCFLAGS = "-DOLD_TREE" }')
    build.build("toy", "perf", Progress())


@pytest.mark.parametrize("name, flavour, problem", [
    ("toy", "fast", "fast: is not a flavour; one of perf, lockstat, debug"),
    ("tay", "perf", "did you mean toy?"),
    ("toy:mor", "perf", "did you mean more?"),
])
def test_wrong_requests(name: str, flavour: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        build.build(name, flavour, Progress())
    assert problem in str(caught.value)
    with pytest.raises(UsageError) as caught:
        build.cached(name, flavour)
    assert problem in str(caught.value)


def test_names(home: Path) -> None:
    with open(home / "kernels/kernels.toml", "a", encoding="utf-8") as file:
        file.write('[source.gone]\nkind = "debian"\npackage = "linux-source-0.1"\n')
    build.build("toy:more", "perf", Progress())
    known = {(one.name, one.flavour): one for one in build.names()}
    assert len(known) == 26 and ("debian:6.1", "") in known
    assert known["toy:more", "perf"].cached and not known["toy:more", "lockstat"].cached
    assert known["toy:vanilla", "perf"].description == "small"
    assert known["toy:more", "perf"].description == "more slots"
    assert "apt-get install linux-source-0.1" in known["gone:vanilla", "perf"].line()
    assert all(json.dumps(one.as_data()) and one.line().isprintable() for one in known.values())
