# SPDX-License-Identifier: GPL-2.0-only
"""The page of the history: every series over its nights, and where its level changed."""
from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runner.errors import printable
from runner.judge import results
from runner.judge.figures import label, number
from runner.nightly.history import ChangePoint, History, Night, Series
from runner.plot import nights
from runner.plot.nights import Level, Mark, Point, Track
from runner.plot.plots import Drawn
from runner.report import FILES, grid, html
from runner.report.grid import Column, Figure, Grid, Names, Row, Value

FACETS = ("kernel", "device", "threads", "tier", "state")
#: Pictures of one page; of more series the first ones, which decide, are drawn.
MOST = 200
#: Nights of a series that its table lists, the latest.
LISTED = 60


@dataclass(frozen=True)
class Card:
    """One series that decides."""

    id: str
    title: str
    state: str                # 'regressed', 'known', 'improved' or 'quiet'
    told: tuple[tuple[Value, str], ...]    # (link to the night, the change in words)
    now: str
    rests: str                # what its nights share
    figure: Figure | None
    grid: Grid
    facets: dict[str, str]


def _seconds(iso: str) -> float:
    try:
        return datetime.datetime.fromisoformat(iso).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def state(series: Series) -> str:
    """How its present level came to be; 'quiet' where it never changed."""
    if not series.changes:
        return "quiet"
    last = series.changes[-1]
    return "known" if last.known else last.verdict


