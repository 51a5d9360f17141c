# SPDX-License-Identifier: GPL-2.0-only
"""Whether a kernel can have what a variant sets, told from its image before anything boots."""
from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError, printable
from runner.asked import Experiment
from runner.kernel import parameters, versions
from runner.load import memcg
from runner.records import BuiltKernel
from runner.settings.words import Knob

_MODULE = re.compile(r"/sys/module/(?P<module>[^/]+)/parameters/(?P<parameter>[^/]+)")
_FOLIO = re.compile(r"/sys/kernel/mm/transparent_hugepage/hugepages-(?P<size>\d+)kB/\w+")
_COMPRESSOR = re.compile(r"/sys/module/zswap/parameters/compressor|"
                         r"/sys/block/zram\d+/comp_algorithm")
#: The kernel's variable for large folios of any size, since 6.8.
_FOLIOS_SYMBOL = re.compile(r"^[0-9a-f]{16} \w huge_anon_orders_always$", re.MULTILINE)
_FOLIOS_SINCE = (6, 8)


def refuse(experiment: Experiment, kernels: Mapping[tuple[str, str], BuiltKernel]) -> None:
    """UsageError where a kernel cannot have a setting of its variant."""
    for (name, _), kernel in kernels.items():
        own = experiment.variants.get(name)
        for knob in own.knobs if own is not None else ():
            if lack := lacks(kernel, knob):
                raise UsageError(f"{experiment.file}: {printable(name, 100)}: {knob.asked}: Linux "
                                 f"{printable(kernel.release, 40)} {lack}")
        for file in memcg.files(experiment.under(name).workload.options):
            if kernel.modules is None and not _holds(kernel.image, file.removeprefix("memory.")):
                raise UsageError(f"{experiment.file}: {printable(name, 100)}: workload: Linux "
                                 f"{printable(kernel.release, 40)} has no {file}: nothing in its "
                                 "image has that name; leave the key away, or take a kernel that "
                                 "has it")


def lacks(kernel: BuiltKernel, knob: Knob) -> str:
    """What it lacks for a setting, with what to do; '' where nothing is known to be lacking."""
    if match := _FOLIO.fullmatch(knob.path):
        return "" if _has_folios(kernel) else (
            f"has no large folios of {match['size']} KiB (they came with 6.8; the huge pages it "
            "has are set by thp); leave the setting away, or take a newer kernel")
    if match := _MODULE.fullmatch(knob.path):
        known = parameters.known(kernel.image)
        name = f"{match['module']}.{match['parameter']}".replace("-", "_")
        if known is not None and name not in known.params and kernel.modules is None:
            if any(param.startswith(f"{match['module']}.") for param in known.params):
                return f"has {match['module']}, but no {match['parameter']} in it"
            option = f"CONFIG_{match['module'].upper()}"
            return (f"has no {match['module']}"
                    + (f" ({option} is not set)" if option in parameters.unset(kernel.image)
                       else "")
                    + "; build a kernel that has it, or leave the setting away")
    elif (kernel.modules is None and not knob.path.startswith("/sys/block/")
          and not _holds(kernel.image, knob.path.rpartition("/")[2])):
        return f"has no file {knob.path}: nothing in its image has that name"
    if _COMPRESSOR.fullmatch(knob.path):
        return _no_compressor(kernel, knob)
    return ""


def _has_folios(kernel: BuiltKernel) -> bool:
    """By its symbols; a distribution's kernel without them by its version."""
    try:
        symbols = kernel.image.with_name("System.map").read_text("ascii", "replace")
        return _FOLIOS_SYMBOL.search(symbols) is not None
    except OSError:
        parts = versions.series(kernel.release).split(".")
        return not all(part.isdecimal() for part in parts) or \
            tuple(int(part) for part in parts) >= _FOLIOS_SINCE


@functools.lru_cache(maxsize=256)
def _holds(image: Path, name: str) -> bool:
    """Whether the image has this text, at the end of which the names of its files are."""
    data = parameters.unpacked(image)
    return data is None or name.encode() + b"\0" in data


def _no_compressor(kernel: BuiltKernel, knob: Knob) -> str:
    """What its configuration, kept beside it, says of a compressor."""
    has = parameters.options(kernel.image)
    name = knob.value.upper().replace("-", "_").removesuffix("_RLE")
    own = [f"CONFIG_ZRAM_BACKEND_{name}"] if "/zram" in knob.path else []
    # zram has compressors of its own since 6.12, and no others then.
    apart = own and any(option.startswith("CONFIG_ZRAM_BACKEND_") for option in has)
    wanted = own if apart else [*own, f"CONFIG_CRYPTO_{name}"]
    if not has or any(option in has for option in wanted):
        return ""
    return (f"has no compressor {printable(knob.value, 40)} ({' or '.join(wanted)} is not set); "
            "take another")
