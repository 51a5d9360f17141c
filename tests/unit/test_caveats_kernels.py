# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison warns of where its kernels are not alike, or are newer than any known."""
from __future__ import annotations

from runner.judge import verdict
from tests.unit.madesamples import BASE, HOST, RULES, TEST, exact, locks, sample

LAZY = "-BASE_FULL -PREEMPT_NONE BASE_SMALL=n PREEMPT_LAZY=y"


def warned(base: dict[str, str], test: dict[str, str]) -> list[str]:
    samples = exact(100.0, 100.0)
    samples = [*[one for one in exact(100.0, 100.0) if one.cell.kernel == BASE],
               *[one for one in samples if one.cell.kernel == TEST]]
    made = [sample(one.cell.kernel, "exact", one.metrics, one.number, one.repeat,
                   host={**HOST, **(base if one.cell.kernel == BASE else test)})
            for one in samples]
    return [*verdict.compare(made, RULES).warnings, *verdict.compare(made, RULES).assumptions]


def test_options_that_differ_are_said_with_what_they_mean() -> None:
    said = warned({"options": ""}, {"options": LAZY})
    about = [one for one in said if "differ in an option" in one]
    assert len(about) == 2
    assert any("CONFIG_PREEMPT_NONE=y against CONFIG_PREEMPT_LAZY=y: where the kernel may be "
               "preempted: 6.1 with PREEMPT=y takes 4.06% more instructions" in one
               and one.startswith(f"{BASE} and {TEST} ") for one in about)
    assert any("CONFIG_BASE_FULL=y against CONFIG_BASE_SMALL=n: the same by another name" in one
               for one in about)


def test_alike_or_not_known_is_not_warned_of() -> None:
    assert not [one for one in warned({"options": LAZY}, {"options": LAZY}) if "differ in" in one]
    assert not [one for one in warned({}, {"options": LAZY}) if "differ in" in one]
    assert any("all kernels were built with the same options, which are not all" in one
               for one in warned({"options": LAZY}, {"options": LAZY}))
    assert not [one for one in warned({"options": ""}, {"options": ""}) if "options" in one]


def test_newer_than_known_is_one_warning() -> None:
    said = [one for one in warned({"release": "6.1.192"}, {"release": "99.1.2"})
            if "newer than any" in one]
    assert len(said) == 1 and said[0].startswith(f"{TEST} is Linux 99.1.2, newer than any this")
    assert f"'./swapscale kernel adopt {TEST}'" in said[0] and "locks without" not in said[0]
    assert not [one for one in warned({"release": "6.1.192"}, {"release": "6.12.1"})
                if "newer than any" in one]


def test_its_locks_without_a_name_are_said() -> None:
    made = [sample(kernel, "locks", locks(swap_cluster=5.0, pcs_lock=value, rare=0.01), number,
                   host={**HOST, "release": release})
            for number, (kernel, value, release) in enumerate(
                ((BASE, 0.5, "6.1.192"), (TEST, 0.7, "99.0")))]
    said = [one for one in verdict.compare(made, RULES).warnings if "newer than any" in one]
    assert len(said) == 1 and "; locks without a name of ours: pcs_lock;" in said[0]
