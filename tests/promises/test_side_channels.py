# SPDX-License-Identifier: Apache-2.0
"""The five leaks of consent interceptors and the two side channels of databases, each by its name.

Systems that filter on the way out have been found to leak by page 2, by totals, by bulk export, by nested or
cached objects, and by the database itself: a unique key refuses what nobody may see, and the planner's
statistics count it. Timing is tested without a clock: the same statements, and the same bytes read.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import sqlalchemy as sa
from census_world import CLOSED, StillTown, booked, both, counted, database, heard, opened, page, plain
from starlette.applications import Starlette

from scenes import SCENES, Town, bytes_at, row, scratch, tokens
from sluicegate.errors import SluicegateError
from sluicegate.exchange.lookup import Seen
from sluicegate.exchange.stages.share import Reply
from sluicegate.intake.mail import MailHandler
from sluicegate.intake.web import api
from sluicegate.ridge import template as templates
from sluicegate.store.blobs import BlobStore
from sluicegate.store.registering import Registry
from sluicegate.testing.agency import attached
from sluicegate.testing.registrars import Registrars, rows_of

pytestmark = pytest.mark.slow


# -- the five leaks of consent interceptors --------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSED)
def test_page_two(name: str) -> None:
    """Leak one: a page beyond the first shows no more than the first, and no page is short of anything."""
    with both(booked(name, 20, 21, 30)) as (without, with_hidden):
        for person in (20, 21, 30):
            pages = [
                [page(town, person, limit) for limit in (1, 2, 3, 10, 50)] for town in (without, with_hidden)
            ]
            assert pages[0] == pages[1]
            assert pages[1][0] == pages[1][-1][:1]


def test_a_page_is_never_short_by_what_was_dropped() -> None:
    """Leak one, the other way: subjects that may not be seen are dropped before a page is cut, not after."""
    with both(lambda _: None) as (_, town):
        for number in range(5):
            town.exchange.open.enrol(f"doubt{number}", f"A{number:08d}", templates.encode(town.template(20)))
        assert [page(town, 20, limit) for limit in (1, 2, 5, 50)] == [[1000]] * 4


@pytest.mark.parametrize("name", CLOSED)
def test_totals_and_counts(name: str) -> None:
    """Leak two: a look-up gives a list and no total, and no count that the partner has moved."""
    with both(booked(name, 20, 30, 31)) as (without, with_hidden):
        assert Seen.__slots__ == ("subject", "similarity")
        counts = []
        for town in (without, with_hidden):
            office = town.exchange.offices["partner"]
            counts.append(
                (
                    len(page(town, 30)),
                    len(town.exchange.gallery),
                    len(town.exchange.open),
                    office.store.log.sizes(),
                    office.store.rows("counts"),
                    len(office.store.rows("alerts")),
                    [(m.channel, m.sequence) for m in office.store.messages()],
                )
            )
        assert counts[0] == counts[1]


@pytest.mark.parametrize("role", ["partner", "state"])
@pytest.mark.parametrize("name", CLOSED)
def test_bulk_export(name: str, role: str) -> None:
    """Leak three: everything that a receiver holds, taken at once and unpacked, names no hidden booking."""
    with both(booked(name, 30)) as (_, town):
        held = bytes_at(town, role)
        case = town.exchange.bureau.store.cases_of_tcn("HIDDEN000030")[0]
        data = town.draft(name, 30, tcn="HIDDEN000030")
        assert [what for what, value in tokens(town, case.case_id, data).items() if value in held] == []


def test_nested_objects() -> None:
    """Leak four: whatever lies inside what the partner is given, however deep, is of that one booking."""
    with both(booked("filter", 20, 30)) as (_, town):
        hidden = [town.exchange.bureau.store.cases_of_tcn(f"HIDDEN{n:06d}")[0] for n in (20, 30)]
        others = {body: name for name, body in town.copies.items()}
        for body, name in others.items():
            inside = b"\n".join(opened(body))
            assert town.case(name.partition(".")[0]).digest.encode() in inside  # it was unpacked
            for case in hidden:
                assert not [one for one in (case.case_id, case.digest, case.tcn) if one.encode() in inside]
            for other in others.values():
                assert (other.partition(".")[0].encode() in inside) == (other == name)


def test_cached_objects() -> None:
    """Leak four, again: what was found before a filter came is not shown from memory after it."""
    with both(booked("filter", 20)) as (_, town):
        assert page(town, 20) == [1000]
        line = row("X950", "US-CA-085", "JURISDICTION_FILTER", since="2010-11-15", public="2010-11-15")
        Registrars(Registry(town.exchange.programs, town.clock)).publish(rows_of("choices.csv", [line]))
        assert [page(town, person, limit) for person in (20, 21) for limit in (1, 50)] == [[], [], [], []]


def test_the_database_itself() -> None:
    """Leak five: no table, page count, free page or row number of a database that is the partner's moves."""
    for name in CLOSED:
        with both(booked(name, 20, 30, 31, 32)) as (without, with_hidden):
            views = [
                [database(town.home / path) for path in ("partner/story.db", "partner/gallery/references.db")]
                for town in (without, with_hidden)
            ]
            assert views[0] == views[1]


