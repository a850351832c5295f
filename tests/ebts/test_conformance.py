# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.ebts import codes, conformance
from sluicegate.itl.model import Defect, Severity, Transaction
from sluicegate.itl.reader import read

Sent = Callable[..., Transaction]
GS, US, RS = b"\x1d", b"\x1f", b"\x1e"


def told(defects: tuple[Defect, ...], least: Severity = Severity.WARNING) -> list[tuple[str, str, str]]:
    """Severity, code and tag of each defect that is no mere note."""
    return [(d.severity.name, d.code, d.place.tag) for d in defects if d.severity >= least]


def test_a_plain_booking_has_no_defect(sent: Sent, now: datetime) -> None:
    """A booking that keeps to the standard has no defect at all."""
    assert conformance.check_booking(sent(), now) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"2.020:NB" + GS, b"", ("ERROR", "E0001", "2.020")),
        (b"2.020:NB", b"2.020:", ("ERROR", "E0001", "2.020")),
        (b"2.020:NB", b"2.020:QQ", ("ERROR", "E0002", "2.020")),
        (b"2.020:NB", b"2.020:nb", ("ERROR", "E0002", "2.020")),
        (b"ROE,RICHARD ALAN", b"ROE,RICHARD 2ND", ("ERROR", "E0002", "2.018")),
        (b"ROE,RICHARD ALAN", b"ROE," + b"A" * 27, ("ERROR", "E0003", "2.018")),
        (b"ROE,RICHARD ALAN", b"ROE, RICHARD ALAN", ("WARNING", "E0002", "2.018")),
        (b"ROE,RICHARD ALAN", b"Roe,Richard", ("WARNING", "E0002", "2.018")),
        (b"ROE,RICHARD ALAN", b"ROE", ("WARNING", "E0002", "2.018")),
        (b"ROE,RICHARD ALAN", b"ROE,RICHARD\xff", ("ERROR", "E0002", "2.018")),
        (b"19800229", b"19810229", ("ERROR", "E0002", "2.022")),
        (b"2.024:M", b"2.024:Q", ("ERROR", "E0002", "2.024")),
        (b"2.025:U", b"2.025:UU", ("ERROR", "E0003", "2.025")),
        (b"2.027:510", b"2.027:512", ("WARNING", "E0003", "2.027")),
        (b"2.027:510", b"2.027:A10", ("ERROR", "E0002", "2.027")),
        (b"2.029:170", b"2.029:049", ("WARNING", "E0003", "2.029")),
        (b"2.031:BRO", b"2.031:TAN", ("ERROR", "E0002", "2.031")),
        (b"2.006:SGT MILLER", b"2.006:SGT. MILLER", ("WARNING", "E0002", "2.006")),
        (b"2.007:NY0303002", b"2.007:NY03030", ("WARNING", "E0003", "2.007")),
        (b"2.009:CASE 17", b"2.009: CASE 17", ("WARNING", "E0002", "2.009")),
        (b"2.047:20110502" + US + b"TRESPASS", b"2.047:20110502" + US, ("ERROR", "E0006", "2.047")),
        (b"2.047:20110502" + US + b"TRESPASS", b"2.047:20110502", ("ERROR", "E0006", "2.047")),
        (b"2.047:20110502" + US + b"TRESPASS", b"2.047:TRESPASS", ("WARNING", "E0005", "2.047")),
        (b"2.047:20110502", b"2.047:20119902", ("ERROR", "E0002", "2.047")),
        (b"2.047:20110502", b"2.047:20110602", ("ERROR", "E0003", "2.047")),
        (b"2.073:NY0303001", b"2.073:NY030301", ("ERROR", "E0002", "2.073")),
        (b"2.073:NY0303001", b"2.073:ny0303001", ("ERROR", "E0002", "2.073")),
        (b"2.073:NY0303001", b"2.073:QQ0303001", ("WARNING", "E0002", "2.073")),
        (b"2.073:NY0303001", b"2.073:NY0303001" + RS + b"LOCAL7", None),
        (b"2.073:NY0303001", b"2.073:NY0303001" + GS + b"2.073:NJ0303001", ("ERROR", "E0005", "2.073")),
        (b"2.087:Y", b"2.087:N", ("WARNING", "E0002", "2.087")),
        (b"2.087:Y", b"2.087:Y" + GS + b"2.098:9", ("WARNING", "E0005", "2.098")),
        (b"2.087:Y", b"2.059:I", ("WARNING", "E0005", "2.059")),
        (b"2.087:Y", b"2.055:JAIL", ("WARNING", "E0006", "2.055")),
        (b"2.002:00", b"2.002:xx", ("ERROR", "E0002", "2.002")),
        (b"2.002:00", b"2.002:7", ("WARNING", "E0002", "2.002")),
        (b"1.005:20110504", b"1.005:20110506", ("ERROR", "H0001", "1.005")),
        (b"1.005:20110504", b"1.005:2011-5-4", ("ERROR", "H0001", "1.005")),
        (b"1.008:NY0303000", b"1.008:NY030300", ("ERROR", "H0001", "1.008")),
        (b"1.008:NY0303000", b"1.008:NY0303-00", ("ERROR", "H0001", "1.008")),
        (b"1.009:TEST-2011-000000001", b"1.009:SHORT-TCN", ("ERROR", "H0001", "1.009")),
        (b"1.009:TEST-2011-000000001", b"1.009:" + b"T" * 41, ("ERROR", "H0001", "1.009")),
        (b"1.009:TEST-2011-000000001", b"1.009:TEST-2011\xc3\xa90001", ("ERROR", "H0001", "1.009")),
        (b"1.011:19.69", b"1.011:05450622", ("WARNING", "H0001", "1.011")),
        (b"1.013:NORAM", b"1.013:LOCAL", ("WARNING", "H0001", "1.013")),
        (b"1.002:0400", b"1.002:0699", ("WARNING", "H0001", "1.002")),
    ],
)
def test_one_change_is_told_once(
    sent: Sent, now: datetime, old: bytes, new: bytes, expected: tuple[str, str, str] | None
) -> None:
    """Each departure is told once, with its code, its field and how bad it is, and nothing else is."""
    assert told(conformance.check(sent((old, new)), now)) == ([expected] if expected else [])


