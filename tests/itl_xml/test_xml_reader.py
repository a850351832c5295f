# SPDX-License-Identifier: Apache-2.0
"""Reading NIEM-XML: the same model as from the traditional encoding, and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xml_samples import NOW, card, card_xml, codes, header, package

from sluicegate.ebts import conformance
from sluicegate.itl.detect import looks_like_xml, peek_any, read_any
from sluicegate.itl.model import Severity
from sluicegate.itl.reader import read as read_traditional
from sluicegate.itl.writer import write
from sluicegate.itl.xml.reader import read

CARDS = {"type-4-tpcard": 14, "type-4-14-slaps": 3}


def test_a_booking_reads_the_same_from_either_encoding() -> None:
    """A booking written as XML gives the same fields and the same images as the file it was made from."""
    one, other = read_traditional(card()).transaction, read(card_xml())
    assert one is not None
    assert other.transaction is not None
    assert other.defects == ()
    for before, after in zip(one.records, other.transaction.records, strict=True):
        skip = {1, 3} if before.type == 1 else {1}
        assert [(f.tag, f.texts()) for f in before.fields if f.number not in skip] == [
            (f.tag, f.texts()) for f in after.fields if f.number not in skip
        ]
    blank = [replace(image, data_offset=0) for image in other.transaction.images]
    assert blank == [replace(image, data_offset=0) for image in one.images]


def test_a_booking_in_xml_conforms_as_it_does_in_traditional_encoding() -> None:
    """The rules of EBTS find the same in a booking whichever encoding it came in."""
    one, other = read_traditional(card()).transaction, read(card_xml()).transaction
    assert one is not None
    assert other is not None
    found = [[(d.code, d.message) for d in conformance.check_booking(t, NOW)] for t in (one, other)]
    assert found[0] == found[1]


def test_offsets_and_lines_lead_to_the_bytes() -> None:
    """A record's offset is where its bytes begin, and a field's where its element begins."""
    transaction = read(card_xml()).transaction
    assert transaction is not None
    for record in transaction.records:
        assert card_xml()[record.offset :].startswith(record.raw)
        for field in record.fields:
            assert card_xml()[field.offset : field.offset + 1] == b"<"
    tcn = transaction.records[0].get(9)
    assert tcn is not None
    assert card_xml()[tcn.offset :].startswith(b"<nc:IdentificationID>XML0000001<")


def test_what_the_table_has_not_is_kept_and_told_with_its_line_and_path() -> None:
    """An element that is mapped to no field stays in the bytes and is listed with line and path."""
    data = card_xml().replace(
        b"<ebts:RecordSubject>", b"<ebts:RecordSubject>\n<x:Hat xmlns:x='urn:x'>red</x:Hat>"
    )
    reading = read(data)
    told = next(d for d in reading.defects if d.code == "ITL-XML-UNMAPPED")
    line = data[: data.index(b"<x:Hat")].count(b"\n") + 1
    assert told.severity is Severity.NOTE
    assert told.message.startswith(f"Line {line}: ")
    assert told.found == "`detail/ebts:RecordSubject/?:Hat`"
    assert reading.transaction is not None
    assert [f.text for r in reading.transaction.of_type(2) for f in r.fields if f.number == 0] == ["red"]
    assert write(reading.transaction) == data


def test_text_beside_elements_and_attributes_are_told() -> None:
    """Text where only elements belong, and attributes of the sender's own, are listed and not lost."""
    data = card_xml().replace(b"<ebts:RecordSubject>", b"<ebts:RecordSubject secret='1'>stray")
    assert {"ITL-XML-UNMAPPED", "ITL-XML-ATTRIBUTE"} <= set(codes(read(data)))


def test_a_second_tcn_does_not_hide() -> None:
    """A header that names two control numbers is refused by the rules, never read as one in silence."""
    end = b"</biom:TransactionControlIdentification>"
    start = card_xml().index(b"<biom:TransactionControlIdentification>")
    element = card_xml()[start : card_xml().index(end) + len(end)]
    data = card_xml().replace(element, element + element.replace(b"XML0000001", b"XML0000002"))
    transaction = read(data).transaction
    assert transaction is not None
    defects = conformance.check_booking(transaction, NOW)
    assert any(d.severity is Severity.ERROR and d.place.tag == "1.009" for d in defects)


@pytest.mark.parametrize("break_", ["&#10;", "&#13;&#10;Bcc: x", "é"])
def test_the_header_takes_printable_ascii_only(break_: str) -> None:
    """A line break smuggled into TCN by a character reference is an error, as it is in the other encoding."""
    data = card_xml().replace(b"XML0000001", f"XML000{break_}0001".encode())
    assert "ITL-CHAR-TYPE1" in codes(read(data))


def test_image_data_that_is_no_base64_is_refused() -> None:
    """An image whose base64 is damaged is an error, and what could be guessed of it is not used."""
    start = card_xml().index(b"<nc:BinaryBase64Object>") + len(b"<nc:BinaryBase64Object>")
    reading = read(card_xml()[:start] + b"*" + card_xml()[start:])
    assert "ITL-XML-BASE64" in codes(reading)
    assert reading.refused
    assert reading.transaction is not None
    assert reading.transaction.images[0].data == b""


