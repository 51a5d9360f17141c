# SPDX-License-Identifier: GPL-2.0-only
"""A bisect under other values of its experiment's keys: every boot has them, resumed too."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import cli
from runner.campaign import campaign
from runner.commands.options import given_settings
from runner.errors import UsageError
from runner.tomlfile import Given
from tests import bisectkernel, bisectlab
from tests.bisectcases import SLOW, idle
from tests.bisectlab import Bisect, Killed, Lab

pytestmark = pytest.mark.usefixtures("light")

FILE = """\
format = 1
base = "6.1:vanilla"
tiers = ["exact"]
[variants.packed]
zswap = "on"
"zswap.pool_percent" = 40
"""


def typed(file: Path, *words: str) -> Given:
    return given_settings(cli.parser().parse_args(["bisect", *words]), file)


@pytest.fixture(name="file")
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    return path


def test_every_boot_has_them_and_a_resumed_one_too(tmp_path: Path, file: Path) -> None:
    commits = bisectkernel.grow(tmp_path / "tree", [*idle(1, 2), SLOW, *idle(3)])
    points = bisectlab.between(tmp_path / "tree", commits[0])
    lab = Lab()
    lab.dies_after = 8
    bisect = bisectlab.ask(tmp_path, points, lab, given=typed(
        file, "--set", "guest.ram_mib=384", "--settings", "packed, swappiness=10"))
    with pytest.raises(Killed):
        bisect.run()
    found = bisect.run()
    assert found.culprit == commits[2]
    asked = ("--set guest.ram_mib=384", "--settings {packed, swappiness=10}")
    assert found.question.set == bisect.state.question.set == asked
    assert f"with {', '.join(asked)}" in (bisect.folder / "bisect.txt").read_text()
    assert json.loads((bisect.folder / "bisect.json").read_text())["question"]["set"] == [*asked]
    homes = [campaign.reopen(one)[1] for one in (bisect.folder / "measured").iterdir()]
    assert len(homes) > 3
    for one in homes:
        assert one.guest.ram == 384 << 20
        for kernel in one.kernels:
            assert {knob.asked for knob in one.variants[kernel].knobs} == {
                "zswap=on", "zswap.pool_percent=40", "swappiness=10"}


def test_images_are_told_apart_as_they_are_booted(tmp_path: Path, file: Path) -> None:
    """zswap's code is in one flavour alone: the plain one's image would be the same throughout."""
    commits = bisectkernel.grow(tmp_path / "tree", [*idle(1), SLOW])
    bisect = bisectlab.ask(tmp_path, bisectlab.between(tmp_path / "tree", commits[0]), Lab(),
                           given=typed(file, "--settings", "packed"))
    bisect.run()
    assert bisect.lab.flavours == {"perf+devices+compress"}
    plain: Bisect = bisectlab.ask(tmp_path / "tree",
                                  bisectlab.between(tmp_path / "tree", commits[0]), Lab())
    plain.run()
    assert plain.lab.flavours == {"perf"}


@pytest.mark.parametrize("words, said", [
    (("--settings", "swapiness=1"), r"--settings {swapiness=1}: 'swapiness' is not a setting"),
    (("--settings", "packd"), "'packd' is neither NAME=VALUE nor a set of the experiment's "
                              r"\[variants\]; sets of this experiment: packed"),
    (("--set", "swappiness"), "--set swappiness: is not KEY=VALUE")])
def test_what_is_wrong_is_said_of_the_option(file: Path, words: tuple[str, ...], said: str
                                             ) -> None:
    with pytest.raises(UsageError, match=said):
        typed(file, *words)


@pytest.mark.parametrize("key", ["base", "test", "kernels", "beside"])
def test_its_kernels_are_its_ends(tmp_path: Path, file: Path, key: str) -> None:
    commits = bisectkernel.grow(tmp_path / "tree", [*idle(1), SLOW])
    with pytest.raises(UsageError, match=f"--set {key}=.*a bisect's kernels are its ends"):
        bisectlab.ask(tmp_path, bisectlab.between(tmp_path / "tree", commits[0]), Lab(),
                      given=typed(file, "--set", f"{key}=['6.12:vanilla']"))


def test_a_bisect_that_goes_on_takes_no_other_values(tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    for word in (("--set", "guest.ram_mib=384"), ("--settings", "swappiness=10")):
        assert cli.main(["bisect", "--resume", str(tmp_path), *word]) == 2
        assert "--resume goes on with the question that was asked" in capsys.readouterr().err