# -- the two side channels of databases ------------------------------------------------------------------


def tried(action: Callable[[], object]) -> tuple[str, str]:
    """What an attempt gave or raised, as a sender could see it."""
    try:
        return "done", plain(repr(action()))
    except SluicegateError as error:
        return type(error).__name__, f"{error.message} {error.advice}"


def test_unique_key_a_number_that_a_hidden_booking_has() -> None:
    """Side channel one: somebody else uses the TCN of a hidden booking and hears what anybody would hear."""
    with both(booked("filter", 30)) as pair:
        said = []
        for town in pair:
            ori = SCENES["no-answer"].cri
            town.submit(town.draft("no-answer", 40, tcn="HIDDEN000030"))
            town.finish()
            said.append(heard(town, (ori,)))
        strip = [json.loads(_stable(json.dumps(one))) for one in said]
        assert strip[0] == strip[1]
        assert [kind for kind, _, _ in said[1][SCENES["no-answer"].cri]] == ["SRE", "RECEIPT"]


def _stable(text: str) -> str:
    """Without case ids inside longer names, and without subject numbers, which are drawn by chance."""
    return re.sub(r"SG[0-9A-Z]{26}|2\.014:[0-9A-Z]{9}", "<drawn>", text)


def test_unique_key_the_very_bytes_of_a_hidden_booking() -> None:
    """Side channel one: mail and folder answer bytes that came before like bytes that never did."""
    with both(booked("filter", 30)) as pair:
        data = pair[0].draft("filter", 30, tcn="HIDDEN000030")
        replies = {MailHandler(town.exchange.door, 20).reply_to(attached([data])) for town in pair}
        assert replies == {"250 2.0.0 taken 1 transaction(s)"}


