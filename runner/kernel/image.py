# SPDX-License-Identifier: GPL-2.0-only
"""Source 'image': a kernel somebody else built."""
from __future__ import annotations

import hashlib
from pathlib import Path

from runner.errors import CannotMeasure, UsageError, printable
from runner.files import sha256
from runner.kernel import cache
from runner.kernel.definitions import Source
from runner.records import BuiltKernel
from runner.vm import modules

#: Where the modules of an installed kernel lie, by its release.
INSTALLED = Path("/lib/modules")

# The x86 boot protocol: 'HdrS' stands at 0x202, and at 0x20e the offset of the
# version text, counted from 0x200.
_MAGIC, _VERSION, _BASE = 0x202, 0x20E, 0x200


def release(file: Path) -> str:
    """'6.1.0-30-amd64' out of a bzImage; UsageError where it is none."""
    try:
        with open(file, "rb") as opened:
            head = opened.read(0x10000)
    except PermissionError:
        raise UsageError(f"{file}: may not be read by you; copy it to a place of yours with sudo, "
                         "or give yourself the right to read it") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    if head[_MAGIC:_MAGIC + 4] != b"HdrS":
        raise UsageError(f"{file}: is not an x86 kernel image (bzImage)")
    start = _BASE + int.from_bytes(head[_VERSION:_VERSION + 2], "little")
    words = head[start:start + 256].split(b"\0")[0].decode("ascii", "replace").split()
    return printable(words[0], 80) if words else "unknown"


def find(source: Source, name: str, keep: bool) -> BuiltKernel | None:
    """The image out of the cache; put there first where `keep` says so.

    It is copied, so that a campaign's kernel stays what it was when the
    user's file changes; so are those of its modules that a guest may load.
    """
    version = release(source.path)
    if source.modules is not None and not source.modules.is_dir():
        raise UsageError(f"{source.modules}: no such folder; 'modules' is the folder "
                         f"/lib/modules/{version} of the image")
    digest = sha256(source.path)
    folder = source.modules or INSTALLED / version
    files = modules.collect(folder) if folder.is_dir() else {}
    key = cache.key({"kind": "image", "image": digest,
                     "modules": [hashlib.sha256(files[file]).hexdigest()
                                 for file in sorted(files)]})
    built = cache.look_up(key, name)
    if built is None and keep:
        cache.store(key, {"bzImage": source.path, **{f"modules/{file}": data
                                                     for file, data in files.items()}},
                    {"name": name, "flavour": "", "release": version, "image_sha256": digest,
                     "modules": "modules" if files else "",
                     "source": {"kind": "image", "path": str(source.path)}})
        built = cache.look_up(key, name)
        if built is None:
            raise CannotMeasure(f"{source.path}: changed while it was being copied; try again")
    return built
