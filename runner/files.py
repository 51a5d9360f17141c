# SPDX-License-Identifier: GPL-2.0-only
"""Files of the host's as a whole."""
from __future__ import annotations

import hashlib
import lzma
import zlib
from pathlib import Path

#: What gzip, lzma and the reading of a file raise where a packed one is damaged or gone.
DAMAGED = (OSError, EOFError, lzma.LZMAError, zlib.error)


def sha256(file: Path) -> str:
    """Hex SHA-256 of a file."""
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
