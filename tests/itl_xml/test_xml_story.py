# SPDX-License-Identifier: Apache-2.0
"""A booking in XML walks the whole story and is answered in XML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenes import Town, lay_out, scratch
from sluicegate.ebts import conformance
from sluicegate.errors import InputRefused
from sluicegate.exchange.case import State
from sluicegate.intake.parts import transactions
from sluicegate.itl.detect import looks_like_xml, read_any
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.xml.writer import to_xml

AGENCY = "CA0430000"


@pytest.fixture
def town() -> Iterator[Town]:
    """A fresh world with every mode in force somewhere, in which the partner knows person 7."""
    with scratch() as folder:
        world = Town(folder / "home")
        world.enrol(world.exchange.gallery, 7, "P00000007")
        yield world
        world.close()


def draft(town: Town, person: int, **given: object) -> bytes:
    """A booking as XML."""
    transaction = read(town.draft("full", person, **given)).transaction
    assert transaction is not None
    return to_xml(transaction).data


def answers(town: Town, ori: str = AGENCY) -> dict[str, bytes]:
    """What an agency got, by kind, without receipts."""
    return {kind: body for kind, _, body in town.mail[ori] if kind != "RECEIPT"}


def opened(town: Town, body: bytes) -> Transaction:
    """An answer in XML, read and found to conform."""
    assert looks_like_xml(body)
    reading = read_any(body)
    assert reading.defects == ()
    assert reading.transaction is not None
    assert conformance.check(reading.transaction, town.clock()) == ()
    return reading.transaction


@pytest.mark.slow
def test_a_booking_in_xml_gets_its_answers_in_xml(town: Town) -> None:
    """The submitter of a package gets SRE and second response as packages; others get them as before."""
    case = town.submit(draft(town, 7, sco=("CA0430001",)))
    town.finish()
    assert town.case(case).state is State.CLOSED
    found = answers(town)
    assert set(found) == {"SRE", "IDR"}
    sre, idr = opened(town, found["SRE"]), opened(town, found["IDR"])
    assert sre.records[0].text(10) == idr.records[0].text(10) == f"TOWN{town.taken:08d}"
    assert sre.records[1].text(59) == "N"
    assert idr.records[1].text(73) == AGENCY
    for body in answers(town, "CA0430001").values():
        assert not looks_like_xml(body)


@pytest.mark.slow
def test_the_same_person_is_found_whichever_encoding_came_first(town: Town) -> None:
    """A booking in XML is enrolled and searched like any other: that person's next booking is an ident."""
    town.submit(draft(town, 3))
    town.settle()
    town.mail.clear()
    town.submit(town.draft("full", 3))
    town.settle()
    again = read(answers(town)["SRE"]).transaction
    assert again is not None
    assert again.records[1].text(59) == "I"


def test_a_package_that_does_not_conform_is_refused_in_xml(town: Town) -> None:
    """A package whose content breaks a rule of EBTS gets an ERRT, as a package, that names the field."""
    data = draft(town, 1).replace(b"<biom:FingerPositionCode>3<", b"<biom:FingerPositionCode>99<")
    town.submit(data)
    town.settle()
    found = answers(town)
    assert set(found) == {"ERRT"}
    assert "Type-4 IDC 03" in opened(town, found["ERRT"]).records[1].text(60)


def test_a_package_that_breaks_off_behind_its_header_is_refused_in_xml(town: Town) -> None:
    """A malformed package that still says whom to answer gets one ERRT, with the line of the break."""
    data = draft(town, 1)
    line = data[:9000].count(b"\n") + 1
    town.submit(data[:9000])
    town.settle()
    message = opened(town, answers(town)["ERRT"]).records[1].text(60)
    assert message.startswith(f"E0004 - Line {line}: the document is not well-formed XML")


@pytest.mark.parametrize(
    "data",
    [
        b"<?xml version='1.0'?><!DOCTYPE p [<!ENTITY a 'b'>]><p>&a;</p>",
        b"<html><body>see attachment</body></html>",
        b"<" + b"a" * 100_000,
        b"<a>" * 5000,
    ],
)
def test_xml_that_names_nobody_to_answer_is_refused_at_the_door(town: Town, data: bytes) -> None:
    """XML that is no package, or declares a document type, is refused with a sentence and leaves no case."""
    with pytest.raises(InputRefused, match="not a package"):
        town.submit(data)


def test_a_mail_may_carry_a_package_beside_a_text() -> None:
    """A package attached to a mail is taken, and the text and HTML beside it are not."""
    name, uri = b"i:NISTBiometricInformationExchangePackage", b"http://biometrics.nist.gov/standard/2011"
    record = b"<i:PackageInformationRecord/>"
    xml = b"<?xml version='1.0'?><" + name + b" xmlns:i='" + uri + b"'>" + record + b"</" + name + b">"
    html = b"<html><body>booking attached</body></html>"
    parts = [(b"text/plain", b"hello"), (b"text/html", html), (b"application/xml", xml)]
    body = b"".join(b"--x\r\nContent-Type: " + kind + b"\r\n\r\n" + data + b"\r\n" for kind, data in parts)
    mail = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + body + b"--x--\r\n"
    assert [part.data for part in transactions(mail, 20)] == [xml]
    with pytest.raises(InputRefused):
        transactions(mail.replace(b"Package", b"Parcel").replace(b"application/xml", b"text/html"), 20)


@pytest.mark.slow
@pytest.mark.shared
def test_where_schemas_are_at_hand_an_invalid_package_is_refused_with_its_place(shared_data: Path) -> None:
    """With the setting xml_schemas a valid package gets an SRE, and an invalid one its line and path."""
    with scratch() as folder:
        home = folder / "home"
        lay_out(home)
        schemas = shared_data / "xml" / "schema-ebts10"
        with (home / "sluicegate.toml").open("a", encoding="utf-8") as file:
            file.write(f'xml_schemas = "{schemas}"\n')
        town = Town(home)
        town.submit(draft(town, 1))
        town.submit(draft(town, 2).replace(b"<ebts:PersonSexCode>", b"<ebts:PersonSexCode> "))
        stray = b"<nc:ActivityReasonText>NONE</nc:ActivityReasonText>"
        town.submit(
            draft(town, 3).replace(
                b"<ebts:RecordControllingAgency>", stray + b"<ebts:RecordControllingAgency>"
            )
        )
        town.settle()
        kinds = [kind for kind, _, _ in town.mail[AGENCY] if kind != "RECEIPT"]
        assert sorted(kinds) == ["ERRT", "SRE", "SRE"]
        message = opened(town, answers(town)["ERRT"]).records[1].text(60)
        assert "RecordTransactionActivity/ActivityReasonText" in message
        assert message.startswith("E0004 - Line ")
        town.close()
