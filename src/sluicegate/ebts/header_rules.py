# SPDX-License-Identifier: Apache-2.0
"""The Type-1 record as EBTS wants it, and the version of EBTS that the sender names.

Source: EBTS 9.1 Appendix B. Every defect of the header has the code H0001. A control character anywhere in
the header is an ERROR: header values end up in mail headers, file names and logs of every system they pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sluicegate.ebts import dictionary, field_rules
from sluicegate.ebts.dictionary import FieldSpec, Version
from sluicegate.ebts.formats import HEADER, Context
from sluicegate.itl.model import Defect, Field, Place, Record, Severity, Transaction

_CONTROL = re.compile(rb"[\x00-\x1b\x7f]")
_SHORT_TAG = re.compile(rb"[0-9]{1,2}\.[0-9]{1,2}:")
_EBTS_VERSION = re.compile(r"(?:EBTS |EFTS |V)?([0-9]{1,2})\.([0-9]{1,2})")
_CLAUSE = "EBTS 9.1 App. B"


def check(
    transaction: Transaction, header: Record, specs: Mapping[str, FieldSpec], context: Context
) -> Iterator[Defect]:
    """Defects of the header alone, and one WARNING where tags are written with two digits."""
    yield from field_rules.check_record(header, specs, context)
    for field in header.fields:
        if _CONTROL.search(field.raw):
            message = f"{field.tag} has a control character"
            yield Defect(HEADER, Severity.ERROR, _place(header, field), message, _CLAUSE)
    short = next((f for r in transaction.of_type(1, 2) for f in r.fields if _SHORT_TAG.match(f.raw)), None)
    if short is not None:
        message = "tags are written with two digits after the point; three are required"
        yield Defect(HEADER, Severity.WARNING, _place(header, short), message, _CLAUSE)


def _place(header: Record, field: Field) -> Place:
    kind = int(field.tag.split(".", 1)[0])
    return Place(field.offset, kind, header.idc if kind == 1 else -1, field.tag)


def version(header: Record | None) -> Version:
    """The version of EBTS that DOM (1.013) names, or 9.1 where it names none that can be told."""
    for field in header.fields if header else ():
        values = [item for items in field.texts() for item in items] if field.tag == "1.013" else []
        if values[:1] == ["NORAM"] and len(values) > 1:
            found = _EBTS_VERSION.fullmatch(values[1])
            return (int(found[1]), int(found[2])) if found else dictionary.DEFAULT_VERSION
    return dictionary.DEFAULT_VERSION
