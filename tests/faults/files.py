# SPDX-License-Identifier: GPL-2.0-only
"""Every format that is read, cut off after each of its lines and in the middle of each.

The commands are the front door's, in a child forked for each cut: starting Python a thousand
times would be most of the time.  Each cut is either read as far as it goes or refused in one line
that names the file; nothing else changes.
"""
from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from runner import cli, paths
from runner.metrics.lockkeys import KEYS_FILE
from tests import smallgit
from tests.faults import base
from tests.faults.fault import Seen, add
from tests.faults.lab import Done, Lab
from tests.sandbox import CLAIM

_STATUSES = (0, 1, 2, 3, 4)
_LONG = 200                       # lines
#: The file that is cut, and the command that reads it.
Made = tuple[Path, list[str | Path]]


def typed(lab: Lab, *words: str | Path) -> Done:
    """What a command comes to, in a fork of this process."""
    gc.freeze()
    child = os.fork()
    if not child:
        status = 70
        try:
            for fd, name in ((1, "out"), (2, "said")):
                file = os.open(lab.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                os.dup2(file, fd)
            # A gnuplot that fails at once: no picture is drawn for each cut.
            os.environ |= {**lab.environment(), "PATH": f"{lab.folder}/bin:{os.environ['PATH']}"}
            status = cli.main([str(word) for word in words])
            sys.stdout.flush()
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Done(status, *((lab.folder / name).read_text("utf-8", "replace")
                          for name in ("out", "said")))


def cuts(text: bytes) -> Iterator[bytes]:
    """The file up to each line's end and to the middle of each; what is whole is not among them.

    Of a long one up to every fourth line's: each cut is a report of its own.
    """
    lines = text.splitlines(keepends=True)
    for at in range(0, len(lines), 4 if len(lines) > _LONG else 1):
        before = b"".join(lines[:at])
        yield before
        if len(lines) <= _LONG // 3 and len(lines[at]) > 2:
            yield before + lines[at][:len(lines[at]) // 2]


def _wrong(lab: Lab, file: Path, done: Done, cut: bytes, record: bytes) -> str:
    """What is not as it should be after a command that read a cut file; '' where all is well."""
    if done.bug or done.status not in _STATUSES:
        return f"ends with {done.status}: {(done.said.splitlines() or ['nothing'])[-1]}"
    if len(done.complaints) > 1:
        return f"says {len(done.complaints)} lines: {done.complaint}"
    if done.status == 2 and done.complaints and file.name not in done.complaint:
        return f"does not name the file: {done.complaint}"
    if file.read_bytes() != cut:
        return "changes the file"
    samples = lab.campaign / "samples.jsonl" if lab.campaigns else None
    if samples and samples != file and samples.read_bytes() != record:
        return "changes the samples"
    return ""


def _cut(lab: Lab, file: Path, words: list[str | Path]) -> Seen:
    """Cut `file` everywhere, and type the command each time."""
    lab.resumed = False
    (lab.folder / "bin").mkdir()
    (lab.folder / "bin/gnuplot").symlink_to(shutil.which("false") or "false")
    whole = file.read_bytes()
    record = (lab.campaign / "samples.jsonl").read_bytes() if lab.campaigns else b""
    assert not (before := typed(lab, *words)).bug, before.said
    statuses, refused, line, count = set(), 0, "", 0
    for cut in cuts(whole):
        file.write_bytes(cut)
        done = typed(lab, *words)
        if wrong := _wrong(lab, file, done, cut, record):
            return Seen(f"cut to {len(cut)} bytes, it {wrong}", str(done.status), done.complaint)
        count += 1
        statuses.add(done.status)
        if done.complaints:
            refused += 1
            # The one that is shown is of the middle of the file.
            line = done.complaint if not line or 2 * len(cut) <= len(whole) else line
    file.write_bytes(whole)
    assert count, f"{file.name} has no lines"
    return Seen("refused in one line, or read as far as it goes",
                " or ".join(map(str, sorted(statuses))),
                f"{refused} of {count} refused: {lab.plain(line)}" if line else
                f"0 of {count} refused")


def _format(name: str, what: str, status: str, make: Callable[[Lab], Made],
            quick: bool = False) -> None:
    def act(lab: Lab) -> Seen:
        return _cut(lab, *make(lab))
    add(f"cut-{name}", "files", f"{what}, cut again and again",
        outcome="refused in one line, or read as far as it goes", status=status, act=act,
        line=r"\d+ of \d+ refused(: swapscale: .+)?", quick=quick)


def _campaigns(name: str, *words: str, of: str = "locks") -> Callable[[Lab], Made]:
    """A file of a campaign's, or of its first sample's evidence where `name` has no folder."""
    def make(lab: Lab) -> Made:
        home = lab.results / "x-20260101-000000"
        shutil.copytree(base.campaign(of), home)
        found = home / name if (home / name).is_file() else next(
            one / name for one in sorted(home.glob("evidence/*")) if (one / name).is_file())
        return found, [words[0], home, *words[1:]]
    return make


_LOCKS = ("report", "--locks")
_AGAIN = ("report", "--recompute", "--locks")
_format("campaign", "campaign.json", "2", _campaigns("campaign.json", *_LOCKS))
_format("samples", "samples.jsonl", "2 or 4", _campaigns("samples.jsonl", *_LOCKS))
_format("experiment", "a campaign's experiment.toml", "0 or 2",
        _campaigns("experiment.toml", *_LOCKS))
_format("vmstat", "/proc/vmstat as the guest sent it", "4",
        _campaigns("steady-end.vmstat", *_AGAIN))
_format("lock-stat", "/proc/lock_stat as the guest sent it", "4",
        _campaigns("steady-end.lock_stat", *_AGAIN))
_format("lock-keys", "the lock classes of a kernel", "0 or 4", _campaigns(KEYS_FILE, *_AGAIN))
_format("swaps", "/proc/swaps as the guest sent it", "4", _campaigns("steady-end.swaps", *_AGAIN))
_format("workload", "the workload's document", "4", _campaigns("workload.json", *_AGAIN))
_format("channel", "the channel's bytes as they came", "4", _campaigns("channel.bin", *_AGAIN))
_format("fio", "fio's document", "4",
        _campaigns("tool.fio.out", "report", "--recompute", of="tools"))
_format("perf", "perf's report", "3", _campaigns("tool.profile-report.out", "report", of="tools"))


def _budget(lab: Lab) -> Made:
    _, words = _campaigns("samples.jsonl", *_LOCKS)(lab)
    file = lab.folder / "budget.toml"
    shutil.copy(paths.ROOT / "results/baselines/locks.toml", file)
    return file, ["report", words[1], "--budget", file]


def _machine(lab: Lab) -> Made:
    """Read with the experiment that names it."""
    experiment, words = _campaigns("experiment.toml", *_LOCKS)(lab)
    file = lab.folder / "machine.toml"
    shutil.copy(paths.CONFIGS / "machines/haswell-ep-2s.toml", file)
    experiment.write_text(experiment.read_text().replace('"locks"]', '"locks", "lockstep"]')
                          + f'[lockstep]\nmachine = "{file}"\n')
    return file, words


def _claim(lab: Lab) -> Made:
    """The file is a campaign's experiment, too."""
    experiment, (_, home, *_) = _campaigns("experiment.toml", *_LOCKS)(lab)
    experiment.write_text(experiment.read_text() + CLAIM)
    return experiment, ["claim", home]


def _log(lab: Lab) -> Made:
    """Of a repository that holds no kernel: a log that reads gets as far as that."""
    tree, file = lab.folder / "tree", lab.folder / "bisect.log"
    commits = smallgit.linear(tree, 6)
    file.write_text(f"git bisect start\n# bad: it\ngit bisect bad {commits[5]}\n"
                    f"# good: it\ngit bisect good {commits[0]}\n"
                    f"git bisect good {commits[2]}\ngit bisect skip {commits[3]}\n")
    return file, ["bisect", "--tree", tree, "--replay", file, "--experiment", lab.experiment(),
                  "--results", lab.folder / "bisects"]


def _known(lab: Lab) -> Made:
    _campaigns("samples.jsonl", *_LOCKS)(lab)
    file = lab.folder / "known.toml"
    file.write_text('format = 1\n[known.one]\nreason = "agreed"\nnight = "2026-11-03"\nwithin = 2\n'
                    'kernel = "6.1:*"\nmetric = "locks.*"\ntier = "locks"\nup_to = 0.1\n')
    return file, ["index", "--results", lab.results, "--known", file]


def _night(lab: Lab) -> Made:
    """Beside a campaign it makes that a night."""
    _, (_, home, *_) = _campaigns("samples.jsonl", *_LOCKS)(lab)
    file = Path(home) / "night.json"
    file.write_text(json.dumps({
        "format": 1, "track": "6.1:vanilla", "kernel": "6.1:vanilla", "identity": "0" * 64,
        "commit": "", "pinned": "6.1:vanilla", "base": "", "base_campaign": "",
        "started": "2026-01-01T00:00:00+00:00", "verdict": "equivalent", "reason": "", "exit": 0,
        "good": True, "reported": [], "bisects": []}, indent=1) + "\n")
    return file, ["index", "--results", lab.results]


def _export(lab: Lab) -> Made:
    _campaigns("samples.jsonl", *_LOCKS)(lab)
    file = lab.folder / "history.jsonl"
    done = typed(lab, "index", "--results", lab.results, "--export", file)
    assert done.status == 0, done.said
    taken = lab.folder / "taken"
    taken.mkdir()
    return file, ["index", "--results", taken, "--import", file]


def _kernels(lab: Lab) -> Made:
    lab.env["XDG_CONFIG_HOME"] = str(lab.folder / "config")
    file = lab.folder / "config/swapscale/kernels.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[source.mine]\nkind = "git"\npath = "/src/linux"\nref = "v6.9"\n'
                    'description = "mine"\n')
    return file, ["kernel", "list"]


_format("budget", "a budget of locks", "2 or 3", _budget)
_format("machine", "the description of a simulated machine", "0 or 2", _machine)
_format("claim", "a claim", "2", _claim)
_format("bisect-log", "the log of a git bisect", "2 or 4", _log)
_format("known", "the list of changes that are known", "0 or 2", _known)
_format("night", "a night's record", "0", _night)
_format("history", "an export of the history", "0 or 2", _export)
_format("kernels", "a user's definitions of kernels", "0 or 2", _kernels, quick=True)
