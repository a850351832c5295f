# SPDX-License-Identifier: Apache-2.0
"""The fast engine: its answers depend on probes and galleries alone, not on how the work is cut up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_people import finger, person, print_of, rebooked, second, template

from sluicegate.errors import TemplateError, UsageError
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.coarse import question, worths
from sluicegate.ridge.deciding import Band, Search
from sluicegate.ridge.engine import PlainEngine
from sluicegate.ridge.fast import FastEngine, search
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.gallery_packed import PackedGallery, PackedSnapshot, Part
from sluicegate.ridge.segment import Segment, joined, packed
from sluicegate.ridge.shard import LocalShard
from sluicegate.ridge.template import Template, decode

P = numbers.load()
NARROW = replace(P, fast=replace(P.fast, keep=12, share=0.2, survivors=(0.1,) * 10))
"""So few survivors that a small gallery is screened as a large one is."""

VECTORS = Path(__file__).parent / "vectors"
PEOPLE = 120


def some(number: int, fgps: Sequence[int] = (1, 2, 3, 6, 7, 8)) -> Template:
    """Some rolled fingers of a person; every tenth has but two of them."""
    own = fgps[:2] if number % 10 == 0 else fgps
    return template(*(finger(f, print_of(number, f)) for f in own))


def probe_of(number: int, fgps: Sequence[int] = (1, 2, 3, 6, 7, 8)) -> Template:
    """Another booking."""
    return template(*(finger(f, second(print_of(number, f), 31 * number + f)) for f in fgps))


@pytest.fixture(scope="module")
def people() -> list[Segment]:
    """A segment of each of some people."""
    return [packed(f"p{n:03d}", [some(n)], NARROW, cold=True) for n in range(PEOPLE)]


@pytest.fixture(scope="module")
def probes() -> list[Template]:
    """People booked again, one of them with two fingers only, strangers, and a card of the other hand."""
    known = [probe_of(n) for n in (3, 41, 50, 117)]
    return [*known, probe_of(77, (2, 7)), probe_of(9_001), probe_of(9_002, (2,)), template()]


def snapshot(parts: Sequence[Part]) -> PackedSnapshot:
    """A gallery of these parts."""
    return PackedSnapshot("v", Template("made", "1", ()), tuple(parts), NARROW)


def told(found: Search) -> list[object]:
    """All that a search says, down to the last bit and pair."""
    said: list[object] = [found.work, found.gallery_versions]
    for one in found.candidates:
        pairs = {fgp: rows.tolist() for fgp, rows in one.corresponding.items()}
        said.append((one.subject, one.similarity, one.per_finger, pairs, one.rank, one.gallery, one.notes))
    return said


def whole(people: list[Segment], probes: Sequence[Template]) -> list[list[object]]:
    """The answers of one shard of one segment that holds everybody."""
    shards = [LocalShard(snapshot([Part(joined(people))]), NARROW)]
    return [told(one) for one in search("e", probes, [shards], NARROW, limit=5)]


def test_the_small_gallery_is_screened_and_the_mates_are_found(
    people: list[Segment], probes: list[Template]
) -> None:
    """Those booked again come first and are accepted; strangers give nobody."""
    shards = [LocalShard(snapshot([Part(joined(people))]), NARROW)]
    found = search("e", probes, [shards], NARROW, limit=5)
    engine = FastEngine(NARROW)
    for one, name in zip(found, ("p003", "p041", "p050", "p117", "p077"), strict=False):
        assert one.candidates[0].subject == name
        assert engine.classify(one) is Band.ACCEPT
        assert 0 < one.work.screened < 6 * PEOPLE * 1.5
    assert [engine.classify(one) for one in found[5:]] == [Band.NONE] * 3


@pytest.mark.parametrize("seed", range(4))
def test_any_split_into_shards_gives_the_equal_answer(
    people: list[Segment], probes: list[Template], seed: int
) -> None:
    """Dealt at random over any number of shards, segments and orders, the gallery answers to the last bit as
    whole, with the same count of comparisons."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(PEOPLE)
    cuts = np.sort(rng.integers(0, PEOPLE + 1, size=int(rng.integers(1, 6))))
    shards = []
    for lot in np.split(order, cuts):
        pieces = np.array_split(lot, int(rng.integers(1, 4)))
        parts = [Part(joined([people[int(i)] for i in piece])) for piece in pieces if len(piece)]
        shards.append(LocalShard(snapshot(parts), NARROW))
    found = search("e", probes, [shards], NARROW, limit=5)
    assert [told(one) for one in found] == whole(people, probes)


def test_a_batch_is_equal_to_each_probe_alone(people: list[Segment], probes: list[Template]) -> None:
    """Searched together, probes get the answers and the counts that each gets alone."""
    shards = [LocalShard(snapshot([Part(joined(people))]), NARROW)]
    alone = [told(search("e", [probe], [shards], NARROW, limit=5)[0]) for probe in probes]
    assert alone == whole(people, probes)


def test_threads_change_no_answer(probes: list[Template]) -> None:
    """One thread or four: the same answers, counts and pairs."""
    gallery = PackedGallery(NARROW)
    for number in range(40):
        gallery.enrol(f"p{number:03d}", some(number))
    one, four = (FastEngine(NARROW, threads=n).identify_many(probes, [gallery]) for n in (1, 4))
    assert [told(found) for found in one] == [told(found) for found in four]


