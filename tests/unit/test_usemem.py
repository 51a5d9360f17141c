# SPDX-License-Identifier: GPL-2.0-only
"""Published usemem command lines, pasted: what they come to, and what is refused."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.load import Workload
from runner.errors import UsageError
from runner.experiment import plan

TOP = """\
format = 1
base = "6.1:vanilla"
threads = [{threads}]
tiers = ["timed"]
[guest]
ram_mib = 256
swap_mib = 2048
[workload]
usemem = "{line}"
{more}
"""


def load(folder: Path, line: str, threads: int = 4, more: str = "") -> Workload:
    file = folder / "x.toml"
    file.write_text(TOP.format(threads=threads, line=line, more=more))
    return plan.load(file).workload


@pytest.mark.parametrize(("line", "mib", "options"), [
    ("usemem --init-time -O -y -x -n 4 96M", 384, {"--processes", "--free"}),
    ("./usemem -n 4 -O 128m -R", 512, {"--processes", "--pattern", "random"}),
    ("-t 4 --read-again 100M", 400, {"--swapin", "sequential"}),
    ("usemem --nproc 4 --step 4k 0.1g", None, set()),
    ("/usr/bin/usemem -n 4 --init-time --touch-alloc -O -y -x 131072k", 512, {"--free"}),
])
def test_what_a_line_comes_to(tmp_path: Path, line: str, mib: int | None, options: set[str]
                              ) -> None:
    if mib is None:
        with pytest.raises(UsageError, match="ends with the size"):
            load(tmp_path, line)
        return
    found = load(tmp_path, line)
    assert found.ratio == mib / 256 and options <= set(found.options)
    assert ("--processes" in found.options) is (" -n" in f" {line}" or "--nproc" in line)
    assert found.pasted == line


def test_times_and_passes(tmp_path: Path) -> None:
    assert load(tmp_path, "usemem -n 4 -r 3 96M").passes == 3
    assert "--time" in load(tmp_path, "usemem -n 4 -T 30 96M").options


@pytest.mark.parametrize(("line", "more", "said"), [
    ("usemem -n 8 96M", "", "runs 8 processes or threads; set threads = [8]"),
    ("usemem -n 4", "", "ends with the size of each process's memory"),
    ("usemem -n 4 -f /swap/file 96M", "", "-f: is nothing that a load of anonymous memory"),
    ("usemem -n 4 -M 96M", "", "-M: is nothing"),
    ("usemem -n 4 --hugetlb 96M", "", "is no command line of usemem's"),
    ("usemem -n many 96M", "", "-n many: is not in 1..1024"),
    ("usemem -n 4 -j 64k 96M", "", "every page is touched here"),
    ("usemem -n 4 'x 96M", "", "is no command line of usemem's: No closing quotation"),
    ("usemem -n 4 96M", "ratio = 2.0", "ratio is given, too"),
    ("usemem -n 4 96M", "processes = false", "is said by usemem, too"),
    ("usemem -n 4 4G", "", "do not fit in 256 MiB of RAM and 2048 MiB of swap"),
])
def test_what_is_refused(tmp_path: Path, line: str, more: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        load(tmp_path, line, more=more)
    assert said in str(error.value) and "x.toml:" in str(error.value)


def test_a_group_smaller_than_what_the_load_locks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="less than the 5 MiB that the load needs for itself"):
        load(tmp_path, "usemem -n 4 96M", more="memcg_mib = 4")
