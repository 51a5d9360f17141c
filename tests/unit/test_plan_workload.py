# SPDX-License-Identifier: GPL-2.0-only
"""The workload of an experiment file: options it becomes, and workloads that cannot be."""
from __future__ import annotations

from pathlib import Path

import pytest
from experimentfile import GOOD, write

from runner import paths
from runner.asked import Experiment
from runner.errors import UsageError
from runner.experiment import plan
from runner.load import swapstorm


def test_a_device_that_cannot_hold_the_working_set(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nbase = "6.1:vanilla"\ndevices = ["pmem", "zram"]\n'
                    'tiers = ["exact"]\n[guest]\nram_mib = 256\nswap_mib = 64\n'
                    '[workload]\nratio = 2.0\n')
    with pytest.raises(UsageError, match=r"x.toml:9: workload.ratio: 2 × 256 MiB of RAM does not "
                                         "fit in RAM and 64 MiB of swap; lower it or raise"):
        plan.load(file)


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