def test_prefixes_do_not_matter() -> None:
    """Names mean what their namespace says: with other prefixes the same transaction is read."""
    one, other = (
        read(card_xml()).transaction,
        read(card_xml().replace(b"biom:", b"q:").replace(b":biom=", b":q=")),
    )
    assert one is not None
    assert other.transaction is not None
    assert [[f.texts() for f in r.fields] for r in one.records] == [
        [f.texts() for f in r.fields] for r in other.transaction.records
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1", "us-ascii"])
def test_the_encodings_that_are_taken(encoding: str) -> None:
    """UTF-8 and UTF-16 with a byte order mark, Latin-1 and ASCII by declaration: all read alike."""
    name = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(encoding, encoding)
    data = card_xml().decode().replace("UTF-8", name, 1).encode(encoding)
    reading = read_any(data)
    assert reading.defects == ()
    assert reading.transaction is not None
    assert write(reading.transaction) == data
    assert reading.transaction.records[1].text(18) == "ROE,JANE Q"
    header = peek_any(data)
    assert header is not None
    assert header.tcn == "XML0000001"


def test_counts_that_do_not_fit_are_told_and_the_records_are_read() -> None:
    """Where 1.003 lists other records than there are, every record is still read, and a warning says so."""
    data = card_xml().replace(b"<biom:ContentRecordQuantity>10<", b"<biom:ContentRecordQuantity>9<")
    reading = read(data)
    assert codes(reading) == ["ITL-XML-CNT"]
    assert reading.transaction is not None
    assert len(reading.transaction.records) == 11


def test_a_package_without_header_is_no_transaction() -> None:
    """A package that does not begin with its information record is not read, nor peeked at."""
    for inside in ("", "<itl:PackageDescriptiveTextRecord/>", "<b:Transaction/>"):
        assert codes(read(package(inside))) == ["ITL-TYPE1"]
        assert peek_any(package(inside)) is None
    assert read(package(header(""))).transaction is not None


@pytest.mark.parametrize("data", [b"", b"1.001:", b"hello", b"\x00\x00\x01"])
def test_what_is_no_xml_goes_to_the_other_reader(data: bytes) -> None:
    """Bytes that do not begin as XML are read as the traditional encoding, as before."""
    assert not looks_like_xml(data)
    assert read_any(data) == read_traditional(data)


def test_the_peek_agrees_with_the_reader_and_takes_what_came_before_a_break() -> None:
    """The door sees the same header as the reader, and still knows whom to answer when a file breaks off."""
    for data in (card_xml(), card_xml()[:8000]):
        header = peek_any(data)
        assert header is not None
        assert (header.tot, header.ori, header.dai) == ("CAR", "CA0430000", "WVIAFIS0Z")
        assert (header.tcn, header.dat) == ("XML0000001", "20101115")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 13000), st.integers(0, 40), st.binary(max_size=12))
def test_a_mutated_package_gives_a_reading_and_round_trips(at: int, cut: int, put: bytes) -> None:
    """Whatever is cut from or put into a package, reading gives a Reading, and what is read comes back."""
    data = card_xml()[:at] + put + card_xml()[at + cut :]
    reading = read_any(data)
    if reading.transaction is not None:
        assert write(reading.transaction) == data
        header, seen = reading.transaction.header, peek_any(data)
        assert header is not None
        assert seen is not None
        assert "\\" in seen.tcn or header.text(9) == seen.tcn
    else:
        assert reading.refused
        peek_any(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_behind_a_bracket_give_a_reading(data: bytes) -> None:
    """Any bytes that look like XML give a Reading and no exception; hardly any are a transaction."""
    reading = read_any(b"<" + data)
    assert reading.transaction is not None or len(reading.defects) == 1


@pytest.mark.shared
@pytest.mark.parametrize("name", CARDS)
def test_real_cards_give_the_images_of_their_originals(shared_data: Path, name: str) -> None:
    """Each image of a card converted by NIST's own tool has the original's bytes, size and position."""
    converted = read_any((shared_data / "xml" / f"nist2008-{name}.xml").read_bytes()).transaction
    original = read_any((shared_data / "an2-valid" / f"nist2007-{name}.an2").read_bytes()).transaction
    assert converted is not None
    assert original is not None
    assert len(converted.images) == CARDS[name]
    plain = [[replace(i, data_offset=0) for i in t.images] for t in (converted, original)]
    assert plain[0] == plain[1]


@pytest.mark.shared
def test_every_real_package_is_read_and_written_as_it_was(shared_data: Path) -> None:
    """Every real package gives a transaction without an error, and its bytes come back."""
    files = sorted((shared_data / "xml").glob("*.xml"))
    assert len(files) >= 16
    for file in files:
        data = file.read_bytes()
        reading = read_any(data)
        assert reading.transaction is not None, file.name
        assert write(reading.transaction) == data
        assert not reading.refused, file.name
        seen, first = peek_any(data), reading.transaction.records[0]
        assert seen is not None
        assert (seen.tot, seen.tcn, seen.ori) == (first.text(4), first.text(9), first.text(8))
