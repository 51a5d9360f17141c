# SPDX-License-Identifier: GPL-2.0-only
"""lock_stat files: real ones, and made of rows that a test needs."""
from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data/lock_stat"
REAL = ("linux-4.4.155", "linux-6.1.192", "linux-6.12", "linux-6.1.192-2vcpu")
COLUMNS_03 = ("con-bounces", "contentions", "waittime-min", "waittime-max", "waittime-total",
              "acq-bounces", "acquisitions", "holdtime-min", "holdtime-max", "holdtime-total")


def made(rows: list[tuple[str, tuple[str, ...]]], version: str = "0.3",
         columns: tuple[str, ...] = COLUMNS_03) -> str:
    """A file as the kernel's format strings print it."""
    rule = "-" * (41 + 15 * len(columns))
    head = f"lock_stat version {version}\n{rule}\n{'class name':>40} "
    head += " ".join(f"{name:>14}" for name in columns) + f"\n{rule}\n\n"
    return head + "".join(f"{name:>40}:" + " ".join(f"{cell:>14}" for cell in cells) + "\n"
                          for name, cells in rows)


ROW = ("0", "0", "0.00", "0.00", "0.00", "1", "7", "0.10", "0.20", "1.10")
