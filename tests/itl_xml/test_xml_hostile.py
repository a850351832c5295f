# SPDX-License-Identifier: Apache-2.0
"""Hostile XML: one defect, no entity, no file, no network, and no more work than the bytes are worth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xml_samples import ROOT, card_xml, codes, header, package

from sluicegate.itl.detect import peek_any, read_any
from sluicegate.itl.xml.reader import read
from sluicegate.itl.xml.tree import XmlLimits

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
HEAD = '<?xml version="1.0"?>'
DOCTYPES = {
    "bomb": f'{HEAD}<!DOCTYPE p [<!ENTITY e0 "ha">{BOMB}]>',
    "external": f'{HEAD}<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter": f'{HEAD}<!DOCTYPE p [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>',
    "subset": f'{HEAD}<!DOCTYPE p SYSTEM "http://127.0.0.1:9/p.dtd">',
    "public": f'{HEAD}<!DOCTYPE p PUBLIC "-//X//Y" "p.dtd">',
    "harmless": f"{HEAD}<!DOCTYPE p>",
}


@pytest.mark.parametrize("kind", DOCTYPES)
def test_every_document_type_is_refused_where_it_begins(kind: str) -> None:
    """A document type declaration, harmless or not, is refused outright, with one defect."""
    data = package(header("<b:TransactionCategoryCode>&e11;&x;</b:TransactionCategoryCode>"), DOCTYPES[kind])
    reading = read(data)
    assert reading.transaction is None
    assert codes(reading) == ["ITL-XML-DTD"]
    assert peek_any(data) is None


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("<b:a>" * 300 + "</b:a>" * 300, "deeper elements"),
        ("<b:b>" + "<b:a/>" * 100_000 + "</b:b>", "more elements"),
        ("<b:a/>" * 1001, "more records"),
        ("<b:a>" + "x" * 1_000_001 + "</b:a>", "longer text"),
        ("<b:a " + " ".join(f"a{n}=''" for n in range(100_001)) + "/>", "more quotation marks"),
        ("<b:a " + " ".join(f"xmlns:a{n}='u'" for n in range(100_001)) + "/>", "more quotation marks"),
    ],
)
@pytest.mark.slow
def test_each_cap_is_told_once(inside: str, found: str) -> None:
    """Depth, elements, records, text and attributes each have a cap, and going over gives one defect."""
    reading = read(package(header("") + inside))
    assert reading.transaction is None
    assert codes(reading) == ["ITL-CAP"]
    assert reading.defects[0].found == found


@pytest.mark.slow
@pytest.mark.parametrize("element", ["nc:BinaryBase64Object", "b:TransactionPriorityValue"])
def test_a_text_of_fifty_megabytes_is_refused(element: str) -> None:
    """A text node of 50 MB is over the cap of any element, image data included."""
    data = package(header(f"<{element}>{'A' * 50_000_000}</{element}>"))
    assert codes(read(data)) == ["ITL-CAP"]


def test_a_file_over_the_cap_is_not_parsed() -> None:
    """A file larger than the limit is refused by its size alone."""
    reading = read(b"<" + b"a" * 100, XmlLimits(file_bytes=100))
    assert codes(reading) == ["ITL-CAP"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (package("").replace(b"UTF-8", b"UTF-7"), "ITL-XML-ENC"),
        (package("").replace(b"UTF-8", b"EBCDIC-CP-US"), "ITL-XML-ENC"),
        (package("").replace(b"UTF-8", b"rot13"), "ITL-XML-ENC"),
        (package("").replace(b"UTF-8", b"UTF-16"), "ITL-XML"),
        (package("").replace(b"UTF-8", b"us-ascii").replace(b"></", b">\xe9</"), "ITL-XML"),
        (package("\0"), "ITL-XML"),
        (package("&undefined;"), "ITL-XML"),
        (package("&#1;"), "ITL-XML"),
        (package("\xff").replace(b"\xc3\xbf", b"\xff\xfe"), "ITL-XML"),
        (package("")[:-5], "ITL-XML"),
        (package("") + b"<again/>", "ITL-XML"),
        (b"<", "ITL-XML"),
        (b"<?xml version='1.0'?>", "ITL-XML"),
        (b"<html><body>hello</body></html>", "ITL-XML-ROOT"),
        (f"<{ROOT} xmlns:itl='urn:other'/>".encode(), "ITL-XML-ROOT"),
    ],
)
def test_what_is_no_package_has_one_defect(data: bytes, code: str) -> None:
    """Malformed, truncated, wrongly encoded or foreign documents are refused with one defect."""
    reading = read_any(data)
    assert reading.transaction is None
    assert codes(reading) == [code]


@settings(max_examples=80, deadline=None)
@given(st.floats(0.0001, 0.998))
def test_a_truncated_package_is_refused(share: float) -> None:
    """A package cut off anywhere is no transaction, and one defect says so."""
    end = 1 + int(len(card_xml()) * share)
    reading = read_any(card_xml()[:end])
    assert reading.transaction is None
    assert codes(reading) in (["ITL-XML"], ["ITL-XML-ENC"])


def test_no_received_name_reaches_a_message_unescaped() -> None:
    """Element names come from outside, so they are shown escaped and cut."""
    reading = read(package(header("") + f"<itl:Rec{'é' * 300}/>"))
    told = next(defect for defect in reading.defects if defect.code == "ITL-XML-RECORD")
    assert told.found.isascii()
    assert len(told.found) < 250


def test_many_defects_stay_few() -> None:
    """A file that provokes thousands of defects gets the first of them and a count."""
    reading = read(package(header("<b:Strange/>" * 5000)))
    assert len(reading.defects) < 450
    assert "ITL-MORE" in codes(reading)
