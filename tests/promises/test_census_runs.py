# SPDX-License-Identifier: Apache-2.0
"""The census run: a world with hidden bookings beside the same world without them, at every receiver.

Every mode, booked before and after the rules changed, looked up before and after: what the partner, other
agencies and the public hold must be equal, but for what is counted publicly by design.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from census_world import (
    AFTER,
    BEFORE,
    BOOKED,
    CELLS,
    CHANGED,
    CHANGES,
    HIDDEN,
    LATER,
    LINKED,
    OPEN,
    PUBLISHED,
    SHOWN,
    StillTown,
    Story,
    copies,
    database,
    heard,
    partner_sees,
    person_of,
    plain,
    told,
)
from click.testing import CliRunner

from scenes import SCENES, bytes_at, item, letter, scratch, tokens
from sluicegate.cli.main import sluicegate
from sluicegate.exchange.stages.expunge import Order

pytestmark = pytest.mark.slow
BYSTANDERS = tuple(SCENES[name].cri for name in ("no-answer", "no-relay"))
BY_DESIGN = {
    "agencies",
    "answer-median",
    "answer-p95",
    "received",
    "refused-at-door",
    "submissions",
    "withheld",
}
"""Measures of a month that count withheld bookings, in public and on purpose; no other may."""


@dataclass(slots=True)
class Told:
    """A world, and what was seen of it when it had settled."""

    story: Story
    partner: dict[str, object]
    mail: dict[str, list[tuple[str, int, str]]]
    repository: dict[str, object]
    public: dict[str, bytes]
    partner_public: dict[str, bytes]
    month: dict[str, Any]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def shown(name: str, data: bytes) -> str:
    """A public file as it is compared: hashes and commitments, which are random, by their length."""
    hashes = "/entries/" not in name or name.startswith("logs/")
    return f"<{len(data)} bytes>" if "tile/" in name and hashes else plain(data.decode("latin-1"))


def command(home: Path, *words: object) -> None:
    """A command over a home, two months later."""
    every = [*map(str, words), "--json", "--home", str(home)]
    result = CliRunner().invoke(sluicegate, every, env={**os.environ, "SLUICEGATE_CLOCK": PUBLISHED})
    assert result.exit_code == 0, result.output


def seen(folder: Path, hidden: list[tuple[str, str]]) -> Told:
    """Tell a story, look at it as everybody does, then publish and look again."""
    story = told(folder / "home", hidden)
    town, home = story.town, story.town.home
    partner, mail = partner_sees(story), heard(town, BYSTANDERS)
    repository = database(home / "bureau" / "open" / "references.db")
    repository["reference"] = len(repository["reference"])  # type: ignore[arg-type]
    town.close()
    command(home, "ledger", "days")
    command(home, "statistics", "export", "--month", "2010-11", "--threshold", 3, "--to", folder / "month")
    month = json.loads((folder / "month" / "statistics.json").read_bytes())
    town.reopen()
    public = (tree(home / "public"), tree(home / "partner-public"))
    return Told(story, partner, mail, repository, *public, month)


@pytest.fixture(scope="module")
def worlds() -> Iterator[tuple[Told, Told]]:
    """Without the hidden bookings, and with all of them."""
    with scratch() as folder:
        made = (seen(folder / "without", []), seen(folder / "with", HIDDEN))
        yield made
        for one in made:
            one.story.town.close()


# -- the partner -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", ["database", "gallery", "files", "data keys", "envelopes", "look-ups", "alerts", "handed over"]
)
def test_the_partner_holds_the_same_with_and_without_hidden_bookings(
    worlds: tuple[Told, Told], way: str
) -> None:
    """Rows, pages, row numbers, files, envelopes, look-ups, alerts: none differs by a hidden booking."""
    without, with_hidden = worlds
    assert len(with_hidden.story.cases) > len(without.story.cases) + 3 * len(HIDDEN)
    assert with_hidden.partner[way] == without.partner[way]


def test_the_repository_that_is_searched_for_the_partner_has_the_same_pages_and_rows(
    worlds: tuple[Told, Told],
) -> None:
    """Pages, free pages, row numbers and counts of the open repository do not differ by a hidden booking."""
    assert worlds[1].repository == worlds[0].repository


def test_the_partner_publishes_the_same_with_and_without_hidden_bookings(worlds: tuple[Told, Told]) -> None:
    """What the partner tells the public of its days is the same, file by file."""
    views = [{name: shown(name, data) for name, data in one.partner_public.items()} for one in worlds]
    assert views[0]
    assert views[1] == views[0]


@pytest.mark.parametrize("cell", HIDDEN, ids="-".join)
def test_no_byte_at_the_partner_or_the_state_speaks_of_a_hidden_booking(
    worlds: tuple[Told, Told], cell: tuple[str, str]
) -> None:
    """For each mode and date: no case, TCN, OCA, digest or image of it is anywhere at partner or state."""
    story = worlds[1].story
    held = b"\n".join(
        [
            *(bytes_at(story.town, role) for role in ("partner", "state")),
            *worlds[1].partner_public.values(),
        ]
    )
    for (name, day, way), case_id in story.cases.items():
        if (name, day) == cell:
            spoken = tokens(story.town, case_id, story.sent[name, day, way])
            drop = {"sametcn": {"TCN"}, "linked": {"OCA", "image"}}.get(
                way, set()
            )  # an open booking has these
            assert not [what for what, value in spoken.items() if what not in drop and value in held]


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_a_copy_left_where_the_hand_written_table_opens_the_gate_and_nowhere_else(
    worlds: tuple[Told, Told], cell: tuple[str, str]
) -> None:
    """For each mode and booking date, the number of copies is what the table says, written by hand."""
    story = worlds[1].story
    cases = {case for (name, day, _), case in story.cases.items() if (name, day) == cell}
    went = {name.partition(".")[0] for name in story.town.copies}
    assert cases
    assert cases & went == (cases if cell in SHOWN else set())


@pytest.fixture(scope="module")
def dated() -> Iterator[dict[tuple[str, str, str], bool]]:
    """Whether each booking was found: (scene, booked, looked up). Each world has everybody in it."""
    found: dict[tuple[str, str, str], bool] = {}
    with scratch() as folder:
        town = StillTown(folder / "home")
        for when, moment in (("before", BEFORE), ("changed", CHANGED), ("after", AFTER), ("later", LATER)):
            town.at(moment)
            if when == "changed":
                town.publish(*CHANGES)
            elif when in BOOKED:
                for name in SCENES:
                    town.book(name, person_of((name, when)))
                town.finish()
            for name, day in CELLS:
                if BOOKED[day] <= moment:
                    probe = town.template(person_of((name, day)))
                    found[name, day, when] = bool(town.exchange.lookup.look_up(probe, "partner", 50))
        yield found
        town.close()


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_a_look_up_finds_what_was_open_at_booking_and_is_open_now(
    dated: dict[tuple[str, str, str], bool], cell: tuple[str, str]
) -> None:
    """For each mode, booking date and date of the look-up: found if open on both dates, else not."""
    name, day = cell
    at_booking = OPEN[name][day == "after"]
    answers = {when: hit for (n, d, when), hit in dated.items() if (n, d) == cell}
    assert answers == {when: at_booking and OPEN[name][when != "before"] for when in answers}
    assert len(answers) == (4 if day == "before" else 2)


def test_an_expunged_hidden_booking_tells_the_partner_nothing() -> None:
    """Expunging every hidden booking sends no notice and changes nothing that the partner holds."""
    with scratch() as folder:
        views = []
        for name, hidden in (("without", []), ("with", [("filter", "before"), ("not-activated", "after")])):
            story = told(folder / name, hidden)
            order = Order("court-order", "Superior Court 12")
            for (scene, day, _), case_id in story.cases.items():
                if (scene, day) in hidden:
                    story.town.exchange.expungers["bureau"].expunge(case_id, order)
            story.town.finish()
            views.append(partner_sees(story))
            story.town.close()
        assert views[1] == views[0]


# -- other agencies --------------------------------------------------------------------------------------


def test_other_agencies_hear_the_same_but_for_a_finding_of_the_criminal_search(
    worlds: tuple[Told, Told],
) -> None:
    """Kinds, order, sizes and texts are equal in every other mailbox; only SRF (2.059) may be I for N.

    The criminal search is what agencies submit prints for, and it knows everybody; the partner is told none
    of it. The other agency here booked a person whom a hidden booking holds.
    """
    without, with_hidden = (
        {
            ori: [(kind, size, text.split("\x1d")) for kind, size, text in letters]
            for ori, letters in one.mail.items()
        }
        for one in worlds
    )
    different = []
    for ori in BYSTANDERS:
        assert [one[:2] for one in with_hidden[ori]] == [one[:2] for one in without[ori]]
        for ours, theirs in zip(with_hidden[ori], without[ori], strict=True):
            different += [
                (mine, other)
                for mine, other in zip(ours[2], theirs[2], strict=True)
                if mine != other and not mine.startswith(("2.014:", "1.009:SG"))
            ]
    assert different == [("2.059:I", "2.059:N")]


# -- the public ------------------------------------------------------------------------------------------


def statements(public: dict[str, bytes]) -> list[dict[str, Any]]:
    """The statements of the master log."""
    bundle = next(data for name, data in public.items() if name.startswith("tile/entries/"))
    found, rest = [], bundle
    while rest:
        size = int.from_bytes(rest[:2], "big")
        found.append(json.loads(rest[2 : 2 + size]))
        rest = rest[2 + size :]
    return found


def test_public_files_of_shared_bookings_do_not_differ_by_hidden_ones(worlds: tuple[Told, Told]) -> None:
    """Tiles and checkpoints of every log but those of withheld bookings are the same, file by file."""
    views = [
        {
            name: shown(name, data)
            for name, data in one.public.items()
            if name.startswith("logs/") and "/withheld/" not in name
        }
        for one in worlds
    ]
    assert views[0]
    assert views[1] == views[0]


def test_private_logs_are_in_no_public_file(worlds: tuple[Told, Told]) -> None:
    """No folder and no statement names the logs of the door and of the answers."""
    for one in worlds:
        for public in (one.public, one.partner_public):
            said = " ".join([*public, *(data.decode("latin-1") for data in public.values())])
            assert "/answers" not in said.replace("answers.", "")
            assert "bureau/intake" not in said


def test_day_statements_tell_the_count_of_withheld_bookings_and_nothing_else(
    worlds: tuple[Told, Told],
) -> None:
    """By design a day tells how many were withheld; all else but the day before it is as without them."""
    days: list[dict[tuple[str, str], dict[str, Any]]] = []
    for one in worlds:
        said = [s for s in statements(one.public) if s["kind"] == "day"]
        days.append({(s["jurisdiction"], s["day"]): s for s in said})
    for place, without in days[0].items():
        with_hidden = days[1][place]
        other = {key for key in without if plain(str(without[key])) != plain(str(with_hidden[key]))}
        assert other <= {"withheld", "received", "refused", "previous"}
        assert with_hidden["shared"]["size"] == without["shared"]["size"]
        assert with_hidden["pending"]["size"] == without["pending"]["size"] == 0
        assert without["withheld"]["size"] == 0
    new = [days[1][place] for place in days[1].keys() - days[0].keys()]
    assert new
    assert {s["shared"]["size"] for s in new} == {0}


def test_other_statements_do_not_differ_by_hidden_bookings(worlds: tuple[Told, Told]) -> None:
    """Besides days and the checkpoints of logs of withheld bookings, the master log states the same."""
    views = []
    for one in worlds:
        kept = [
            plain(json.dumps(s, sort_keys=True))
            for s in statements(one.public)
            if s["kind"] != "day" and not str(s.get("log", "")).endswith("/withheld")
        ]
        views.append(kept)
    assert views[1] == views[0]


def test_a_month_counts_withheld_bookings_where_it_says_so_and_in_no_other_figure(
    worlds: tuple[Told, Told],
) -> None:
    """Of the figures of a month only those that count withheld bookings by definition differ by them."""
    views = [
        {
            (cell["place"], cell["measure"]): cell.get("value", cell.get("hidden"))
            for cell in one.month["figures"]
        }
        for one in worlds
    ]
    different = {cell for cell in views[0] if views[0][cell] != views[1][cell]}
    assert {measure for _, measure in different} <= BY_DESIGN
    fresh = {cell: views[1][cell] for cell in views[1].keys() - views[0].keys() if cell[1] not in BY_DESIGN}
    assert set(fresh.values()) <= {0, None}  # of places that had no booking at all before: nothing was copied
    answers = [json.dumps(one.month["answers"], sort_keys=True) for one in worlds]
    assert plain(answers[1]) == plain(answers[0])


# -- the muted agency ------------------------------------------------------------------------------------


def muted(folder: Path, name: str, *, known: bool) -> dict[str, object]:
    """A booking whose answer is muted, made, determined, published, expunged: all that anybody can see."""
    town = StillTown(folder / "home")
    if known:
        town.enrol(town.exchange.gallery, LINKED, "P00000007")
    own, other = SCENES[name].cri, SCENES["full"].cri
    case_id = town.book(name, LINKED, sco=("VA0990000",), tcn="MUTED0000001")
    town.finish()
    assert town.case(case_id).text("partner") == ("match" if known else "no-match")
    town.book(name, 8, tcn="MUTED0000002")
    town.book("full", 9)
    town.finish()
    town.at(AFTER)
    order = Order("court-order", "Superior Court 12")
    town.exchange.expungers["bureau"].expunge(case_id, order)
    word = town.case(case_id).text("attestation")
    town.finish()
    view: dict[str, object] = {"mail": heard(town, (own, other, "VA0990000")), "attestation": plain(word)}
    home = town.home
    town.close()
    command(home, "ledger", "days")
    command(home, "statistics", "export", "--month", "2010-11", "--threshold", 3, "--to", folder / "month")
    for place in (home / "public", home / "partner-public", folder / "month"):
        view[place.name] = {one: shown(one, data) for one, data in tree(place).items()}
    view["state"] = database(home / "state" / "story.db")
    return view


@pytest.mark.parametrize("part", ["mail", "attestation", "public", "partner-public", "month", "state"])
@pytest.mark.parametrize("name", ["no-answer", "no-relay"])
def test_nobody_sees_whether_a_muted_booking_had_matched(
    silent: dict[str, list[dict[str, object]]], name: str, part: str
) -> None:
    """Mail, attestation, public files, days, figures and the state are the same for a match and for none."""
    known, unknown = silent[name]
    drop = re.compile(r"2\.014:[0-9A-Z]{9}|SG[0-9A-Z]{26}")
    assert drop.sub("<drawn>", repr(known[part])) == drop.sub("<drawn>", repr(unknown[part]))
    assert known[part]


@pytest.fixture(scope="module")
def silent() -> dict[str, list[dict[str, object]]]:
    """For each muted mode: all that can be seen where the partner knew the person, and where it did not."""
    with scratch() as folder:
        return {
            name: [muted(folder / f"{name}-{known}", name, known=known) for known in (True, False)]
            for name in ("no-answer", "no-relay")
        }


def test_the_comparison_of_worlds_would_find_a_leak(worlds: tuple[Told, Told]) -> None:
    """One copy more at the partner, one more entry, one letter more: each makes the views differ."""
    partner = worlds[0].partner
    town = worlds[0].story.town
    assert len(copies(town)) == sum(1 for (n, d, _) in worlds[0].story.cases if (n, d) in SHOWN)
    found = {name.partition(" ")[0] for name, one in partner["look-ups"].items() if one}  # type: ignore[attr-defined]
    later = [cell for cell in SHOWN if OPEN[cell[0]][1]]  # open at booking, and when the look-ups were made
    assert found == {str(LINKED), *(str(person_of(cell)) for cell in later)}
    with scratch() as folder:
        one = told(folder / "home", [])
        one.book(("no-answer", "after"), "extra", 999)
        assert {way for way, view in partner_sees(one).items() if view != partner[way]} >= {
            "database",
            "envelopes",
        }
        one.town.close()


def test_the_criminal_answer_to_the_linked_person_is_the_known_exception(worlds: tuple[Told, Told]) -> None:
    """An agency learns from SRF that a person is known; no copy, look-up or reply carries that word."""
    story = worlds[1].story
    case_id = story.cases["no-answer", "before", "linked"]
    assert item(letter(story.town, case_id, "SRE"), 59) in ("I", "N")
    assert b"2.059" not in story.town.copies[f"{case_id}.COPY"]
