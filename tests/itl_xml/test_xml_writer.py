# SPDX-License-Identifier: Apache-2.0
"""Writing NIEM-XML and going back: lossless for what a booking holds, and losses are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xml_samples import FIELDS, NOW, card, card_xml, prints

from sluicegate.ebts import responses
from sluicegate.ebts.build import booking
from sluicegate.ebts.submission import partial
from sluicegate.errors import SettingsError, UsageError
from sluicegate.itl.model import Severity, Transaction
from sluicegate.itl.reader import read as read_traditional
from sluicegate.itl.writer import HeaderDraft, TaggedDraft, build
from sluicegate.itl.xml.convert import to_traditional
from sluicegate.itl.xml.reader import read
from sluicegate.itl.xml.validate import Validator
from sluicegate.itl.xml.writer import build_xml, to_xml
from sluicegate.store.schemas import read_schemas
from sluicegate.terms import Finding, Ori

HEADER = HeaderDraft(
    tot="CAR", dat="20101115", dai="WVIAFIS0Z", ori="CA0430000", tcn="XML0000001", dom=("NORAM", "10.0")
)
IMAGE = TaggedDraft(
    14,
    1,
    [
        (3, "1"),
        (4, "CA0430000"),
        (5, "20101114"),
        (6, "16"),
        (7, "12"),
        (8, "1"),
        (9, "500"),
        (10, "500"),
        (11, "NONE"),
        (12, "8"),
        (13, [["13"], ["14"]]),
        (18, [["9", "XX"]]),
        (21, [["2", "1", "2", "3", "4"], ["3", "5", "6", "7", "8"]]),
        (999, bytes(range(192))),
    ],
)


def traditional(data: bytes) -> Transaction:
    """A transaction in traditional encoding, read."""
    found = read_traditional(data).transaction
    assert found is not None
    return found


def back(data: bytes) -> bytes:
    """XML to traditional encoding, nothing lost."""
    transaction = read(data).transaction
    assert transaction is not None
    written = to_traditional(transaction)
    assert written.defects == ()
    return written.data


@pytest.fixture(scope="session")
def ebts10(shared_data: Path) -> Validator:
    """The published schemas of EBTS 10.0."""
    return Validator(read_schemas(shared_data / "xml" / "schema-ebts10"))


def test_a_booking_goes_to_xml_and_back_byte_for_byte() -> None:
    """A booking with nearly every field that there is comes back from XML as the same file."""
    written = to_xml(traditional(card()))
    assert written.defects == ()
    assert back(written.data) == card()


def test_a_variable_resolution_image_goes_to_xml_and_back() -> None:
    """A Type-14 image with its segments, missing fingers and two positions comes back as the same bytes."""
    data = build(HEADER, [TaggedDraft(2, 0, [(18, "ROE,JANE")]), IMAGE])
    written = to_xml(traditional(data))
    assert written.defects == ()
    assert back(written.data) == data


_WORD = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=9
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_WORD, min_size=2, max_size=4), st.lists(st.tuples(st.booleans(), _WORD), min_size=1, max_size=5)
)
def test_any_names_and_charges_survive_both_ways(words: list[str], charges: list[tuple[bool, str]]) -> None:
    """Names of any words and charges with or without a date, markup in them or not, come back unchanged."""
    name = f"{words[0]},{' '.join(words[1:])}"
    values = [["20101113" if dated else "", text] for dated, text in charges]
    data = build(HEADER, [TaggedDraft(2, 0, [(18, name), (41, words[0]), (47, values)])])
    written = to_xml(traditional(data))
    assert written.defects == ()
    assert back(written.data) == data


@pytest.mark.parametrize(
    ("number", "value"),
    [(3, "mine"), (22, "00000000"), (18, ",JANE"), (27, "tall"), (200, "own"), (29, "seven")],
)
def test_what_xml_cannot_carry_is_told(number: int, value: str) -> None:
    """A field without an element, or a value that its element cannot hold, is listed by its tag."""
    data = build(HEADER, [TaggedDraft(2, 0, [(number, value)])])
    defects = to_xml(traditional(data)).defects
    assert [(d.code, d.place.tag, d.severity) for d in defects] == [
        ("ITL-XML-LOST", f"2.{number:03d}", Severity.WARNING)
    ]
    with pytest.raises(UsageError):
        build_xml(HEADER, [TaggedDraft(2, 0, [(number, value)])])


def test_a_record_that_xml_is_not_written_for_is_told() -> None:
    """A face image is not written as XML here, and the list of what was left out says so."""
    face = TaggedDraft(
        10, 2, [(3, "FACE"), (6, "2"), (7, "2"), (8, "0"), (9, "1"), (10, "1"), (11, "PNG"), (999, b"x")]
    )
    written = to_xml(traditional(build(HEADER, [face])))
    assert [d.place.record_type for d in written.defects] == [10]


def test_what_traditional_encoding_cannot_carry_is_told() -> None:
    """Four-digit fields and elements that are not mapped stay out of the traditional file, and are listed."""
    event = b"<ebts:EnrollmentEventID>7</ebts:EnrollmentEventID><ebts:FBIFileNumber>8</ebts:FBIFileNumber>"
    data = card_xml().replace(
        b"<ebts:RecordTransactionActivity>", b"<ebts:RecordTransactionActivity>" + event
    )
    transaction = read(data).transaction
    assert transaction is not None
    assert [d.place.tag for d in to_traditional(transaction).defects] == ["2.2035", "2.000"]


@pytest.mark.parametrize("bad", ["a\x1db", "a\nb", "a\x00b", "\x7f", "\ud800"])
def test_the_strict_writer_refuses_control_characters(bad: str) -> None:
    """No control or separator character can be put into a package, nor half a character."""
    with pytest.raises(UsageError):
        build_xml(HEADER, [TaggedDraft(2, 0, [(18, bad)])])


def test_a_transaction_without_header_is_not_written() -> None:
    """Neither writer writes a transaction that has no Type-1 record."""
    for write in (to_xml, to_traditional):
        with pytest.raises(UsageError):
            write(Transaction(()))


def _answers() -> Mapping[str, Callable[[], bytes]]:
    asked = partial(read(card_xml()).transaction)
    where = {"tcn": "SG00000000000001", "at": NOW, "dai": "CA0430000"}
    return {
        "SRE": lambda: responses.sre(
            asked, finding=Finding.IDENT, fbi_number="1234567A1", rap_sheet="A <LINE> & MORE", **where
        ),
        "ERRT": lambda: responses.errt(
            asked, ["E0001 - something is missing", "H0001 - so is this"], **where
        ),
        "IDR": lambda: responses.second_response(
            asked, recipient=Ori("CA0430000"), lines=["A RECORD."], **where
        ),
    }


@pytest.mark.parametrize("tot", ["SRE", "ERRT", "IDR"])
def test_an_answer_says_the_same_in_xml(tot: str) -> None:
    """SRE, ERRT and IDR lose nothing as XML: turned back they are the same files."""
    answer = _answers()[tot]()
    written = to_xml(traditional(answer))
    assert written.defects == ()
    assert back(written.data) == answer


@pytest.mark.shared
@pytest.mark.parametrize("tot", ["SRE", "ERRT"])
def test_answers_conform_to_the_published_schema(ebts10: Validator, tot: str) -> None:
    """An SRE and an ERRT with every item that they echo are valid by the FBI's own schema."""
    assert ebts10.check(to_xml(traditional(_answers()[tot]())).data) == ()


