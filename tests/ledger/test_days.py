# SPDX-License-Identifier: Apache-2.0
"""Sets of a day: what can be proven of them, and what no revision and no proof can get away with."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import absence, canonical, checkpoint, days, keys, merkle, verify
from sluicegate.ledger.absence import Stated
from sluicegate.ledger.days import Day
from sluicegate.ledger.statement import Statement, leaf
from sluicegate.ledger.verify import NotVerified, VerifierKey

KEY = keys.from_seed("a.example/bureau/master", bytes(32))
BUREAU = VerifierKey(
    "a.example/bureau", verify.key_id("a.example/bureau", KEY.public.public), KEY.public.public
)
BEGINS, ENDS, AFTER = (
    "2010-11-15T08:00:00.000000Z",
    "2010-11-16T08:00:00.000000Z",
    "2010-11-16T08:20:00.000000Z",
)


def element(number: int) -> bytes:
    """The element at a place among even numbers: an odd number falls between two."""
    return number.to_bytes(32, "big")


def some(count: int) -> tuple[bytes, ...]:
    """That many elements, 2, 4, 6 and so on."""
    return tuple(element(2 * n) for n in range(1, count + 1))


def day(
    shared: Sequence[bytes] = (),
    withheld: Sequence[bytes] = (),
    pending: Sequence[bytes] = (),
    revision: int = 0,
) -> Day:
    """A day of San Francisco with these sets."""
    sets = {"shared": tuple(shared), "withheld": tuple(withheld), "pending": tuple(pending)}
    return Day("US-CA-075", "2010-11-15", BEGINS, ENDS, revision, None, sets)


def place(one: Day, others: int = 0) -> Stated:
    """The day's statement under a signed checkpoint of a master log with other statements in it."""
    said = days.stated(one, AFTER)
    leaves = [*(leaf(days.stated(day(some(n)), AFTER)) for n in range(others)), leaf(said)]
    read, size = merkle.in_memory(leaves), len(leaves)
    note = checkpoint.sign(KEY.name, size, merkle.root_at(read, size), KEY)
    return Stated(said, others, merkle.inclusion(read, others, size), note)


@pytest.mark.parametrize("size", range(65))
def test_absence_is_proven_in_every_gap_and_presence_never_passes_for_it(size: int) -> None:
    """In sets of 0 to 64 bookings each gap has a proof that holds, and each member has none that does."""
    elements = some(size)
    root = days.root_of(elements)
    assert root == merkle.root([verify.leaf_hash(one) for one in elements])
    for at in range(size + 1):
        beside = [n for n in (at - 1, at) if 0 <= n < size]
        near = [*(elements[n] for n in beside), *days.prove(elements, set(beside))]
        verify.check_absent(element(2 * at + 1), at, size, root, near)
        wrong = [element(2 * at + 1 + d) for d in (-1, 1) if 2 <= 2 * at + 1 + d <= 2 * size]
        for one in [*wrong, *([element(2 * at + 3)] if at < size else [])]:
            with pytest.raises(NotVerified):
                verify.check_absent(one, at, size, root, near)
        for other in {at - 1, at + 1, size + 1} - {at}:
            with pytest.raises(NotVerified):
                verify.check_absent(element(2 * at + 1), other, size, root, near)
        for spoiled in (near[:-1], [*near, bytes(32)], [*near[:-1], bytes(32)]) if near else ([bytes(32)],):
            with pytest.raises(NotVerified):
                verify.check_absent(element(2 * at + 1), at, size, root, spoiled)


@given(st.sets(st.integers(0, 400), max_size=60), st.data())
def test_many_leaves_lead_to_the_root_at_once(numbers: set[int], data: st.DataObject) -> None:
    """Any choice of places of any set proves its leaves together, and no other leaf passes."""
    elements = tuple(element(n) for n in sorted(numbers))
    if not elements:
        return
    chosen = data.draw(st.sets(st.integers(0, len(elements) - 1), min_size=1))
    rest = days.prove(elements, chosen)
    known = {n: verify.leaf_hash(elements[n]) for n in chosen}
    assert verify.climb_many(len(elements), known, rest) == days.root_of(elements)
    known[min(chosen)] = bytes(32)
    assert verify.climb_many(len(elements), known, rest) != days.root_of(elements)


