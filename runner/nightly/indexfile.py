# SPDX-License-Identifier: GPL-2.0-only
"""results/index.sqlite: every figure of every campaign, by series.

Campaigns stay the truth.  The index is brought up to date from them, a
campaign a transaction, and can be made again at any time, so nothing is lost
with it.  Two writers take turns (BEGIN IMMEDIATE), readers are never held up
(WAL), and a writer that is killed leaves the last whole transaction.
"""
from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from runner.errors import CannotMeasure, SwapscaleError, UsageError, printable
from runner.nightly import facts, nightfile, schema
from runner.nightly.facts import Facts
from runner.progress import Progress

NAME = "index.sqlite"
#: Seconds a writer waits for the other one.
PATIENCE = 60.0

# Primary result codes of sqlite3.h: no database, a damaged one.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True)
class Refreshed:
    """What bringing the index up to date came to."""

    campaigns: int            # in the index now
    read: int                 # read anew, because they are new or changed
    gone: int                 # whose folder is no more
    problems: tuple[str, ...]  # a line for each campaign that cannot be read


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's errors as one line with the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED or isinstance(error, sqlite3.DataError):
            raise UsageError(f"{path}: is damaged or no index ({error}); make it again from the "
                             "campaigns with './swapscale index --rebuild --results "
                             f"{path.parent}'") from None
        hint = {sqlite3.SQLITE_FULL: "make room and repeat; no campaign is touched by this",
                sqlite3.SQLITE_IOERR: "the disk is full or failing; no campaign is touched by this",
                sqlite3.SQLITE_BUSY: "another writer holds it for long; repeat"}.get(code, "")
        raise CannotMeasure(f"{path}: {error}{'; ' if hint else ''}{hint}") from None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _keep_wal(connection)
        # NORMAL would do in WAL against damage; FULL keeps what was said to be written.
        connection.execute("PRAGMA synchronous = FULL")
        if _format(connection) != schema.FORMAT:
            with transaction(connection):
                _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_wal(connection: sqlite3.Connection) -> None:
    """Switch a new index to WAL, which readers need.

    This one change does not wait for another writer by itself: of 150 pairs of first
    writers 6 had one that was told 'database is locked' at once.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    """Tables of this format, empty where they were of another; in a transaction."""
    if _format(connection) != schema.FORMAT:
        for name in ("value", "sample", "series", "campaign"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in schema.TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {schema.FORMAT}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; waits for another writer first, so that it never has to give up
    in its middle."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def opened(results: Path) -> Iterator[sqlite3.Connection]:
    """The index of a results folder, made where there is none.

    UsageError: no such folder, or the file is damaged.  CannotMeasure: the
    disk is full, or another writer never ends.
    """
    if not results.is_dir():
        raise UsageError(f"{results}: is not a folder; name the one that holds campaigns with "
                         "--results")
    path = results / NAME
    with _told(path), closing(_connect(path)) as connection:
        yield connection


def campaigns(results: Path) -> list[Path]:
    """Folders of campaigns below `results`, by name."""
    return sorted(file.parent for file in results.glob("*/campaign.json"))


def refresh(results: Path, progress: Progress) -> Refreshed:
    """Bring the index up to date with the campaigns on disk."""
    with opened(results) as connection:
        return _refresh(connection, results, progress)


def rebuild(results: Path, progress: Progress) -> Refreshed:
    """Make the index again from the campaigns, and nothing else.

    A damaged file is set aside first; a good one is emptied and filled in
    its place, because another process may have it open.
    """
    try:
        with opened(results) as connection:
            # In one transaction: a reader sees the old index or the new, never an empty one.
            with transaction(connection):
                for name in ("value", "sample", "series", "campaign"):
                    connection.execute(f"DELETE FROM {name}")
                folders = campaigns(results)
                with progress.step(f"index of {results}") as step:
                    for count, folder in enumerate(folders):
                        step.update(count / len(folders), folder.name)
                        _take_in(connection, folder)
            return _refreshed(connection, len(folders), 0)
    except UsageError:
        path = results / NAME
        if not path.is_file():
            raise
    for end in ("-wal", "-shm", ""):
        old = results / f"{NAME}{end}"
        if old.exists():
            old.replace(results / f"{NAME}{end}.damaged")
    progress.log(f"{path}: was damaged; kept as {path.name}.damaged")
    return refresh(results, progress)


def _refresh(connection: sqlite3.Connection, results: Path, progress: Progress) -> Refreshed:
    folders = campaigns(results)
    known = {str(folder): str(seal) for folder, seal in
             connection.execute("SELECT folder, seal FROM campaign")}
    stale = [folder for folder in folders if known.get(folder.name) != facts.seal(folder)]
    with progress.step(f"index of {results}") as step:
        for count, folder in enumerate(stale):
            step.update(count / len(stale), folder.name)
            with transaction(connection):
                _take_in(connection, folder)
        gone = set(known) - {folder.name for folder in folders}
        with transaction(connection):
            for name in gone:
                connection.execute("DELETE FROM campaign WHERE folder = ?", (name,))
            connection.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM value)")
    return _refreshed(connection, len(stale), len(gone))


def _refreshed(connection: sqlite3.Connection, read: int, gone: int) -> Refreshed:
    problems = tuple(str(row[0]) for row in connection.execute(
        "SELECT problem FROM campaign WHERE problem != '' ORDER BY folder"))
    count = int(connection.execute("SELECT count(*) FROM campaign").fetchone()[0])
    return Refreshed(count, read, gone, problems)


def _take_in(connection: sqlite3.Connection, folder: Path) -> None:
    """Put one campaign's figures in, in place of what the index had of it; in a transaction."""
    # Sealed before it is read: what changes meanwhile makes it stale again.
    seal = facts.seal(folder)
    problem, told = "", None
    try:
        told = facts.read(folder)
    except SwapscaleError as error:
        problem = str(error)
    connection.execute("DELETE FROM campaign WHERE folder = ?", (folder.name,))
    row = connection.execute(
        "INSERT INTO campaign (folder, seal, experiment, thresholds, started, night, problem) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (folder.name, seal, told.experiment if told else "",
         json.dumps(told.thresholds if told else {}), _started(told),
         json.dumps(nightfile.as_data(told.night)) if told and told.night else "",
         printable(problem, 400))).lastrowid
    if told:
        _fill(connection, int(row or 0), told)


