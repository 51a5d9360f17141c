# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are compared, and options that not all of them can have: real make, a toy tree."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner import paths
from runner.campaign import kernelset
from runner.errors import UsageError
from runner.experiment import plan
from runner.kernel import build, together
from runner.progress import Progress

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sources: 'old' has LESS and FULL, 'new' has LAZY and FULL; 7.4 is newer than known."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    kernels = tmp_path / "kernels"
    monkeypatch.setattr(paths, "KERNELS", kernels)
    (kernels / "config").mkdir(parents=True)
    (kernels / "config/base.config").write_text(
        "CONFIG_SWAP=y\nCONFIG_LESS=y or CONFIG_LAZY=y or CONFIG_FULL=y\n")
    (kernels / "config/perf.config").write_text("CONFIG_LOCK_STAT=n\n")
    (kernels / "config/devices.config").write_text("CONFIG_MEMCG=y\n")
    (kernels / "versions.toml").write_text(
        'format = 1\nseen = ["7.3"]\n[option.LESS]\nmeans = "4% more"\n')
    text = ""
    for name, options, version in (("old", ("LESS", "FULL"), 3), ("new", ("LAZY", "FULL"), 3),
                                   ("none", (), 3), ("newer", ("FULL",), 4)):
        tree = tmp_path / name
        shutil.copytree(TOY, tree)
        with open(tree / "options.txt", "a", encoding="utf-8") as file:
            file.writelines(f"CONFIG_{option}\n" for option in options)
        make = (tree / "Makefile").read_text()
        (tree / "Makefile").write_text(f"VERSION = 7\nPATCHLEVEL = {version}\n{make}")
        text += f'[source.{name}]\nkind = "dir"\npath = "../{name}"\n'
    (kernels / "kernels.toml").write_text(text)
    return tmp_path


def config(name: str, agreed: tuple[str, ...] = ()) -> str:
    built = build.build(name, "perf", Progress(), agreed)
    return (built.image.parent / "config").read_text()


def test_each_by_itself_has_the_first_it_can_have() -> None:
    assert "CONFIG_LESS=y" in config("old") and "CONFIG_LAZY=y" in config("new")
    assert build.build("old", "perf", Progress()).options == ""
    assert build.build("new", "perf", Progress()).options == "-LESS LAZY=y"


def test_together_they_have_what_both_can_have() -> None:
    agreed = together.agree(["old:vanilla", "new:vanilla"], "perf", Progress())
    assert agreed == ("FULL=y",)
    for name in ("old:vanilla", "new:vanilla"):
        assert "CONFIG_FULL=y" in config(name, agreed)
        assert build.fit(name, "perf", Progress(), agreed) == "-LESS FULL=y"
        assert build.build(name, "perf", Progress(), agreed).options == "-LESS FULL=y"
    assert build.fit("old:vanilla", "perf", Progress(), ("LAZY=y",)) is None
    # No build folder's name can be taken for a variable by a make that is given files in it.
    assert not [folder for folder in paths.cache().glob("sources/*/*") if "=" in folder.name]
    # Each configuration has a build folder of its own: going back compiles nothing.
    assert build.build("old:vanilla", "perf", Progress()).options == ""
    assert [*together.told("-LESS FULL=y", "-LESS FULL=y")] == []


def test_one_that_is_held_against_others_elsewhere_is_built_like_them(tmp_path: Path) -> None:
    """As each step of a bisect whose ends cannot have the same first choice."""
    file = tmp_path / "step.toml"
    file.write_text('format = 1\nkernels = ["old:vanilla"]\ntiers = ["exact"]\n'
                    'beside = ["old:vanilla", "new:vanilla"]\n')
    (built,) = kernelset.make(plan.load(file), Progress()).values()
    assert built.options == "-LESS FULL=y"
    file.write_text(file.read_text().replace("beside", "# beside"))
    (built,) = kernelset.make(plan.load(file), Progress()).values()
    assert built.options == ""


def test_one_source_needs_no_agreement() -> None:
    assert together.agree(["new:vanilla", "new"], "perf", Progress()) == ()


def test_what_cannot_be_agreed_on_is_said_with_its_meaning() -> None:
    assert [*together.told("", "-LESS LAZY=y")] == ["CONFIG_LESS=y against CONFIG_LAZY=y: 4% more"]
    assert [*together.told("-LESS", "X=y -SWAP")] == [
        "no CONFIG_LESS against CONFIG_LESS=y: 4% more",
        "CONFIG_SWAP: what the fragments ask for against no CONFIG_SWAP: what that does to the "
        "figures is not known",
        "CONFIG_X: what the fragments ask for against CONFIG_X=y: what that does to the figures is "
        "not known"]


def test_all_that_vanished_is_one_message(home: Path) -> None:
    file = home / "kernels/config/base.config"
    file.write_text(file.read_text() + "CONFIG_FRONTSWAP=y\n")
    with pytest.raises(UsageError) as caught:
        build.build("none", "perf", Progress())
    said = str(caught.value)
    assert said.isprintable()
    assert said.startswith(f"none (perf): 2 options did not come out as asked: (1) {file}:2: "
                           "CONFIG_LESS=y: no such option in this source")
    assert "; nor can it have CONFIG_LAZY=y, CONFIG_FULL=y; (2) " in said
    assert f"(2) {file}:3: CONFIG_FRONTSWAP=y: " in said
    assert said.endswith(f'Say so in [source."none"] of {home}/kernels/kernels.toml: '
                         'without = ["LESS", "FRONTSWAP"]')
    # What it says to do is all there is to do.
    kernels = home / "kernels/kernels.toml"
    kernels.write_text(kernels.read_text().replace('path = "../none"\n', 'path = "../none"\n'
                                                   'without = ["LESS", "FRONTSWAP"]\n'))
    assert build.build("none", "perf", Progress()).options == "-FRONTSWAP -LESS"


def test_inline_source_gets_what_the_defined_one_at_its_place_has(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"dir:{home}/none"
    (home / "kernels/kernels.toml").write_text("")
    with pytest.raises(UsageError) as caught:
        build.build(name, "perf", Progress())
    own = home / "config/swapscale/kernels.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    head, _, tail = str(caught.value).partition("however it is named: ")
    assert tail == f'[source.mine] kind = "dir" path = "{home}/none": without = ["LESS"]'
    own.parent.mkdir(parents=True)
    own.write_text(f'[source.mine]\nkind = "dir"\npath = "{home}/none"\nwithout = ["LESS"]\n')
    assert build.build(name, "perf", Progress()).options == "-LESS"


def test_newer_than_known_goes_on_with_one_warning(home: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "kernels/config/base.config"
    file.write_text(file.read_text() + "CONFIG_FRONTSWAP=y\nCONFIG_ZSWAP=y\n")
    built = build.build("newer", "perf", Progress())
    assert built.options == "-FRONTSWAP -LESS -ZSWAP FULL=y"
    said = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(said) == 1
    assert "Linux 7.4 is newer than any kernel the fragments were written for, and goes without " \
        "2 of their options: (1) " in said[0]
