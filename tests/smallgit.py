# SPDX-License-Identifier: GPL-2.0-only
"""Small git repositories for tests: real ones, a file each commit."""
from __future__ import annotations

import subprocess
from pathlib import Path


def git(repository: Path, *words: str) -> str:
    return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C",
                           str(repository), *words], check=True, capture_output=True,
                          text=True).stdout.strip()


def linear(place: Path, count: int) -> list[str]:
    """`count` commits one after the other; their object ids."""
    place.mkdir(parents=True, exist_ok=True)
    git(place, "init", "--quiet", "-b", "master")
    return [commit(place, f"change {at}") for at in range(count)]


def commit(place: Path, subject: str, file: str = "file") -> str:
    with open(place / file, "a", encoding="utf-8") as out:
        out.write(subject + "\n")
    git(place, "add", file)
    git(place, "commit", "--quiet", "-m", subject)
    return git(place, "rev-parse", "HEAD")
