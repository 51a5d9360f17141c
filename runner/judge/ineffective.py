# SPDX-License-Identifier: GPL-2.0-only
"""Settings of an experiment that its kernels pass over, so that they measure nothing.

A parameter that no kernel of the experiment takes is refused before the first
boot; one that some take, and what a kernel refuses as it boots, is a figure of
the sample, of which every report warns.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.asked import Experiment
from runner.errors import UsageError, printable
from runner.kernel import parameters
from runner.records import BuiltKernel, Metric

METRIC = "settings_without_effect"
CONSOLE = "console.log"
_MOST = 1 << 20
#: What a kernel says of a parameter's value that it does not take: kernel/params.c, init/main.c,
#: fs/proc/proc_sysctl.c, mm/zswap.c, and of the whole of one that is not there or, of a module
#: that is loaded, of one that it does not have.
_REFUSED = re.compile(
    r"`[^']*' invalid for parameter `(?P<a>[^']+)'|: `[^']*' too large for parameter `(?P<b>[^']+)'"
    r"|Malformed early option '(?P<c>[^']+)'|Failed to set sysctl parameter '(?P<d>[^'=]+)"
    r"|^(?P<e>zswap): (?:compressor|zpool) \S+ not available|Parameter (?P<f>\S+) is obsolete"
    r"|^(?P<g>[\w.]+)=\S*?:? (?:cannot parse|error parsing)|Unable to parse (?P<h>[\w.]+)=?"
    r"|The (?P<i>[\w.]+)=\S* commandline option is deprecated"
    r"|^(?P<j>\w+): unknown parameter '[^']*' ignored")
#: What it passes over by its own reading, init/main.c since 5.13; ours may be among it.
_PASSED_OVER = re.compile(r'Unknown kernel command line parameters "(.*)", will be passed to')


def words(experiment: Experiment) -> tuple[str, ...]:
    """Kernel parameters that the experiment asks for."""
    return (*experiment.workload.cmdline, *experiment.guest.cmdline)


def refuse(experiment: Experiment, kernels: Mapping[tuple[str, str], BuiltKernel]) -> None:
    """UsageError where a parameter is passed over by every kernel, or a variant's by its own."""
    for (name, _), kernel in kernels.items():
        own = experiment.variants.get(name)
        if own is not None and (passed := parameters.unknown(kernel, own.parameters)):
            raise UsageError(f"{experiment.file}: {printable(own.written, 100)}: Linux "
                             f"{printable(kernel.release, 40)} takes no {', '.join(passed)}, so it "
                             "would be measured without; leave that setting away, or build a "
                             "kernel that has it (fragments of a source in kernels.toml)")
    asked = words(experiment)
    if not asked:
        return
    told = [parameters.unknown(kernel, asked) for kernel in kernels.values()]
    if told and (all_of := [word for word in told[0] if all(word in other for other in told)]):
        raise UsageError(f"{experiment.file}: guest.cmdline: no kernel of this experiment takes "
                         f"{', '.join(all_of)}, so it would be measured as if it did; build one "
                         "that has it (fragments of a source in kernels.toml), or leave it away")


def measured(kernel: BuiltKernel, asked: Sequence[str], evidence: Path) -> dict[str, Metric]:
    """The settings that had no effect in a boot; nothing where all had."""
    if not asked:
        return {}
    told = parameters.unknown(kernel, asked)
    mine, _ = parameters.split(asked)
    names = {word.split("=", 1)[0].replace("-", "_") for word in mine}
    try:
        with open(evidence / CONSOLE, "rb") as file:
            console = file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        console = ""
    for line in console.splitlines():
        if over := _PASSED_OVER.search(line):
            told += [printable(word, 60) for word in mine
                     if word in over[1].split() and not any(word.split("=", 1)[0] in text
                                                            for text in told)]
        match = _REFUSED.search(re.sub(r"^\[ *\d+\.\d+\]( *\[[^]]*\])? ", "", line))
        if match:
            name = next(group for group in match.groups() if group)
            if any(name.replace("-", "_").removeprefix("sysctl.") in known for known in names):
                told.append(printable(line.split("] ", 1)[-1].strip(), 100))
    return {METRIC: Metric(len(told), "settings", "", "; ".join(told))} if told else {}
