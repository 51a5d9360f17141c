# SPDX-License-Identifier: GPL-2.0-only
"""Which boots an experiment has, and in which order."""
from __future__ import annotations

import dataclasses
import random
import re
from pathlib import Path

import pytest
from experimentfile import GOOD, LISTED, write
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.experiment import plan
from runner.host import host
from runner.judge import tier


def test_each_device_boots_a_kernel_with_its_driver(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nbase = "6.1:vanilla"\ndevices = ["pmem", "nvme", "zram"]\n'
                    'tiers = ["timed", "locks"]\n')
    experiment = plan.load(file)
    assert plan.flavours(experiment) == ["lockstat", "lockstat+devices", "perf", "perf+devices"]
    assert {(one.cell.device, tier.flavour(one.cell)) for one in plan.samples(experiment)
            if one.cell.tier == "timed"} == {("pmem", "perf"), ("nvme", "perf+devices"),
                                             ("zram", "perf+devices")}


def order(tmp_path: Path, pairs: int, seed: int) -> list[str]:
    text = (GOOD.replace('tiers = ["exact"]', 'tiers = ["timed"]')
            .replace("\npairs = 5", f"\npairs = {pairs}")
            .replace("order_seed = 1", f"order_seed = {seed}"))
    return [one.cell.kernel for one in plan.samples(plan.load(write(tmp_path, text)))]


def test_exact_tier_checks_each_kernel_once(tmp_path: Path) -> None:
    text = GOOD.replace('["pmem"]', '["pmem", "brd"]').replace('["exact"]', '["exact", "locks"]')
    planned = plan.samples(plan.load(write(tmp_path, text)))
    assert [(one.repeat, one.cell.label()) for one in planned] == [
        (0, "6.1:vanilla pmem 1 thread exact"), (1, "6.1:vanilla pmem 1 thread exact"),
        (0, "6.1:batch-add pmem 1 thread exact"), (1, "6.1:batch-add pmem 1 thread exact"),
        (0, "6.1:vanilla brd 1 thread exact"), (0, "6.1:batch-add brd 1 thread exact"),
        (0, "6.1:vanilla pmem 1 thread locks"),
        (0, "6.1:batch-add pmem 1 thread locks"), (0, "6.1:vanilla brd 1 thread locks"),
        (0, "6.1:batch-add brd 1 thread locks")]
    assert [one.number for one in planned] == list(range(10))
    # Kernels measured alone are held against nothing: the first stands for the host.
    alone = plan.samples(plan.load(write(tmp_path, LISTED)))
    assert [one.cell.kernel for one in alone if one.cell.tier == "exact" and one.repeat] == [
        "6.1:vanilla"]


@given(seed=st.integers(0, 2**63 - 1), pairs=st.integers(1, 20))
def test_pairs_are_adjacent_and_balanced(tmp_path_factory: pytest.TempPathFactory, seed: int,
                                         pairs: int) -> None:
    kernels = order(tmp_path_factory.mktemp("plan"), pairs, seed)
    rounds = [kernels[at:at + 2] for at in range(0, len(kernels), 2)]
    assert all(set(one) == {"6.1:vanilla", "6.1:batch-add"} for one in rounds)
    first = sum(one[0] == "6.1:vanilla" for one in rounds)
    assert abs(2 * first - pairs) <= 1


def test_order_is_drawn_from_the_recorded_seed(tmp_path: Path) -> None:
    seeds = random.Random(0).sample(range(1000), 20)
    orders = [order(tmp_path, 10, seed) for seed in seeds]
    assert orders == [order(tmp_path, 10, seed) for seed in seeds]
    assert len({tuple(one) for one in orders}) > 1


def test_any_load_of_the_host_may_be_allowed(tmp_path: Path) -> None:
    begin, end = GOOD.index("[rules.host]"), GOOD.index("[limits]")
    limits = (GOOD[:begin] + GOOD[end:]).replace("[rules]", '[rules]\nhost = "any"')
    busy = plan.load(write(tmp_path, limits)).rules.host
    assert set(dataclasses.asdict(busy).values()) == {1.0}
    file = write(tmp_path, limits.replace('"any"', '"quiet"'))
    with pytest.raises(UsageError, match="x.toml:[0-9]+: rules.host: 'quiet' is not one of any"):
        plan.load(file)


@pytest.mark.parametrize("cores, vcpus, timed", [(2, 2, (1, 2)), (1, 1, (1,)),
                                                 (64, 16, (1, 2, 16))])
