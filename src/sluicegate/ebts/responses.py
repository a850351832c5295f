# SPDX-License-Identifier: Apache-2.0
"""Answers: SRE and ERRT of the criminal search, and IDR, the program's second response.

Source: EBTS 9.1 section 3 and Appendices B and C (TCR, echoed items, SRF, MSG, ERS); EFTS 7.0 Appendix M
(error families). IDR is no TOT of EBTS: its rows in the dictionary are our own. An answer goes back the way
it came: ORI and DAI change places, TCR repeats the TCN. Every answer passes `conformance.check`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType

from sluicegate.ebts import codes, dictionary, field_rules, formats, tables
from sluicegate.ebts.dictionary import DEFAULT_VERSION, FieldSpec
from sluicegate.ebts.formats import Context, Flaw
from sluicegate.ebts.submission import Submission
from sluicegate.errors import UsageError
from sluicegate.itl.model import Defect, Severity
from sluicegate.itl.writer import HeaderDraft, TaggedDraft, build
from sluicegate.terms import Finding, Ori

NO_AGENCY = "XX0000000"
"""Stands for an agency that the submission does not name; XX is the place code for "not known"."""

NO_TCN = "TCN-UNREADABLE"
"""Stands in TCR for a TCN that cannot be repeated."""

MSG_SIZE, MSG_COUNT = 300, 11  # EBTS 9.1 App. C 2.060
RAP_LINE = 74  # EBTS 9.1 App. C 2.075

Values = list[list[str]]


def sre(
    submission: Submission,
    *,
    finding: Finding,
    fbi_number: str | None,
    tcn: str,
    at: datetime,
    dai: str,
    rap_sheet: str | None = None,
    ori: str = "",
) -> bytes:
    """The result of the criminal search (SRE).

    `dai` is the agency that this message goes to and `ori` the one it comes from; left empty, they are the
    submission's ORI and DAI. `at` carries its time zone. Lines of the rap sheet (ERS, at most 74 characters)
    are padded to 74, as the traditional encoding here writes no line ends.
    Raises UsageError where the submission was not admissible or an argument does not conform.
    """
    if rap_sheet is not None and not rap_sheet.strip():
        raise UsageError("This SRE cannot be written: the rap sheet is empty.")
    own: dict[int, Values] = {59: [[finding.value]]}
    if fbi_number is not None:
        own[14] = [[fbi_number]]
    if rap_sheet is not None:
        own[75] = [[_rap_lines(rap_sheet)]]
    return _answer("SRE", submission, own, _Leg(tcn, at, dai, ori))


def errt(
    submission: Submission,
    defects_or_messages: Sequence[Defect | str],
    *,
    tcn: str,
    at: datetime,
    dai: str,
    ori: str = "",
) -> bytes:
    """The refusal of a submission (ERRT). Takes defects, or messages that begin with a code of their own.

    Never fails for what the sender sent; agencies and a TCN that cannot be repeated are stood in for.
    Raises UsageError only where `tcn`, `at`, `dai` or `ori` does not conform.
    """
    given = [one for one in defects_or_messages if isinstance(one, Defect)]
    texts = [one for one in defects_or_messages if isinstance(one, str)]
    lines = _capped([*messages(given), *texts]) or ["E0004 - the transaction cannot be processed"]
    return _answer("ERRT", submission, {60: [[line] for line in lines]}, _Leg(tcn, at, dai, ori))


def second_response(
    submission: Submission,
    *,
    tcn: str,
    at: datetime,
    dai: str,
    recipient: Ori,
    lines: Sequence[str],
    ori: str = "",
) -> bytes:
    """The program's second response (IDR) to one recipient; what it is not is always its last lines.

    `dai` is the next hop (the state, where it relays), `recipient` the agency it is for.
    Raises UsageError where the lines need more than MSG can hold, or none is given.
    """
    told = second_lines(lines)
    own: dict[int, Values] = {60: [[line] for line in told], 73: [[recipient]]}
    return _answer("IDR", submission, own, _Leg(tcn, at, dai, ori))


def second_lines(lines: Sequence[str]) -> list[str]:
    """What a second response says with these lines, word for word as MSG holds it. Raises UsageError."""
    said = [part for line in lines for part in textwrap.wrap(_printable(line), MSG_SIZE)]
    closing = list(is_not().values())
    told = [*(line for line in said if line not in closing), *closing]
    if len(told) == len(closing) or len(told) > MSG_COUNT:
        most = MSG_COUNT - len(closing)
        raise UsageError(f"A second response holds 1 to {most} lines of {MSG_SIZE} characters.")
    return told


def messages(defects: Iterable[Defect]) -> list[str]:
    """Defects in the sender's terms, worst first: `E0001 - ...`. At most 11 of 300 characters; no notes.

    A defect of structure takes the code of its family, H0001 in the header and E0004 elsewhere.
    """
    told = sorted((d for d in defects if d.severity > Severity.NOTE), key=lambda d: -d.severity)
    return _capped(list(dict.fromkeys(_message(defect) for defect in told)))


@cache
def is_not() -> Mapping[str, str]:
    """What a second response is not, by name: a sentence each, which names nobody."""
    lines = tables.text("second_response.txt").splitlines()
    return MappingProxyType(dict(line.split(": ", 1) for line in lines if line))


class _Leg:
    """One answer's way: where to, where from, when, and under what number."""

    __slots__ = ("at", "dai", "ori", "tcn")

    def __init__(self, tcn: str, at: datetime, dai: str, ori: str) -> None:
        self.tcn, self.at, self.dai, self.ori = tcn, at, dai, ori


