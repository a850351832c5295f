# SPDX-License-Identifier: Apache-2.0
"""The table of gates, enumerated: every mode by every path that a booking can take, at every receiver.

All bookings of the census go through one installation at the same time, so that each is also judged in the
presence of all the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from scenes import SCENES, UNKNOWN, Left, Scene, Town, bytes_at, item, left, letter, scratch, tokens
from sluicegate.exchange.case import State
from sluicegate.store.repository import Repository
from sluicegate.testing.bookings import tiny_booking


@dataclass(slots=True)
class Census:
    """The world after everything settled, and which case went which way."""

    town: Town
    cases: dict[tuple[str, str], str] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)

    def send(self, scene: str, path: str, data: bytes) -> str:
        """Submit under the name of its scene and path."""
        case_id = self.town.submit(data)
        self.cases[scene, path] = case_id
        self.sent[case_id] = data
        return case_id


def homes(town: Town, scene: Scene) -> tuple[Repository, Repository]:
    """The repository that a booking of this scene belongs to, and the other one."""
    exchange = town.exchange
    return (exchange.open, exchange.filtered) if scene.found else (exchange.filtered, exchange.open)


def plain(census: Census, name: str, person: int, **given: object) -> None:
    """Nobody knows this person."""
    census.send(name, "plain", census.town.draft(name, person, **given))


def match(census: Census, name: str, person: int) -> None:
    """The partner knows this person."""
    census.town.enrol(census.town.exchange.gallery, person, f"P{person:08d}")
    census.send(name, "match", census.town.draft(name, person))


def no_ret(census: Census, name: str, person: int) -> None:
    """RET is N: search, and keep nothing."""
    census.send(name, "no-ret", census.town.draft(name, person, ret=False))


def known(census: Census, name: str, person: int) -> None:
    """The bureau knows this person in the repository where the booking belongs."""
    census.town.enrol(homes(census.town, SCENES[name])[0], person, f"K{person:08d}")
    census.send(name, "known", census.town.draft(name, person))


def elsewhere(census: Census, name: str, person: int) -> None:
    """The bureau knows this person only in the repository where the booking does not belong."""
    census.town.enrol(homes(census.town, SCENES[name])[1], person, f"E{person:08d}")
    census.send(name, "elsewhere", census.town.draft(name, person))


def grey(census: Census, name: str, person: int, *, same: bool) -> None:
    """Two subjects fit equally well, so a person has to look."""
    home = homes(census.town, SCENES[name])[0]
    census.town.enrol(home, person, f"G{person:08d}")
    census.town.enrol(home, person, f"H{person:08d}")
    census.send(name, "grey-same" if same else "grey-other", census.town.draft(name, person))


def refused(census: Census, name: str, person: int) -> None:
    """HGT (2.027) is no height."""
    census.town.enrol(census.town.exchange.gallery, person, f"P{person:08d}")
    data = census.town.draft(name, person).replace(b"2.027:508", b"2.027:XYZ")
    census.send(name, "refused", data)


def bad_image(census: Census, name: str, person: int) -> None:
    """The fourth image says that it is WSQ and is not: refused after the gates were decided."""
    census.town.enrol(census.town.exchange.gallery, person, f"P{person:08d}")
    data = census.town.draft(name, person)
    place = data.index(bytes([0, 0, 2, 82, 4, 1, 4])) + 17
    census.send(name, "bad-image", data[:place] + b"\x01" + data[place + 1 :])


def twice(census: Census, name: str, person: int) -> None:
    """The same bytes come three times."""
    data = census.town.draft(name, person)
    for _ in range(3):
        census.send(name, "twice", data)


def same_tcn(census: Census, name: str, person: int) -> None:
    """Another booking of the same originator under the same TCN."""
    tcn = f"TWIN{person:08d}"
    census.send(name, "first-of-tcn", census.town.draft(name, person, tcn=tcn))
    census.send(name, "second-of-tcn", census.town.draft(name, person + 1, tcn=tcn))


def copies_to(census: Census, name: str, person: int) -> None:
    """SCO asks for copies of the answer to an agency under every mode, and the partner knows the person."""
    others = tuple(dict.fromkeys(s.cri for s in SCENES.values() if s.cri != SCENES[name].cri))
    census.town.enrol(census.town.exchange.gallery, person, f"P{person:08d}")
    census.send(name, "sco", census.town.draft(name, person, sco=others))


def stood_in(census: Census, name: str, person: int) -> None:
    """CRI is no agency on file, the header's ORI is; the partner knows the person."""
    census.town.enrol(census.town.exchange.gallery, person, f"P{person:08d}")
    data = census.town.draft(name, person, cri=UNKNOWN, ori=SCENES[name].cri)
    census.send(name, "stood-in", data)


