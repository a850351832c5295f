# SPDX-License-Identifier: Apache-2.0
"""Extraction as a job in a disposable worker: an image frame in, the bytes of a template out.

The extractor is built once, before workers are forked. A worker's environment is empty, so the choice of
extractor is in the name of the entry and not in a variable.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np

from sluicegate.errors import ImageRefused, InputRefused, SettingsError, WorkerLost, quoted
from sluicegate.itl.model import Image
from sluicegate.raster.decode import decode
from sluicegate.raster.header import OVER_CAP, Caps
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import pack_image, unpack_image
from sluicegate.raster.wire import WorkerLimits
from sluicegate.ridge import template
from sluicegate.ridge.extract import frame, slap
from sluicegate.ridge.extract.interface import Extractor, Pixels
from sluicegate.ridge.extract.table import AUTO, EXTRACTORS, PREFERRED
from sluicegate.ridge.template import FingerTemplate, Minutiae, Template, best

MODULE = "sluicegate.ridge.extract.job"
WARM_SIDE = 64  # pixels
LIMITS = WorkerLimits(wall_s=60.0, cpu_s=60)  # the largest image allowed takes half a minute


def extract_workshop(name: str = "leader", *, slots: int = 2, limits: WorkerLimits = LIMITS) -> Workshop:
    """A workshop whose workers extract with the extractor of this name. Raises as `choose` does."""
    return choose(name, slots=slots, limits=limits).workshop


@dataclass(frozen=True, slots=True)
class Chosen:
    """A workshop, the extractor that its workers run, and why it is not a better one ("" where it is)."""

    workshop: Workshop
    extractor: str
    because: str = ""


def choose(name: str, *, slots: int = 2, limits: WorkerLimits = LIMITS) -> Chosen:
    """A workshop of the extractor of this name; for `auto`, of the best one that this machine can run.

    What `auto` comes down to can differ from one start to the next, and galleries refuse templates of
    another extractor than their own: whoever starts it tells `because` to a person, once.

    Raises:
        SettingsError: there is no such extractor, or it cannot be built.
    """
    if name != AUTO:
        return Chosen(_workshop(name, slots, limits), name)
    first, *others = PREFERRED
    try:
        return Chosen(_workshop(first, slots, limits), first)
    except SettingsError as trouble:
        because = f"The extractor {first} cannot run here: {trouble.message}"
    for other in others:
        with contextlib.suppress(SettingsError):
            return Chosen(_workshop(other, slots, limits), other, because)
    raise SettingsError("No extractor can run on this machine.", advice="Install the dependencies.")


def _workshop(name: str, slots: int, limits: WorkerLimits) -> Workshop:
    if name not in EXTRACTORS:
        known = ", ".join((*EXTRACTORS, AUTO))
        raise SettingsError(f"There is no extractor {quoted(name)}.", advice=f"Choose one of {known}.")
    entry, prepare = f"{MODULE}:extract_{name}", f"{MODULE}:prepare_{name}"
    return Workshop(entry, prepare=prepare, slots=slots, limits=limits)


def pack(image: Image, caps: Caps | None = None, missing: Collection[int] = ()) -> bytes:
    """One image for a worker of `extract_workshop`.

    `missing` are the finger positions 1 to 10 that have no print (EBTS 2.084, AMP): a slap that shows the
    others is then told apart.
    """
    told = sorted({fgp for fgp in missing if 1 <= fgp <= 10})
    return bytes([len(told), *told]) + pack_image(image, caps)


def _unpack(payload: bytes) -> tuple[Image, Caps, frozenset[int]]:
    start = 1 + payload[0]
    return (*unpack_image(payload[start:]), frozenset(payload[1:start]))


def extract_apart(
    workshop: Workshop, image: Image, caps: Caps | None = None, missing: Collection[int] = ()
) -> Template:
    """The image's template, made in a worker of `extract_workshop` as `extract_with` makes it.

    Raises:
        ImageRefused: the image cannot be decoded, or is no fingerprint's size or resolution.
        WorkerLost: the worker failed, ran into a limit, or did not answer with a template.
    """
    caps = caps or Caps()
    caps.check_bytes(image.data)
    answer = workshop.run(pack(image, caps, missing))
    try:
        made = template.decode(answer)
    except InputRefused as exc:
        raise WorkerLost("The worker's answer was not a template.") from exc
    if not {finger.fgp for finger in made.fingers} <= _expected(image):
        raise WorkerLost("The worker's answer names fingers that the image does not hold.")
    return made


def extract_with(extractor: Extractor, image: Image, caps: Caps, missing: Collection[int] = ()) -> Template:
    """Decode one image and extract its minutiae, in this process.

    A slap gives a finger template for each of its fingers if they can be told apart, in the slap's frame;
    otherwise, and for a single finger, there is one, under the image's own FGP. The resolution is the
    record's; a record that tells none has 500 ppi, the class resolution. `missing` as for `pack`.
    """
    ppi = image.ppi_h or frame.PPI
    if not abs((image.ppi_v or ppi) - ppi) <= frame.PPI_TOLERANCE * ppi:  # so that NaN is refused
        raise ImageRefused("The image's resolution differs between its two directions.", code=OVER_CAP)
    whole = frame.to_500(decode(image, caps).pixels, ppi)
    fgp = image.fgp[0] if image.fgp else 0
    height, width = whole.shape
    fingers = tuple(
        FingerTemplate(name, image.imp, width, height, best(minutiae))
        for name, minutiae in _by_finger(extractor, whole, fgp, missing)
    )
    return Template(extractor.id, extractor.parameters, fingers)


def _by_finger(
    extractor: Extractor, whole: Pixels, fgp: int, missing: Collection[int]
) -> list[tuple[int, Minutiae]]:
    """Minutiae by FGP, in the frame of the whole image.

    Each finger of a slap is looked at alone: it is faster, and an extractor with a cap on its minutiae has
    it for each finger.
    """
    apart = slap.split(whole, fgp, missing) if fgp in slap.FINGERS else None
    if apart is None:
        return [(fgp, extractor.extract(whole, frame.PPI))]
    found = []
    for index, name in enumerate(apart.fgps):
        box = apart.box(index, whole)
        minutiae = extractor.extract(np.ascontiguousarray(box.cut(whole)), frame.PPI)
        minutiae[:, :2] += (box.left, box.top)
        found.append((name, apart.finger(index, minutiae)))
    return found


def _expected(image: Image) -> set[int]:
    fgp = image.fgp[0] if image.fgp else 0
    return {fgp, *slap.FINGERS.get(fgp, ())}


@cache
def _built(name: str) -> Extractor:
    """One extractor of each name in a process."""
    return EXTRACTORS[name]()


def _answer(name: str, payload: bytes) -> bytes:
    image, caps, missing = _unpack(payload)
    return template.encode(extract_with(_built(name), image, caps, missing))


def _prepare(name: str) -> None:
    """Build the extractor and let it see one image: a worker may open no file that a first call needs."""
    checks = (np.indices((WARM_SIDE, WARM_SIDE)).sum(axis=0) // 4 % 2 * 255).astype(np.uint8)
    _built(name).extract(checks, frame.PPI)


def prepare_leader() -> None:
    """Before the first worker: build LEADER."""
    _prepare("leader")


def prepare_mindtct() -> None:
    """Before the first worker: build MINDTCT."""
    _prepare("mindtct")


def prepare_null() -> None:
    """Before the first worker: nothing much."""
    _prepare("null")


def extract_leader(payload: bytes) -> bytes:
    """Entry of a worker: what `pack` gave in, `template.encode` out."""
    return _answer("leader", payload)


def extract_mindtct(payload: bytes) -> bytes:
    """As `extract_leader`."""
    return _answer("mindtct", payload)


def extract_null(payload: bytes) -> bytes:
    """As `extract_leader`."""
    return _answer("null", payload)
