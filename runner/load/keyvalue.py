# SPDX-License-Identifier: GPL-2.0-only
"""A key-value server whose data does not fit in its group, under its own benchmark."""
from __future__ import annotations

from collections.abc import Iterable

from runner import header
from runner.load import memcg as limits
from runner.load.workload import Load, Machine, Start, Workload
from runner.metrics import letters, requests
from runner.records import LOADS, MIB
from runner.tomlfile import Table

SERVERS = ("redis", "valkey")
_LIMITS = {**header.numbers("workloads/swapkv/dataset.h"),
           **header.numbers("workloads/swapkv/server.h")}
_FOLDER = "/server"
#: Bytes of a key in the server beside its value, about.
_OVERHEAD = 100
#: MiB of a server that is empty.
_EMPTY_MIB = 4


class KeyValue(Load):
    """What swapkv(1) does; `threads` of the experiment is how many clients ask at a time."""

    name = "keyvalue"
    guest_program = "swapkv"
    kernel = LOADS
    own_metrics = (*letters.UNITS, *requests.NAMES)

    def tools(self, work: Workload) -> tuple[str, ...]:
        return tuple(word.rpartition("/")[2] for option, word in zip(work.options, work.options[1:])
                     if option in ("--server", "--client"))

    def read(self, work: Table, threads: Iterable[int], machine: Machine, usual: float
             ) -> Workload:
        server = work.text("server", SERVERS[0], SERVERS)
        keys = work.integer("keys", 1, _LIMITS["DATASET_MOST_KEYS"], 100000)
        value = work.integer("value_bytes", 1, _LIMITS["DATASET_MOST_VALUE"], 512)
        size = keys * (value + _OVERHEAD) // MIB
        limit = limits.ceiling(work, machine.ram, "the limit of the server's group, such as half "
                               f"of its data ({max(_EMPTY_MIB, size // 2)} here)")
        if limit < _EMPTY_MIB:
            work.complain("memcg_mib", f"{limit} MiB are less than the {_EMPTY_MIB} MiB that an "
                                       "empty server needs; raise it")
        if limit >= size + _EMPTY_MIB:
            work.complain("memcg_mib", f"{limit} MiB hold all of the {size} MiB of {keys} keys, so "
                                       "nothing would swap; lower it or raise keys or value_bytes")
        if size - limit > machine.swap:
            work.complain("memcg_mib", f"{size} MiB of keys do not fit in {limit} MiB and "
                                       f"{machine.swap} MiB of swap; lower keys or raise "
                                       "guest.swap_mib")
        more = limits.read(work, limits.Group(limit, size, _EMPTY_MIB))
        operations = work.texts("operations", ["get"], requests.OPERATIONS)
        verify = work.boolean("verify", operations == ["get"])
        if verify and operations != ["get"]:
            work.complain("verify", "only operations = [\"get\"] leaves the values as they were; "
                                    "leave it out")
        words = {"keys": keys, "value": value, "memcg": f"{limit}M",
                 "operations": ",".join(operations),
                 "requests": work.integer("requests", 1, _LIMITS["SERVER_MOST_REQUESTS"], 100000),
                 "pipeline": work.integer("pipeline", 1, _LIMITS["SERVER_MOST_PIPELINE"], 1)}
        most = _LIMITS["SERVER_MOST_CLIENTS"]
        if max(threads) > most:
            work.complain("program", f"more than {most} clients; lower threads")
        seed = work.integer("seed", 0, 2**63 - 1, 1)
        work.close()
        return Workload(self.name, 0.0, 0, verify, seed, (
            "--server", f"/bin/{server}-server", "--client", f"/bin/{server}-benchmark",
            *(word for name, given in words.items() for word in (f"--{name}", str(given))), *more))

    def argv(self, work: Workload, start: Start) -> tuple[str, ...]:
        return (f"/bin/{self.guest_program}", "--folder", _FOLDER,
                "--clients", str(start.threads), "--seed", str(work.seed), *work.last)
