# SPDX-License-Identifier: GPL-2.0-only
"""What a host does to a run: full and slow disks, clocks that jump, memory, signals to QEMU."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.fault import NotHere, Seen, add, fault
from tests.faults.lab import Lab
from tests.faults.runs import loaded, mounted, seen

_VERDICT = "Verdict: INCONCLUSIVE"
_DAY = 86400


def _clock(name: str, injected: str, seconds: int) -> None:
    def act(lab: Lab) -> Seen:
        process = lab.start("run", lab.experiment(), "--results", lab.results,
                            env=loaded(clock=f"{time.monotonic() + 6:.0f},{seconds}"))
        done = lab.end(process)
        for one in lab.samples():
            assert 0 < one.wall_seconds < 600, f"the boot took {one.wall_seconds} s"
        return seen(lab, done)
    add(name, "host", injected, outcome="ok", status=3, line=_VERDICT, act=act)


_clock("clock-forward", "the time of day jumps a day ahead during the boot", _DAY)
_clock("clock-back", "the time of day jumps a day back during the boot", -_DAY)


@fault("slow-disk", "host", "each change of a file in results takes 0.2 s more", outcome="ok",
       status=3, line=_VERDICT)
def _slow(lab: Lab) -> Seen:
    done = lab.run("run", lab.experiment(), "--results", lab.results,
                   env=loaded(under=lab.results, slow=200))
    return seen(lab, done)


_FULL = "No space left on device"


@fault("full-disk-guest", "host", "results are on a tmpfs with 96 KiB left as the guest boots",
       outcome="no sample", status=4, line=rf"swapscale: results/.+: {_FULL}.*")
def _full_guest(lab: Lab) -> Seen:
    """Really full: QEMU itself meets it."""
    with mounted(lab.results, "-t", "tmpfs", "-o", "size=8m"):
        process = lab.begin()
        lab.until(lab.guests)
        filler = lab.results / "filler"
        state = os.statvfs(lab.results)
        with open(filler, "wb") as file:
            file.write(bytes(state.f_bavail * state.f_frsize - 98304))
        done = lab.end(process)
        told = seen(lab, done)
        filler.unlink()
        # The fault is over; the campaign is looked at where it stays.
        shutil.copytree(lab.results, lab.folder / "kept")
    shutil.copytree(lab.folder / "kept", lab.results, dirs_exist_ok=True)
    shutil.rmtree(lab.folder / "kept")
    return told


def _fills(name: str, injected: str, step: str, line: str, *, outcome: str, status: int) -> None:
    def act(lab: Lab) -> Seen:
        return seen(lab, lab.run("run", lab.experiment(), "--results", lab.results,
                                 env=loaded(under=lab.results, full=step)))
    add(name, "host", injected, outcome=outcome, status=status, line=line, act=act)


_fills("full-disk-plan", "the disk is full as campaign.json is written", "write campaign.new",
       rf"swapscale: results/.+: {_FULL}.*", outcome="no sample", status=4)
_fills("full-disk-record", "the disk is full half way through a line of samples.jsonl",
       "write samples.jsonl", rf"swapscale: results/.+: {_FULL}.*", outcome="no sample", status=4)
_fills("full-disk-report", "the disk is full as the report is written", "write report.txt",
       rf"swapscale: results/.+: {_FULL}.*", outcome="ok", status=4)


@fault("full-disk-cache", "host", "the cache is on a tmpfs with 64 KiB left", outcome="no sample",
       status=4, line=rf"swapscale: CACHE/initramfs/.+: {_FULL}.*")
def _full_cache(lab: Lab) -> Seen:
    place = lab.cache / "initramfs"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "-o", "size=64k"):
        return seen(lab, lab.measure())


@fault("read-only-cache", "host", "the cache is mounted read-only and lacks the initramfs",
       outcome="no sample", status=4, line=r"swapscale: CACHE/.+: Read-only file system.*",
       quick=True)
def _read_only(lab: Lab) -> Seen:
    with mounted(lab.cache, "--bind", what=str(lab.cache)):
        subprocess.run(["mount", "-o", "remount,ro,bind", lab.cache], check=True)
        return seen(lab, lab.measure())


@fault("read-only-cache-warm", "host", "the cache is mounted read-only and has all it takes",
       outcome="ok", status=3, line=_VERDICT)
def _read_only_warm(lab: Lab) -> Seen:
    lab.measure()
    shutil.rmtree(lab.campaign)
    with mounted(lab.cache, "--bind", what=str(lab.cache)):
        subprocess.run(["mount", "-o", "remount,ro,bind", lab.cache], check=True)
        return seen(lab, lab.measure())


@fault("read-only-results", "host", "results are mounted read-only", outcome="refused", status=2,
       line=r"swapscale: results: cannot hold results: Read-only file system; .+")
def _read_only_results(lab: Lab) -> Seen:
    with mounted(lab.results, "--bind", what=str(lab.results)):
        subprocess.run(["mount", "-o", "remount,ro,bind", lab.results], check=True)
        return seen(lab, lab.measure())


@fault("no-address-space", "host", "QEMU may map no more than 400 MiB (RLIMIT_AS)",
       outcome="qemu-died", status=4, line=r"does not count: qemu-died: QEMU .+: .*memory.*")
def _address_space(lab: Lab) -> Seen:
    """A QEMU of this name comes first on PATH, and is the real one with a limit."""
    _instead(lab, 'exec prlimit --as=419430400 -- "$real" "$@"')
    return seen(lab, lab.measure())


def _instead(lab: Lab, script: str) -> None:
    """What is started in QEMU's place; `real` is QEMU."""
    place = lab.folder / "bin"
    place.mkdir()
    real = shutil.which("qemu-system-x86_64")
    (place / "qemu-system-x86_64").write_text(
        f'#!/bin/sh\nreal={real}\ncase "$*" in *-initrd*) ;; *) exec "$real" "$@" ;; esac\n'
        f"{script}\n")
    (place / "qemu-system-x86_64").chmod(0o755)
    lab.env["PATH"] = f"{place}:{os.environ['PATH']}"


