# SPDX-License-Identifier: Apache-2.0
"""Bookings at the desk: a list without names, the walk of one, and who it is of only for a reason entered."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import desk_world
import numpy as np
import pytest
import sqlalchemy as sa
from desk_world import DeskWorld
from hypothesis import given
from hypothesis import strategies as st

from scenes import scratch
from sluicegate.ebts.submission import Submission
from sluicegate.exchange.case import MessageKind, State
from sluicegate.exchange.stages.expunge import Order
from sluicegate.itl.model import Image
from sluicegate.store.journal import Store
from sluicegate.store.listing import Line, Wanted, page, tally
from sluicegate.store.sql import open_database, queries
from sluicegate.web.operator import bookings_view as view
from sluicegate.web.operator.bookings_person import prints, smaller

LIST = "/desk/bookings"
WHY = "the sender called about it"


@pytest.fixture(scope="module")
def world() -> Iterator[DeskWorld]:
    """The desks over cases in every state; one booking is expunged."""
    with scratch() as folder, desk_world.opened(folder) as made:
        bureau = made.town.exchange.expungers["bureau"]
        bureau.expunge(made.cases["silent"], Order("court-order", "Superior Court 12"))
        yield made


def store_of(world: DeskWorld) -> Store:
    """The bureau's store."""
    return world.town.exchange.offices["bureau"].store


def names(world: DeskWorld) -> set[str]:
    """Names, dates of birth and numbers of the persons whose bookings are still whole."""
    found: set[str] = set()
    for name in ("awaiting", "queried", "spooled"):
        booking, _ = world.town.exchange.bureau.reread(store_of(world).case(world.cases[name]))
        found |= {booking.nam, *booking.dob, booking.oca}
    return found - {""}


def ask(world: DeskWorld, case: str, what: str = "person", **more: str) -> str:
    """The page of a person, asked for as the page of the booking does."""
    client = world.client("operator")
    answer = client.post(
        f"{LIST}/{world.cases[case]}/{what}", data={**world.form(client), "why": WHY, **more}
    )
    assert answer.status_code == 200
    return answer.text


# -- the list --------------------------------------------------------------------------------------------


def test_no_page_but_that_of_the_person_shows_a_name(world: DeskWorld) -> None:
    """List, CSV, walk, receipt and health show no name, no date of birth and no agency's case number."""
    client = world.client("operator")
    private = names(world)
    assert len(private) >= 6
    paths = [LIST, f"{LIST}/list.csv", "/desk/health", "/desk/health.json"]
    paths += [f"{LIST}/{case}" for case in world.cases.values()]
    paths += [f"{LIST}/{world.cases['queried']}/receipt"]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not [one for one in private if one in answer.text], path


def test_candidates_show_no_number_of_a_person(world: DeskWorld) -> None:
    """The walk shows how like each candidate is, and not whose number it is; the page of the person does."""
    walk = world.client("operator").get(f"{LIST}/{world.cases['awaiting']}").text
    numbers = {
        str(one["subject"])  # type: ignore[index, call-overload]
        for one in store_of(world).case(world.cases["awaiting"]).noted("candidates")  # type: ignore[union-attr]
    }
    assert len(numbers) == 2
    assert not [one for one in numbers if one in walk]
    shown = ask(world, "awaiting")
    assert all(one in shown for one in numbers)


def test_pages_of_the_list_hold_every_booking_once(world: DeskWorld) -> None:
    """Three at a time, newest first, the list names every booking once, also when one arrives meanwhile."""
    store = store_of(world)
    seen: list[tuple[datetime, str]] = []
    wanted = Wanted()
    while True:
        found = page(store, wanted, 3)
        seen += [(one.received, one.case_id) for one in found.lines]
        if not found.more:
            break
        if len(seen) == 3:
            world.town.book("full", 90)
        wanted = Wanted(after=seen[-1])
    assert seen == sorted(seen, reverse=True)
    assert {case for _, case in seen} == set(world.cases.values())


