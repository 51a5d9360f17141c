# SPDX-License-Identifier: GPL-2.0-only
"""The index: two writers, a writer killed in mid-write, a full disk, rebuilding, carrying."""
from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import paths
from runner.errors import CannotMeasure, UsageError
from runner.nightly import exchange, history, indexfile
from runner.progress import Progress
from tests.unit import madenights

WRITER = """
import sys
from pathlib import Path
from runner.nightly import indexfile
from runner.progress import Progress
for _ in range(int(sys.argv[2])):
    indexfile.rebuild(Path(sys.argv[1]), Progress())
"""


def writer(results: Path, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(results), str(times)], text=True,
                            cwd=paths.ROOT, stderr=subprocess.PIPE)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for night in range(6):
        madenights.write(folder, night, {"exact": {"instructions_per_page": 9650.0 + night}})
    return folder


def rows(results: Path) -> list[tuple[object, ...]]:
    """Everything that the index says, without its own numbers."""
    with indexfile.opened(results) as connection:
        return connection.execute(
            "SELECT campaign.folder, sample.number, series.metric, value.value FROM value "
            "JOIN campaign ON campaign.id = value.campaign JOIN series ON series.id = value.series "
            "JOIN sample ON sample.campaign = value.campaign AND sample.number = value.number "
            "ORDER BY 1, 2, 3").fetchall()


def whole(results: Path) -> None:
    with indexfile.opened(results) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_refresh_reads_what_changed_and_drops_what_went(results: Path) -> None:
    assert indexfile.refresh(results, Progress()).read == 6
    assert indexfile.refresh(results, Progress()).read == 0
    shutil.rmtree(indexfile.campaigns(results)[0])
    madenights.write(results, 9, {"exact": {"instructions_per_page": 1.0}})
    found = indexfile.refresh(results, Progress())
    assert (found.read, found.gone, found.campaigns) == (1, 1, 6)
    assert len(rows(results)) == 6


def test_rebuild_gives_the_same(results: Path) -> None:
    indexfile.refresh(results, Progress())
    before = rows(results)
    indexfile.rebuild(results, Progress())
    assert rows(results) == before
    (results / indexfile.NAME).unlink()
    indexfile.rebuild(results, Progress())
    assert rows(results) == before


def test_two_writers_leave_one_whole_index(results: Path) -> None:
    both = [writer(results, 10) for _ in range(2)]
    for one in both:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
    whole(results)
    assert len(rows(results)) == 6


def test_the_first_of_two_writers_is_waited_for(results: Path) -> None:
    # As the other writer leaves it between making the file and switching it to WAL.
    with sqlite3.connect(results / indexfile.NAME, isolation_level=None,
                         check_same_thread=False) as other:
        other.execute("CREATE TABLE early (x)")
        other.execute("BEGIN IMMEDIATE")
        late = threading.Timer(0.5, other.execute, ["COMMIT"])
        late.start()
        try:
            assert indexfile.refresh(results, Progress()).read == 6
        finally:
            late.join()
    other.close()
    whole(results)


@pytest.mark.parametrize("delay", [0.01, 0.03, 0.1, 0.2])
def test_a_killed_writer_leaves_a_whole_index(results: Path, delay: float) -> None:
    indexfile.refresh(results, Progress())
    before = rows(results)
    one = writer(results, 1000)
    assert one.stderr
    one.stderr.readline()  # it is at work
    time.sleep(delay)      # somewhere in a transaction, or between two
    one.send_signal(signal.SIGKILL)
    one.communicate(timeout=60)
    whole(results)
    assert rows(results) == before
    indexfile.refresh(results, Progress())
    assert rows(results) == before


def test_a_full_disk_is_one_line_and_costs_nothing(results: Path) -> None:
    indexfile.refresh(results, Progress())
    before = rows(results)
    for night in range(10, 80):
        madenights.write(results, night, {"exact": {f"m{at}": 1.0 for at in range(40)}})
    child = os.fork()
    if child == 0:
        # In a process of its own: the limit cannot be lifted again by its heirs.
        status = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = 200 * 1024
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            indexfile.refresh(results, Progress())
        except CannotMeasure as error:
            told = str(results / indexfile.NAME) in str(error) and "\n" not in str(error)
            status = 0 if told else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    whole(results)
    assert set(before) <= set(rows(results))
    assert indexfile.refresh(results, Progress()).campaigns == 76
    assert len(rows(results)) == 6 + 70 * 40


