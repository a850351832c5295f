# SPDX-License-Identifier: Apache-2.0
"""Templates of a file of any kind that is read, and the bytes of each kind that is written."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sluicegate.errors import InputRefused, TemplateError, UsageError
from sluicegate.itl.detect import read_any
from sluicegate.itl.model import Defect, Severity
from sluicegate.itl.writer import HeaderDraft, TaggedDraft, build
from sluicegate.ridge import fmr, fmr_template, type9, type9_fields
from sluicegate.ridge import template as templates
from sluicegate.ridge.template import FingerTemplate, Template

SCHEMA = "sluicegate.template/1"
KINDS = ("own", "iso", "ansi", "type9", "json")
NAMES = {
    "own": "template of our own form",
    "iso": "finger minutiae record, ISO/IEC 19794-2:2005",
    "ansi": "finger minutiae record, ANSI INCITS 378-2004",
    "type9": "ANSI/NIST transaction with Type-9 records",
    "json": "JSON",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. `template` is None where it leaves doubt, and `trouble` says why."""

    kind: str
    template: Template | None
    defects: tuple[Defect, ...] = ()
    trouble: TemplateError | None = None
    reading: fmr.Reading | None = None
    dropped: tuple[str, ...] = field(default=())

    @property
    def refused(self) -> bool:
        return self.template is None or any(one.severity is Severity.ERROR for one in self.defects)

    def taken(self) -> Template:
        """The template. Raises TemplateError where there is none."""
        if self.template is None:
            raise self.trouble or TemplateError("There is no template.")
        return self.template


@dataclass(frozen=True, slots=True)
class Header:
    """What a transaction with Type-9 records has to say of itself."""

    ori: str
    tcn: str
    tot: str


def look(data: bytes, *, maker: str = "", ppi: float = 0.0) -> Found:
    """What these bytes hold, told by their first bytes. Raises InputRefused for what is none of it."""
    if data[:3] == templates.MAGIC[:3]:
        return Found("own", templates.decode(data))
    if data[:4] == fmr.MAGIC:
        return _record(data, maker, ppi)
    return _transaction(data, maker, ppi)


def _record(data: bytes, maker: str, ppi: float) -> Found:
    reading = fmr.read(data)
    kind = str(reading.record.kind) if reading.record else "iso"
    try:
        template = fmr_template.template_of(reading, maker=maker, ppi=ppi)
    except TemplateError as error:
        return Found(kind, None, reading.defects, error, reading)
    views = template_views(reading)
    extended = sum(bool(view.extended) for view in views)
    told = f"Extended data (ridge counts, cores, deltas), in {extended} of {len(views)} views."
    dropped = (told,) if extended else ()
    return Found(kind, template, reading.defects, None, reading, dropped)


def template_views(reading: fmr.Reading) -> tuple[fmr.View, ...]:
    """The views of a reading, none where there is no record."""
    return reading.record.views if reading.record else ()


def _transaction(data: bytes, maker: str, ppi: float) -> Found:
    read = read_any(data)
    if read.transaction is None:
        raise InputRefused(
            "This is neither a template, nor a finger minutiae record, nor an ANSI/NIST transaction."
        )
    try:
        template, defects = type9.template_of(read.transaction, maker=maker, ppi=ppi)
    except TemplateError as error:
        each = [type9.read(one, read.transaction.images, ppi=ppi) for one in read.transaction.of_type(9)]
        return Found("type9", None, tuple(defect for one in each[:20] for defect in one.defects), error)
    unread = [defect for defect in defects if defect.code == "T9-BLOCK"]
    dropped = (f"Type-9 records whose block is not read: {len(unread)}.",) if unread else ()
    return Found("type9", template, defects, None, None, dropped)


def written(found: Found, to: str, header: Header) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    """The bytes of what was found as a file of another kind, what is lost, and notes.

    Raises TemplateError, UsageError.
    """
    template = found.taken()
    if to == "own":
        return templates.encode(template), found.dropped, ()
    if to == "json":
        return _json(template), found.dropped, ()
    many = fmr_template.lost(template)
    lost, notes = (*found.dropped, *many[:-1]), many[-1:]
    if to == "type9":
        return _type9(template, header), lost, notes
    kind = fmr.Kind(to)
    if found.reading is not None and not found.defects:
        # From record to record the types of minutiae and the qualities of fingers stay.
        return (
            fmr.raw(fmr_template.recast(found.reading, kind)),
            lost,
            ("Angles are rounded to whole units.",),
        )
    return fmr.raw(fmr_template.record_of(template, kind)), lost, notes


def document(template: Template) -> dict[str, object]:
    """A template as JSON: pixels at 500 ppi, degrees, qualities from 0 to 1."""
    return {
        "schema": SCHEMA,
        "extractor": template.extractor,
        "parameters": template.parameters,
        "fingers": [_finger(finger) for finger in template.fingers],
    }


def _finger(finger: FingerTemplate) -> dict[str, object]:
    rows = [
        {"x": round(x, 2), "y": round(y, 2), "angle": round(math.degrees(theta), 2), "quality": round(q, 3)}
        for x, y, theta, q in finger.minutiae.tolist()
    ]
    size = {"width": finger.width, "height": finger.height}
    return {"fgp": finger.fgp, "imp": finger.imp, **size, "minutiae": rows}


def _json(template: Template) -> bytes:
    return (json.dumps(document(template)) + "\n").encode("ascii")


def _type9(template: Template, header: Header) -> bytes:
    if not header.ori or not header.tcn:
        raise UsageError("A transaction needs an originator and a number.", advice="Say --ori and --tcn.")
    today = datetime.now(UTC).strftime("%Y%m%d")
    drafts = [TaggedDraft(9, idc, fields) for idc, fields in enumerate(type9_fields.every(template), 1)]
    head = HeaderDraft(
        tot=header.tot,
        dat=today,
        dai=header.ori,
        ori=header.ori,
        tcn=header.tcn,
        nsr="00.00",  # there is no image whose resolution it could tell
        ntr="00.00",
    )
    return build(head, drafts)