@pytest.mark.parametrize(
    ("query", "case"),
    [
        ("q=town00000010", "queried"),
        ("ori=VA0070100", "no-answer"),
        ("state=awaiting-examiner", "awaiting"),
        ("ori=CA0380000&from=2010-11-15&to=2010-11-15&state=closed", "filter"),
    ],
)
def test_each_filter_narrows_to_what_it_says(world: DeskWorld, query: str, case: str) -> None:
    """TCN, agency, state and days lead to the one booking that they fit, in the list and in the CSV."""
    client = world.client("operator")
    listed = re.findall(r'<tr data-case="(\w+)"', client.get(f"{LIST}?{query}").text)
    rows = list(csv.DictReader(io.StringIO(client.get(f"{LIST}/list.csv?{query}").text)))
    assert listed == [one["case"] for one in rows] == [world.cases[case]]


def test_a_case_id_finds_its_booking(world: DeskWorld) -> None:
    """Whoever has a case id from a log finds the booking by it."""
    name = world.cases["spooled"]
    assert f'data-case="{name}"' in world.client("operator").get(f"{LIST}?q={name}").text


def test_days_without_bookings_say_so(world: DeskWorld) -> None:
    """A filter that fits nothing says what to do instead of showing an empty table."""
    text = world.client("operator").get(f"{LIST}?from=2011-01-01").text
    assert "No booking matches." in text
    assert "<table" not in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ori=%3Cscript%3E", "An ORI has up to nine letters and digits."),
        ("state=lost", "There is no such state."),
        ("from=2010-02-30", "The first day cannot be read."),
        ("to=tomorrow", "The last day cannot be read."),
        ("after=2010", "That place in the list cannot be read."),
    ],
)
def test_what_cannot_be_read_is_told_and_never_guessed(world: DeskWorld, query: str, said: str) -> None:
    """A field that cannot be read is named in a sentence, and nothing that was typed is run."""
    answer = world.client("operator").get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert said in answer.text
    assert "<script>" not in answer.text


@given(st.dictionaries(st.sampled_from(view.FIELDS), st.text(max_size=60)))
def test_any_query_is_read_or_told(query: dict[str, str]) -> None:
    """Whatever is typed, the form is read; a field that is told as unreadable narrows nothing."""
    asked = view.asked(query)
    assert set(asked.wrong) <= set(view.FIELDS)
    wanted = asked.wanted
    held = {"ori": wanted.agency, "state": wanted.state, "from": wanted.begins, "after": wanted.after}
    assert not [name for name, value in held.items() if name in asked.wrong and value]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_a_place_in_the_list_leads_back_to_itself(at: datetime) -> None:
    """The address of the next page names the very booking that this one ended with."""
    moment = at.replace(tzinfo=UTC)
    line = Line("015H80SH9R", moment, State.CLOSED, "", "", "", "", "", 0)
    assert view.asked({"after": view.place_after(line)}).wanted.after == (moment, "015H80SH9R")


def test_a_list_is_read_from_its_index_alone(world: DeskWorld) -> None:
    """The list comes from one index in its order: no dossier is opened, and nothing is sorted."""
    given = dict.fromkeys(("part", "agency", "state", "begins"), "")
    given |= {"ends": "~", "after_at": "~", "after_case": "~"}
    with store_of(world).engine.connect() as connection:
        plan = connection.execute(
            sa.text(f"EXPLAIN QUERY PLAN {queries()['listed'].text}"), {**given, "limit": 51}
        )
        told = " / ".join(str(row[3]) for row in plan)
    assert "COVERING INDEX story_list" in told
    assert "TEMP B-TREE" not in told


def test_news_that_a_page_asks_for_itself_keep_no_session_awake(world: DeskWorld) -> None:
    """A list left open for half an hour asks on and on, and its person is signed out all the same."""
    client = world.client("operator")
    for _ in range(5):
        assert client.get(f"{LIST}/live").status_code == 200
        world.time.now += 6 * 60
    assert client.get(f"{LIST}/live").status_code == 303
    assert client.get(LIST).status_code == 303


def test_only_operators_open_bookings(world: DeskWorld) -> None:
    """An officer, an auditor and an administrator are turned away from every page of bookings."""
    case = world.cases["queried"]
    for role in ("officer", "auditor", "admin", "registrar"):
        client = world.client(role)
        for path in (LIST, f"{LIST}/live", f"{LIST}/list.csv", f"{LIST}/{case}", f"{LIST}/{case}/receipt"):
            assert client.get(path).status_code == 403, (role, path)
        form = {**world.form(client), "why": WHY, "which": "0"}
        assert client.post(f"{LIST}/{case}/person", data=form).status_code == 403
        assert client.post(f"{LIST}/{case}/image", data=form).status_code == 403


