# SPDX-License-Identifier: Apache-2.0
"""Promise filter-never-shares, beyond the table of gates: look-ups, numbers, links, counts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import pytest

from scenes import SCENES, Town, bytes_at, item, left, letter, rows, scratch, tokens
from sluicegate import app
from sluicegate.errors import Conflict, Missing, SluicegateError, UsageError, VerifyError
from sluicegate.exchange import papers
from sluicegate.exchange.envelopes import Copy, read_copy
from sluicegate.exchange.stages.share import Reply
from sluicegate.ledger import proof as proofs
from sluicegate.ridge import parameters
from sluicegate.ridge.gallery import digest
from sluicegate.ridge.template import encode
from sluicegate.store.repository import Repository

CLOSED = [name for name, scene in SCENES.items() if not scene.found]


@pytest.fixture
def pair() -> Iterator[Callable[[], Town]]:
    """Makes fresh worlds."""
    made: list[Town] = []
    with scratch() as folder:

        def make() -> Town:
            made.append(Town(folder / f"home{len(made)}"))
            return made[-1]

        yield make
        for one in made:
            one.close()


def copies(town: Town) -> list[Copy]:
    """All copies that ever went to the partner, in order."""
    return [read_copy(body) for body in town.copies.values()]


def checkpoints(town: Town) -> list[tuple[str, int]]:
    """Log and size of every checkpoint that the partner was shown."""
    notes = [proofs.decode(copy.proof).checkpoint_note.split("\n") for copy in copies(town)]
    return [(note[0], int(note[1])) for note in notes]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLOSED)
def test_no_look_up_finds_a_withheld_booking(town: Town, name: str) -> None:
    """The partner looks up the very prints of a withheld booking and sees nobody, on no page."""
    town.book(name, 7)
    town.settle()
    assert town.exchange.lookup.look_up(town.template(7), "partner", limit=50) == ()


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False], ids=["filtered-first", "open-first"])
@pytest.mark.parametrize("name", CLOSED)
def test_an_open_booking_of_the_same_person_shares_nothing_with_the_withheld_one(
    town: Town, name: str, first: bool
) -> None:
    """Booked under a closed and an open gate, a person has two numbers, and look-ups show one of them."""
    order = (name, "full") if first else ("full", name)
    cases = {}
    for one in order:
        cases[one] = town.book(one, 7)
        town.settle()
    numbers = {one: item(letter(town, case_id, "SRE"), 14) for one, case_id in cases.items()}
    assert numbers[name] != numbers["full"]
    seen = town.exchange.lookup.look_up(town.template(7), "partner", limit=50)
    assert [one.subject for one in seen] == [numbers["full"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLOSED)
def test_what_the_partner_sees_of_an_open_booking_is_the_same_with_and_without_withheld_ones(
    pair: Callable[[], Town], name: str
) -> None:
    """Checkpoints, sequence numbers, look-ups and counts that the partner sees ignore withheld bookings."""
    views = []
    for withheld in (0, 3):
        town = pair()
        scene = "listed" if name in ("unlisted", "unknown-charge") else "full"
        for round_ in range(2):
            for extra in range(withheld):
                town.book(name, 7 if extra == 0 else 100 + 10 * round_ + extra)
            town.settle()
            town.book(scene, 7 + round_)
            town.settle()
        partner = town.exchange.offices["partner"].store
        views.append(
            {
                "checkpoints": checkpoints(town),
                "sequences": [
                    m.sequence for m in town.exchange.bureau.store.messages() if m.channel == "partner"
                ],
                "cases": len(rows(partner, "story")),
                "entries": [row["kind"] for row in partner.rows("all_entries")],
                "decided": [
                    json.loads(str(row["body"])).get("decision_seq") for row in rows(partner, "entry")
                ],
                "found": [len(town.exchange.lookup.look_up(town.template(p), "partner")) for p in (7, 8)],
            }
        )
    assert views[0] == views[1]


@pytest.mark.slow
def test_a_copy_holds_nothing_of_the_search(town: Town) -> None:
    """A copy names no subject, candidate, finding or engine: only the booking, its template and its proof."""
    town.enrol(town.exchange.open, 7, "OPENKNOWN")
    town.enrol(town.exchange.filtered, 7, "FILTKNOWN")
    case_id = town.book("full", 7)
    town.settle()
    assert item(letter(town, case_id, "SRE"), 14) == "OPENKNOWN"
    body = town.copies[f"{case_id}.COPY"]
    assert set(json.loads(body)) == {"reference", "case", "proof", "transaction", "template"}
    assert b"KNOWN" not in body
    assert b"KNOWN" not in bytes_at(town, "partner")
    assert proofs.decode(read_copy(body).proof).entry.kind == "decided"


@pytest.mark.slow
@pytest.mark.parametrize("order", [("filter", "full"), ("full", "filter")])
def test_colliding_bytes_and_numbers_tell_the_partner_nothing(town: Town, order: tuple[str, str]) -> None:
    """One TCN used by a filtered and an open agency: the partner gets the open one, and not a word more."""
    cases = {name: town.book(name, 7, tcn="COLLISION0001") for name in order}
    town.settle()
    again = {name: left(town, case_id).copies for name, case_id in cases.items()}
    assert again == {"full": 1, "filter": 0}
    held = bytes_at(town, "partner")
    assert cases["filter"].encode() not in held
    assert town.case(cases["filter"]).digest.encode() not in held


@pytest.mark.slow
def test_a_forged_or_borrowed_proof_opens_no_door_and_its_refusal_names_no_booking(town: Town) -> None:
    """The partner's door turns away a filtered booking under another booking's proof, naming no booking."""
    town.book("full", 7)
    data = town.draft("filter", 8)
    case_id = town.submit(data)
    town.settle()
    lent = copies(town)[0]
    forged = Copy(f"{case_id}.COPY", case_id, lent.proof, data, lent.template).encode()
    with pytest.raises(VerifyError) as refusal:
        town.exchange.partner.take(forged)
    spoken = refusal.value.message.encode()
    held = bytes_at(town, "partner")
    for value in tokens(town, case_id, data).values():
        assert value not in spoken
        assert value not in held


@pytest.mark.slow
def test_a_proof_of_a_closed_gate_is_turned_away(town: Town) -> None:
    """Were the bureau to send a withheld booking with its own true proof, the partner's door refuses it."""
    data = town.draft("filter", 8)
    case_id = town.submit(data)
    town.settle()
    exchange = town.exchange
    from_log = exchange.bureau.store.log.decided(case_id)
    key = exchange.bureau.parts.key
    copy = Copy(f"{case_id}.COPY", case_id, proof_of(from_log, key), data, b"").encode()
    with pytest.raises(VerifyError, match="G1"):
        exchange.partner.take(copy)
    assert rows(exchange.offices["partner"].store, "story") == []