PATHS: list[Callable[[Census, str, int], None]] = [
    plain,
    match,
    no_ret,
    known,
    elsewhere,
    partial(grey, same=True),
    partial(grey, same=False),
    refused,
    bad_image,
    twice,
    same_tcn,
    copies_to,
    stood_in,
]
ANSWERED = ["plain", "no-ret", "known", "elsewhere", "grey-same", "grey-other", "twice", "first-of-tcn"]
MATCHED = ["match", "sco"]
NAMES = [*ANSWERED, *MATCHED, "refused", "bad-image", "second-of-tcn", "stood-in"]


@pytest.fixture(scope="module")
def census() -> Iterator[Census]:
    """Every path under every mode, settled, examined and determined."""
    with scratch() as folder:
        town = Town(folder / "home")
        census = Census(town)
        person = 1000
        for name in SCENES:
            for path in PATHS:
                path(census, name, person)
                person += 10
        nobody = tiny_booking(9, cri=UNKNOWN, tcn="NOBODY0000001", at=town.clock())
        census.send("nobody", "unknown", nobody)
        town.settle()
        for (_, path), case_id in census.cases.items():
            if path.startswith("grey"):
                town.exchange.bureau.examine(case_id, same=path == "grey-same", by="examiner 3")
        town.finish()
        yield census
        town.close()


def expected(scene: Scene, path: str) -> Left:
    """What the table of gates says that one booking leaves at every receiver."""
    end = Left()
    if path in ("refused", "second-of-tcn"):
        end.mail[scene.cri, "ERRT"] = end.outbox["ERRT"] = 1
        return end
    answer = "ERRT" if path == "bad-image" else "SRE"
    for kind in (answer, "RECEIPT"):
        end.mail[scene.cri, kind] = end.outbox[kind] = 1
    if path in ("bad-image", "stood-in") or not scene.shares:
        return end
    end.outbox["COPY"] = end.copies = 1
    if path not in MATCHED:
        return end
    end.queries = 1
    if not scene.relays:
        return end
    hearers = {scene.cri}
    if path == "sco":
        # A copy goes to whoever takes answers under a mode of its own; here, what was charged counts too.
        hearers |= {s.cri for s in SCENES.values() if s.relays and s.charge in ("BURGLARY", scene.charge)}
        hearers = {o for o in hearers if o != SCENES["listed"].cri or scene.charge == "ROBBERY"}
    end.seconds = end.outbox["SECOND"] = len(hearers)
    end.mail.update({(hearer, "IDR"): 1 for hearer in hearers})
    return end


@pytest.mark.slow
@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("name", SCENES)
def test_every_receiver_holds_what_the_table_of_gates_says_and_nothing_else(
    census: Census, name: str, path: str
) -> None:
    """Under every mode and on every path, each receiver holds exactly what the table of gates says."""
    assert left(census.town, census.cases[name, path]) == expected(SCENES[name], path)


@pytest.mark.slow
def test_every_booking_of_the_census_ends(census: Census) -> None:
    """Whatever the mode and the path, the story of a booking ends."""
    assert {census.town.case(case_id).state for case_id in census.cases.values()} == {State.CLOSED}


@pytest.mark.slow
@pytest.mark.parametrize("role", ["partner", "state"])
def test_no_byte_that_speaks_of_a_withheld_booking_is_anywhere_at_a_receiver(
    census: Census, role: str
) -> None:
    """No file and no opened blob of the partner or the state holds a TCN, digest, case or image withheld."""
    held = bytes_at(census.town, role)
    found = [
        (key, what)
        for key, case_id in census.cases.items()
        if not left(census.town, case_id).outbox["COPY"]
        for what, value in tokens(census.town, case_id, census.sent[case_id]).items()
        if value in held and not (key[1] == "second-of-tcn" and what == "TCN")
    ]
    assert found == []


@pytest.mark.slow
def test_the_search_for_withheld_bytes_finds_what_was_shared(census: Census) -> None:
    """The same search of the partner's files finds every booking that was shared, so it would find a leak."""
    held = bytes_at(census.town, "partner")
    shared = [c for c in census.cases.values() if left(census.town, c).copies]
    assert shared
    assert all(census.town.case(case_id).digest.encode() in held for case_id in shared)


@pytest.mark.slow
def test_the_partner_keeps_nothing_of_what_it_was_given(census: Census) -> None:
    """When every query is determined, the partner's spool is empty and its gallery is what it was."""
    exchange = census.town.exchange
    assert exchange.offices["partner"].spool.digests() == set()
    assert exchange.offices["state"].spool.digests() == set()
    mates = [key for key in census.cases if key[1] in ("match", "refused", "bad-image", "sco", "stood-in")]
    assert len(exchange.gallery) == len(mates)


