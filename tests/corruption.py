# SPDX-License-Identifier: GPL-2.0-only
"""Boots of a kernel that spoils one swapped page: what it says it did is what must be found."""
from __future__ import annotations

import json
import re
from pathlib import Path

from runner import paths
from runner.campaign.store import load_samples
from runner.reason import ReasonKind
from tests.conftest import Swapscale

_KERNEL = f"6.1:{paths.ROOT}/tests/series/swap-corruption"
_EXPERIMENT = """\
format = 1
title = "one wrong page"
base = "{kernel}"
tiers = ["timed"]
threads = [2]
[guest]
ram_mib = 128
swap_mib = 192
cmdline = ["swapscale_corrupt={fault}"]
[workload]
ratio = 1.5
verify = true
passes = {passes}
seed = {seed}
{more}
[rules]
pairs = 1
pswpout_floor = 1000
"""
_SPOILT = re.compile(r"swapscale: spoilt thread (\d+) page (\d+) generation (\d+) "
                     r"offset (\d+) (corrupt|stale)\r?$", re.MULTILINE)


def is_found(swapscale: Swapscale, folder: Path, fault: str, passes: int, seed: int,
             more: str = "") -> None:
    """The sample does not count, and the page, thread and offset named are the kernel's."""
    file = folder / "corruption.toml"
    file.write_text(_EXPERIMENT.format(kernel=_KERNEL, fault=fault, passes=passes, seed=seed,
                                       more=more), encoding="utf-8")
    done = swapscale("run", file, "--results", folder)
    printed = done.stdout + done.stderr
    assert done.returncode in (1, 4), printed
    home = next(folder.glob("*/samples.jsonl")).parent
    sample, = load_samples(home / "samples.jsonl")
    evidence = home / sample.evidence
    (thread, page, generation, offset, kind), = _SPOILT.findall(
        (evidence / "console.log").read_text())
    reason, = [one for one in sample.invalid if one.kind is ReasonKind.CONTENTS]
    assert re.search(rf": 1 of \d+ pages .*; first: thread {thread} page {page} offset {offset} "
                     rf"{kind}$", reason.text), reason
    assert " ".join(reason.text.split()) in " ".join(printed.split())
    check = json.loads((evidence / "workload.json").read_text())["verification"]
    assert check["pages"] > 10000
    bad, = check["first_bad"]
    assert [bad[key] for key in ("thread", "page", "offset", "kind")] == [
        int(thread), int(page), int(offset), kind]
    if kind == "stale":
        whose = f"thread {thread} page {page} generation"
        assert bad["found"] == f"{whose} {int(generation) - 1}"
        assert bad["expected"] == f"{whose} {generation}"
    else:
        *_, at, bit = fault.split(":")
        found, expected = (int(bad[key].removeprefix("byte "), 16)
                           for key in ("found", "expected"))
        assert bad["wrong_bits"] == 1 and int(offset) == int(at)
        assert found ^ expected == 1 << int(bit)
