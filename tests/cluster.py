# SPDX-License-Identifier: GPL-2.0-only
"""A private Slurm cluster of two nodes, both this machine: munged, slurmctld and two slurmd."""
from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
NODES = ("left", "right")
_READY = 60.0                 # seconds

_CONF = """\
ClusterName=swapscale
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
# The least loaded node first: Slurm would fill one before it takes the other.
SelectTypeParameters=CR_CPU_Memory,CR_LLN
ReturnToService=2
KillWait=5
MessageTimeout=5
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

#: Both are this host under its own name, told apart by their ports and by slurmd's -N.
_NODE = ("NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} "
         "RealMemory={memory} State=UNKNOWN")


def missing() -> list[str]:
    """What 'setup/install slurm' would add."""
    return [one for one in PROGRAMS if not _found(one)]


def _found(program: str) -> str | None:
    # Debian has the daemons in /usr/sbin, which is not on every user's PATH.
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Cluster:
    """Up when made; `stop` ends it.  All of it lies in one folder below the temporary one."""

    def __init__(self) -> None:
        # Not pytest's folder: a socket's path has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="swapscale-slurm-"))
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir()
        self.conf = self.folder / "slurm.conf"
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (1 << 20)
        host = socket.gethostname()
        share = memory * 9 // 10 // len(NODES)
        nodes = "\n".join(_NODE.format(node=node, host=host, port=_free_port(), memory=share,
                                       cpus=os.cpu_count()) for node in NODES)
        self.conf.write_text(_CONF.format(host=host, ctld=_free_port(), nodes=nodes,
                                          user=getpass.getuser(), folder=self.folder))
        self.env = {**os.environ, "SLURM_CONF": str(self.conf)}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        try:
            files = [f"--{what}-file={self.folder}/munge.{what}" for what in ("pid", "log", "seed")]
            self.start("munged", "--foreground", "--force", f"--key-file={key}", *files,
                       f"--socket={self.folder}/munge.socket")
            self._until(lambda: (self.folder / "munge.socket").exists(), "munged")
            self.controller()
            for node in NODES:
                self.start("slurmd", "-D", "-N", node, name=f"slurmd-{node}")
                self._until(lambda: f"{node} idle" in self.ask("sinfo", "-hNo", "%N %T"),
                            f"slurmd-{node}")
        except BaseException:
            self.stop()
            raise

    def controller(self) -> None:
        """Start slurmctld."""
        self.start("slurmctld", "-D")
        self._until(lambda: "UP" in self.ask("scontrol", "ping"), "slurmctld")

    def start(self, program: str, *args: str, name: str = "") -> None:
        path, name = _found(program), name or program
        assert path
        with open(self.folder / f"{name}.output", "ab") as output:
            self.daemons[name] = subprocess.Popen([path, *args], env=self.env, stdout=output,
                                                  stderr=output, start_new_session=True)

    def ask(self, *argv: str) -> str:
        """What one of Slurm's commands prints; '' and more where it fails."""
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False,
                              timeout=60).stdout

    def _until(self, there: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _READY
        while not there():
            if time.monotonic() > end or self.daemons[what].poll() is not None:
                said = (self.folder / f"{what}.output").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{what} does not come up:\n{said}")
            time.sleep(0.2)

    def end(self, program: str) -> None:
        """End one daemon."""
        one = self.daemons.pop(program)
        one.terminate()
        try:
            one.wait(10)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()

    def queue(self) -> list[str]:
        """Our tasks, 'JOB_INDEX STATE', that wait or run."""
        return self.ask("squeue", "--me", "-h", "--array", "-o", "%F_%K %T").splitlines()

    def empty(self) -> None:
        """Cancel all and wait until it is gone."""
        self.ask("scancel", "--me")
        end = time.monotonic() + _READY
        while self.queue() and time.monotonic() < end:
            time.sleep(0.5)
        assert not self.queue()

    def stop(self) -> None:
        for program in reversed(list(self.daemons)):
            self.end(program)
        shutil.rmtree(self.folder, ignore_errors=True)
