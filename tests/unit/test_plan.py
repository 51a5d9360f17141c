# SPDX-License-Identifier: GPL-2.0-only
"""Experiment files: every field refuses what it cannot be, in one line with its place."""
from __future__ import annotations

import dataclasses
import errno
import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import paths
from runner.asked import Experiment
from runner.campaign import campaign
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.host import host
from runner.judge import tier
from runner.load import swapstorm
from runner.nightly import config

GOOD = """\
format = 1
title = "a title"
base = "6.1:vanilla"
test = ["6.1:batch-add"]
devices = ["pmem"]
threads = [1]
tiers = ["exact"]
[guest]
ram_mib = 256
swap_mib = 512
vcpus = 2
accelerator = "auto"
cmdline = ["quiet"]
count_locks = true
fit_host = false
numa_nodes = 1
[workload]
program = "swapstorm"
ratio = 1.5
passes = 1
verify = true
seed = 1
pattern = "sequential"
reads = 0
compressible = 100
same_filled = false
bare = false
processes = false
region = "private"
thp = "never"
cpus = [0]
nodes = [0]
memcg_mib = 128
pageout = 64
rate = 1000
latency = false
swapin = "random"
swapoff = true
free = true
series_ms = 100
[rules]
pairs = 5
minimum_pairs = 5
pswpout_floor = 1000
order_seed = 1
confirm_pairs = 0
aa_pairs = 0
layouts = 1
equal_pages = true
lock_boots = 1
[rules.thresholds]
instructions_per_page = 0.005
[rules.host]
other_cpu = 0.1
steal = 0.02
cpu_pressure = 0.5
memory_pressure = 0.05
io_pressure = 0.2
[limits]
boot_s = 5
silence_s = 5.0
total_s = 60
"""

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


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    return path


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


LISTED = GOOD.replace('base = "6.1:vanilla"\ntest = ["6.1:batch-add"]',
                      'kernels = ["6.1:vanilla", "6.1:batch-add"]')


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


def test_a_device_that_cannot_hold_the_working_set(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nbase = "6.1:vanilla"\ndevices = ["pmem", "zram"]\n'
                    'tiers = ["exact"]\n[guest]\nram_mib = 256\nswap_mib = 64\n'
                    '[workload]\nratio = 2.0\n')
    with pytest.raises(UsageError, match=r"x.toml:9: workload.ratio: 2 × 256 MiB of RAM does not "
                                         "fit in RAM and 64 MiB of swap; lower it or raise"):
        plan.load(file)


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


def test_each_device_boots_a_kernel_with_its_driver(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nbase = "6.1:vanilla"\ndevices = ["pmem", "nvme", "zram"]\n'
                    'tiers = ["timed", "locks"]\n')
    experiment = plan.load(file)
    assert plan.flavours(experiment) == ["lockstat", "lockstat+devices", "perf", "perf+devices"]
    assert {(one.cell.device, tier.flavour(one.cell)) for one in plan.samples(experiment)
            if one.cell.tier == "timed"} == {("pmem", "perf"), ("nvme", "perf+devices"),
                                             ("zram", "perf+devices")}


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


def test_every_pattern_has_an_experiment() -> None:
    folder = paths.CONFIGS / "patterns"
    assert {path.stem for path in folder.glob("*.toml")} == set(swapstorm.PATTERNS)
    for path in folder.glob("*.toml"):
        options = plan.load(path).workload.options
        assert path.stem == "sequential" or options[:2] == ("--pattern", path.stem)


WORK = GOOD.replace('pattern = "sequential"\nreads = 0\n', "MORE\n")
PLACES = WORK[WORK.index("processes ="):WORK.index("[rules]")]
WORK = WORK.replace(PLACES, "")


def work(tmp_path: Path, more: str, text: str = WORK) -> Experiment:
    return plan.load(write(tmp_path, text.replace("MORE", more)))


@pytest.mark.parametrize("more, options", [
    ("", ()),
    ('pattern = "strided"\nstride = 3', ("--pattern", "strided", "--stride", "3")),
    ('pattern = "zipf"\nzipf_theta = 1.25\nreads = 30',
     ("--pattern", "zipf", "--zipf-theta", "1.250000", "--reads", "30")),
    ('pattern = "hotcold"\nhot_pages = 5\nhot_accesses = 80\nhot_shift = 0',
     ("--pattern", "hotcold", "--hot-pages", "5", "--hot-accesses", "80", "--hot-shift", "0")),
    ('pattern = "mix"', ("--pattern", "mix")),
    ('processes = true\nregion = "cow"', ("--processes", "--region", "cow")),
    ('thp = "always"\nmemcg_mib = 128\ncpus = [0]\nnodes = [0]',
     ("--thp=always", "--memcg", "128M", "--cpus", "0", "--nodes", "0")),
    ("pageout = 64\nrate = 1000\nseries_ms = 50\nlatency = true",
     ("--pageout", "64", "--rate", "1000", "--series-ms", "50", "--latency")),
])
def test_words_of_the_workload(tmp_path: Path, more: str, options: tuple[str, ...]) -> None:
    assert work(tmp_path, more).workload.options == options


def test_content_of_the_pages(tmp_path: Path) -> None:
    text = WORK.replace("compressible = 100", "compressible = 70")
    assert work(tmp_path, "", text).workload.options == ("--compressible", "70")
    text = WORK.replace("same_filled = false", "same_filled = true")
    assert work(tmp_path, "", text).workload.options == ("--same-filled",)


