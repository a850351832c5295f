# SPDX-License-Identifier: Apache-2.0
"""Health at the desk: what is measured, how it is judged, and that it names nobody."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import desk_world
import pytest
from desk_world import DeskWorld
from tests.audit import audit_world

from scenes import scratch
from sluicegate.cli.running import only_server
from sluicegate.exchange.case import State
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.web.frame import Site
from sluicegate.web.operator import health_read
from sluicegate.web.operator import health_view as view
from sluicegate.web.operator.health_view import Verdict
from sluicegate.web.source import PublicSource
from sluicegate.witness.client import Outcome
from sluicegate.witness.publishing import published
from sluicegate.witness.record import Contact, Record

NOW = datetime(2010, 11, 16, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GOOD, WATCH, ACT = Verdict.GOOD, Verdict.WATCH, Verdict.ACT


@pytest.fixture(scope="module")
def world() -> Iterator[DeskWorld]:
    """The desks over cases in every state."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


def told(world: DeskWorld) -> dict[str, dict[str, object]]:
    """The checks as a machine gets them."""
    answer = world.client("operator").get("/desk/health.json")
    assert answer.status_code == 200
    found: dict[str, dict[str, object]] = answer.json()["checks"]
    return found


# -- the page --------------------------------------------------------------------------------------------


def test_every_check_says_what_it_found_in_words(world: DeskWorld) -> None:
    """Each check has its name, its verdict and its sentence on the page, and no place is left unfilled."""
    text = world.client("operator").get("/desk/health").text
    assert text.count('<section class="check') == len(told(world)) == 9
    main = text.partition("<main")[2].partition("</main>")[0]
    assert "{" not in main
    assert "Start it: sluicegate serve" in main


def test_a_home_that_nobody_serves_is_told_until_somebody_does(world: DeskWorld) -> None:
    """Without a process that moves the bookings the verdict is to act; beside one it is good."""
    assert told(world)["serving"] == {"verdict": "act", "served": False}
    with only_server(world.town.home):
        assert told(world)["serving"] == {"verdict": "good", "served": True}


def test_the_document_names_no_booking(world: DeskWorld) -> None:
    """What a monitor reads holds counts, ages and verdicts, and neither a case nor a TCN nor an agency."""
    text = world.client("operator").get("/desk/health.json").text
    store = world.town.exchange.offices["bureau"].store
    for name in world.cases.values():
        case = store.case(name)
        assert not [one for one in (name, case.tcn, case.ori) if one and one in text]
    assert json.loads(text)["verdict"] == "act"


def test_counts_are_those_of_the_store(world: DeskWorld) -> None:
    """Bookings by state add up to all of them, and an examiner's case counts as waiting."""
    counted = told(world)["bookings"]
    assert counted["bookings"] == len(world.cases)
    assert counted["waiting"] == 2
    assert sum(counted["states"].values()) == len(world.cases)  # type: ignore[attr-defined]


def test_an_alert_is_on_the_page_with_its_booking(world: DeskWorld) -> None:
    """The newest alert is shown with a link to the booking that it is about, and counts as something new."""
    store = world.town.exchange.offices["bureau"].store
    case = world.cases["queried"]
    with store.session() as session:
        store.alert(session, "Something was denied for doubt.", case, world.town.clock())
    page = world.client("operator").get("/desk/health").text
    assert "Something was denied for doubt." in page
    assert f'href="/desk/bookings/{case}">booking</a>' in page
    assert told(world)["alerts"]["verdict"] == "watch"


def test_only_operators_open_health(world: DeskWorld) -> None:
    """Everybody else is turned away from both forms of it."""
    for role in ("examiner", "officer", "auditor", "admin", "records", "registrar"):
        client = world.client(role)
        assert client.get("/desk/health").status_code == 403
        assert client.get("/desk/health.json").status_code == 403


# -- what is measured ------------------------------------------------------------------------------------


def test_both_sides_are_compared_from_what_they_published(public_home: Path, site: Site) -> None:
    """Over a published month the partner took what was shared, and received is the sum of its parts."""
    made = health_read.compared(site.source, public_home / "partner-public")
    check = view.sides(made)
    assert made.days > 0
    assert made.counts["shared"] == made.counts["taken"] > 0
    assert check.verdict is not ACT


