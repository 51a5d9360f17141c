# SPDX-License-Identifier: GPL-2.0-only
"""A campaign of a study, as the experiment it is written down as."""
from __future__ import annotations

from dataclasses import dataclass

MACHINE = "haswell-ep-2s"
RUNS = 2


@dataclass(frozen=True)
class Row:
    """One campaign: the base case but for what is given."""

    name: str
    said: str
    machine: str = MACHINE
    quantum: int | None = None
    spare: int | None = None
    ram_mib: int = 256
    ratio: float = 1.4
    settle: float | None = None
    runs: int = RUNS
    kernels: tuple[str, ...] = ("6.1:pagewise", "6.1:batched")
    processes: bool = False

    def text(self, threads: int) -> str:
        settle = "" if self.settle is None else f"settle = {self.settle}"
        own = [f'machine = "{self.machine}"']
        own += [f"{key} = {value}" for key, value in (("quantum", self.quantum),
                                                      ("spare", self.spare)) if value is not None]
        listed = ", ".join(f'"{name}"' for name in self.kernels)
        return "\n".join([
            "format = 1", f'title = "{self.said}"', f"kernels = [{listed}]", 'devices = ["pmem"]',
            f"threads = [{threads}]", 'tiers = ["lockstep"]',
            "[guest]", f"ram_mib = {self.ram_mib}", f"swap_mib = {3 * self.ram_mib}",
            "[workload]", 'program = "swapstorm"', f"ratio = {self.ratio:g}", settle,
            "verify = false", f"processes = {str(self.processes).lower()}",
            "[rules]", f"perturbations = {self.runs}", "self_check = false", "pswpout_floor = 1000",
            "[lockstep]", *own, ""])