@fault("out-of-memory", "host", "the memory cgroup that QEMU is in has 96 MiB",
       outcome="qemu-died", status=4,
       line=r"does not count: qemu-died: QEMU was killed by SIGKILL.*")
def _out_of_memory(lab: Lab) -> Seen:
    home = _memory_cgroup()
    group = home / f"swapscale-fault-{lab.token}"
    try:
        group.mkdir()
        limit = next(one for name in ("memory.max", "memory.limit_in_bytes")
                     if (one := group / name).exists())
        limit.write_text(str(96 << 20))
    except (OSError, StopIteration):
        raise NotHere("no memory cgroup may be made here") from None
    try:
        _instead(lab, f'echo $$ >{group}/cgroup.procs; exec "$real" "$@"')
        return seen(lab, lab.measure())
    finally:
        lab.until(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def _memory_cgroup() -> Path:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return Path("/sys/fs/cgroup/memory") / path.lstrip("/")
        if not controllers and Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return Path("/sys/fs/cgroup") / path.lstrip("/")
    raise NotHere("no memory cgroup is here")


def _signal(name: str, injected: str, number: signal.Signals, tier: str, outcome: str, line: str,
            status: int = 4) -> None:
    def act(lab: Lab) -> Seen:
        process = lab.begin(tier=tier)
        lab.until(lab.guests)
        time.sleep(2)
        os.kill(lab.guests()[0], number)
        return seen(lab, lab.end(process))
    add(name, "host", injected, outcome=outcome, status=status, line=line, act=act)


_signal("qemu-stopped", "QEMU is sent SIGSTOP", signal.SIGSTOP, "exact", "qemu-stopped",
        r"does not count: qemu-stopped: .+")
_signal("qemu-stopped-timed", "QEMU is sent SIGSTOP, in a tier that goes by the clock",
        signal.SIGSTOP, "timed", "qemu-stopped", r"does not count: qemu-stopped: .+")
_signal("qemu-killed", "QEMU is sent SIGKILL", signal.SIGKILL, "exact", "qemu-died",
        r"does not count: qemu-died: QEMU was killed by SIGKILL")
_signal("qemu-ended", "QEMU is sent SIGTERM", signal.SIGTERM, "exact", "qemu-died",
        r"does not count: qemu-died: QEMU exited with status 0: .*terminating on signal 15.*")
_signal("qemu-crashed", "QEMU is sent SIGSEGV", signal.SIGSEGV, "exact", "qemu-died",
        r"does not count: qemu-died: QEMU was killed by SIGSEGV")


@fault("qemu-stopped-and-continued", "host", "QEMU is stopped for 5 s, then goes on",
       outcome="ok", status=3, line=_VERDICT)
def _stopped_and_continued(lab: Lab) -> Seen:
    """Of no consequence under icount: the guest's time is its instructions."""
    process = lab.begin()
    lab.until(lab.guests)
    time.sleep(2)
    guest = lab.guests()[0]
    os.kill(guest, signal.SIGSTOP)
    time.sleep(5)
    os.kill(guest, signal.SIGCONT)
    return seen(lab, lab.end(process))


def _truncated(name: str, injected: str, file: str, outcome: str, line: str, status: int) -> None:
    def act(lab: Lab) -> Seen:
        lab.measure()
        shutil.rmtree(lab.campaign)
        found = [one for one in lab.cache.glob(file) if one.is_file()]
        if not found:      # images are the user's, by links
            for link in (lab.cache / "images").iterdir():
                home = link.resolve()
                link.unlink()
                shutil.copytree(home, link) if _is_ours(home) else link.symlink_to(home)
            found = [one for one in lab.cache.glob(file) if not one.parent.is_symlink()]
        assert found, f"no {file}"
        for one in found:
            os.truncate(one, one.stat().st_size // 2)
        return seen(lab, lab.measure())
    add(name, "host", injected, outcome=outcome, status=status, line=line, act=act)


def _is_ours(home: Path) -> bool:
    try:
        return "phase-faults" in (home / "kernel.json").read_text()
    except OSError:
        return False


_truncated("truncated-initramfs", "the initramfs in the cache is cut in half",
           "initramfs/*.cpio", "ok", _VERDICT, 3)
_truncated("truncated-accelerator", "what is known of KVM is cut in half", "accelerator.json",
           "ok", _VERDICT, 3)