def test_a_partner_folder_that_does_not_verify_is_told(public_home: Path, site: Site) -> None:
    """Days that lead to no checkpoint of the partner's key are no agreement: the verdict is to act."""
    source = site.source
    assert source.partner is not None
    wrong = dataclasses.replace(source.partner.key, public=bytes(32))
    other = PublicSource(source.folder, source.key, (public_home / "partner-public", wrong))
    made = health_read.compared(other, public_home / "partner-public")
    assert made.why
    assert view.sides(made).verdict is ACT


def test_a_witness_that_saw_another_history_is_an_alarm(world: DeskWorld) -> None:
    """One witness that says it was shown another history outweighs every other finding about witnesses."""
    home = world.town.home
    origin = checkpoints.parse(published(home / "public")).origin
    assert told(world)["witnesses"]["verdict"] == "watch"
    record = Record(home / "cosignatures.db")
    record.note(origin, Contact("paper", 1_290_000_000, 5, str(Outcome.FORKED), "another history"))
    record.close()
    assert told(world)["witnesses"] | {"published_entries": 0} == {
        "verdict": "act",
        "published_entries": 0,
        "final": False,
        "newest_cosignature_s": None,
        "forked": ["paper"],
    }


def test_cosignatures_are_read_from_the_published_note(public_home: Path, tmp_path: Path) -> None:
    """A checkpoint that enough witnesses of the policy cosigned is final, and how old that is is known."""
    (tmp_path / "public").mkdir()
    shutil.copy(public_home / "public" / "checkpoint", tmp_path / "public" / "checkpoint")
    assert not health_read.witnesses_of(tmp_path).policy
    (tmp_path / "witnesses.txt").write_text(audit_world.policy_text(public_home), "utf-8")
    found = health_read.witnesses_of(tmp_path)
    assert found.final
    assert found.newest == audit_world.LAST + timedelta(minutes=1)
    assert view.witnesses(found, audit_world.LAST + HOUR).verdict is GOOD
    (tmp_path / "witnesses.txt").write_text("no policy\n", "utf-8")
    assert not health_read.witnesses_of(tmp_path).policy


def test_a_large_store_is_counted_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of very many files is told as at least so large, so that the page stays quick."""
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x" * 10)
    monkeypatch.setattr(health_read, "MOST_FILES", 3)
    assert health_read.folder_of("spool", tmp_path) == view.Store("spool", 30, cut=True)


# -- how it is judged ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "age", "tries", "verdict"),
    [
        ("smtp:CA0430000", MINUTE, 0, GOOD),
        ("smtp:CA0430000", 6 * MINUTE, 1, WATCH),
        ("smtp:CA0430000", MINUTE, 3, WATCH),
        ("smtp:CA0430000", 2 * HOUR, 1, ACT),
        ("partner", MINUTE, 8, ACT),
        ("http:TICKET", 30 * DAY, 0, GOOD),
    ],
)
def test_a_queue_is_judged_by_age_and_tries(
    channel: str, age: timedelta, tries: int, verdict: Verdict
) -> None:
    """What cannot be delivered is told early; what its receiver must fetch is the receiver's business."""
    queue = view.judged_queue(view.Queue(channel, 1, NOW - age, tries, "", NOW), NOW)
    assert queue.verdict is verdict
    assert view.queues([queue], NOW).verdict is verdict


@pytest.mark.parametrize(
    ("state", "age", "verdict"),
    [
        (State.ADMITTED, MINUTE, GOOD),
        (State.ADMITTED, 6 * MINUTE, WATCH),
        (State.FILED, 2 * HOUR, ACT),
        (State.AWAITING, 2 * HOUR, GOOD),
        (State.AWAITING, 2 * DAY, WATCH),
        (State.SHARED, 2 * DAY, WATCH),
        (State.CLOSED, 900 * DAY, GOOD),
        (State.EXPUNGED, 900 * DAY, GOOD),
    ],
)
def test_what_should_move_must_move(state: State, age: timedelta, verdict: Verdict) -> None:
    """A booking that stands where it should move on is an alarm; one that waits for a person has a day."""
    one = view.judged_standing(view.Standing(state, 1, NOW - age), NOW)
    assert one.verdict is verdict
    check = view.bookings([one], NOW)
    assert check.verdict is verdict
    assert bool(check.todo) == (verdict is not GOOD)


