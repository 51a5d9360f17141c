# SPDX-License-Identifier: GPL-2.0-only
"""What every form of a claim's page shows, computed once: ready texts, each one line."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from runner import load as loads
from runner.claim import reasons
from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.claimverdict import CellFinding, Effect, Findings, Measured, band, points, signed
from runner.errors import printable
from runner.judge import tier
from runner.judge.figures import label, number, simulated
from runner.judge.results import threads
from runner.judge.shown import Table
from runner.records import MIB

_LONG = 600
NONE = "–"


@dataclass(frozen=True)
class Page:
    title: str
    verdict: str
    on: str                                # after it: the simulated machine it is about
    reason: str
    facts: tuple[tuple[str, str], ...]     # what, then a text
    tables: tuple[Table, ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...]


def _span(effect: Effect) -> str:
    if effect.low == effect.high:
        return signed(effect.value)
    return f"{signed(effect.value)} ({signed(effect.low)} to {signed(effect.high)})"


def how(got: Measured) -> str:
    """'timed, tcg, emulated, 2 vCPUs, 8 pairs': what a figure rests on."""
    what = "pair" if tier.find(got.tier).paired else "boot"
    boots = f"{got.boots} {what}" + "s" * (got.boots != 1)
    vcpus = f"{got.vcpus} vCPU" + "s" * (got.vcpus != 1)
    emulated = ", emulated" if got.emulated else ""
    return f"{got.tier}{simulated([got.machine])}, {got.accelerator}{emulated}, {vcpus}, {boots}"


def _place(cell: ClaimCell) -> str:
    return printable(f"{label(cell.metric)}, {threads(cell.threads)}, {cell.device}")


def _claimed(findings: Findings) -> Table:
    rows = []
    for cell in findings.cells:
        got = cell.measured.effect if cell.measured else None
        shown = NONE
        if cell.measured and got:
            shown = _span(got) + cell.measured.stamp
        rows.append((_place(cell.cell), band(cell.cell), shown,
                     points(got.distance(cell.cell)) if got else NONE, cell.said))
    return Table("Claimed, and measured on this machine",
                 ("", "claimed", "measured here", "from claimed", "verdict"), tuple(rows))


def _places(claim: Claim) -> list[ClaimCell]:
    """One for each device and thread count of the experiment, claimed there or not."""
    any_cell = claim.cells[0]
    return [replace(any_cell, device=device, threads=count)
            for device in claim.experiment.devices for count in claim.experiment.threads]


def _row(what: str, measured: Measured) -> tuple[str, ...]:
    return (printable(what), number(measured.base), number(measured.test),
            _span(measured.effect) if measured.effect else NONE, how(measured))


def _figures(findings: Findings) -> Table | None:
    claim, comparison = findings.claim, findings.comparison
    rows = []
    for cell in _places(claim):
        where = f"{threads(cell.threads)}, {cell.device}"
        for own in tier.every():
            metric, what = own.speed
            counted = reasons.counted(comparison, claim, cell, metric, [own]) if metric else None
            if counted:
                rows.append(_row(f"{where}: {what}", counted))
        spent = reasons.counted(comparison, claim, cell, reasons.INSTRUCTIONS)
        if spent:
            rows.append(_row(f"{where}: instructions per page", spent))
        total = reasons.lock_sum(comparison, claim, cell)
        if total:
            rows.append(_row(f"{where}: locks of the swap-out path per page", total))
    claimed = {cell.metric for cell in claim.cells} - {reasons.THROUGHPUT, reasons.INSTRUCTIONS}
    rows += [_row(_place(cell.cell), cell.measured) for cell in findings.cells
             if cell.measured and cell.cell.metric in claimed]
    return Table("Measured on this machine",
                 ("", f"base {claim.base}", f"test {claim.test}", "change", "how"),
                 tuple(rows)) if rows else None


def _locks(findings: Findings) -> Iterable[Table]:
    claim, comparison = findings.claim, findings.comparison
    for cell in _places(claim):
        total = reasons.lock_sum(comparison, claim, cell)
        if total:
            yield Table(
                f"Lock acquisitions per swapped-out page, {threads(cell.threads)}, {cell.device} "
                f"({how(total)})", ("lock class", "base", "test", "change"),
                tuple((printable(lock, 40), number(base), number(test),
                       signed(test / base - 1) if base else NONE)
                      for lock, (base, test) in reasons.locks(comparison, claim, cell).items()))


def _facts(findings: Findings) -> Iterable[tuple[str, str]]:
    claim, source, guest = findings.claim, findings.claim.source, findings.claim.experiment.guest
    yield "claim", claim.statement
    yield "source", ", ".join(part for part in (f"\"{source.title}\"", source.author, source.date,
                                                source.published) if part)
    yield "message-id", f"<{source.message_id}>" if source.message_id else "not confirmed"
    if source.url:
        yield "to be read at", source.url
    if source.silent_on:
        yield "the source does not give", ", ".join(source.silent_on)
    yield "kernels", f"base {claim.base}, test {claim.test}"
    if claim.kernels:
        yield "they stand for", claim.kernels
    load = claim.experiment.workload
    yield "load", loads.find(load.program).said(load)
    yield "guest", (f"{guest.ram // MIB} MiB of RAM, {guest.swap // MIB} MiB of swap on "
                    f"{', '.join(claim.experiment.devices)}")
    if findings.host:
        yield "measured on", (f"{findings.host.get('cores', '?')} × "
                              f"{findings.host.get('cpu', '?')}, QEMU "
                              f"{findings.host.get('qemu', '?')}")


def _told(finding: CellFinding) -> Iterable[str]:
    yield f"{_place(finding.cell)}: {finding.said}: {finding.reason}"
    if finding.cell.cause:
        yield f"{_place(finding.cell)}: the source's cause: {finding.cell.cause}"
    for line in finding.limits:
        yield f"{_place(finding.cell)}: {line}"


def build(findings: Findings) -> Page:
    """The page of a judged claim; the same findings always give the same page."""
    comparison = findings.comparison
    excluded = [f"sample {left.number} ({left.label}): {'; '.join(left.reasons)}; "
                f"see {left.evidence}"
                for left in comparison.excluded]
    figures = _figures(findings)
    lists = (("Why", [line for cell in findings.cells for line in _told(cell)]),
             ("Warnings", list(comparison.warnings)),
             ("Samples that do not count", excluded),
             ("This rests on", list(comparison.assumptions)))
    return Page(
        printable(f"Claim {findings.claim.name}: {findings.claim.experiment.title}"),
        findings.verdict, printable(findings.on), printable(findings.reason, _LONG),
        tuple((what, printable(text, _LONG)) for what, text in _facts(findings)),
        (_claimed(findings), *((figures,) if figures else ()), *_locks(findings)),
        tuple((title, tuple(printable(line, _LONG) for line in lines))
              for title, lines in lists if lines))