def _answer(tot: str, submission: Submission, own: Mapping[int, Values], leg: _Leg) -> bytes:
    """An answer with its own fields and those echoed fields that its TOT has and that conform."""
    specs = dictionary.fields(tot, submission.version)
    context = Context(tot, date.max)
    for number, values in own.items():
        if flaw := _hard_flaw(specs[f"2.{number:03d}"], values, context):
            raise UsageError(f"This {tot} cannot be written: 2.{number:03d} {flaw.message}.")
    chosen = dict(own)
    for number, values in _echo(submission).items():
        spec = specs.get(f"2.{number:03d}")
        if spec and number not in own and _filled(values) and not _hard_flaw(spec, values, context):
            chosen[number] = values
    missing = [s.row.mnem for tag, s in specs.items() if _required(tag, s.row.mandatory) not in (0, *chosen)]
    if missing:
        raise UsageError(f"This {tot} cannot be written: the submission has no usable {', '.join(missing)}.")
    return build(_header(tot, submission, leg), [TaggedDraft(2, 0, sorted(chosen.items()))])


def _hard_flaw(spec: FieldSpec, values: Values, context: Context) -> Flaw | None:
    # What is soft in a submission is soft in its answer: a CRI of a place unknown here is still its CRI.
    return next((f for f in field_rules.flaws(spec, values, context) if not f.soft), None)


def _required(tag: str, mandatory: bool) -> int:
    """Number of a Type-2 field that the answer must have, or 0. LEN and IDC are the writer's."""
    kind, _, number = tag.partition(".")
    return int(number) if mandatory and kind == "2" and int(number) > 2 else 0


def _filled(values: Values) -> bool:
    return any(item for items in values for item in items)


def _echo(s: Submission) -> dict[int, Values]:
    return {
        6: [[s.atn]],
        7: [[one] for one in s.sco],
        9: [[s.oca]],
        15: [[s.sid]],
        18: [[_tidy_name(s.nam)]],
        39: [[s.ead]],
        40: [[s.ocp]],
        41: [[" ".join(s.res.split())]],
        73: [[one] for one in s.cri],
        87: [["Y" if s.taa else ""]],
    }


def _tidy_name(nam: str) -> str:
    """NAM as it should have been written: capitals, no blanks beside the comma, no double blanks."""
    parts = [" ".join(part.split()) for part in nam.upper().split(",")]
    return ",".join(parts)


def _header(tot: str, submission: Submission, leg: _Leg) -> HeaderDraft:
    if leg.at.tzinfo is None:
        raise UsageError("The time of an answer must carry its time zone.")
    dai = leg.dai or submission.ori or NO_AGENCY
    ori = leg.ori or submission.dai or NO_AGENCY
    if not (formats.AGENCY.fullmatch(dai) and formats.AGENCY.fullmatch(ori)):
        raise UsageError("DAI and ORI of an answer are nine characters of A-Z and 0-9.")
    if not 10 <= len(leg.tcn) <= 40:
        raise UsageError("The TCN of an answer has 10 to 40 characters.")
    return HeaderDraft(
        tot=tot,
        dat=leg.at.strftime("%Y%m%d"),
        dai=dai,
        ori=ori,
        tcn=leg.tcn,
        tcr=submission.tcn or NO_TCN,
        nsr="00.00",
        ntr="00.00",
        dom=("NORAM", "{}.{}".format(*max(submission.version, DEFAULT_VERSION))),
        gmt=leg.at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ"),
    )


def _rap_lines(text: str) -> str:
    lines = text.splitlines()
    if any(len(line) > RAP_LINE for line in lines):
        raise UsageError(f"A line of a rap sheet has at most {RAP_LINE} characters.")
    return "".join(line.ljust(RAP_LINE) for line in lines)


def _message(defect: Defect) -> str:
    known = codes.errors()
    family = formats.HEADER if defect.place.record_type == 1 else formats.RECORD
    code = defect.code if defect.code in known else family
    mild = "warning: " if defect.severity < Severity.ERROR else ""
    return _cut(f"{code} - {mild}{defect.message.rstrip('.')} ({defect.place})")


def _capped(lines: list[str]) -> list[str]:
    cut = [_cut(line) for line in lines if line.strip()]
    if len(cut) <= MSG_COUNT:
        return cut
    return [*cut[: MSG_COUNT - 1], f"E0004 - {len(cut) - MSG_COUNT + 1} more defects are not listed"]


def _cut(text: str) -> str:
    safe = _printable(text)
    return safe if len(safe) <= MSG_SIZE else safe[: MSG_SIZE - 3] + "..."


def _printable(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text).strip()
