# SPDX-License-Identifier: GPL-2.0-only
"""zswap and large folios: set, counted, and every page back as it was written."""
from __future__ import annotations

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
