# SPDX-License-Identifier: Apache-2.0
"""How one value looks in either encoding: an element's content to an item's text, and back.

Source: EBTS 10.0 and 9.1 Appendix C (dates, names, heights, numbers), NIEM 2.0 core. Reading is lenient:
what does not look like the form keeps its text, so that the rules of the profile can see it. Writing may give
None: then XML cannot say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sluicegate.itl.xml.tree import Node

_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d)(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z", re.ASCII)
_OUTER = re.compile(r"\A[ \r\n\t]*[\r\n\t][ \r\n\t]*|[ \r\n\t]*[\r\n\t][ \r\n\t]*\Z")
_TRUE = MappingProxyType({"true": "Y", "1": "Y", "false": "N", "0": "N"})

Content = str | list[tuple[tuple[str, ...], str]]
"""What goes into an element: text, or paths below it with their texts, in order."""


@dataclass(frozen=True, slots=True)
class Form:
    """Both directions of one form. `whole` says that it takes the element with all that is below it."""

    read: Callable[[Node], str]
    write: Callable[[str], Content | None]
    whole: bool = False


def trimmed(text: str) -> str:
    """Text without the line breaks and indentation around it; blanks alone are part of the value."""
    return _OUTER.sub("", text)


def _text(node: Node) -> str:
    # By NIEM's naming rules these are tokens and numbers, in which XML Schema lets blanks around not count.
    if node.local.endswith(("Code", "Value", "Quantity", "Indicator", "Numeric")):
        return node.text.strip()
    return trimmed(node.text)


def _read_date(node: Node) -> str:
    text = node.text.strip()
    found = _DATE.fullmatch(text)
    return "".join(part or "" for part in found.groups()) if found else text


def _write_date(text: str) -> str | None:
    if re.fullmatch(r"[0-9]{8}", text) is None or text == "00000000":
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _read_time(node: Node) -> str:
    text = node.text.strip()
    found = _TIME.fullmatch(text)
    return "".join(found.groups()) + "Z" if found else text


def _write_time(text: str) -> str | None:
    if re.fullmatch(r"[0-9]{14}Z", text) is None:
        return None
    day, clock = text[:8], text[8:14]
    return f"{_write_date(day)}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"


def _read_yesno(node: Node) -> str:
    text = node.text.strip()
    return _TRUE.get(text, text)


def _read_yes(node: Node) -> str:
    # These fields know Y only; to leave one out is how the traditional encoding says no.
    text = _read_yesno(node)
    return "" if text == "N" else text


def _write_yesno(text: str) -> str | None:
    return {"Y": "true", "N": "false"}.get(text)


def _padded(width: int) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        text = node.text.strip()
        return text.zfill(width) if text.isascii() and text.isdigit() else text

    return read


def _write_number(text: str) -> str | None:
    return str(int(text)) if text.isascii() and text.isdigit() else None


def _read_name(node: Node) -> str:
    surname = node.child("nc:PersonSurName")
    # Whatever else a name has (middle name, names of lesser importance) follows the comma in its order.
    given = " ".join(text for one in node.children if one is not surname and (text := _text(one)))
    family = _text(surname) if surname is not None else ""
    return f"{family},{given}" if given else family


def _write_name(text: str) -> Content | None:
    surname, comma, rest = text.partition(",")
    given, _, middle = rest.partition(" ")
    parts = [("nc:PersonGivenName", given), ("nc:PersonMiddleName", middle), ("nc:PersonSurName", surname)]
    whole = not comma or given != ""
    return [((name,), part) for name, part in parts if part] if surname and whole else None


def _read_address(node: Node) -> str:
    full = node.child("nc:AddressFullText")
    if full is not None:
        return _text(full)
    inner = node.child("nc:StructuredAddress")
    lines = [_line(one) for one in (inner.children if inner is not None else ())]
    return ",".join(line for line in lines if line)


def _line(node: Node) -> str:
    """One line of an address; a street is a number and a name."""
    return " ".join(_text(one).strip() for one in node.children or [node]).strip()


def _write_address(text: str) -> Content | None:
    return [(("nc:AddressFullText",), text)]


def _read_height(node: Node) -> str:
    point, unit = node.child("nc:MeasurePointValue"), node.child("nc:MeasureUnitText")
    value = point.text.strip() if point is not None else ""
    inches = unit is not None and unit.text.strip().lower() in ("in", "inch", "inches")
    return f"N{value}" if inches and value else value


def _write_height(text: str) -> Content | None:
    value = text.removeprefix("N")
    if not (value.isascii() and value.isdigit()):
        return None
    unit = "Inches" if text.startswith("N") else "FeetInches"
    return [(("nc:MeasurePointValue",), value), (("nc:MeasureUnitText",), unit)]


def _read_other(node: Node) -> str:
    kind, number = node.child("ebts:PersonIDCategoryCode"), node.child("nc:IdentificationID")
    parts = [_text(one).strip() for one in (kind, number) if one is not None]
    return "-".join(part for part in parts if part)


def _write_other(text: str) -> Content | None:
    kind, hyphen, number = text.partition("-")
    if not (kind and hyphen and number):
        return None
    return [(("nc:IdentificationID",), number), (("ebts:PersonIDCategoryCode",), kind)]


def _read_social(node: Node) -> str:
    text = node.text.strip()
    return text.replace("-", "") if re.fullmatch(r"[0-9]{3}-[0-9]{2}-[0-9]{4}", text) else text


def _same(text: str) -> str:
    return text


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "text": Form(_text, _same),
        "date": Form(_read_date, _write_date),
        "time": Form(_read_time, _write_time),
        "yesno": Form(_read_yesno, _write_yesno),
        "yes": Form(_read_yes, _write_yesno),
        "two": Form(_padded(2), _write_number),
        "three": Form(_padded(3), _write_number),
        "major": Form(_padded(2), lambda text: text[:2]),
        "minor": Form(_padded(2), lambda text: text[2:]),
        "name": Form(_read_name, _write_name, whole=True),
        "address": Form(_read_address, _write_address, whole=True),
        "joined": Form(_read_address, lambda _text: None, whole=True),
        "height": Form(_read_height, _write_height, whole=True),
        "other": Form(_read_other, _write_other, whole=True),
        "social": Form(_read_social, _same),
    }
)
"""Every form of the table but `base64` and `contents`, which are more than one value."""
