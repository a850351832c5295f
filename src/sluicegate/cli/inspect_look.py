# SPDX-License-Identifier: Apache-2.0
"""One look at one file: what was read, what is wrong with it, what its images say of themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sluicegate.cli.calls import read_bytes
from sluicegate.ebts import conformance, dictionary
from sluicegate.ebts.image_rules import KINDS, Frame
from sluicegate.errors import SluicegateError, quoted
from sluicegate.exchange.frames import frames as frames_of
from sluicegate.itl import conform
from sluicegate.itl.detect import looks_like_xml, read_any
from sluicegate.itl.model import Defect, Image, Place, Record, Severity, Transaction

PROFILES = ("auto", "ebts", "itl")
"""By which rules a file is judged: EBTS, the standard alone, or EBTS where its TOT is one of EBTS."""

NAMES = {"ebts": "EBTS", "itl": "ANSI/NIST-ITL alone"}

CONFORMS, WARNED, REFUSED, UNREADABLE, FAULT = "conforms", "warnings", "refused", "unreadable", "fault"
VERDICTS = (CONFORMS, WARNED, REFUSED, UNREADABLE, FAULT)
"""Every verdict on a file, the best first."""


Check = Callable[[bytes], tuple[Defect, ...]]
"""Holds an XML file against its schema."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, its record, and what its first bytes say: kind and, where they tell, (width, height)."""

    record: Record
    image: Image
    frame: Frame

    @property
    def agrees(self) -> bool:
        """Whether the record and the bytes tell one story, as far as both tell any."""
        return not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """Which of the claims of the record its image does not keep: `coding`, `size`."""
        size = self.frame.size
        said = KINDS.get(self.image.compression, self.frame.kind)
        found = []
        if said != self.frame.kind:
            found.append("coding")
        if size is not None and size != (self.image.hll, self.image.vll):
            found.append("size")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `defects` come worst first; `seconds` is what reading and judging took.

    `trouble` is the sentence that says why there is nothing else: the file cannot be opened, is larger than
    any transaction, or (`fault`) this program failed over it.
    """

    path: Path
    size: int
    seconds: float
    profile: str
    transaction: Transaction | None
    defects: tuple[Defect, ...]
    pictures: tuple[Picture, ...]
    trouble: str = ""
    fault: bool = False

    @property
    def worst(self) -> Severity | None:
        """The worst severity, or None where there is no defect."""
        return max((one.severity for one in self.defects), default=None)

    @property
    def verdict(self) -> str:
        """One word of `VERDICTS`."""
        if self.fault:
            return FAULT
        if self.transaction is None:
            return UNREADABLE
        if self.worst is Severity.ERROR:
            return REFUSED
        return WARNED if self.worst is Severity.WARNING else CONFORMS

    @property
    def tot(self) -> str:
        """TOT (1.004) as received, or the empty string."""
        return type_of(self.transaction)

    def count(self, severity: Severity) -> int:
        """How many defects of one severity there are."""
        return sum(one.severity is severity for one in self.defects)


def type_of(transaction: Transaction | None) -> str:
    """TOT (1.004) as received, or the empty string."""
    header = transaction.header if transaction else None
    return conformance.tot_of(header) if header else ""


def look(path: Path, profile: str, check_xml: Check) -> Look:
    """Look at a file. Raises UsageError and InputRefused as `read_bytes` does, and nothing else."""
    data = read_bytes(path)
    begun = time.perf_counter()
    transaction, defects, pictures, judged = _judge(data, profile, check_xml)
    seconds = time.perf_counter() - begun
    return Look(path, len(data), seconds, judged, transaction, defects, pictures)


def look_safely(path: Path, profile: str, check_xml: Check) -> Look:
    """Look at a file among others: what goes wrong is told in the result, and never raised."""
    try:
        return look(path, profile, check_xml)
    except SluicegateError as error:
        trouble, fault = error.message, False
    except Exception as error:  # noqa: BLE001 one file must not stop the look at the others; it is told
        trouble, fault = f"This program failed over the file ({type(error).__name__}).", True
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    return Look(path, size, 0.0, profile, None, (), (), trouble, fault)


def _judge(
    data: bytes, profile: str, check_xml: Check
) -> tuple[Transaction | None, tuple[Defect, ...], tuple[Picture, ...], str]:
    reading = read_any(data)
    transaction = reading.transaction
    if transaction is None:
        return None, reading.defects, (), profile
    told: tuple[Defect, ...] = ()
    if profile == "auto":
        known = type_of(transaction) in dictionary.known_tots()
        profile, told = ("ebts", ()) if known else ("itl", (_not_ebts(transaction),))
    if profile == "ebts":
        found = conformance.check(transaction, datetime.now(UTC))
    else:
        found = (*told, *conform.check(transaction))
    said = frames_of(transaction)
    pictures = tuple(
        _picture(one, one.image, said[one.offset]) for one in transaction.records if one.image is not None
    )
    frames = {one.record.offset: one.frame for one in pictures}
    schema = check_xml(data) if looks_like_xml(data) else ()
    every = (*reading.defects, *schema, *found, *conformance.check_images(transaction, frames))
    ordered = sorted(every, key=lambda one: (-one.severity, one.place.offset))
    return transaction, tuple(ordered), pictures, profile


def _not_ebts(transaction: Transaction) -> Defect:
    header = transaction.header
    field = header.get(4) if header else None
    place = Place(field.offset if field else 0, 1, -1, "1.004")
    message = f"TOT {quoted(type_of(transaction), 16)} is none of EBTS; the standard alone is the measure"
    return Defect("ITL-PROFILE", Severity.NOTE, place, message, "EBTS 9.1 App. B 1.004")


def _picture(record: Record, image: Image, said: Frame) -> Picture:
    # Uncompressed pixels can begin like anything: of the right length they are what the record says.
    if image.compression == "NONE" and len(image.data) == image.hll * image.vll:
        return Picture(record, image, Frame("RAW", (image.hll, image.vll)))
    return Picture(record, image, said)