def test_who_was_expunged_from_a_file_leaves_the_answer_of_who_never_was(
    people: list[Segment], probes: list[Template]
) -> None:
    """A part with some marked as gone gives the candidates of a part made without them."""
    live = np.ones(PEOPLE, dtype=np.bool_)
    live[[3, 17, 60]] = False
    marked = [LocalShard(snapshot([Part(joined(people), live, "file")]), NARROW)]
    without = [LocalShard(snapshot([Part(joined([people[i] for i in np.flatnonzero(live)]))]), NARROW)]
    found = [search("e", probes, [shards], NARROW, limit=5) for shards in (marked, without)]
    assert [told(one)[1:] for one in found[0]] == [told(one)[1:] for one in found[1]]
    assert "p003" not in [c.subject for c in found[0][0].candidates]


def test_a_subjects_worth_is_its_own(people: list[Segment], probes: list[Template]) -> None:
    """What the coarse pass says of a subject is the same alone as among all."""
    asked = question(probes[0], NARROW)
    (among_all,), _ = worths([asked], joined(people))
    for number in (0, 3, 10, 64):
        (alone,), _ = worths([asked], people[number])
        assert alone[0] == among_all[number]


def test_who_lacks_the_telling_fingers_is_screened_by_others(people: list[Segment]) -> None:
    """A subject with two fingers on record is found though neither is among the probe's most telling four."""
    asked = question(probe_of(50), NARROW)
    crowd = [packed(f"q{n}", [some(500 + n)], NARROW, cold=False) for n in range(30)]
    lacking = [p for p in (1, 2, 3, 6, 7, 8) if p not in asked.telling[: NARROW.fast.telling]]
    last = template(*(finger(f, print_of(50, f)) for f in lacking))
    segment = joined([*crowd, packed("rare", [last], NARROW, cold=False)])
    shards = [LocalShard(snapshot([Part(segment)]), NARROW)]
    (found,) = search("e", [probe_of(50)], [shards], NARROW, limit=5)
    assert found.candidates[0].subject == "rare"
    assert set(found.candidates[0].per_finger) == set(lacking)


@pytest.mark.slow
def test_the_fast_engine_agrees_with_the_plain_one() -> None:
    """On a real card and on synthetic people both engines name the same person in the same band."""
    plain, fast = MemoryGallery(P), PackedGallery(P)
    rolled = replace(
        decode((VECTORS / "card-rolled.template").read_bytes()), extractor="made", parameters="1"
    )
    flats = replace(decode((VECTORS / "card-flats.template").read_bytes()), extractor="made", parameters="1")
    for number in range(25):
        for gallery in (plain, fast):
            gallery.enrol(f"p{number}", person(number))
    for gallery in (plain, fast):
        gallery.enrol("card", rolled)
    for probe, name in ((flats, "card"), (rebooked(7, 3, plain=True), "p7"), (person(9_003), None)):
        ours, theirs = (
            engine.identify(probe, [gallery], limit=3)
            for engine, gallery in ((FastEngine(P), fast), (PlainEngine(P), plain))
        )
        assert FastEngine(P).classify(ours) is PlainEngine(P).classify(theirs)
        if name:
            assert ours.candidates[0].subject == theirs.candidates[0].subject == name
            assert ours.candidates[0].similarity == pytest.approx(theirs.candidates[0].similarity, rel=0.15)
            assert ours.candidates[0].similarity > 3 * P.fusion.accept[9]
            assert ours.candidates[1].similarity < P.fusion.grey[9]


def test_a_gallery_without_full_templates_finds_as_well(people: list[Segment]) -> None:
    """Keeping no full templates costs the references and nothing else: candidates and pairs are the same."""
    bare, full = PackedGallery(P, cold=False), PackedGallery(P)
    for gallery in (bare, full):
        for number in range(5):
            gallery.enrol(f"p{number}", some(number))
        gallery.enrol("p3", some(3, (4, 5)))
    ours, theirs = (FastEngine(P).identify(probe_of(3), [gallery]) for gallery in (bare, full))
    assert told(ours) == told(theirs)
    assert bare.snapshot().references("p3") == ()
    assert len(full.snapshot().references("p3")) == 2
    assert bare.version == full.version


def test_what_the_fast_engine_refuses() -> None:
    """Refused: a gallery that is not packed, another extractor's probe, and minutiae that are no numbers."""
    gallery = PackedGallery(P)
    gallery.enrol("a", some(1))
    other = replace(some(1), extractor="other")
    with pytest.raises(UsageError):
        FastEngine(P).identify(some(1), [MemoryGallery(P)])
    with pytest.raises(TemplateError):
        FastEngine(P).identify_many([some(1), other], [gallery])
    broken = print_of(1, 2)
    broken[3, 2] = np.inf
    with pytest.raises(TemplateError):
        FastEngine(P).identify(template(finger(2, broken)), [gallery])


def test_hostile_minutiae_find_nobody() -> None:
    """A thousand minutiae in one place on every finger are similar to nobody, probe or enrolled."""
    heap = np.tile(np.array([[500.0, 500.0, 2.0, 1.0]], dtype=np.float32), (1000, 1))
    hostile = template(*(finger(fgp, heap) for fgp in range(1, 11)))
    gallery = PackedGallery(P)
    gallery.enrol("heap", hostile)
    gallery.enrol("a", some(1))
    for probe, name in ((hostile, None), (probe_of(1), "a")):
        found = FastEngine(P).identify(probe, [gallery])
        names = [c.subject for c in found.candidates if c.similarity >= P.fusion.grey[c.compared - 1]]
        assert [one for one in names if one != "heap"] == ([name] if name else [])


def test_the_engine_names_its_numbers() -> None:
    """Another threshold is another engine, and neither is the plain one."""
    other = replace(P, fusion=replace(P.fusion, separation=81.0))
    assert len({FastEngine(P).name, FastEngine(other).name, PlainEngine(P).name}) == 3