@pytest.mark.shared
def test_a_second_response_departs_from_the_schema_in_its_type_only(ebts10: Validator) -> None:
    """IDR is no TOT of EBTS: its code is the one thing that the FBI's schema finds wrong with it."""
    defects = ebts10.check(to_xml(traditional(_answers()["IDR"]())).data)
    assert defects
    assert all("TransactionCategoryCode" in defect.message for defect in defects)


@pytest.mark.shared
def test_bookings_conform_to_the_published_schema(ebts10: Validator) -> None:
    """A booking with nearly every field, and one with a Type-14 image, are valid by the FBI's own schema."""
    assert ebts10.check(card_xml()) == ()
    assert ebts10.check(build_xml(HEADER, [TaggedDraft(2, 0, [(18, "ROE,JANE")]), IMAGE])) == ()
    assert ebts10.check(build_xml(HEADER, [])) != ()
    plain = to_xml(traditional(booking(replace(FIELDS, amp=((9, "UP"),)), prints()))).data
    assert ebts10.check(plain) == ()


@pytest.mark.shared
def test_real_packages_are_judged_as_other_validators_judge_them(
    shared_data: Path, ebts10: Validator
) -> None:
    """Of 13 real EBTS 10 packages 11 are valid; the other two are refused with line and path."""
    files = [
        one for one in sorted((shared_data / "xml").glob("*.xml")) if not one.name.startswith("nist2008")
    ]
    found = {one.name: ebts10.check(one.read_bytes()) for one in files}
    wrong = {name: [d.message for d in defects] for name, defects in found.items() if defects}
    assert len(found) == 13
    assert set(wrong) == {
        "EBTS-FBI_Identity_History_Summary_Request.xml",
        "FBI_Identity_History_Response_ERRI.xml",
    }
    said = [" ".join(lines) for _, lines in sorted(wrong.items())]
    assert said[0].startswith("Line 59, ")
    assert "/TransactionContentSummary/ContentRecordQuantity`" in said[0]
    assert said[1].startswith("Line 49, ")
    assert "/Transaction/TransactionImageResolutionDetails`" in said[1]


