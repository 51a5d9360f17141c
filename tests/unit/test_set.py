# SPDX-License-Identifier: GPL-2.0-only
"""Keys of an experiment from the command line: checked as the file's are, kept in the record."""
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from runner import cli, paths, tomltext
from runner.asked import Experiment
from runner.campaign import campaign
from runner.commands import options
from runner.errors import UsageError
from runner.experiment import plan
from runner.tomlfile import Given

BENCH = paths.CONFIGS / "bench.toml"


def typed(*words: str) -> Given:
    return options.given(cli.parser().parse_args(["run", str(BENCH), *words]))


def test_each_option_is_the_key_it_stands_for() -> None:
    asked = plan.load(BENCH, given=typed(
        "--set", "guest.ram_mib=512", "--set", "title=by hand", "--threads", "1,16", "--device",
        "zram", "--set", "rules.thresholds.instructions_per_page = 0.02", "--set",
        'tiers=["locks"]'))
    assert (asked.guest.ram, asked.title, asked.threads, asked.devices) == (
        512 << 20, "by hand", (1, 16), ("zram",))
    assert asked.tiers == ("locks",) and asked.rules.thresholds["instructions_per_page"] == 0.02


@pytest.mark.parametrize("words, said", [
    (("--set", "guest.ram_mib=12"), "--set guest.ram_mib=12: 12 is not in 128.."),
    (("--set", "guest.ramm=512"), "--set guest.ramm=512: is not known here.*did you mean ram_mib"),
    (("--set", "nothing"), "--set nothing: is not KEY=VALUE"),
    (("--set", "=1"), "is not KEY=VALUE"), (("--set", "threads="), "is not KEY=VALUE"),
    (("--set", "title.x=1"), "--set title.x=1: title is no table of"),
    (("--set", "a b=1"), "--set a b=1: a b is no key of a file"),
    (("--set", "title='a'\nformat=1"), "is more than one key"),
    (("--set", "rules.thresholds.instructions_per_page=nan"), "nan is not in 0..10"),
    (("--threads", "1,x"), r"--threads 1,x: '\[1,x\]' is not a list of whole numbers"),
    (("--threads", "0"), "--threads 0: 0 is not in 1..1024"),
    (("--threads", ""), "--threads : is empty"),
    (("--device", "zrm"), "--device zrm: 'zrm' is not one of .*did you mean zram"),
    (("--threads", "1", "--set", "threads=[2]"), "threads is given twice"),
])
def test_what_is_wrong_is_said_of_the_option(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        plan.load(BENCH, given=typed(*words))
    assert "\n" not in str(error.value)


def of(experiment: Experiment) -> tuple[object, ...]:
    return (experiment.title, experiment.kernels, experiment.devices, experiment.threads,
            experiment.tiers, experiment.guest, experiment.workload, experiment.boots,
            experiment.rules)


def test_a_campaign_keeps_what_was_set(tmp_path: Path) -> None:
    given = typed("--set", "guest.ram_mib=384", "--threads", "2", "--set", "title=it's \"mine\"")
    asked = plan.load(BENCH, given=given)
    home, back, record = campaign.reopen(campaign.create(asked, tmp_path, given).folder)
    assert of(back) == of(asked) and back.guest.ram == 384 << 20
    assert record["set"] == ["--set guest.ram_mib=384", "--set title=it's \"mine\"", "--threads 2"]
    # For people: where it comes from, first of all.
    assert home.experiment_file.read_text().startswith(
        "# bench.toml with --set guest.ram_mib=384\n")
    plain, _, record = campaign.reopen(campaign.create(plan.load(BENCH), tmp_path).folder)
    assert "set" not in record and plain.experiment_file.read_bytes() == BENCH.read_bytes()


@pytest.mark.parametrize("file", sorted(paths.CONFIGS.rglob("*.toml")), ids=lambda one: one.stem)
def test_what_is_written_reads_back(file: Path) -> None:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    assert tomllib.loads("\n".join(tomltext.lines(data))) == data


@pytest.mark.parametrize("words, said", [
    (("run", "--resume", "x", "--threads", "2"), "are for a new campaign"),
    (("compare", "a.jsonl", "b.jsonl", "--threads", "2"), "--threads 2: campaigns are measured"),
])
def test_what_is_measured_already_is_not_set(words: tuple[str, ...], said: str,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(list(words)) == 2
    assert said in capsys.readouterr().err


def test_rules_are_set_for_stored_campaigns(
        capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "a.jsonl", "b.jsonl", "--set", "rules.pairs=0"]) == 2
    assert "--set rules.pairs=0: 0 is not in 1..1000" in capsys.readouterr().err