# -- one booking -----------------------------------------------------------------------------------------


def test_the_walk_shows_stages_gates_and_messages(world: DeskWorld) -> None:
    """A booking's page tells every stage, each gate in words with its rule, and everything that went out."""
    case = world.cases["no-answer"]
    text = world.client("operator").get(f"{LIST}/{case}").text
    walk = text.partition('<table class="walk">')[2].partition("</table>")[0]
    stages = re.findall(r'<tr><th scope="row">([a-z]+)</th>', walk)
    assert stages == ["receive", *(row["stage"] for row in store_of(world).rows("journal_of", case_id=case))]
    assert text.count('<span class="gate open">OPEN</span>') == 2
    assert text.count('<span class="gate closed">CLOSED</span>') == 2
    assert 'href="/places/US-VA-013?on=2010-11-15&amp;known=then"' in text
    assert "none on record" in text
    for said in ("Answer (SRE)", "Copy for the partner", "Receipt"):
        assert said in text


def test_a_defect_is_shown_with_its_place_in_the_file(world: DeskWorld) -> None:
    """While the bytes are here, a defect is told by code, byte, record and field, not by what was found."""
    bad = world.town.draft("full", 51).replace(b"2.027:508", b"2.027:XYZ")
    case = world.town.submit(bad)
    text = world.client("operator").get(f"{LIST}/{case}").text
    _, defects = world.town.exchange.bureau.reread(store_of(world).case(case))
    worst = view.flaws(defects)[0]
    assert worst.offset >= 0
    assert f'<th scope="row" class="mono">{worst.code}</th>' in text
    assert f'<td class="number">{worst.offset:,}</td>' in text
    assert worst.record in text
    assert worst.field in text
    assert "XYZ" not in text


def test_an_expunged_booking_shows_that_it_is_gone(world: DeskWorld) -> None:
    """Of an expunged booking the page shows when, why and by whose order, and offers nothing else."""
    client = world.client("operator")
    case = world.cases["silent"]
    answer = client.get(f"{LIST}/{case}")
    assert answer.status_code == 200
    assert "ordered by Superior Court 12: court-order" in answer.text
    assert f"sluicegate attestation {case}" in answer.text
    assert "Enter the view" not in answer.text
    gone = client.post(f"{LIST}/{case}/person", data={**world.form(client), "why": WHY})
    assert gone.status_code == 404


def test_the_receipt_is_the_one_that_was_sent(world: DeskWorld) -> None:
    """The download is byte for byte the receipt in the outbox; a refused booking has none."""
    client = world.client("operator")
    store = store_of(world)
    sent = [one for one in store.messages_of(world.cases["full"]) if one.kind == MessageKind.RECEIPT]
    answer = client.get(f"{LIST}/{world.cases['full']}/receipt")
    assert answer.content == store.outgoing.get(sent[0].digest)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert client.get(f"{LIST}/{world.cases['refused']}/receipt").status_code == 404
    assert client.get(f"{LIST}/NOSUCHCASE").status_code == 404


# -- who it is of ----------------------------------------------------------------------------------------


def test_who_it_is_of_is_shown_for_a_reason_that_is_entered_first(world: DeskWorld) -> None:
    """The name is sent only with a view in the private log: who, which booking, what, and why."""
    before = len(world.facts("viewed"))
    text = ask(world, "queried")
    assert any(name in text for name in names(world))
    assert world.facts("viewed")[before:] == [
        {
            "who": "operator",
            "case": world.cases["queried"],
            "part": "person, prints and candidates",
            "why": WHY,
        }
    ]


@pytest.mark.parametrize("why", ["", "    ", "abc", "x" * 201])
def test_without_a_reason_nothing_is_shown(world: DeskWorld, why: str) -> None:
    """A view without a useful reason is refused, and no view is entered."""
    client = world.client("operator")
    before = world.facts("viewed")
    path = f"{LIST}/{world.cases['queried']}/person"
    answer = client.post(path, data={**world.form(client), "why": why})
    assert answer.status_code == 400
    assert not [name for name in names(world) if name in answer.text]
    assert world.facts("viewed") == before