def _started(told: Facts | None) -> str:
    if told is None:
        return ""
    night = told.night.started if told.night else ""
    return night or min((sample.started for sample in told.samples), default="")


def _fill(connection: sqlite3.Connection, campaign: int, told: Facts) -> None:
    series: dict[facts.SeriesKey, int] = {}
    columns = ", ".join(schema.KEYS)
    marks = ", ".join("?" * len(schema.KEYS))
    for sample in told.samples:
        # Twice the same number is one sample: a plan has each number once.
        connection.execute(
            "INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (campaign, sample.number, sample.repeat, told.role(sample), sample.cell.kernel,
             told.release(sample), sample.kernel_key, sample.started, sample.outcome,
             not sample.invalid,
             sample.evidence))
        for name, metric in sample.metrics.items():
            key = told.key(sample, name, metric)
            if key not in series:
                connection.execute(f"INSERT OR IGNORE INTO series ({columns}) VALUES ({marks})",
                                   astuple(key))
                where = " AND ".join(f"{name} = ?" for name in schema.KEYS)
                series[key] = connection.execute(f"SELECT id FROM series WHERE {where}",
                                                 astuple(key)).fetchone()[0]
            connection.execute("INSERT OR IGNORE INTO value VALUES (?, ?, ?, ?)",
                               (series[key], campaign, sample.number, metric.value))
