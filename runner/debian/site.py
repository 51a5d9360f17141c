# SPDX-License-Identifier: GPL-2.0-only
"""What this system's apt says of its site: the mirror, the way there, the release.

Only read, never changed.
"""
from __future__ import annotations

import os
import re
from collections.abc import Container
from pathlib import Path

from runner import command
from runner.errors import CannotMeasure

#: Asked where the system's own sources name no mirror of Debian.
FALLBACK = "http://deb.debian.org/debian"

OS_RELEASE = Path("/etc/os-release")

#: How to reach a mirror, and whether a copy past its date will do: the administrator's say.  That
#: unsigned archives would do is never taken over.
_WAYS = re.compile(r"Acquire::(?:https?|ftp|tor|Retries|ForceIPv[46]|Check-Valid-Until|Check-Date"
                   r"|Max-ValidTime|Min-ValidTime)\b.*;")
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")


def release() -> dict[str, str]:
    """/etc/os-release: ID, VERSION_CODENAME and the like; empty where there is none."""
    try:
        text = OS_RELEASE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {key: value.strip("\"'") for key, equals, value in
            (line.partition("=") for line in text.splitlines()) if equals}


def _place(suites: Container[str]) -> str:
    """Where this system gets one of these suites from; '' where it has none of them."""
    try:
        told = command.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
                            "Created-By: Packages"], "apt", "apt")
    except CannotMeasure:
        return ""
    for line in told.splitlines():
        uri, _, suite = line.partition(" ")
        if suite in suites and not uri.startswith("cdrom:"):
            return uri.rstrip("/")
    return ""


def mirror() -> str:
    """Where this system gets its release from; what stands for it where it says nothing of it."""
    return _place((release().get("VERSION_CODENAME", ""), "stable")) or FALLBACK


def security() -> str:
    """Where it gets its release's security updates from, else where they lie beside a mirror."""
    return _place((f"{release().get('VERSION_CODENAME', '')}-security", "stable-security")) \
        or f"{mirror()}-security"


def ways() -> str:
    """Lines of apt's configuration: how this site reaches its mirror."""
    told = command.run(["apt-config", "dump"], "apt", "apt")
    return "".join(f"{line}\n" for line in told.splitlines() if _WAYS.fullmatch(line))


def environment() -> dict[str, str]:
    """The proxies that the user set; apt takes them from here."""
    return {name: os.environ[name] for proxy in _PROXIES for name in (proxy, proxy.upper())
            if name in os.environ}
