# SPDX-License-Identifier: Apache-2.0
"""A booking with its meaning: the items that the exchange acts on, each named as the standard names it.

Source: EBTS 9.1 Appendices B and C. Only values that keep to the dictionary come through (a soft departure,
such as a blank after the comma of NAM, does not keep a value out): nothing downstream has to doubt them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sluicegate.ebts import dictionary, field_rules, formats, header_rules, relation_rules
from sluicegate.ebts.dictionary import DEFAULT_VERSION, FieldSpec, Version
from sluicegate.ebts.formats import Context
from sluicegate.errors import UsageError
from sluicegate.itl.model import Field, Image, Record, Transaction

_FORMAT_OF_UNKNOWN = "CAR"
_LONGEST_TCN = 48


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """What a submission says. Empty values mean: not there, or not usable. Dates are CCYYMMDD."""

    tot: str = ""
    tcn: str = ""
    ori: str = ""
    dai: str = ""
    dat: str = ""
    ret: bool = False
    atn: str = ""
    sco: tuple[str, ...] = ()
    oca: str = ""
    fbi: tuple[str, ...] = ()
    sid: str = ""
    nam: str = ""
    dob: tuple[str, ...] = ()
    sex: str = ""
    rac: str = ""
    pob: str = ""
    doa: str = ""
    charges: tuple[tuple[str, str], ...] = ()  # (DOO or "", AOL) of each ASL
    cri: tuple[str, ...] = ()  # the first is the controlling agency
    ead: str = ""
    ocp: str = ""
    res: str = ""
    taa: bool = False
    amp: tuple[tuple[int, str], ...] = ()  # (finger 1 to 10, XX or UP)
    images: tuple[Image, ...] = ()  # Type-4 and Type-14, in file order
    version: Version = DEFAULT_VERSION  # of EBTS, as DOM names it

    def __repr__(self) -> str:
        # INVARIANT: nothing about the person, and nothing by which one could be looked up.
        return f"Submission(tot={self.tot!r}, charges={len(self.charges)}, images={len(self.images)})"


def submission(transaction: Transaction) -> Submission:
    """The submission of an admissible transaction.

    Raises UsageError where there is no header, no TOT or no controlling agency: then it was not admissible.
    """
    found = partial(transaction)
    if not (found.tot and found.ori and found.tcn and found.cri):
        raise UsageError(
            "This transaction cannot be taken as a submission: TOT, ORI, TCN or CRI is missing.",
            advice="Check it first; answer a refused one from `partial`.",
        )
    return found


def partial(transaction: Transaction | None) -> Submission:
    """As much of a submission as can be read, to answer even what was refused. Never fails."""
    header = transaction.header if transaction else None
    if transaction is None or header is None:
        return Submission()
    tot = _text(header, 4)
    version = header_rules.version(header)
    known = tot if dictionary.has_fields(tot) else _FORMAT_OF_UNKNOWN
    body = next(transaction.of_type(2), None)
    item = _Items(body, known, version)
    return Submission(
        tot=tot if tot.isascii() and tot.isalnum() and tot == tot.upper() and len(tot) <= 16 else "",
        tcn=_tcn(_text(header, 9)),
        ori=_agency(_text(header, 8)),
        dai=_agency(_text(header, 7)),
        dat=_text(header, 5) if formats.day(_text(header, 5)) else "",
        ret=item.one(5) == "Y",
        atn=item.one(6),
        sco=item.each(7),
        oca=item.one(9),
        fbi=item.each(14),
        sid=item.one(15),
        nam=item.one(18),
        dob=item.each(22),
        sex=item.one(24),
        rac=item.one(25),
        pob=item.one(20),
        doa=item.one(45),
        charges=item.charges(),
        cri=item.controlling(),
        ead=item.one(39),
        ocp=item.one(40),
        res=item.one(41),
        taa=item.one(87) == "Y",
        amp=relation_rules.amputations(item.field(84)),
        images=tuple(image for image in transaction.images if image.record_type in (4, 14)),
        version=version,
    )


class _Items:
    """The usable values of one Type-2 record."""

    __slots__ = ("_context", "_fields", "_specs")

    def __init__(self, record: Record | None, tot: str, version: Version) -> None:
        self._fields = {field.tag: field for field in reversed(record.fields)} if record else {}
        self._specs = dictionary.fields(tot, version)
        self._context = Context(tot, date.max)

    def field(self, number: int) -> Field | None:
        return self._fields.get(f"2.{number:03d}")

    def usable(self, number: int) -> dict[int, list[str]]:
        """Items by number of subfield, without the subfields that have a flaw that is not soft."""
        field, spec = self.field(number), self._specs.get(f"2.{number:03d}")
        if field is None or spec is None:
            return {}
        values = field.texts()[: spec.row.occurs_most or None]
        return {n: items for n, items in enumerate(values, 1) if not self._is_flawed(spec, items, n)}

    def _is_flawed(self, spec: FieldSpec, items: list[str], number: int) -> bool:
        return any(not f.soft for f in field_rules.subfield_flaws(spec, items, number, self._context))

    def each(self, number: int) -> tuple[str, ...]:
        return tuple(items[0] for items in self.usable(number).values() if items and items[0])

    def one(self, number: int) -> str:
        return next(iter(self.each(number)), "")

    def controlling(self) -> tuple[str, ...]:
        # Without its first value a CRI names no controlling agency, and the others must not move up.
        return self.each(73) if 1 in self.usable(73) else ()

    def charges(self) -> tuple[tuple[str, str], ...]:
        pairs = [field_rules.charge_items(items) for items in self.usable(47).values()]
        return tuple((pair[0], pair[1]) for pair in pairs if len(pair) > 1 and pair[1])


def _text(header: Record, number: int) -> str:
    return next((field.text for field in header.fields if field.tag == f"1.{number:03d}"), "")


def _agency(text: str) -> str:
    return text if formats.AGENCY.fullmatch(text) else ""


def _tcn(text: str) -> str:
    # A TCN shorter than the standard wants is still the only thing its sender can match an answer by.
    fits = 0 < len(text) <= _LONGEST_TCN and all(" " <= c <= "~" for c in text) and not text.isspace()
    return text if fits else ""