@pytest.mark.parametrize(("free", "verdict"), [(10**12, GOOD), (4 * 10**9, WATCH), (10**8, ACT)])
def test_a_disk_that_fills_up_is_told_before_it_is_full(free: int, verdict: Verdict) -> None:
    """Below five gigabytes one watches, below one acts."""
    assert view.storage([view.Store("spool", 10)], free).verdict is verdict


@pytest.mark.parametrize(
    ("where", "age", "verdict", "said"),
    [
        ("locked", DAY, GOOD, "signs"),
        ("apart", DAY, GOOD, "signs"),
        ("locked", 400 * DAY, WATCH, "old"),
        ("plain", DAY, WATCH, "plain"),
        ("both", DAY, WATCH, "both"),
    ],
)
def test_a_key_is_judged_by_age_and_place(where: str, age: timedelta, verdict: Verdict, said: str) -> None:
    """A key that is old, or lies unprotected, is told with what to do."""
    check = view.keys([view.Key("44318a04", NOW - age, None, "signs")], where, NOW)
    assert (check.verdict, check.said) == (verdict, said)


def test_no_key_is_the_worst() -> None:
    """Where no key of the bureau can be read nothing can be signed, and that is said."""
    assert view.keys([], "unknown", NOW).verdict is ACT


@pytest.mark.parametrize(
    ("ledger", "real", "drill", "verdict", "said"),
    [
        (NOW - DAY, NOW, False, GOOD, "good"),
        (NOW + HOUR, NOW, False, ACT, "behind"),
        (NOW + HOUR, NOW, True, ACT, "behind"),
        (NOW - DAY, NOW + HOUR, False, ACT, "apart"),
        (NOW - DAY, NOW + 5000 * DAY, True, WATCH, "drill"),
        (None, NOW, False, GOOD, "good"),
    ],
)
def test_a_clock_that_went_back_is_told(
    ledger: datetime | None, real: datetime, drill: bool, verdict: Verdict, said: str
) -> None:
    """A clock behind what the ledger has seen is the first thing said of it, in a drill too."""
    check = view.clock(NOW, real, ledger, drill)
    assert (check.verdict, check.said) == (verdict, said)


@pytest.mark.parametrize(
    ("state", "verdict", "said"),
    [
        (view.WitnessState(False, False), WATCH, "unpublished"),
        (view.WitnessState(False, True, 5), WATCH, "nobody"),
        (view.WitnessState(True, True, 5, False, "NOT FINAL: by nobody."), WATCH, "notfinal"),
        (view.WitnessState(True, True, 5, True, "FINAL.", NOW - HOUR), GOOD, "final"),
        (view.WitnessState(True, True, 5, True, "FINAL.", NOW - 2 * DAY), WATCH, "final"),
        (view.WitnessState(True, True, 5, True, "FINAL.", NOW - 8 * DAY), ACT, "final"),
        (view.WitnessState(True, True, 5, True, "FINAL.", NOW, ("paper",)), ACT, "forked"),
    ],
)
def test_witnesses_are_judged_by_what_they_signed_and_when(
    state: view.WitnessState, verdict: Verdict, said: str
) -> None:
    """Enough fresh cosignatures are good; too few or old ones are told; another history is an alarm."""
    check = view.witnesses(state, NOW)
    assert (check.verdict, check.said) == (verdict, said)


def test_a_difference_that_no_delay_explains_is_an_alarm() -> None:
    """What only waits is watched; what cannot be explained is to be acted upon."""
    counts = {"shared": 2, "withheld": 1, "pending": 0, "taken": 1}
    assert view.sides(view.Compared(counts, 3)).verdict is GOOD
    assert view.sides(view.Compared(counts, 3, (), 1)).verdict is WATCH
    assert view.sides(view.Compared(counts, 3, ("taken, never sent",), 1)).verdict is ACT
    assert view.sides(view.Compared()).verdict is WATCH


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    """One check to act upon makes the exchange one to act upon."""
    checks = [view.serving(True), view.storage([], 10**12), view.serving(False)]
    assert view.document(checks, NOW)["verdict"] == "act"
    assert view.document(checks[:2], NOW)["verdict"] == "good"
