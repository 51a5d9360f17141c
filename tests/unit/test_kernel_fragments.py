# SPDX-License-Identifier: GPL-2.0-only
"""Config fragments against what real builds made of them.

tests/data/kernel holds of each build's .config the lines of the options that fragments name: a
fragment that names another one needs them captured again.
"""
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
    config = (DATA / f"config-{version}-{flavour}").read_text()
    wanted = fragments.requests(SOURCE, flavour)
    lost = fragments.lost(config, wanted)
    assert [one.option for one in lost] == (
        ["BASE_FULL"] if version == "6.12" else ["MEMCG_V1"] if flavour == "debug" else [])
    assert all(fragments.lost(config, one.ways()[1:]) == [] for one in lost)


@pytest.mark.parametrize("option, value", [
    ("LOCK_STAT", "y"), ("FRONTSWAP_OF_OLD", "y"), ("SWAP", "n"), ("NR_CPUS", "65")])
def test_what_did_not_hold(option: str, value: str) -> None:
    config = (DATA / "config-6.12-perf").read_text()
    wanted = ask(option, value) + ask("MEMCG", "y")
    assert fragments.lost(config, wanted) == wanted[:1]


def test_off_and_unknown_is_off() -> None:
    assert fragments.lost("CONFIG_SWAP=y\n", ask("NEVER_HEARD_OF", "n")) == []


def test_alternatives(tmp_path: Path) -> None:
    file = tmp_path / "f.config"
    file.write_text('CONFIG_A=y or CONFIG_B=n or CONFIG_C="x or y"\n'
                    .replace(' or y"', '"'))
    (one,) = fragments.parse(file)
    assert [way.text() for way in one.ways()] == ["A=y", "B=n", 'C="x"']
    assert fragments.agreed([one], ["B=n"]) == [Request("B", "n", f"{file}:1")]
    assert fragments.agreed([one], ["B=y"]) == [one]
    assert fragments.digest([one]) != fragments.digest(ask("A", "y"))


def test_how_a_kernels_options_differ_from_the_first_choices(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/base.config").write_text("CONFIG_A=y or CONFIG_B=y\nCONFIG_C=y\n")
    (tmp_path / "config/perf.config").write_text("CONFIG_D=n\n")
    source = Source("s", "dir", Path("/src"), without=("C",))
    assert fragments.plainly(source, "perf", ask("A", "y") + ask("C", "y") + ask("D", "n")) == ""
    assert fragments.plainly(source, "perf", ask("B", "y") + ask("D", "n")) == "-A -C B=y"


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
    ("CONFIG_A=y or B=n\n", ":1: 'CONFIG_A=y or B=n' is not CONFIG_OPTION=VALUE, or several"),
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
    with pytest.raises(UsageError, match="without: no fragment of .* asks for Z; take it out"):
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
