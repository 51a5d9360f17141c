# SPDX-License-Identifier: GPL-2.0-only
"""An experiment file with every field, and one changed as a test needs it."""
from __future__ import annotations

from pathlib import Path

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


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    return path


LISTED = GOOD.replace('base = "6.1:vanilla"\ntest = ["6.1:batch-add"]',
                      'kernels = ["6.1:vanilla", "6.1:batch-add"]')