@pytest.mark.parametrize("control", [b"\r\nBcc: x", b"\n", b"\r", b"\x00", b"\t", b"\x7f"])
@pytest.mark.parametrize("field", [b"1.009:TEST-2011-", b"1.008:NY03", b"1.004:C", b"1.013:NOR"])
def test_control_characters_in_the_header_refuse(
    sent: Sent, now: datetime, field: bytes, control: bytes
) -> None:
    """A line end, NUL or other control character in any header field refuses the transaction."""
    defects = conformance.check(sent((field, field + control)), now)
    assert ("ERROR", "H0001", field[:5].decode()) in told(defects)
    assert not conformance.admissible(defects)


def test_an_unknown_tot_is_one_error(sent: Sent, now: datetime) -> None:
    """A TOT that EBTS does not have gives exactly one error, whatever else the transaction holds."""
    transaction = sent((b"1.004:CAR", b"1.004:CRM"), (b"2.020:NB", b"2.020:QQ"))
    assert told(conformance.check(transaction, now)) == [("ERROR", "H0001", "1.004")]


def test_an_unknown_tot_is_shown_escaped(sent: Sent, now: datetime) -> None:
    """The name of an unknown TOT is shown without any of its control characters."""
    (defect,) = (
        d
        for d in conformance.check(sent((b"1.004:CAR", b"1.004:C\x1b[2J\x07")), now)
        if "not a type" in d.message
    )
    assert defect.message.isprintable()


def test_a_known_tot_that_is_no_booking_says_so(sent: Sent, now: datetime) -> None:
    """A search submission is known, but is refused as a booking with a sentence that says what is taken."""
    transaction = sent((b"1.004:CAR", b"1.004:TPIS"))
    assert not any("not processed" in d.message for d in conformance.check(transaction, now))
    first = conformance.check_booking(transaction, now)[0]
    assert first.severity is Severity.ERROR
    assert "TPIS is not processed by this exchange, which takes CAR, CNA" in first.message


def test_dates_are_compared(sent: Sent, now: datetime) -> None:
    """An arrest or a birth after the submission is an error; a day ahead is another time zone."""
    later = now + timedelta(days=9)
    for tag, old in (("2.045", b"2.045:20110503"), ("2.022", b"2.022:19800229")):
        day_ahead = sent((old, old[:6] + b"20110505"))
        two_ahead = sent((old, old[:6] + b"20110506"))
        assert told(conformance.check(day_ahead, later)) == []
        assert told(conformance.check(two_ahead, later)) == [("ERROR", "E0006", tag)]


def test_an_unknown_birthday_is_allowed(sent: Sent, now: datetime) -> None:
    """Eight zeros say that the date of birth is not known."""
    assert told(conformance.check(sent((b"19800229", b"00000000")), now)) == []


def test_longer_names_are_for_those_who_speak_9_4(sent: Sent, now: datetime) -> None:
    """A name of 40 characters is an error from a sender of EBTS 9.1 and none from one of 9.4."""
    name = (b"ROE,RICHARD ALAN", b"ROE," + b"A" * 36)
    newer = (b"1.013:NORAM" + US + b"9.1", b"1.013:NORAM" + US + b"9.4")
    assert told(conformance.check(sent(name), now)) == [("ERROR", "E0003", "2.018")]
    assert told(conformance.check(sent(name, newer), now)) == []