def test_memory_nodes_are_the_guests(tmp_path: Path) -> None:
    text = WORK.replace("numa_nodes = 1", "numa_nodes = 2")
    loaded = work(tmp_path, "nodes = [0, 1]", text)
    assert loaded.workload.options == ("--nodes", "0,1") and loaded.guest.nodes == 2
    with pytest.raises(UsageError, match=r":\d+: workload.nodes: 2 is not one of .* are 2; raise"):
        work(tmp_path, "nodes = [2]", text)


@pytest.mark.parametrize("device, nodes, says", [
    ("brd", 2, r":\d+: guest: numa_nodes: brd lies in the guest's RAM .* take device pmem, virt"),
    ("pmem", 5, r":\d+: guest: numa_nodes: 256 MiB of RAM give 5 nodes less than 64 MiB each"),
])
def test_nodes_that_cannot_share(tmp_path: Path, device: str, nodes: int, says: str) -> None:
    text = WORK.replace("numa_nodes = 1", f"numa_nodes = {nodes}").replace('"pmem"', f'"{device}"')
    with pytest.raises(UsageError, match=says):
        work(tmp_path, "", text)


def test_bare_pages_are_not_verified(tmp_path: Path) -> None:
    text = WORK.replace("verify = true\n", "").replace("bare = false", "bare = true")
    loaded = work(tmp_path, "", text).workload
    assert loaded.options == ("--bare",)
    assert not loaded.verify


def test_huge_pages_always_are_the_kernels_to_give(tmp_path: Path) -> None:
    assert work(tmp_path, 'thp = "always"').workload.cmdline == ("transparent_hugepage=always",)
    assert work(tmp_path, 'thp = "madvise"').workload.cmdline == ()


def test_time_in_place_of_passes(tmp_path: Path) -> None:
    loaded = work(tmp_path, "seconds = 2.5", WORK.replace("passes = 1\n", ""))
    assert loaded.workload.passes == 0
    assert loaded.workload.options == ("--time", "2.5")


def test_size_in_place_of_a_ratio(tmp_path: Path) -> None:
    assert work(tmp_path, "size_mib = 384", WORK.replace("ratio = 1.5\n", "")).workload.ratio == 1.5


@pytest.mark.parametrize("more, cut, says", [
    ('pattern = "zpif"', "", r":\d+: workload.pattern: 'zpif' is not one of .*did you mean zipf"),
    ("stride = 4", "", r":\d+: workload.stride: is for pattern strided, not for sequential"),
    ('pattern = "zipf"\nhot_pages = 4', "", r":\d+: workload.hot_pages: is for pattern hotcold"),
    ("zipf_theta = 1.0", "", r":\d+: workload.zipf_theta: is for pattern zipf"),
    ('pattern = "readlater"\nreads = 3', "", r":\d+: workload.reads: pattern readlater decides"),
    ('pattern = "hotcold"\nhot_pages = 0', "", r":\d+: workload.hot_pages: 0 is not in 1..99"),
    ("seconds = 3", "", r":\d+: workload.seconds: passes is given, too"),
    ("settle = 1.6", "", "settle: 1.5 and, before the window, 1.6 times 256 MiB do not fit in "
                         "three quarters of RAM and 512 MiB of swap; raise guest.swap_mib, or set "
                         "settle = 0"),
    ('settle = 0.5\npattern = "zipf"', "",
     "workload.settle: only where each page is written once"),
    ("settle = 0.5\nseconds = 2.0", "passes = 1\n",
     "workload.settle: only where each page is written once"),
    ("size_mib = 300", "", r":\d+: workload.size_mib: ratio is given, too"),
    ("size_mib = 769", "ratio = 1.5\n", r":\d+: workload.size_mib: 769 MiB do not fit in 256 MiB"),
    ("size_mib = 1", "ratio = 1.5\n", "workload.size_mib: 300 threads are more than its 256 pages"),
    ('region = "cow"', "", r":\d+: workload.region: cow: only a process has"),
    ('region = "cow"\nprocesses = true\nratio = 1.6', "ratio = 1.5\n",
     r":\d+: workload.region: cow: 409.6 MiB and as much in copies do not fit in 256 MiB"),
    ("memcg_mib = 256", "", r":\d+: workload.memcg_mib: a limit of 256 MiB is none in a guest"),
    ("memcg_mib = 1\nratio = 2.5", "ratio = 1.5\n", r"workload.memcg_mib: 640 MiB do not fit"),
    ("cpus = [0, 1]", "", r":\d+: workload.cpus: 1 is not one of the guest's CPUs, which are 1"),
    ("verify = true\nbare = true", "verify = true\n", "workload.bare: its pages cannot be"),
    ('verify = false\nbare = true\npattern = "zipf"', "verify = true\n",
     r":\d+: workload.bare: is one word a page and nothing else; leave pattern out"),
    ("nodes = [0, 1]", "", r":\d+: workload.nodes: 1 is not one of the guest's memory nodes"),
    ("same_filled = true", "same_filled = false\n", "workload.same_filled: compressible is given"),
])
def test_workloads_that_cannot_be(tmp_path: Path, more: str, cut: str, says: str) -> None:
    text = WORK.replace(cut, "").replace("compressible = 100", "compressible = 1")
    text = text.replace("bare = false\n", "") if "bare" in more else text
    text = text.replace("compressible = 1\n", "") if "bare" in more else text
    text = text.replace("threads = [1]", "threads = [300]")
    with pytest.raises(UsageError, match=says):
        work(tmp_path, more, text)


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


def test_a_claim_is_an_experiment(tmp_path: Path) -> None:
    assert plan.load(write(tmp_path, GOOD + '[claim]\nstatement = "x"\n')).title == "a title"


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
