# SPDX-License-Identifier: GPL-2.0-only
"""A control group's further limits: what the load is told, and what is refused before it boots."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.experiment import plan
from runner.judge import able
from runner.kernel import parameters
from runner.load import memcg
from runner.records import BuiltKernel

FILE = """\
format = 1
base = "6.12:vanilla{KERNEL}"
tiers = ["exact"]
[guest]
ram_mib = 256
swap_mib = 256
[workload]
ratio = 1.2
MORE
"""
ZSWAP = FILE.replace("{KERNEL}", "{zswap=on}").replace("1.2", "1.1")
BUILD = FILE.replace("ratio = 1.2", 'program = "build"')


def written(tmp_path: Path, more: str, text: str = FILE, kernel: str = "") -> Path:
    file = tmp_path / "x.toml"
    file.write_text(text.replace("MORE", more).replace("{KERNEL}", kernel))
    return file


def test_each_is_a_file_of_the_group(tmp_path: Path) -> None:
    more = ("memcg_mib = 128\nmemcg_high_mib = 96\nmemcg_min_mib = 0\nmemcg_low_mib = 16\n"
            "memcg_swap_max_mib = 276\nmemcg_zswap_max_mib = 32\nmemcg_zswap_writeback = false")
    asked = plan.load(written(tmp_path, more, kernel="{zswap=on}"))
    options = asked.variants[asked.kernels[0]].workload.options
    said = dict(zip(options, options[1:]))[memcg.OPTION]
    assert said == ("memory.high=100663296,memory.min=0,memory.low=16777216,"
                    "memory.swap.max=289406976,memory.zswap.max=33554432,memory.zswap.writeback=0")
    assert [f"{name}={value}" for name, value in memcg.files(options).items()] == said.split(",")
    # As settings of one kernel, and in the build.
    asked = plan.load(written(tmp_path, "memcg_mib = 128", kernel="{workload.memcg_high_mib=96}"))
    assert [*memcg.files(asked.variants[asked.kernels[0]].workload.options)] == ["memory.high"]
    asked = plan.load(written(tmp_path, "memcg_mib = 20\nmemcg_low_mib = 10", BUILD))
    assert memcg.files(asked.workload.options) == {"memory.low": 10 << 20}
    assert memcg.files(("--memcg", "20M")) == {}


@pytest.mark.parametrize("text, more, said", [
    (FILE, "memcg_high_mib = 64", "memcg_high_mib: is of a control group; set memcg_mib"),
    (FILE, "memcg_zswap_writeback = true", "memcg_zswap_writeback: is of a control group"),
    (FILE, "memcg_mib = 128\nmemcg_high_mib = 4", "memcg_high_mib: 4 MiB are less than the 5 MiB"),
    (FILE, "memcg_mib = 128\nmemcg_low_mib = 129",
     "memcg_low_mib: 129 MiB are more than the group's limit of 128 MiB"),
    (FILE, "memcg_mib = 128\nmemcg_swap_max_mib = 179",
     "memcg_swap_max_mib: 179 MiB do not hold the 179.2 MiB of 307.2 that 128 MiB of RAM do not"),
    (FILE, "memcg_mib = 128\nmemcg_high_mib = 64\nmemcg_swap_max_mib = 200",
     "memcg_swap_max_mib: 200 MiB do not hold the 243.2 MiB"),
    (FILE, "memcg_mib = 128\nmemcg_zswap_max_mib = 16",
     "workload: memory.zswap.max limits nothing: 6.12:vanilla runs without zswap"),
    (ZSWAP, "memcg_mib = 96\nmemcg_swap_max_mib = 224",
     "workload: 6.12:vanilla{zswap=on}: memcg_swap_max_mib: 224 MiB are less than the 281.6"),
    (ZSWAP,
     "memcg_mib = 96\nmemcg_swap_max_mib = 256\nmemcg_zswap_max_mib = 16", ""),
    (BUILD, "memcg_mib = 12\nmemcg_swap_max_mib = 7",
     "memcg_swap_max_mib: 7 MiB do not hold the 8 MiB of 20"),
    (BUILD, "memcg_mib = 12\nmemcg_high_mib = 3", "memcg_high_mib: 3 MiB are less than the 4 MiB"),
])
def test_refused_before_anything_boots(tmp_path: Path, text: str, more: str, said: str) -> None:
    if not said:
        assert plan.load(written(tmp_path, more, text))
        return
    with pytest.raises(UsageError, match=said) as error:
        plan.load(written(tmp_path, more, text))
    assert "\n" not in str(error.value)


def test_a_kernel_without_the_file_is_refused(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of a group's files stand in the image; here, one that has nothing else."""
    image = tmp_path / "bzImage"
    monkeypatch.setattr(parameters, "unpacked", lambda image: b"\0swap.max\0")
    asked = plan.load(written(tmp_path, "memcg_mib = 128\nmemcg_swap_max_mib = 250"))
    kernel = BuiltKernel("6.12:vanilla", "perf", "00", "6.12.1", image, "00")
    able.refuse(asked, {("6.12:vanilla", "perf"): kernel})
    asked = plan.load(written(tmp_path, "memcg_mib = 128\nmemcg_high_mib = 100"))
    with pytest.raises(UsageError, match="6.12:vanilla: workload: Linux 6.12.1 has no memory.high"):
        able.refuse(asked, {("6.12:vanilla", "perf"): kernel})