def test_missing_fingers_want_a_reason(sent: Sent, now: datetime) -> None:
    """Fewer than ten fingers without AMP is a warning that names them; AMP or a plain print settles it."""
    bare = sent()
    few = replace(bare, records=tuple(r for r in bare.records if r.idc not in (1, 2)))
    (warning,) = conformance.check(few, now)
    assert (warning.severity, warning.code, warning.place.tag) == (Severity.WARNING, "E0006", "2.084")
    assert warning.message.endswith("1, 2")
    amp = GS + b"2.084:01" + US + b"XX" + RS + b"02" + US + b"UP" + GS + b"2.087:Y"
    explained = sent((GS + b"2.087:Y", amp))
    explained = replace(explained, records=tuple(r for r in explained.records if r.idc not in (1, 2)))
    assert conformance.check(explained, now) == ()


def _with_image(bare: Transaction, **changes: object) -> Transaction:
    last = bare.records[-1]
    assert last.image is not None
    other = replace(last, image=replace(last.image, **changes))  # type: ignore[arg-type]
    return replace(bare, records=(*bare.records[:-1], other))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fgp": (16,)}, ("ERROR", "E0002")),
        ({"fgp": (15,)}, ("ERROR", "E0002")),
        ({"fgp": (254,)}, ("ERROR", "E0002")),
        ({"fgp": ()}, ("ERROR", "E0002")),
        ({"fgp": (0,)}, ("WARNING", "E0002")),
        ({"fgp": (1,)}, ("WARNING", "E0006")),
        ({"hll": 0}, ("ERROR", "E0003")),
        ({"vll": 0}, ("ERROR", "E0003")),
        ({"data": b""}, ("ERROR", "E0004")),
        ({"compression": "?9"}, ("ERROR", "E0002")),
        ({"compression": "JPEGB"}, ("WARNING", "E0002")),
        ({"compression": "PNG"}, ("NOTE", "E0002")),
        ({"imp": 77}, ("WARNING", "E0002")),
        ({"imp": 11}, ("WARNING", "E0006")),
        ({"imp": 5}, ("WARNING", "E0006")),
    ],
)
def test_prints_must_say_whose_finger_they_are(
    sent: Sent, now: datetime, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    """A print without a sane position, size, data or compression is told."""
    found = conformance.check(_with_image(sent(), **changes), now)
    assert expected in [(d.severity.name, d.code) for d in found if d.place.record_type == 4]


def test_records_are_counted(sent: Sent, now: datetime) -> None:
    """A booking has 1 to 14 prints and one Type-2 record; other types are kept and ignored."""
    bare = sent()
    header, text, *prints = bare.records
    none = conformance.check(replace(bare, records=(header, text)), now)
    many = conformance.check(replace(bare, records=(header, text, *prints, *prints)), now)
    twice = conformance.check(replace(bare, records=(header, text, text, *prints)), now)
    odd = conformance.check(replace(bare, records=(*bare.records, replace(text, type=17))), now)
    assert ("ERROR", "E0004") in [(d.severity.name, d.code) for d in none]
    assert ("ERROR", "E0004") in [(d.severity.name, d.code) for d in many]
    assert ("ERROR", "E0004") in [(d.severity.name, d.code) for d in twice]
    assert [(d.severity.name, d.code) for d in odd] == [("WARNING", "E0004")]


def test_no_message_repeats_what_was_sent_about_a_person(sent: Sent, now: datetime) -> None:
    """A defect of a field about the person never carries the value of that field."""
    secret = b"SECRETNAME9"
    transaction = sent((b"ROE,RICHARD ALAN", secret), (b"19800229", secret), (b"SGT MILLER", b"SECRETNAME9."))
    defects = conformance.check(transaction, now)
    assert len(defects) == 3
    assert not any("SECRET" in f"{d.message}{d.found}{d.expected}" for d in defects)


def test_defects_cite_a_clause_and_a_known_code(sent: Sent, now: datetime) -> None:
    """Every defect cites its clause and has a code of the error families."""
    transaction = sent((b"2.020:NB", b"2.020:QQ"), (b"1.011:19.69", b"1.011:x"), (b"2.087:Y", b"2.300:Y"))
    for defect in conformance.check(transaction, now):
        assert defect.clause
        assert defect.code in codes.errors()


def test_without_a_header_there_is_one_error(now: datetime) -> None:
    """A transaction without a Type-1 record is one error and nothing more."""
    assert told(conformance.check(Transaction(()), now)) == [("ERROR", "E0004", "")]


ANY_TAG = (
    b"1.003:1 1.004:CAR 1.005:20110504 1.009:TEST-2011-000000001 1.013:NORAM 2.002:00 2.018:ROE"
    b" 2.007:NY0303002 2.022:19800229 2.027:510 2.029:170 2.045:20110503"
    b" 2.047:20110502 2.073:NY0303001 2.087:Y"
).split()
ODD = st.one_of(
    st.binary(max_size=40),
    st.text(alphabet="0123456789,-. \x1e\x1f\x1dABN", max_size=40).map(str.encode),
)


@pytest.mark.slow
@given(
    tag=st.sampled_from(ANY_TAG),
    odd=ODD,
    when=st.datetimes(timezones=st.just(UTC)),
)
@settings(max_examples=150, deadline=None)
def test_odd_values_never_raise(plain: bytes, tag: bytes, odd: bytes, when: datetime) -> None:
    """Whatever a field holds and whatever the clock says, checking gives defects and never an exception."""
    reading = read(plain.replace(tag, tag[:6] + odd, 1))
    if reading.transaction is not None:
        for defect in conformance.check_booking(reading.transaction, when):
            assert defect.message.isprintable()
            assert defect.code in codes.errors()


@pytest.mark.slow
@given(data=st.binary(max_size=300), cut=st.integers(0, 900))
@settings(max_examples=150, deadline=None)
def test_any_bytes_can_be_checked(plain: bytes, data: bytes, cut: int) -> None:
    """Anything the reader makes of any bytes can be checked."""
    for one in (data, b"1.001:" + data, plain[:cut] + data + plain[cut:]):
        reading = read(one)
        if reading.transaction is not None:
            assert isinstance(conformance.check(reading.transaction, datetime(2011, 5, 4, tzinfo=UTC)), tuple)


LATER = datetime(2026, 11, 1, tzinfo=UTC)


def _found(path: Path) -> list[tuple[str, str, str]]:
    transaction = read(path.read_bytes()).transaction
    assert transaction is not None
    return told(conformance.check(transaction, LATER))


@pytest.mark.shared
@pytest.mark.slow
def test_every_real_file_can_be_checked(shared_data: Path) -> None:
    """Each real file gives defects that cite a clause; none of these test files is an admissible booking."""
    files = sorted((shared_data / "an2-valid").iterdir())
    assert len(files) >= 30
    for path in files:
        transaction = read(path.read_bytes()).transaction
        assert transaction is not None, path.name
        defects = conformance.check_booking(transaction, LATER)
        assert all(d.clause and d.code in codes.errors() for d in defects), path.name
        assert not conformance.admissible(defects), path.name


@pytest.mark.shared
def test_a_real_car_of_an_old_sender(shared_data: Path) -> None:
    """The MITRE test CAR lacks mandatory fields, has a date in POB, and its habits are only warnings."""
    found = _found(shared_data / "an2-valid" / "jet-testEbts-car-jpeg.eft")
    missing = {tag for severity, code, tag in found if (severity, code) == ("ERROR", "E0001")}
    assert missing == {
        *(f"2.{n:03d}" for n in (5, 22, 25, 31, 32, 45, 47, 73)),
        *(f"14.{n:03d}" for n in (4, 8, 9, 10)),
    }
    assert ("ERROR", "E0002", "2.020") in found
    assert ("WARNING", "E0002", "2.018") in found
    assert ("WARNING", "H0001", "1.001") in found


@pytest.mark.shared
def test_the_nbis_cars(shared_data: Path) -> None:
    """The NBIS test CARs are refused for an agency of seven or six digits and for dates that contradict."""
    first = _found(shared_data / "an2-valid" / "nbis-valid1.1.an2")
    assert {one for one in first if one[0] == "ERROR"} == {
        ("ERROR", "E0002", "2.073"),
        ("ERROR", "E0006", "2.022"),
    }
    third = _found(shared_data / "an2-valid" / "nbis-valid1.3.an2")
    assert ("ERROR", "E0002", "2.073") in third
    assert ("ERROR", "E0006", "2.045") in third
    assert ("ERROR", "E0004", "") in third


@pytest.mark.shared
def test_a_low_resolution_car_has_no_print(shared_data: Path) -> None:
    """The NIST Type-3 file is a CAR without a print that EBTS 9.1 takes, and with too short a TCN."""
    found = _found(shared_data / "an2-valid" / "nist2007-type-3.an2")
    assert ("ERROR", "E0004", "") in found
    assert ("WARNING", "E0004", "") in found
    assert ("ERROR", "H0001", "1.009") in found
