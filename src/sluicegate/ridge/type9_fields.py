# SPDX-License-Identifier: Apache-2.0
"""The INCITS M1 block of a Type-9 record, as fields to write.

Source: ANSI/NIST-ITL 1-2007 and later, fields 9.126 to 9.137; ANSI INCITS 378-2004. The block that is
written names no product, says that no quality of the finger was worked out (254), and has no ridge counts.
"""

from __future__ import annotations

from sluicegate.errors import TemplateError
from sluicegate.ridge import fmr_template
from sluicegate.ridge.fmr import Kind
from sluicegate.ridge.template import FingerTemplate, Template

Fields = list[tuple[int, str | list[list[str]]]]
"""Field numbers of a Type-9 record from 003 on, ascending, with text or items by subfield."""

INCITS_M1 = "27"  # CBEFF owner of the format
MINUTIAE = "513"  # its type: finger minutiae, basic
NO_QUALITY = "254"
MAX_IMP = 29


def every(template: Template) -> list[Fields]:
    """The fields of each finger, views of one finger numbered from 0. Raises TemplateError."""
    seen: dict[int, int] = {}
    made = []
    for finger in template.fingers:
        position = fmr_template.position_of(finger)
        view = seen.get(position, 0)
        seen[position] = view + 1
        made.append(fields_of(finger, view=view))
    return made


def fields_of(finger: FingerTemplate, *, view: int = 0) -> Fields:
    """The fields of one finger at 197 pixels per centimeter; `view` counts views of the same finger from 0.

    Raises:
        TemplateError: a finger position, impression, size or view that Type-9 has no place for.
    """
    if not 0 <= finger.imp <= MAX_IMP or not 0 <= view <= 15:
        raise TemplateError(f"Type-9 has no place for impression type {finger.imp} or view {view}.")
    # The block is a finger view of ANSI 378 in text, so the same code makes it; only IMP has more codes here.
    plain = FingerTemplate(finger.fgp, 0, finger.width, finger.height, finger.minutiae)
    record = fmr_template.record_of(Template("any", "any", (plain,)), Kind.ANSI)
    (one,) = record.views
    fields: Fields = [
        (3, str(finger.imp)),
        (4, "U"),
        (126, [[INCITS_M1, MINUTIAE, "unspecified"]]),
        (127, [["NONE", "0"]]),
        (128, str(record.size[0])),
        (129, str(record.size[1])),
        (130, "2"),
        (131, str(record.density[0])),
        (132, str(record.density[1])),
        (133, str(view)),
        (134, str(one.position)),
        (135, [[NO_QUALITY, "0000", "1"]]),
        (136, str(len(one.minutiae))),
    ]
    if len(one.minutiae):
        rows = [
            [str(n), str(x), str(y), str(angle), str(kind), str(quality)]
            for n, (kind, x, _, y, angle, quality) in enumerate(one.minutiae.tolist(), 1)
        ]
        fields.append((137, rows))
    return fields