def test_a_proof_holds_and_every_changed_character_of_it_does_not() -> None:
    """A proof of absence is verified whole: change any one character of it and some step fails."""
    text = absence.compose(
        element(7),
        day(some(9)[:2] + some(9)[4:], [element(7)]),
        place(day(some(9)[:2] + some(9)[4:], [element(7)]), 5),
    )
    shown = verify.verify_absence(text, BUREAU)
    assert (shown.name, shown.day["jurisdiction"]) == ("withheld", "US-CA-075")
    for at, character in enumerate(text):
        changed = text[:at] + ("B" if character == "A" else "A") + text[at + 1 :]
        with pytest.raises(NotVerified):
            verify.verify_absence(changed, BUREAU)


def test_a_proof_is_refused_for_a_shared_booking() -> None:
    """Nobody gets a proof of absence for a booking that was shared."""
    with pytest.raises(LedgerError, match="SHARED"):
        absence.compose(element(4), day(some(5)), place(day(some(5))))


@pytest.mark.slow
def test_a_proof_stays_within_three_kilobytes() -> None:
    """With 4,096 bookings shared and as many withheld on one day, the worst gap fits into 3,072 bytes."""
    shared = some(4096)
    one = day(shared, [element(2 * n + 1) for n in range(4096)])
    stated = place(one, 1000)
    for gap in (0, 1, 2047, 2048, 4095):
        text = absence.compose(element(2 * gap + 1), one, stated)
        assert len(text.encode()) <= absence.MAX_BYTES
        assert verify.verify_absence(text, BUREAU).name == "withheld"


def test_a_booking_that_the_day_leaves_out_is_said_to_be_nowhere() -> None:
    """A booking in no set of its day is shown as absent, and the words say that nothing accounts for it."""
    text = absence.compose(element(3), day(some(2)), place(day(some(2))))
    shown = verify.verify_absence(text, BUREAU)
    assert shown.name == "neither"
    assert any("NOT SHOWN TO BE AMONG" in line for line in verify.absence_report(shown))


def test_a_pending_booking_is_said_to_be_one() -> None:
    """A proof for a pending booking says that it may be shared yet."""
    one = day((), (), [element(3)])
    lines = verify.absence_report(verify.verify_absence(absence.compose(element(3), one, place(one)), BUREAU))
    assert any("IT MAY BE SHARED YET" in line for line in lines)
    assert any("NO RECEIPT WAS GIVEN" in line for line in lines)


def test_a_statement_of_another_kind_or_log_proves_no_absence() -> None:
    """Only a day's statement in a master log counts; a taken set or another log's statement does not."""
    taken = Day("US-CA-075", "2010-11-15", BEGINS, ENDS, 0, None, {"taken": some(3)})
    text = absence.compose(element(3), day(some(3)), place(day(some(3))))
    for other in (
        days.stated(taken, AFTER),
        Statement(AFTER, days.stated(day(), AFTER).kind, days.parts(day(some(4)))),
    ):
        note = checkpoint.sign(KEY.name, 1, leaf(other), KEY)
        swapped = absence._text(element(3), day(some(3)), Stated(other, 0, (), note), 1, "neither")
        with pytest.raises(NotVerified):
            verify.verify_absence(swapped, BUREAU)
    assert verify.verify_absence(text, BUREAU)


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_a_file_reads_back_and_is_what_was_stated(a: set[int], b: set[int], c: set[int]) -> None:
    """A day's file gives the same day again, and another day is not what its statement tells."""
    one = day(*(tuple(map(element, sorted(x))) for x in (a, b - a, c - a - b)))
    held = days.decode(days.encode(one))
    assert held == one
    days.check(held, days.stated(one, AFTER))
    other = day((*one.sets["shared"], element(500)), one.sets["withheld"], one.sets["pending"])
    with pytest.raises(VerifyError, match=r"2010-11-15/US-CA-075.json"):
        days.check(other, days.stated(one, AFTER))


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
).map(lambda value: str(value).encode()))  # fmt: skip
@settings(max_examples=60)
@pytest.mark.slow
def test_any_bytes_as_a_file_give_a_refusal(data: bytes) -> None:
    """Whatever lies in a day's file, only a refusal in words comes out."""
    with pytest.raises(LedgerError):
        days.decode(data)


