# SPDX-License-Identifier: GPL-2.0-only
"""Experiment files: every field refuses what it cannot be, in one line with its place."""
from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import pytest
from experimentfile import GOOD, LISTED, write

from runner import paths
from runner.campaign import campaign
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.nightly import config

BAD = {
    "format": ["2", '"1"', "true"],
    "title": ["1", '""', '"a\\u001bb"'],
    "base": ["1", '""', '"nonsense"', '"6.1:no-such-series"', '"9.99:vanilla"'],
    "test": ['"6.1:batch-add"', '["6.1:batch-add", "6.1:batch-add"]', '["6.1:vanilla"]', "[1]",
             '["6.1:../../etc"]'],
    "devices": ["[]", '["floppy"]', '"pmem"', "[1]", '["pmem", "pmem"]'],
    "threads": ["0", "[0]", "[1025]", '["1"]', "[true]", "[]", "[1.5]", "[2, 2]"],
    "tiers": ["[]", '["fast"]', '["Exact"]'],
    "ram_mib": ["0", "127", "1e9", '"256"', "-1", "1048577"],
    "swap_mib": ["0", "15", "false", "1048577"],
    "vcpus": ["0", "65", "1.5"],
    "accelerator": ['"hvf"', "1"],
    "cmdline": ['"quiet"', "[1]", '["a\\nb"]'],
    "count_locks": ["1", '"yes"'],
    "fit_host": ["1", '"host"'],
    "numa_nodes": ["0", "9", "[2]", '"2"'],
    "program": ['"fio"', "1"],
    "ratio": ["1.0", "65", "nan", "inf", '"2"', "64"],
    "passes": ["0", "1001", "1.0"],
    "verify": ["1", '"yes"'],
    "pattern": ['"sequentail"', "1", '["zipf"]'],
    "reads": ["-1", "101", "true"],
    "compressible": ["-1", "101", '"50%"'],
    "same_filled": ["1", '"yes"'],
    "bare": ["1", '"yes"'],
    "processes": ["0", '"yes"'],
    "region": ['"shard"', "1"],
    "thp": ['"sometimes"', "true"],
    "cpus": ["[1024]", "[]", "0", "[1]", "[0, 0]"],
    "nodes": ["[-1]", '["a"]', "[]"],
    "memcg_mib": ["0", "256", '"64M"'],
    "pageout": ["0", "1048577", "1.5"],
    "rate": ["0", "1000000001", "true"],
    "latency": ["1", '"ns"'],
    "swapin": ['"backwards"', "true"],
    "swapoff": ["1", '"yes"'],
    "free": ["0", '"yes"'],
    "series_ms": ["0", "3600001", "0.5"],
    "seed": ["-1", "9223372036854775808", "1.0"],
    "pairs": ["0", "1001", "2.5"],
    "minimum_pairs": ["1", "1001"],
    "pswpout_floor": ["0", "-5", '"many"'],
    "order_seed": ["-1", "true"],
    "confirm_pairs": ["-1", "4", "1001", "2.5"],
    "aa_pairs": ["-1", "6", "true"],
    "layouts": ["0", "65", '"2"', "[6, 6]", "[12, 6]", "[6, 65]", "[]"],
    "equal_pages": ['"yes"'],
    "lock_boots": ["0", "1001", "1.0"],
    "instructions_per_page": ["-0.1", "11", '"0.5%"', "nan"],
    "other_cpu": ["-0.1", "1.1", '"10%"'],
    "steal": ["-0.1", "2", "nan"],
    "cpu_pressure": ["1.5", "true"],
    "memory_pressure": ["-1", '"none"'],
    "io_pressure": ["inf", "[0.1]"],
    "boot_s": ["-1", "86401", '"5"'],
    "silence_s": ["-1", "nan"],
    "total_s": ["-0.5", "[60]"],
}


def field_line(key: str) -> int:
    return next(number for number, line in enumerate(GOOD.splitlines(), 1)
                if line.startswith(f"{key} ="))


def test_every_field_has_a_bad_value_here() -> None:
    fields = {line.split(" =")[0] for line in GOOD.splitlines() if " = " in line}
    assert fields == set(BAD)


def test_the_good_one_is_good(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, GOOD))
    assert experiment.kernels == ("6.1:vanilla", "6.1:batch-add")
    assert experiment.limits == {"boot": 5.0, "silence": 5.0, "total": 60.0}
    assert experiment.rules.base == "6.1:vanilla"


@pytest.mark.parametrize("key, value", [(key, value) for key, values in BAD.items()
                                        for value in values])
def test_bad_value(tmp_path: Path, key: str, value: str) -> None:
    number = field_line(key)
    lines = GOOD.splitlines()
    lines[number - 1] = f"{key} = {value}"
    path = write(tmp_path, "\n".join(lines) + "\n")
    with pytest.raises(UsageError) as caught:
        plan.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{number}: "), message
    assert key in message
    assert "\n" not in message and message.isprintable()


@pytest.mark.parametrize("key", ["format", "base"])
def test_missing_field(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))
    with pytest.raises(UsageError, match=f"{key}: missing"):
        plan.load(write(tmp_path, text))


def test_kernels_listed_have_no_base(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, LISTED))
    assert experiment.kernels == ("6.1:vanilla", "6.1:batch-add")
    assert experiment.rules.base == ""
    # What 'compare' does with such an experiment.
    both = plan.load(write(tmp_path, LISTED), ("6.12:vanilla", "6.1:vanilla"))
    assert both.rules.base == "6.12:vanilla"


