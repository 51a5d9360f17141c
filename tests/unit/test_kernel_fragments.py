# SPDX-License-Identifier: GPL-2.0-only
"""Config fragments against captured configurations."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.errors import UsageError
from runner.kernel import fragments
from runner.kernel.definitions import Source
from runner.kernel.fragments import Request
from runner.records import FLAVOURS

DATA = Path(__file__).parent.parent / "data" / "kernel"
SOURCE = Source("6.1", "dir", Path("/src"))


def ask(option: str, value: str) -> list[Request]:
    return [Request(option, value, "x.config:7")]


@pytest.mark.parametrize("version, flavour", [(v, f) for v in ("6.1", "6.12") for f in FLAVOURS])
def test_ours_hold_in_what_real_trees_made_of_them(version: str, flavour: str) -> None:
    source = Source("6.1", "dir", Path("/src"))
    if version == "6.12":
        source = Source("6.12", "dir", Path("/src"), without=("BASE_FULL",),
                        fragments=(paths.KERNELS / "config" / "6.12.config",))
    config = (DATA / f"config-{version}-{flavour}").read_text()
    fragments.check(config, fragments.requests(source, flavour), "k")


@pytest.mark.parametrize("option, value, problem", [
    ("LOCK_STAT", "y", "CONFIG_LOCK_STAT=y: k: came out off"),
    ("FRONTSWAP_OF_OLD", "y", "CONFIG_FRONTSWAP_OF_OLD=y: k: vanished"),
    ("SWAP", "n", "CONFIG_SWAP=n: k: came out y: something else selects it"),
    ("NR_CPUS", "65", "CONFIG_NR_CPUS=65: k: came out 64"),
    ("BASE_FULL", "y", "CONFIG_BASE_FULL=y: k: vanished"),
])
def test_what_did_not_hold_is_named(option: str, value: str, problem: str) -> None:
    config = (DATA / "config-6.12-perf").read_text()
    with pytest.raises(UsageError) as caught:
        fragments.check(config, ask(option, value), "k")
    assert str(caught.value).startswith(f"x.config:7: {problem}")
    assert str(caught.value).isprintable()


def test_off_and_unknown_is_off() -> None:
    fragments.check("CONFIG_SWAP=y\n", ask("NEVER_HEARD_OF", "n"), "k")


def test_parse(tmp_path: Path) -> None:
    file = tmp_path / "f.config"
    file.write_text('# why\n\nCONFIG_A=y\nCONFIG_S="a b"\n# CONFIG_B is not set\n')
    assert fragments.parse(file) == [Request("A", "y", f"{file}:3"),
                                     Request("S", '"a b"', f"{file}:4"),
                                     Request("B", "n", f"{file}:5")]


@pytest.mark.parametrize("text, problem", [
    ("CONFIG_A=y\nB=y\n", ":2: 'B=y' is not CONFIG_OPTION=VALUE"),
    ("CONFIG_A=y\nCONFIG_A=n\n", ":2: CONFIG_A stands in "),
    ("CONFIG_A\n", ":1: 'CONFIG_A' is not"),
])
def test_wrong_fragments(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "f.config"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        fragments.parse(file)
    assert problem in str(caught.value)


def test_later_files_win_and_without_takes_away(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/base.config").write_text("CONFIG_A=y\nCONFIG_B=y\n")
    (tmp_path / "config/perf.config").write_text("CONFIG_C=y\n")
    (tmp_path / "config/devices.config").write_text("CONFIG_D=y\nCONFIG_E=y\n")
    own = tmp_path / "own.config"
    own.write_text("CONFIG_B=n\n")
    source = Source("s", "dir", Path("/src"), fragments=(own,), without=("A",))
    assert [(one.option, one.value) for one in fragments.requests(source, "perf")] == [
        ("C", "y"), ("B", "n")]
    with pytest.raises(UsageError, match="no line of base.config, perf.config or devices.config "
                                         "asks for Z"):
        fragments.requests(Source("s", "dir", Path("/src"), without=("Z",)), "perf")


def test_drivers_come_with_their_devices_alone(tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    (tmp_path / "config").mkdir()
    for name, option in (("base", "A"), ("perf", "B"), ("devices", "C")):
        (tmp_path / f"config/{name}.config").write_text(f"CONFIG_{option}=y\n")
    source = Source("s", "dir", Path("/src"))
    plain = fragments.requests(source, "perf")
    assert [one.option for one in plain] == ["A", "B"]
    assert [one.option for one in fragments.requests(source, "perf+devices")] == ["A", "B", "C"]
    # A source that does not know a driver can be told so, and is the same without it.
    without = Source("s", "dir", Path("/src"), without=("C",))
    assert [one.option for one in fragments.requests(without, "perf+devices")] == ["A", "B"]
    assert fragments.digest(fragments.requests(without, "perf")) == fragments.digest(plain)


def test_merge_replaces_both_forms() -> None:
    merged = fragments.merge("# CONFIG_A is not set\nCONFIG_B=y\n# words\nCONFIG_AB=y\n",
                             ask("A", "y") + ask("B", "n"))
    assert merged == "# words\nCONFIG_AB=y\nCONFIG_A=y\n# CONFIG_B is not set\n"


def test_digest_is_of_options_alone() -> None:
    assert fragments.digest(ask("A", "y")) == fragments.digest([Request("A", "y", "elsewhere")])
    assert fragments.digest(ask("A", "y")) != fragments.digest(ask("A", "n"))