def test_no_address_shows_a_person(world: DeskWorld) -> None:
    """Typing or following an address shows nobody, and neither does a form of another site."""
    client = world.client("operator")
    for what in ("person", "image"):
        path = f"{LIST}/{world.cases['queried']}/{what}"
        assert client.get(f"{path}?why=some+reason&which=0").status_code == 405
        assert client.post(path, data={"why": WHY, "which": "0"}).status_code == 403


@pytest.mark.slow
def test_of_a_closed_booking_the_kept_transaction_is_shown(world: DeskWorld) -> None:
    """Once the received bytes are erased, what is shown is what a repository keeps, and the page says so."""
    case = store_of(world).case(world.cases["full"])
    assert case.text("kept") == "open"
    text = ask(world, "full")
    kept = world.town.exchange.bureau.kept(case)
    assert kept is not None
    assert kept.nam in text
    assert "Read from what the repository keeps." in text
    assert text.count("data:image/png;base64,") == 10


@pytest.mark.slow
def test_a_closer_look_is_a_view_of_its_own(world: DeskWorld) -> None:
    """Each image that is looked at closely is entered by its number; an image that is not there is not."""
    shown = ask(world, "queried")
    assert shown.count("data:image/png;base64,") == 10
    before = len(world.facts("viewed"))
    assert "data:image/png;base64," in ask(world, "queried", "image", which="9")
    assert [one["part"] for one in world.facts("viewed")[before:]] == ["image 10"]
    client = world.client("operator")
    path = f"{LIST}/{world.cases['queried']}/image"
    for which, status in (("10", 404), ("-1", 400), ("\u0663", 400), ("", 400)):
        answer = client.post(path, data={**world.form(client), "why": WHY, "which": which})
        assert answer.status_code == status


@pytest.mark.slow
def test_an_image_that_is_none_is_told_and_harms_no_other(world: DeskWorld) -> None:
    """Bytes that are no image give a sentence in their place, and the next image is still shown."""
    booking, _ = world.town.exchange.bureau.reread(store_of(world).case(world.cases["queried"]))
    good = booking.images[0]
    bad = Image(4, 9, 0, (1,), 804, 752, 500, 500, "WSQ", b"\xff\xa0" + b"\0" * 500, 0)
    first, second = prints([bad, good], 100)
    assert first.trouble
    assert not first.picture
    assert second.picture
    assert max(second.width, second.height) <= 100


def test_only_what_is_there_is_listed_of_a_person() -> None:
    """A booking that says little shows no empty lines."""
    assert prints(Submission().images, 100) == ()


# -- how it is drawn -------------------------------------------------------------------------------------


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=40)), min_size=2, max_size=6))
def test_longer_is_never_drawn_shorter(spans: list[timedelta]) -> None:
    """Bars keep the order of the durations, are always seen, and never leave their place."""
    widths = [view.bar(one) for one in sorted(spans)]
    assert widths == sorted(widths)
    assert all(1 <= one <= view.BAR for one in widths)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0004, "0 ms"), (0.5, "500 ms"), (59, "59.0 s"), (90, "1.5 min"), (86400, "1.0 d")],
)
def test_durations_have_one_unit(seconds: float, words: str) -> None:
    """A duration is told in the unit that fits it."""
    assert view.lasted(timedelta(seconds=seconds)) == words


@given(
    st.integers(1, 90).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(1, 90), st.integers(8, 64)))
)
def test_a_small_picture_keeps_its_shape_and_its_grey(given: tuple[int, int, int]) -> None:
    """A picture made smaller fits, and one of a single grey stays of that grey."""
    rows, cols, side = given
    made = smaller(np.full((rows, cols), 77, np.uint8), side)
    assert max(made.shape) <= side or max(rows, cols) <= side
    assert set(made.flat) == {77}


def test_the_tally_counts_every_booking(world: DeskWorld) -> None:
    """The counts beside the states add up to all bookings."""
    store = store_of(world)
    assert sum(tally(store).values()) == len(page(store, Wanted(), 1000).lines)


def test_an_older_home_gets_the_index_when_it_is_opened(tmp_path: Path) -> None:
    """A home without the index of the list has it after the next start."""
    path = tmp_path / "story.db"
    older = open_database(path, "schema.sql")
    with older.begin() as connection:
        connection.exec_driver_sql("DROP INDEX story_list")
    older.dispose()
    now = open_database(path, "schema.sql")
    assert page(Store(now, None, None), Wanted()).lines == ()  # type: ignore[arg-type]
    now.dispose()