def post(served: Starlette, data: bytes) -> dict[str, object]:
    """What the door over HTTP says to a submission."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.post("/v1/transactions", content=data)

    told: dict[str, object] = asyncio.run(ask()).json()
    return told


def test_unique_key_what_http_says_of_the_very_bytes_is_that_they_came_and_nothing_more() -> None:
    """Known: HTTP tells whoever has the exact bytes that they came before; no ticket, no state, no word."""
    with both(booked("filter", 30)) as (_, town):
        data = town.draft("filter", 30, tcn="HIDDEN000030")
        stores = [office.store for office in town.exchange.offices.values()]
        served = api(town.exchange.door, stores, clock=town.clock, secret=bytes(32))
        again = post(served, data)
        assert set(again) == {"case", "tcn", "ticket", "duplicate", "note", "others"}
        assert (again["duplicate"], again["ticket"], again["others"]) == (True, None, [])
        said = json.dumps(again).lower()
        assert not [word for word in ("withheld", "filter", "gate", "partner", "shared") if word in said]
        changed = data.replace(b"2.027:508", b"2.027:509")
        assert post(served, changed)["duplicate"] is False


@pytest.mark.parametrize("name", CLOSED)
def test_unique_key_at_the_partners_doors(name: str) -> None:
    """Side channel one: a copy or a reply under the name of a hidden booking is refused like one of none."""
    with both(booked(name, 30)) as (_, town):
        hidden = town.exchange.bureau.store.cases_of_tcn("HIDDEN000030")[0].case_id
        answers = [
            tried(lambda c=case: town.exchange.bureau.hear(f"{c}.COPY", Reply(matched=True)))  # type: ignore[misc]
            for case in (hidden, "0" * 26, hidden.swapcase())
        ]
        assert len(set(answers)) == 1
        assert answers[0][0] == "Missing"
        lent = next(iter(town.copies.values()))
        forged = [
            json.dumps(
                {**json.loads(lent), "reference": f"{c}.COPY", "case": c, "transaction": _packed(b"x")}
            )
            for c in (hidden, "0" * 26)
        ]
        refused = [tried(lambda f=f: town.exchange.partner.take(f.encode())) for f in forged]  # type: ignore[misc]
        assert refused[0] == refused[1]
        assert refused[0][0] == "VerifyError"


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("name", CLOSED)
def test_planner_statistics(name: str) -> None:
    """Side channel two: after ANALYZE, what the planner knows of the partner's databases, and of the one that
    is searched for it, counts no hidden booking."""
    with both(booked(name, 20, 30, 31)) as pair:
        known = []
        for town in pair:
            engines = (
                town.exchange.offices["partner"].engine,
                town.exchange.gallery._engine,
                town.exchange.open._engine,
            )
            known.append([_analyzed(engine) for engine in engines])
        assert known[0] == known[1]
        assert known[0][2]


def _analyzed(engine: sa.Engine) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        found = connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx")
        plans = (
            connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
            if _counts(connection)
            else []
        )
        return [tuple(one) for one in [*found.all(), *plans]]


def _counts(connection: sa.Connection) -> bool:
    return bool(
        connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").all()
    )


# -- timing, without a clock -----------------------------------------------------------------------------


@contextmanager
def bytes_read() -> Iterator[list[int]]:
    """Sizes of all blobs that are read."""
    sizes: list[int] = []
    real = BlobStore.get

    def get(self: BlobStore, digest: str) -> bytes:
        data = real(self, digest)
        sizes.append(len(data))
        return data

    BlobStore.get = get  # type: ignore[method-assign]
    try:
        yield sizes
    finally:
        BlobStore.get = real  # type: ignore[method-assign]


def engines(town: Town) -> dict[str, sa.Engine]:
    """Every database of a world."""
    exchange = town.exchange
    return {
        **{role: office.engine for role, office in exchange.offices.items()},
        "open": exchange.open._engine,
        "filtered": exchange.filtered._engine,
        "gallery": exchange.gallery._engine,
    }


@pytest.mark.parametrize("name", CLOSED)
def test_a_look_up_reads_the_same_whether_a_hidden_booking_is_there_or_not(name: str) -> None:
    """The same statements in the same order, the same blobs, and the filtered store is not asked."""
    with both(booked(name, 20, 30)) as pair:
        for person in (20, 30, 99):
            reads = []
            for town in pair:
                probe = town.template(person)
                with counted(engines(town)) as asked, bytes_read() as sizes:
                    town.exchange.lookup.look_up(probe, "partner", 3)
                kept = {where: [s for s in said if s.startswith("SELECT")] for where, said in asked.items()}
                reads.append((kept, sizes))
            assert reads[0] == reads[1]
            assert reads[0][0]["filtered"] == []
            assert len(reads[0][0]["open"]) == (1 if person != 20 else 2)


@pytest.mark.parametrize("name", CLOSED)
def test_the_partner_works_the_same_while_hidden_bookings_pass(name: str) -> None:
    """While hidden bookings go their whole way, the partner's databases are read as often as for nothing."""
    with scratch() as folder:
        town = StillTown(folder / "home")
        town.book("full", 20)
        town.finish()
        ours = {key: one for key, one in engines(town).items() if key in ("partner", "gallery", "open")}
        with counted(ours) as idle, bytes_read():
            town.finish()
        for person in (30, 31):
            town.submit(town.draft(name, person))
        with counted(ours) as busy:
            town.finish()
        assert {one for one in busy["partner"] if not one.startswith("SELECT")} == set()
        assert set(busy["partner"]) == set(idle["partner"])
        assert busy["gallery"] == []
        town.close()


@pytest.mark.parametrize("name", ["no-answer", "no-relay"])
def test_a_muted_agency_is_answered_by_the_same_steps_whether_the_partner_knows_the_person(name: str) -> None:
    """Up to the moment its receipt is queued, statements, bytes read and messages are the same either way."""
    with scratch() as folder:
        views = []
        for known in (True, False):
            town = StillTown(folder / str(known))
            if known:
                town.enrol(town.exchange.gallery, 7, "P00000007")
            case_id = town.submit(town.draft(name, 7))
            with counted({"bureau": town.exchange.offices["bureau"].engine}) as asked, bytes_read() as sizes:
                town._move_all()
            told = [
                (m.kind, m.channel, m.sequence, m.size)
                for m in town.exchange.bureau.store.messages_of(case_id)
            ]
            views.append((asked, sizes, told))
            town.close()
        assert views[0] == views[1]
        assert {kind for kind, *_ in views[0][2]} >= {"SRE", "RECEIPT"}
