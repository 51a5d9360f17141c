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

Made by `make selftest`; the kernels are those of `tests/series/cost-*`, `tests/series/policy-*`,
`tests/series/lock-*` and `tests/series/held-*`, the experiments those of `tests/selftest/`. Of an
A/A comparison everything that is flagged in any metric is a false alarm; of a planted cost what is
flagged as `regressed` in the right metric is found. `policy` and `readback` are exact tiers, too,
of kernels that behave otherwise rather than cost more: found is what has the named verdict in the
named metric. Comparisons are drawn from the boots that were made, so those of one tier are not
independent of each other. `docs/methodology.md` has the rules. Rows of boots that were not made
where the page was written last are as they were then, by the rules of their day.

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


def render(rates: Sequence[Rate], samples: Mapping[str, Sequence[Sample]], before: str = ""
           ) -> str:
    """The page; a tier without comparisons keeps its lines of `before`, or says so in its row."""
    lines = before.splitlines()
    kept = {tier: [line for line in lines if line.startswith(f"| {tier} |")
                   and "not measured yet" not in line]
            for tier, made in samples.items() if not made}
    rates = [one for one in rates if not kept.get(one.tier)]
    rows = {tier: list(had) for tier, had in kept.items()}
    for one in rates:
        rows.setdefault(one.tier, []).append(_row(one))
    order = list(dict.fromkeys([*samples, *rows]))
    settings = [line for tier in order
                for line in ([_setting(tier, samples[tier])] if samples.get(tier) else
                             [old for old in lines if old.startswith(f"- {tier}: ")])]
    on = ["", "Measured on:", "", *settings] if settings else []
    table = [line for tier in order for line in rows.get(tier, [])]
    return _HEAD + "\n".join([*table, *on]) + "\n"


def _row(one: Rate) -> str:
    share = f"{one.flagged} | {one.flagged / one.comparisons:.1%} |" if one.comparisons \
        else "not measured yet | |"
    return f"| {one.tier} | {escape(one.what)} | {escape(one.how)} | {one.comparisons} | {share}"