@pytest.mark.slow
def test_findings_and_numbers_never_cross_repositories(census: Census) -> None:
    """Known in its own repository, a person keeps the number; known only in the other, it is another one."""
    for name in SCENES:
        own = letter(census.town, census.cases[name, "known"], "SRE")
        other = letter(census.town, census.cases[name, "elsewhere"], "SRE")
        assert (item(own, 59), item(own, 14)[:1]) == ("I", "K")
        assert item(other, 59) == "I"
        assert not item(other, 14).startswith("E00000")  # a fresh number is drawn, and may begin with E
        assert item(letter(census.town, census.cases[name, "plain"], "SRE"), 59) == "N"


@pytest.mark.slow
def test_an_examiner_and_nobody_else_settles_the_grey_band(census: Census) -> None:
    """Two equal candidates become a finding only by an examiner's word, and the ledger names the examiner."""
    for name in SCENES:
        for path, finding in (("grey-same", "I"), ("grey-other", "N")):
            case = census.town.case(census.cases[name, path])
            assert item(letter(census.town, case.case_id, "SRE"), 59) == finding
            assert case.text("resolved_by") == "examiner examiner 3"


@pytest.mark.slow
def test_ret_n_keeps_no_prints_and_ret_y_keeps_them_where_the_gate_says(census: Census) -> None:
    """RET N enrols nothing anywhere; RET Y enrols in the open or the filtered repository as G3 says."""
    for name, scene in SCENES.items():
        assert census.town.case(census.cases[name, "no-ret"]).text("kept") == "none"
        kept = census.town.case(census.cases[name, "plain"]).text("kept")
        assert kept == ("open" if scene.found else "filtered")


@pytest.mark.slow
def test_a_refused_booking_leaves_nothing_in_any_repository(census: Census) -> None:
    """What was refused is enrolled nowhere, whatever RET asks."""
    refusals = {c for (_, path), c in census.cases.items() if path in ("refused", "bad-image", "unknown")}
    for repository in (census.town.exchange.open, census.town.exchange.filtered):
        with repository._engine.connect() as connection:
            origins = {row[0] for row in connection.exec_driver_sql("SELECT origin FROM reference")}
        assert not origins & refusals


@pytest.mark.slow
def test_an_agency_of_no_program_is_answered_and_nothing_goes_on(census: Census) -> None:
    """A booking of an agency that nobody knows is refused with A0001 and leaves nothing at any receiver."""
    case_id = census.cases["nobody", "unknown"]
    assert left(census.town, case_id) == Left(
        mail=Counter({(UNKNOWN, "ERRT"): 1}), outbox=Counter({"ERRT": 1})
    )
    assert "A0001" in item(letter(census.town, case_id, "ERRT"), 60)


@pytest.mark.slow
def test_channels_have_no_gap_although_bookings_were_withheld_in_between(census: Census) -> None:
    """In every outbox, each channel counts 1, 2, 3 and so on: a gap would tell of what was withheld."""
    for office in census.town.exchange.offices.values():
        counted: dict[str, list[int]] = {}
        for message in office.store.messages():
            counted.setdefault(message.channel, []).append(message.sequence)
        assert all(found == list(range(1, len(found) + 1)) for found in counted.values())


@pytest.mark.slow
def test_every_log_adds_up_after_the_census(census: Census) -> None:
    """After all of it, every log of every role derives again from its entries."""
    for office in census.town.exchange.offices.values():
        assert office.store.log.check()


@pytest.mark.slow
def test_withheld_and_open_bookings_never_share_a_log(census: Census) -> None:
    """No log that a receipt or a copy proves its entry in holds both withheld and shared bookings."""
    logs: dict[bool, set[str]] = {True: set(), False: set()}
    for row in census.town.exchange.bureau.store.rows("all_entries"):
        if row["kind"] in ("shared", "withheld"):
            logs[row["kind"] == "shared"].add(row["log"])
    assert logs[True]
    assert logs[False]
    assert not logs[True] & logs[False]


def test_too_poor_prints_are_answered_with_l0008_and_nothing_goes_on(town: Town) -> None:
    """Prints too poor to search get an ERRT with L0008, and no copy leaves under any mode."""
    town.close()
    poor = Town(town.home, min_minutiae=25)
    cases = {name: poor.book(name, 50 + place) for place, name in enumerate(SCENES)}
    poor.settle()
    for name, case_id in cases.items():
        assert left(poor, case_id) == expected(SCENES[name], "bad-image")
        assert "L0008" in item(letter(poor, case_id, "ERRT"), 60)
    poor.close()