def _track(series: Series) -> Track:
    every = series.nights
    ends = [change.at for change in series.changes] + [len(every)]
    starts = [0, *ends[:-1]]
    values = [change.before for change in series.changes]
    values.append(series.changes[-1].after if series.changes else
                  sorted(night.value for night in every)[len(every) // 2])
    at = [_seconds(night.date) for night in every]
    return Track(
        tuple(Point(when, night.value, night.interval) for when, night in zip(at, every)),
        tuple(Level(at[begin], at[end - 1], value)
              for begin, end, value in zip(starts, ends, values)),
        tuple(Mark(at[change.at], every[change.at].value, "known"
                   if change.known else change.verdict)
              for change in series.changes), series.fence)


class _Links:
    """From the page's folder to what a night left, where it is still there."""

    def __init__(self, results: Path, page: Path) -> None:
        self.results = results.resolve()
        self.base = page.resolve().parent

    def to(self, night: Night, name: str) -> str:
        file = self.results / night.campaign / name
        if not file.exists() or self.results not in file.resolve().parents:
            return ""
        return quote(os.path.relpath(file, self.base))

    def night(self, night: Night) -> Value:
        return Value(printable(night.date[:10]), _seconds(night.date),
                     self.to(night, FILES["html"]))


def _what(night: Night) -> str:
    return printable(night.commit[:12] or night.release or night.kernel, 60)


def _told(series: Series, change: ChangePoint) -> str:
    p = f", p = {change.p:.2g}" if change.p is not None else ""
    accepted = f"; known: {change.known}" if change.known else ""
    night = _what(series.nights[change.at])
    return printable(f"{change.verdict} by {change.change:+.2%}, {number(change.before)} → "
                     f"{number(change.after)} {series.key.unit}, on {night} "
                     f"({change.method}{p}){accepted}", 600)


def _nights(series: Series, id_: str, links: _Links) -> Grid:
    turns = {change.at: change for change in series.changes}
    rows = []
    for at, night in list(enumerate(series.nights))[-LISTED:]:
        spread = f"{number(night.interval[0])} to {number(night.interval[1])}" \
            if night.interval else ""
        turn = f"{turns[at].verdict} {turns[at].change:+.2%}" if at in turns else ""
        evidence = links.to(night, night.evidence)
        rows.append(Row((links.night(night), Value(_what(night)),
                         Value(number(night.value), night.value), Value(spread),
                         Value(str(night.boots), night.boots), Value(turn),
                         Value(printable(night.verdict, 20), verdict=bool(night.verdict)),
                         Value("files" if evidence else "thinned", href=evidence))))
    columns = (Column("night", False), Column("kernel", False), Column("value"),
               Column("least to most"), Column("boots"), Column("change of level", False),
               Column("that night's gate", False), Column("evidence", False))
    more = len(series.nights) - len(rows)
    return Grid(f"{id_}-nights", "Nights", columns, tuple(reversed(rows)),
                f"{more} earlier nights are in the index." if more else "")


def _facets(series: Series) -> dict[str, str]:
    key = series.key
    return {"kernel": printable(key.kernel), "device": printable(key.device),
            "threads": str(key.threads), "tier": printable(key.tier), "state": state(series)}


def _title(series: Series) -> str:
    key = series.key
    return printable(f"{label(key.metric)} · {key.kernel} · {key.device} · "
                     f"{results.threads(key.threads)} · {key.measured_by}", 300)


def _card(series: Series, id_: str, drawn: Drawn | None, links: _Links) -> Card:
    key, last = series.key, series.nights[-1]
    fence = f"; nights from {number(series.fence[0])} to {number(series.fence[1])} are usual" \
        if series.fence else ""
    counts = f"{len(series.nights)} night" + ("s" if len(series.nights) != 1 else "")
    title = _title(series)
    figure = grid.figure(f"{id_}-figure", f"{label(key.metric)}, {key.unit}", drawn) \
        if drawn and drawn.wide else None
    return Card(
        id_, title, state(series),
        tuple((links.night(series.nights[change.at]), _told(series, change))
              for change in reversed(series.changes)),
        printable(f"{counts}; last {number(last.value)} {key.unit} on {last.date[:10]}{fence}"),
        printable(f"{key.host}; QEMU {key.qemu}, {key.accelerator}; machine {key.machine}; "
                  f"config {key.config}; programs {key.workload}", 400),
        figure, _nights(series, id_, links), _facets(series))


def _changes(deciding: Sequence[Series], ids: Sequence[str], links: _Links) -> Grid | None:
    rows = []
    for series, id_ in zip(deciding, ids):
        for change in series.changes:
            night = series.nights[change.at]
            rows.append((night.date, Row((
                links.night(night), Value(change.verdict, verdict=True),
                Value(f"{change.change:+.2%}", change.change),
                Value(printable(label(series.key.metric)), href=f"#{id_}"),
                Value(printable(series.key.kernel)), Value(printable(series.key.device)),
                Value(str(series.key.threads), series.key.threads),
                Value(printable(series.key.measured_by)), Value(_what(night)),
                Value(printable(change.known, 300))),
                {**_facets(series), "state": "known" if change.known else change.verdict})))
    rows.sort(key=lambda pair: pair[0], reverse=True)
    columns = (Column("night", False), Column("verdict", False), Column("change"),
               Column("metric", False), Column("kernel", False), Column("device", False),
               Column("threads"), Column("tier", False), Column("first on", False),
               Column("acknowledged", False))
    return Grid("changes-table", "Changes of level, latest first", columns,
                tuple(row for _, row in rows)) if rows else None


def _others(others: Sequence[Series], links: _Links) -> Grid | None:
    rows = tuple(Row((Value(printable(label(series.key.metric))),
                      Value(printable(series.key.kernel)),
                      Value(printable(series.key.device)), Value(str(series.key.threads),
                                                                 series.key.threads),
                      Value(printable(series.key.measured_by)),
                      Value(f"{number(series.nights[-1].value)} {printable(series.key.unit, 40)}",
                            series.nights[-1].value),
                      Value(str(len(series.nights)), len(series.nights)),
                      links.night(series.nights[-1])),
                     _facets(series)) for series in others)
    columns = (Column("metric", False), Column("kernel", False), Column("device", False),
               Column("threads"), Column("tier", False), Column("last value"), Column("nights"),
               Column("last night", False))
    return Grid("others-table", "Series for information", columns, rows) if rows else None


def _verdict(deciding: Sequence[Series]) -> tuple[str, str]:
    """The page's verdict and why: what nobody has accepted is on top."""
    now = [state(series) for series in deciding]
    worse = [series for series, what in zip(deciding, now) if what == "regressed"]
    if worse:
        latest = max(worse, key=lambda series: series.nights[series.changes[-1].at].date)
        change = latest.changes[-1]
        many = f"{len(worse)} of {len(deciding)} series stand regressed, and nobody has accepted " \
            "it; the latest: " if len(worse) > 1 else \
            f"1 of {len(deciding)} series stands regressed, and nobody has accepted it: "
        return "regressed", printable(f"{many}{_title(latest)}: {_told(latest, change)}", 800)
    if not deciding:
        return "inconclusive", "no series decides: the results folder holds no night with a " \
            "metric that has a threshold"
    words = [f"{now.count(what)} {what}" for what in ("improved", "known", "quiet")
             if now.count(what)]
    return ("improved" if "improved" in now else "equivalent"), \
        f"no series stands regressed: {', '.join(words)} of {len(deciding)}"


def render(history: History, page: Path) -> str:
    """The page; `page` is where it will lie, for its links to the nights' reports."""
    links, names = _Links(history.results, page), Names()
    deciding = [series for series in history.series if series.gated and series.nights]
    others = [series for series in history.series if not series.gated and series.nights]
    order = {"regressed": 0, "known": 1, "improved": 2, "quiet": 3}
    deciding.sort(key=lambda series: order[state(series)])
    ids = [names.anchor("series", series.key.kernel, series.key.device, str(series.key.threads),
                        series.key.tier, series.key.metric) for series in deciding]
    drawn = nights.nights([_track(series) for series in deciding[:MOST]])
    pictures = [*drawn, *[None] * (len(deciding) - len(drawn))]
    cards = [_card(*drawing, links) for drawing in zip(deciding, ids, pictures)]
    tables = {"changes": _changes(deciding, ids, links), "others": _others(others, links)}
    rows = [Row((), card.facets) for card in cards]
    rows += [row for table in tables.values() if table for row in table.rows]
    dates = sorted(night.date for series in history.series for night in series.nights)
    campaigns = {night.campaign for series in history.series for night in series.nights}
    facts = [("nights", str(len(campaigns))), ("series that decide", str(len(deciding))),
             ("for information", str(len(others)))]
    if dates:
        facts += [("first night", dates[0][:10]), ("last night", dates[-1][:10])]
    verdict, reason = _verdict(deciding)
    return html.page("history.html.j2", verdict=verdict, reason=reason,
                     facts=[(key, printable(text)) for key, text in facts],
                     facets=grid.facets(FACETS, rows), cards=cards, tables=tables,
                     problems=[printable(problem, 400) for problem in history.problems])