@pytest.mark.shared
def test_schemas_are_chosen_by_namespace(shared_data: Path, ebts10: Validator) -> None:
    """A package of the older edition is held against the older schema, and told about where there is none."""
    card_2008 = (shared_data / "xml" / "nist2008-type-4-tpcard.xml").read_bytes()
    assert [d.code for d in ebts10.check(card_2008)] == ["ITL-XML-NO-SCHEMA"]
    older = Validator(read_schemas(shared_data / "xml" / "schema-itl2008"))
    assert all("PackageDescriptiveTextRecord`" in d.message for d in older.check(card_2008))
    assert [d.code for d in older.check(card_2008)] == ["ITL-XML-SCHEMA"]


@pytest.mark.shared
def test_a_schema_that_is_not_handed_in_is_not_fetched(shared_data: Path) -> None:
    """Compiling fails where an imported schema is not among the bytes given: nothing is looked for."""
    files = read_schemas(shared_data / "xml" / "schema-ebts10")
    del files["niem/fbi/2.0/fbi.xsd"]
    with pytest.raises(SettingsError):
        Validator(files)


def test_the_validator_refuses_hostile_bytes_before_libxml2_sees_them() -> None:
    """A validator holds the same limits as the reader, and schemas that declare no package are refused."""
    schema = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        b'<xs:element name="NISTBiometricInformationExchangePackage"/></xs:schema>'
    )
    validator = Validator({"a.xsd": schema})
    assert [d.code for d in validator.check(b"<!DOCTYPE a><a/>")] == ["ITL-XML-DTD"]
    assert [d.code for d in validator.check(card_xml())] == ["ITL-XML-NO-SCHEMA"]
    for bad in (b"<a/>", b"<a", schema.replace(b'"/>', b'" type="xs:nonsense"/>')):
        with pytest.raises(SettingsError):
            Validator({"a.xsd": bad})


def test_a_folder_without_schemas_is_a_wrong_setting(tmp_path: Path) -> None:
    """A folder that is named for schemas and holds none is told of when it is read."""
    with pytest.raises(SettingsError):
        read_schemas(tmp_path)