def test_a_campaign_without_a_base_stays_one(tmp_path: Path) -> None:
    home = campaign.create(plan.load(write(tmp_path, LISTED)), tmp_path / "results")
    assert campaign.reopen(home.folder)[1].rules.base == ""
    other = campaign.create(plan.load(write(tmp_path, GOOD)), tmp_path / "results")
    assert campaign.reopen(other.folder)[1].rules.base == "6.1:vanilla"


def test_a_full_disk_leaves_no_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotMeasure, match=r"campaign\.new: cannot be written: No space left on "
                                            r"device; make room there"):
        campaign.create(plan.load(write(tmp_path, GOOD)), tmp_path / "results")
    assert not list((tmp_path / "results").iterdir())


def test_a_campaigns_title_is_of_the_kernels_it_compares(tmp_path: Path) -> None:
    experiment = dataclasses.replace(plan.load(write(tmp_path, GOOD)), title="B against A")
    home = campaign.create(experiment, tmp_path / "results")
    assert campaign.reopen(home.folder)[1].title == "B against A"


@pytest.mark.parametrize("text, says", [
    (LISTED.replace("devices", 'test = ["6.12:vanilla"]\ndevices'), r":4: test: kernels are"),
    (LISTED.replace("devices", 'base = "6.12:vanilla"\ndevices'), r":4: base: kernels are"),
    (LISTED.replace("batch-add", "vanilla"), ":3: kernels: names something twice"),
    (LISTED.replace("batch-add", "none"), ":3: kernels: .*none is not a series"),
    (GOOD.replace("devices", 'budget = "x"\ndevices'), ":5: budget: .*add it to tiers"),
    (GOOD.replace('"auto"', '"icount"'), ":11: guest.vcpus: icount .* one vCPU, not of 2"),
    (GOOD.replace('"auto"', '"icount"').replace("vcpus = 2", "vcpus = 1")
     .replace('["exact"]', '["timed"]'), ":7: tiers: timed: .*instructions"),
])
def test_keys_that_contradict_each_other(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        plan.load(write(tmp_path, text))


def test_locks_may_be_counted_under_icount(tmp_path: Path) -> None:
    text = GOOD.replace('"auto"', '"icount"').replace("vcpus = 2", "vcpus = 1") \
        .replace('["exact"]', '["locks"]')
    assert plan.load(write(tmp_path, text)).guest.accelerator == "icount"


def test_misspelt_key_is_found_and_the_right_one_named(tmp_path: Path) -> None:
    text = GOOD.replace("swap_mib", "swap_mb")
    with pytest.raises(UsageError, match=r"x.toml:10: guest.swap_mb: .*did you mean swap_mib"):
        plan.load(write(tmp_path, text))


@pytest.mark.parametrize("kind", ["virtio-blk", "nvme"])
@pytest.mark.parametrize("tiers, guest", [
    ('"exact"', ""), ('"locks"', "accelerator = 'icount'\nvcpus = 1"),
    ('"locks"', "count_locks = true")])
def test_no_exact_figures_of_what_the_host_does(tmp_path: Path, kind: str, tiers: str,
                                                guest: str) -> None:
    file = tmp_path / "x.toml"
    text = (f'format = 1\nbase = "6.1:vanilla"\ndevices = ["{kind}"]\ntiers = [{tiers}]\n'
            f'[guest]\n{guest}\n')
    file.write_text(text)
    with pytest.raises(UsageError, match=rf"x.toml:3: devices: {kind}: the host reads and writes"):
        plan.load(file)
    file.write_text(text.replace(kind, "zram"))
    assert plan.flavours(plan.load(file)) == [
        "perf+devices" if tiers == '"exact"' else "lockstat+devices"]


@pytest.mark.parametrize("tiers, left", [('"exact", "locks", "timed"', ("exact", "timed")),
                                         ('"exact"', ("exact",))])
def test_debian_kernels_have_no_lock_counts(tmp_path: Path, tiers: str,
                                            left: tuple[str, ...]) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f'format = 1\nbase = "debian:6.1"\ntest = ["debian:6.12"]\ntiers = [{tiers}]\n')
    experiment = plan.load(file)
    assert experiment.tiers == left
    assert ("debian:6.1 is built without LOCK_STAT" in experiment.left_out) == ("locks" in tiers)


def test_debian_kernels_for_their_locks_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nkernels = ["debian:6.1"]\ntiers = ["locks"]\n')
    with pytest.raises(UsageError, match="x.toml:3: tiers: debian:6.1 is built without LOCK_STAT "
                                         "and the kernel's own checks; take exact or timed"):
        plan.load(file)


@pytest.mark.parametrize("text, says", [
    ("format = ", "is not TOML"), ("\x00", "is not TOML"), ("[[guest]]\n", "missing"),
])
def test_not_an_experiment(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        plan.load(write(tmp_path, text))


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        plan.load(tmp_path / "none.toml")
    (tmp_path / "latin1.toml").write_bytes(b'title = "\xe9"\n')
    with pytest.raises(UsageError, match="is not UTF-8"):
        plan.load(tmp_path / "latin1.toml")


def test_unknown_threshold_metric(tmp_path: Path) -> None:
    text = GOOD.replace("instructions_per_page", "instructions_per_pge")
    with pytest.raises(UsageError, match="did you mean instructions_per_page"):
        plan.load(write(tmp_path, text))


def test_checked_in_experiments_load() -> None:
    for path in paths.CONFIGS.glob("*.toml"):
        # What the nights are of is no experiment; it names one.
        if path.name == "nightly.toml":
            config.load(path)
        else:
            plan.load(path)


def test_a_claim_is_an_experiment(tmp_path: Path) -> None:
    assert plan.load(write(tmp_path, GOOD + '[claim]\nstatement = "x"\n')).title == "a title"
