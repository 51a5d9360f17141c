# SPDX-License-Identifier: GPL-2.0-only
"""One kernel under several settings: each takes effect, or its sample does not count."""
from __future__ import annotations

from pathlib import Path

from runner.campaign.store import load_samples
from runner.judge import effect


def test_settings_hold_or_spoil(swapscale, built, experiment, tmp_path: Path) -> None:
    more = ('[settings]\npage_cluster = 0\n[variants.small]\nguest.ram_mib = 160\n'
            'boot.transparent_hugepage = "never"\n')
    # The kernel takes 0 to 2 there, and says so with an error.
    file = experiment(top="tiers = ['exact']\ntest = ['6.1:vanilla{swappiness=1, mglru=on}', "
                      "'6.1:vanilla{small}', '6.1:vanilla{vm.panic_on_oom=9}']")
    file.write_text(file.read_text() + more)
    done = swapscale("run", file, "--set", "rules.self_check=false", "--set",
                     "guest.ram_mib=192", "--results", tmp_path)
    assert done.returncode == 4, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    plain, set_, small, refused = sorted(
        load_samples(home / "samples.jsonl"), key=lambda one: one.number)
    assert len({one.image_sha256 for one in (plain, set_, small, refused)}) == 1
    assert plain.invalid == set_.invalid == small.invalid == ()
    assert set_.cell.kernel == "6.1:vanilla{mglru=on, swappiness=1}"
    assert plain.host["settings"] == "{page_cluster=0}"
    read = (home / set_.evidence / effect.BEFORE).read_text()
    assert read == (home / set_.evidence / effect.AFTER).read_text()
    assert "/proc/sys/vm/page-cluster 0 0\n" in read and "enabled 0 0x0007\n" in read
    assert "size=160M" in (home / small.evidence / "qemu.json").read_text()
    assert "page_cluster=0" in done.stdout and "page_cluster" not in small.cell.kernel
    reason, = refused.invalid
    assert reason.kind == "setting"
    assert "vm.panic_on_oom=9 did not take effect: the kernel refused it" in str(reason)
    assert "panic_on_oom=9 did not take effect" in " ".join(done.stdout.split())


def test_what_a_kernel_cannot_have_is_refused_before_it_boots(swapscale, built, experiment,
                                                              tmp_path: Path) -> None:
    for setting, said in (("mthp.64=always", "has no large folios of 64 KiB"),
                          ("vm.swapiness=1", "has no file /proc/sys/vm/swapiness"),
                          ("boot.zswap.enabled=1", "takes no zswap.enabled"),
                          ("/sys/module/zswap/parameters/nothing=1", "has")):
        file = experiment(top=f"tiers = ['exact']\ntest = ['6.1:vanilla{{{setting}}}']")
        done = swapscale("run", file, "--set", "guest.swap_mib=256", "--results", tmp_path)
        assert done.returncode == 2, done.stdout + done.stderr
        assert said in done.stderr
        assert not list(tmp_path.glob("*/samples.jsonl"))
