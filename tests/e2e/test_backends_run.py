# SPDX-License-Identifier: GPL-2.0-only
"""zswap and large folios: set, counted, and every page back as it was written."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples

SMALL = ("--set", "guest.ram_mib=192", "--set", "workload.ratio=1.3", "--set", "rules.layouts=1",
         "--set", "rules.self_check=false", "--set", "workload.verify=true")


@pytest.mark.parametrize(("file", "setting", "counted"), [
    ("zswap.toml", "zswap=on", ("zswap_share", "zswap_ratio", "zswap_pool_mib")),
    ("large-folios.toml", "mthp.64=always", ("folios.64.swpout_share",)),
])
def test_what_is_set_is_counted(swapscale, tmp_path: Path, file: str, setting: str,
                                counted: tuple[str, ...]) -> None:
    test = f"6.12:vanilla{{{setting}}}"
    done = swapscale("run", paths.CONFIGS / "variants" / file, *SMALL, "--results", tmp_path,
                     "--set", f"test=['{test}']")
    # One boot each shows no repeat, so nothing is decided.
    assert done.returncode == 3, done.stdout + done.stderr
    plain, set_ = sorted(load_samples(next(tmp_path.iterdir()) / "samples.jsonl"),
                         key=lambda one: one.number)
    assert plain.invalid == set_.invalid == ()
    assert plain.image_sha256 == set_.image_sha256
    assert all(set_.metrics[name].value > 0 for name in counted)
    assert not any(name in plain.metrics for name in counted)
    assert "Behind the swap path" in done.stdout


def test_what_comes_after_the_load(swapscale, built, experiment, tmp_path: Path) -> None:
    file = experiment(top='tiers = ["exact"]', verify='true\nswapin = "random"\nswapoff = true\n'
                                                      'free = true')
    done = swapscale("run", file, "--set", "guest.ram_mib=192", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    one, other = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert one.invalid == other.invalid == () and one.fingerprint == other.fingerprint
    found = {name: metric.value for name, metric in one.metrics.items()}
    assert 1000 < found["swapoff_ns_per_page"] < 100000
    assert 1000 < found["swapin_ns_per_page"] < 100000
    assert 50 < found["free_ns_per_page"] < found["swapoff_ns_per_page"]
    assert found["swapin_majors_per_page"] > 0.9 and "swapin_mib_s" not in found
    assert found["load_system_s"] > 0
    # Nothing is in swap any more, and what came back is what was written.
    home = next(tmp_path.iterdir())
    assert (home / one.evidence / "after.swaps").read_text().count("\n") == 1
    check = json.loads((home / one.evidence / "workload.json").read_text())["verification"]
    assert check["done"] and check["bad"] == 0 and check["pages"] > 10000


def test_two_swap_devices_by_priority(swapscale, tmp_path: Path) -> None:
    """zram is filled before pmem has a page, and what compressed to what is told of it alone."""
    done = swapscale("run", paths.CONFIGS / "devices/several.toml", "--results", tmp_path,
                     "--device", "zram:100=32+pmem:10", "--set", "rules.self_check=false", "--set",
                     "guest.ram_mib=192")
    # One boot shows no repeat, and there is nothing to compare it with.
    assert done.returncode == 3, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    one, = load_samples(home / "samples.jsonl")
    assert one.invalid == () and one.cell.device == "zram:100=32+pmem:10"
    rows = (home / one.evidence / "before.swaps").read_text().splitlines()[1:]
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [
        ("/dev/zram0", "100"), ("/dev/pmem0", "10")]
    assert one.metrics["areas.zram0.used_mib"].value == pytest.approx(32, abs=0.1)
    assert one.metrics["areas.pmem0.share"].value > 0.1
    # 60% of a page is zeroes: at best 2.5, less what zram keeps about it.
    assert 1.8 < one.metrics["zram_ratio"].value < 2.6
    check = json.loads((home / one.evidence / "workload.json").read_text())["verification"]
    assert check["done"] and check["bad"] == 0


def test_limits_of_a_group_take_effect(swapscale, tmp_path: Path) -> None:
    """What memory.high keeps out of RAM is swapped out on top of what memory.max does."""
    text = (paths.CONFIGS / "variants/memcg.toml").read_text(encoding="utf-8")
    file = tmp_path / "one.toml"
    file.write_text(re.sub(r"^test = \[.*?^\]", "", text, flags=re.DOTALL | re.MULTILINE))
    done = swapscale("run", file, "--results", tmp_path / "results", "--set",
                     "workload.memcg_high_mib=64", "--set", "rules.layouts=1", "--set",
                     "rules.self_check=false")
    assert done.returncode == 3, done.stdout + done.stderr
    home = next((tmp_path / "results").iterdir())
    one, = load_samples(home / "samples.jsonl")
    assert one.invalid == ()
    # The program ends where a file reads something else than was written.
    job = json.loads((home / one.evidence / "qemu.json").read_text())["job"]
    assert "memory.high=67108864,memory.swap.max=268435456" in job["workload"]
    # 282 MiB in 64: with memory.max alone, 96 MiB, 46,400 pages were.
    assert one.metrics["pswpout"].value > 50000
