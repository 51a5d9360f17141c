# SPDX-License-Identifier: GPL-2.0-only
"""make selftest: measure the harness's own error rates and write docs/error-rates.md.

    python3 -m tests.selftest [exact] [policy] [readback] [locks] [lockstep] [timed]

What was begun is gone on with; results/selftest/ holds it.  Rows of what was not begun here stay on
the page as they are, with what they were measured on.
"""
from __future__ import annotations

from pathlib import Path

from runner import paths, programs
from runner.campaign import campaign, running
from runner.campaign.campaign import Campaign
from runner.errors import Exit, UsageError
from runner.experiment import plan
from runner.judge.figures import Verdict
from runner.judge.tier import find
from runner.progress import Progress
from runner.records import Sample
from tests import longrun
from tests.selftest import page, rates
from tests.selftest.rates import Planted, Rate

TIERS = ("exact", "policy", "readback", "locks", "lockstep", "timed")
EXACT = find("exact")
HOME = paths.RESULTS / "selftest"
PAGE = paths.ROOT / "docs" / "error-rates.md"
SERIES = "6.1:./tests/series/"
COSTS = {f"{SERIES}cost-{share}": Planted(f"+{share}% instructions per page")
         for share in ("0.5", "1", "3", "10")}
POLICIES = {
    f"{SERIES}policy-batch-8": Planted("reclaim in batches of 8", "allocstall_per_page"),
    f"{SERIES}policy-batch-128": Planted("reclaim in batches of 128", "allocstall_per_page",
                                         Verdict.IMPROVED),
    f"{SERIES}policy-watermarks": Planted("watermarks further apart", "direct_share",
                                          Verdict.IMPROVED),
    f"{SERIES}policy-aging": Planted("one more trip around the inactive list", "pgscan_per_page"),
    f"{SERIES}policy-late-kswapd": Planted("kswapd starts 20 ms late", "direct_share"),
    f"{SERIES}policy-scatter": Planted("slots from anywhere")}
READBACK = {f"{SERIES}policy-readahead": Planted("readahead from pmem", "pgmajfault_per_page",
                                                 Verdict.IMPROVED)}

HOLDS = {f"{SERIES}held-{share}": Planted(f"the device's lock held {share}% of a page longer",
                                          rates.SPEED) for share in ("1", "3", "10")}


def _begun(tier: str) -> Path | None:
    """The tier's latest campaign."""
    found = sorted(HOME.glob(f"{tier}-*/campaign.json"))
    return found[-1].parent if found else None


def measure(tier: str, progress: Progress) -> None:
    """Make the boots of a tier's experiment that are not on record."""
    folder = _begun(tier)
    if folder is None:
        HOME.mkdir(parents=True, exist_ok=True)
        experiment = plan.load(Path(__file__).with_name(f"{tier}.toml"))
        folder = campaign.create(experiment, HOME).folder
    home, experiment, record = campaign.reopen(folder)
    progress.log(f"{experiment.title}: results in {home.folder}")
    running.run(experiment, home, progress, record)


def judge(tier: str) -> tuple[list[Rate], list[Sample]]:
    """Rates from what is on record; of nothing, rates of no comparisons."""
    folder = _begun(tier)
    experiment = plan.load(Path(__file__).with_name(f"{tier}.toml"))
    home = Campaign(folder) if folder else None
    samples = home.samples() if home and home.samples_file.exists() else []
    if "exact" in experiment.tiers and samples and (problem := EXACT.self_check(samples)):
        raise UsageError(f"{folder}: the exact tier does not repeat here: {problem}")
    if tier == "exact":
        return rates.exact(samples, experiment, COSTS), samples
    if tier in ("policy", "readback"):
        return rates.exact(samples, experiment, POLICIES if tier == "policy" else READBACK, tier,
                           rates.FIRST), samples
    if tier == "lockstep":
        return rates.lockstep(samples, experiment, HOLDS), samples
    if tier == "locks":
        return rates.locks(samples, experiment, f"{SERIES}lock-round",
                           f"{SERIES}lock-held"), samples
    return rates.timed(samples, experiment), samples


def main(wanted: list[str]) -> int:
    if unknown := [tier for tier in wanted if tier not in TIERS]:
        raise UsageError(f"selftest: {unknown[0]!r} is not one of {', '.join(TIERS)}")
    progress = Progress()
    programs.build(progress)
    for tier in wanted or TIERS:
        measure(tier, progress)
    judged = {tier: judge(tier) for tier in TIERS}
    text = page.render([rate for found, _ in judged.values() for rate in found],
                       {tier: samples for tier, (_, samples) in judged.items()},
                       PAGE.read_text(encoding="utf-8") if PAGE.exists() else "")
    PAGE.write_text(text, encoding="utf-8")
    print(text, end="")
    return Exit.OK


if __name__ == "__main__":
    longrun.run(main, "make selftest")
