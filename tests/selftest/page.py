# SPDX-License-Identifier: GPL-2.0-only
"""docs/error-rates.md from the rates and what they were measured on."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runner.errors import printable
from runner.records import Sample
from runner.report.markdown import escape
from tests.selftest.rates import Rate

_HEAD = """\
# The harness's own error rates

Made by `make selftest`; the kernels are those of `tests/series/cost-*` and `tests/series/lock-*`,
the experiments those of `tests/selftest/`. Of an A/A comparison everything that is flagged is a
false alarm; of a planted cost what is flagged as `regressed` in the right metric is found.
Comparisons are drawn from the boots that were made, so those of one tier are not independent of
each other. `docs/methodology.md` has the rules.

| tier | planted | a comparison | comparisons | flagged | share |
| --- | --- | --- | ---: | ---: | ---: |
"""


def _setting(tier: str, samples: Sequence[Sample]) -> str:
    """What a tier's boots ran on, in a line."""
    some = samples[0]
    valid = sum(not one.invalid for one in samples)
    days = sorted({one.started[:10] for one in samples})
    load = [float(found[0]) for one in samples
            if (found := re.match(r"[\d.]+$", one.host.get("load1", "")))]
    return (f"- {tier}: {valid} of {len(samples)} boots count; {some.accelerator}, {some.vcpus} "
            f"vCPU{'s' if some.vcpus != 1 else ''}; host: {some.host.get('cores', '?')} × "
            f"{printable(some.host.get('cpu', '?'), 60)}, QEMU {some.host.get('qemu', '?')}, load "
            f"{min(load, default=0):.1f} to {max(load, default=0):.1f}; {' to '.join(days)}")


def render(rates: Sequence[Rate], samples: Mapping[str, Sequence[Sample]]) -> str:
    """The page; a tier without comparisons says so in its row."""
    rows = [f"| {one.tier} | {escape(one.what)} | {escape(one.how)} | {one.comparisons} | "
            + (f"{one.flagged} | {one.flagged / one.comparisons:.1%} |" if one.comparisons
               else "not measured yet | |") for one in rates]
    settings = [_setting(tier, made) for tier, made in samples.items() if made]
    on = ["", "Measured on:", "", *settings] if settings else []
    return _HEAD + "\n".join([*rows, *on]) + "\n"