@pytest.mark.parametrize("content", [b"not a database at all" * 100,
                                     b"SQLite format 3\0" + b"x" * 99])
def test_a_damaged_index_says_how_to_mend_it(results: Path, content: bytes) -> None:
    (results / indexfile.NAME).write_bytes(content)
    with pytest.raises(UsageError, match="--rebuild"):
        indexfile.refresh(results, Progress())
    assert indexfile.rebuild(results, Progress()).campaigns == 6
    assert (results / f"{indexfile.NAME}.damaged").read_bytes() == content
    whole(results)


def test_an_index_of_another_format_is_made_again(results: Path) -> None:
    with sqlite3.connect(results / indexfile.NAME) as connection:
        connection.execute("CREATE TABLE campaign (x)")
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert indexfile.refresh(results, Progress()).campaigns == 6


def test_a_torn_last_line_is_no_sample(results: Path) -> None:
    file = indexfile.campaigns(results)[0] / "samples.jsonl"
    with open(file, "a", encoding="utf-8") as out:
        out.write('{"format": 1, "numb')
    found = indexfile.refresh(results, Progress())
    assert found.problems == () and len(rows(results)) == 6


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = "x'); DROP TABLE value; --\x1b[2J\n<script>"
    madenights.write(tmp_path, 0, {"exact": {"instructions_per_page": 1.0, evil: 2.0}},
                     track=evil)
    found = history.read(tmp_path)
    assert {one.key.metric for one in found.series} == {"instructions_per_page", evil}
    assert {one.key.kernel for one in found.series} == {evil}


def exported(results: Path) -> str:
    return "".join(line + "\n" for line in exchange.lines(results))


def test_a_history_travels_and_comes_back_the_same(results: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    text = exported(results)
    assert exchange.take(io.StringIO(text), "x", there) == (6, 0)
    assert history.read(there).series == history.read(results).series
    assert exported(there) == text
    assert exchange.take(io.StringIO(text), "x", there) == (0, 6)
    assert not list(there.glob(".import-*"))


@pytest.mark.parametrize("harm, says", [
    (lambda lines: lines[1:], "x:1: is not a history"), (lambda lines: [], "is empty"),
    (lambda lines: lines[:-1], "cut short"), (lambda lines: [*lines, lines[-1]], "twice"),
    (lambda lines: [lines[0], lines[2]], "before its campaign"),
    (lambda lines: [*lines[:2], lines[2][:50]], "x:3: is not JSON"),
    (lambda lines: [lines[0], lines[1].replace('"nightly-2026', '"../nightly-2026')],
     "is not the name of a campaign"),
    (lambda lines: [*lines[:2], lines[2].replace('"value": 9650.0', '"value": "many"')],
     "metrics.instructions_per_page: value"),
    (lambda lines: ["[" * 100000], "is not JSON")])
def test_a_wrong_import_is_one_line_and_writes_nothing(results: Path, tmp_path: Path, harm,
                                                       says: str) -> None:
    there = tmp_path / "there"
    there.mkdir()
    text = "".join(line + "\n" for line in harm(exported(results).splitlines()))
    with pytest.raises(UsageError) as error:
        exchange.take(io.StringIO(text), "x", there)
    assert says in str(error.value) and "\n" not in str(error.value)
    assert list(there.iterdir()) == []


def test_an_import_never_overwrites(results: Path, tmp_path: Path) -> None:
    text = exported(results).replace('"value": 9650.0', '"value": 9651.5')
    before = exported(results)
    with pytest.raises(UsageError, match="holds other samples"):
        exchange.take(io.StringIO(text), "x", results)
    assert exported(results) == before


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_import_of_any_damage_is_a_usage_error(results: Path, tmp_path: Path, data) -> None:
    text = exported(results)
    at = data.draw(st.integers(0, len(text) - 1))
    text = text[:at] + data.draw(st.text(max_size=4)) + text[at + data.draw(st.integers(0, 4)):]
    there = tmp_path / "there"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir()
    try:
        exchange.take(io.StringIO(text), "x", there)
    except UsageError:
        assert list(there.iterdir()) == []
    else:
        history.read(there)