def proof_of(proven: object, key: object) -> str:
    """The proof that the bureau would make."""
    return papers.proof(proven, key)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_reply_about_a_withheld_booking_is_refused_with_the_words_for_no_booking(town: Town) -> None:
    """Asked about a filtered booking or about none, the bureau answers the partner in the same words."""
    withheld = town.book("filter", 8)
    town.settle()
    said = []
    for case_id in (withheld, "0" * 26):
        with pytest.raises(SluicegateError) as refusal:
            town.exchange.bureau.hear(f"{case_id}.COPY", Reply(matched=True))
        said.append((type(refusal.value), refusal.value.message))
    assert said[0] == said[1]


@pytest.mark.slow
def test_a_restored_backup_of_the_open_side_holds_no_withheld_booking(town: Town) -> None:
    """The open repository alone, restored elsewhere with its key, knows nobody from a filtered booking."""
    town.book("filter", 7)
    case_id = town.book("full", 8)
    town.settle()
    number = item(letter(town, case_id, "SRE"), 14)
    exchange = town.exchange
    copy = town.home / "restored"
    shutil.copytree(town.home / "bureau" / "open", copy)
    keys = app.data_keys(town.home, "bureau", "open")
    restored = Repository("open", copy, town.home / "keys" / "bureau-open.key", parameters.load(), keys)
    assert restored.gallery.snapshot().holders(digest(encode(town.template(7)))) == ()
    assert list(restored.gallery.snapshot().holders(digest(encode(town.template(8))))) == [number]
    restored.close()
    with pytest.raises(SluicegateError):
        Repository("open", copy, town.home / "keys" / "bureau-filtered.key", parameters.load(), keys)
    assert len(exchange.filtered) == 1


@pytest.mark.slow
def test_without_the_filtered_key_nothing_of_the_filtered_store_can_be_read(town: Town) -> None:
    """Destroying one key destroys the filtered records, and a start without it says so and stops."""
    town.book("filter", 7)
    town.settle()
    town.close()
    (town.home / "keys" / "bureau-filtered.key").unlink()
    with pytest.raises(SluicegateError):
        town.reopen()


def test_words_for_trouble_name_no_gate() -> None:
    """The default sentences of errors that cross a desk say nothing of filters, gates or other agencies."""
    said = " ".join(str(kind()) for kind in (Missing, Conflict, UsageError, VerifyError)).lower()
    assert not [word for word in ("filter", "withheld", "gate", "jurisdiction") if word in said]