def test_fit_host_cuts_vcpus_and_times_no_more_threads_than_those(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, vcpus: int,
        timed: tuple[int, ...]) -> None:
    monkeypatch.setattr(host, "cores", lambda: cores)
    text = GOOD.replace("threads = [1]", "threads = [1, 2, 16]").replace(
        '["exact"]', '["locks", "timed"]').replace("vcpus = 2", "vcpus = 16").replace(
        "fit_host = false", "fit_host = true")
    experiment = plan.load(write(tmp_path, text))
    assert experiment.guest.vcpus == vcpus
    planned = plan.samples(experiment)
    assert {one.cell.threads for one in planned if one.cell.tier == "timed"} == set(timed)
    assert {one.cell.threads for one in planned if one.cell.tier == "locks"} == {1, 2, 16}


def test_without_fit_host_all_threads_are_timed(tmp_path: Path) -> None:
    text = GOOD.replace("threads = [1]", "threads = [1, 64]").replace('["exact"]', '["timed"]')
    assert {one.cell.threads for one in plan.samples(plan.load(write(tmp_path, text)))} == {1, 64}


LOOKS = GOOD.replace('["exact"]', '["timed"]').replace("pairs = 5\n", "looks = {looks}\n", 1)


@pytest.mark.parametrize("looks, says", [
    ("[]", "is empty"), ("[12, 8]", "does not rise"), ("[8, 8]", "names something twice"),
    ("[0, 8]", "not in 1..1000"), ("8", "is not a list"), ('["8"]', "is not one of"),
    ("[5, 10]", "5 pairs can find nothing at the 0.031 that the first look may use; begin with 7"),
    ("[6, 12, 20]", "begin with 7"), ("[2, 80]", "begin with 10")])
def test_bad_looks(tmp_path: Path, looks: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan.load(write(tmp_path, LOOKS.format(looks=looks)))
    assert "rules.looks" in str(caught.value) and says in str(caught.value)
    assert re.match(rf"{tmp_path}/x.toml:\d+: ", str(caught.value))


def test_looks_and_pairs_contradict_each_other(tmp_path: Path) -> None:
    text = LOOKS.format(looks="[8, 16]\npairs = 20")
    with pytest.raises(UsageError, match="rules.pairs: is the last of looks"):
        plan.load(write(tmp_path, text))


@pytest.mark.parametrize("seed", [1, 7])
def test_rounds_to_each_look_then_confirmation(tmp_path: Path, seed: int) -> None:
    text = LOOKS.format(looks="[8, 16]").replace("order_seed = 1", f"order_seed = {seed}")
    text = text.replace("aa_pairs = 0", "aa_pairs = 2").replace("confirm_pairs = 0",
                                                                "confirm_pairs = 6")
    made = plan.samples(plan.load(write(tmp_path, text)))
    assert [one.number for one in made] == list(range(len(made)))
    for look, purpose, rounds in ((0, "", range(8)), (1, "", range(8, 16)),
                                  (2, "confirm", range(16, 22))):
        mine = [one for one in made if one.look == look]
        assert {one.repeat for one in mine} == set(rounds)
        assert {one.purpose for one in mine} - {"aa"} == {purpose}
    again = [one for one in made if one.purpose == "aa"]
    assert [one.repeat for one in again] == [0, 1]
    assert {one.cell.kernel for one in again} == {"6.1:vanilla"}


def test_layouts_are_the_same_for_every_kernel(tmp_path: Path) -> None:
    made = plan.samples(plan.load(write(tmp_path, GOOD.replace("layouts = 1", "layouts = 3"))))
    assert [(one.cell.kernel, one.layout) for one in made] == [
        ("6.1:vanilla", 0), ("6.1:vanilla", 0), ("6.1:vanilla", 1), ("6.1:vanilla", 2),
        ("6.1:batch-add", 0), ("6.1:batch-add", 0), ("6.1:batch-add", 1),
        ("6.1:batch-add", 2)]
    assert len({(one.cell, one.repeat) for one in made}) == len(made)


def test_layouts_after_the_first_look_come_later(tmp_path: Path) -> None:
    text = GOOD.replace("layouts = 1", "layouts = [1, 3]")
    experiment = plan.load(write(tmp_path, text))
    made = plan.samples(experiment)
    assert [(one.cell.kernel, one.layout, one.look) for one in made] == [
        ("6.1:vanilla", 0, 0), ("6.1:vanilla", 0, 0), ("6.1:batch-add", 0, 0),
        ("6.1:batch-add", 0, 0), ("6.1:vanilla", 1, 1), ("6.1:vanilla", 2, 1),
        ("6.1:batch-add", 1, 1), ("6.1:batch-add", 2, 1)]
    assert len({(one.cell, one.repeat) for one in made}) == len(made)


def test_lock_boots(tmp_path: Path) -> None:
    text = GOOD.replace('["exact"]', '["locks"]').replace("lock_boots = 1", "lock_boots = 3")
    made = plan.samples(plan.load(write(tmp_path, text)))
    assert [(one.cell.kernel, one.repeat) for one in made] == [
        (kernel, boot) for kernel in ("6.1:vanilla", "6.1:batch-add") for boot in range(3)]