@given(st.text(max_size=300))
def test_any_text_as_a_proof_gives_a_refusal(text: str) -> None:
    """Whatever is given as a proof of absence, the verifier names a step that fails."""
    for one in (text, f"{verify.ABSENCE_HEADER}\n{text}"):
        with pytest.raises(NotVerified):
            verify.verify_absence(one, BUREAU)


@pytest.mark.parametrize(
    "sets",
    [
        {"shared": (element(2), element(1)), "withheld": (), "pending": ()},
        {"shared": (element(1), element(1)), "withheld": (), "pending": ()},
        {"shared": (element(1),), "withheld": (element(1),), "pending": ()},
        {"shared": (b"short",), "withheld": (), "pending": ()},
        {"shared": ()},
    ],
    ids=["out of order", "twice", "in two sets", "short", "sets missing"],
)
def test_a_day_that_contradicts_itself_is_none(sets: dict[str, tuple[bytes, ...]]) -> None:
    """A set is ascending, tells a booking once, and no booking is in two sets."""
    with pytest.raises(LedgerError):
        Day("US-CA-075", "2010-11-15", BEGINS, ENDS, 0, None, sets)


@pytest.mark.parametrize(
    ("after", "how"),
    [
        (day([element(2)], [element(4)], [], 1), "no set any more"),
        (day([element(2), element(4)], [], [element(6)], 1), "was withheld and is now shared"),
        (day([], [element(2), element(4)], [element(6)], 1), "was shared and is now withheld"),
        (day([element(2)], [], [element(4), element(6)], 1), "was withheld and is now pending"),
        (day([element(2), element(8)], [element(4)], [element(6)], 1), "added as shared after the day"),
    ],
)
def test_a_revision_may_only_settle_what_was_pending(after: Day, how: str) -> None:
    """Anything but pending to shared or withheld is named, an addition after the day was over too."""
    before = day([element(2)], [element(4)], [element(6)])
    assert [how in words for _, words in days.tampered(before, after, over=True)] == [True]
    assert [*days.tampered(before, day([element(2)], [element(4), element(6)], (), 1), over=True)] == []
    assert [*days.tampered(before, day([element(2), element(6)], [element(4)], (), 1), over=True)] == []


@pytest.mark.parametrize(
    ("numbers", "faults"),
    [
        ([], ()),
        ([1, 2, 3], ()),
        ([1, 3], ("number 2 never came",)),
        ([3, 4], ("numbers 1 to 2 never came",)),
        ([1, 2, 2, 3], ("number 2 came twice",)),
        ([1, 3, 2], ("number 2 came after 3",)),
        ([2, 2, 1, 5], ("number 2 came twice", "number 1 came after 2", "numbers 3 to 4 never came")),
    ],
)
def test_every_gap_repeat_and_reordering_is_named(numbers: list[int], faults: tuple[str, ...]) -> None:
    """A channel numbers from 1 without a gap, each once, in order; whatever departs from that is named."""
    one = days.channel("a to b", numbers)
    assert one.faults == faults
    assert days.channel_in(days.channel_stated(one, AFTER)) == one


def test_the_hash_of_nothing_is_the_root_of_an_empty_set() -> None:
    """An empty set has the one root that RFC 9162 gives it, and its day is told in canonical JSON."""
    assert days.root_of(()) == hashlib.sha256(b"").digest()
    told = days.parts(day())["shared"]
    assert told == {"size": 0, "root": base64.b64encode(days.root_of(())).decode()}
    assert canonical.encode(canonical.decode(days.encode(day()))) == days.encode(day())
