# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_people import finger, moved, person, print_of, rebooked, second, template

from sluicegate.errors import UsageError
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.engine import Band, Candidate, NullEngine, PlainEngine, Search, classify, identify
from sluicegate.ridge.fusion import ORDERS, by_position, pairings, reordered
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.template import FingerTemplate, Template, decode

P = numbers.load()
BACKGROUND = 500  # subjects
VECTORS = Path(__file__).parent / "vectors"


def vector(name: str) -> Template:
    """A real card's template, renamed to the background's extractor: synthetic minutiae imitate LEADER's."""
    made = decode((VECTORS / name).read_bytes())
    return replace(made, extractor="made", parameters="1")


@pytest.fixture(scope="module")
def crowd() -> MemoryGallery:
    """Five hundred synthetic subjects, and the real card's rolled prints among them."""
    gallery = MemoryGallery(P)
    for number in range(BACKGROUND):
        gallery.enrol(f"p{number}", person(number))
    gallery.enrol("card", vector("card-rolled.template"))
    return gallery


@pytest.fixture(scope="module")
def few() -> MemoryGallery:
    """Twelve subjects."""
    gallery = MemoryGallery(P)
    for number in range(12):
        gallery.enrol(f"p{number}", person(number))
    return gallery


def candidate(similarity: float, fingers: int, *, name: str = "a", notes: tuple[str, ...] = ()) -> Candidate:
    """A candidate with the same share of similarity on each of its fingers."""
    per_finger = dict.fromkeys(range(1, fingers + 1), similarity / fingers)
    return Candidate(name, similarity, per_finger, {}, {}, 1, 0, notes)


def band_of(*candidates: Candidate) -> Band:
    """The band of a search with these candidates."""
    return classify(Search(candidates, "e", ("v",)), P)


def slap(number: int, fgps: tuple[int, ...], code: int) -> FingerTemplate:
    """Plain fingers of a person side by side in one image that was not told apart."""
    parts = []
    for place, fgp in enumerate(fgps):
        own = second(print_of(number, fgp), 7 * fgp, plain=True)
        own[:, 0] += 250 + 400 * place - own[:, 0].mean()
        parts.append(own)
    return finger(code, np.concatenate(parts), imp=0)


@pytest.mark.slow
def test_a_real_persons_flats_find_their_rolled_prints_first(crowd: MemoryGallery) -> None:
    """Flats of a real card find its rolled prints first of 501 subjects, accepted, far above any impostor."""
    search = identify(vector("card-flats.template"), [crowd], P)
    first, other = search.candidates[:2]
    assert first.subject == "card"
    assert first.similarity > 3.0 * P.fusion.accept[9]
    assert other.similarity < P.fusion.grey[9] < first.similarity / 5.0
    assert classify(search, P) is Band.ACCEPT


@pytest.mark.slow
@pytest.mark.parametrize("fgps", [(2,), (1, 6), (2, 3, 4, 5), (7, 8, 9, 10), (2, 7)])
def test_a_few_real_flats_find_the_card_too(crowd: MemoryGallery, fgps: tuple[int, ...]) -> None:
    """One index finger, the thumbs, either hand or both index fingers of the real card find it first."""
    flats = vector("card-flats.template")
    probe = replace(flats, fingers=tuple(f for f in flats.fingers if f.fgp in fgps))
    search = identify(probe, [crowd], P)
    assert search.candidates[0].subject == "card"
    assert classify(search, P) is not Band.NONE


@pytest.mark.slow
@pytest.mark.parametrize(("number", "plain"), [(3, False), (99, True), (250, True)])
def test_a_second_booking_finds_the_first_among_five_hundred(
    crowd: MemoryGallery, number: int, plain: bool
) -> None:
    """A person booked again, prints lost, jittered, turned and stretched, comes first and is accepted."""
    search = identify(rebooked(number, 11, plain=plain), [crowd], P)
    assert search.candidates[0].subject == f"p{number}"
    assert [c.rank for c in search.candidates] == list(range(1, len(search.candidates) + 1))
    assert classify(search, P) is Band.ACCEPT


@pytest.mark.slow
@pytest.mark.parametrize("fgps", [(1,), (2, 7), (2, 3, 4, 5), tuple(range(1, 11))])
def test_a_stranger_is_nobody(crowd: MemoryGallery, fgps: tuple[int, ...]) -> None:
    """Who is not enrolled gives no candidate at or above grey, with one finger or with ten."""
    stranger = person(900_001)
    probe = replace(stranger, fingers=tuple(f for f in stranger.fingers if f.fgp in fgps))
    search = identify(probe, [crowd], P)
    assert classify(search, P) is Band.NONE
    assert all(not c.notes for c in search.candidates)


@pytest.mark.slow
def test_a_search_repeated_gives_the_same_answer(crowd: MemoryGallery) -> None:
    """The same probe against the same gallery gives the same candidates to the last bit."""
    probe = rebooked(42, 5)
    first, again = identify(probe, [crowd], P), identify(probe, [crowd], P)
    assert [(c.subject, c.similarity, c.per_finger) for c in first.candidates] == [
        (c.subject, c.similarity, c.per_finger) for c in again.candidates
    ]
    assert (first.engine, first.gallery_versions) == (again.engine, again.gallery_versions)


@pytest.mark.slow
def test_the_order_of_enrolment_does_not_matter() -> None:
    """Two galleries of the same people, enrolled in opposite order, give the same ranking."""
    forward, backward = MemoryGallery(P), MemoryGallery(P)
    for number in range(6):
        forward.enrol(f"p{number}", person(number))
        backward.enrol(f"p{5 - number}", person(5 - number))
    probe = rebooked(2, 9)
    ranking = [[c.subject for c in identify(probe, [g], P).candidates] for g in (forward, backward)]
    assert ranking[0] == ranking[1]


@pytest.mark.slow
def test_equal_candidates_are_ranked_by_name() -> None:
    """Subjects with the same prints come in the order of their names, whoever was enrolled first."""
    gallery = MemoryGallery(P)
    for name in ("c", "a", "b"):
        gallery.enrol(name, person(1))
    search = identify(rebooked(1, 2), [gallery], P)
    assert [c.subject for c in search.candidates] == ["a", "b", "c"]
    assert classify(search, P) is Band.GREY


def test_a_candidate_carries_its_evidence(few: MemoryGallery) -> None:
    """The similarity is the sum over fingers, and each finger names its corresponding minutiae."""
    probe = rebooked(4, 3)
    first = identify(probe, [few], P).candidates[0]
    assert first.similarity == pytest.approx(sum(first.per_finger.values()))
    assert set(first.per_finger) == set(first.corresponding) == set(first.evidence) == set(range(1, 11))
    for fgp, match in first.evidence.items():
        pairs = first.corresponding[fgp]
        assert pairs[:, 0].max() < len(probe.fingers[match.probe].minutiae)
        reference = few.snapshot().references(first.subject)[match.template]
        assert pairs[:, 1].max() < len(reference.fingers[match.reference].minutiae)


@pytest.mark.parametrize("missing", [(1,), (1, 6, 7, 8, 9, 10), tuple(range(2, 11))])
def test_missing_fingers_add_nothing_and_hinder_nothing(few: MemoryGallery, missing: tuple[int, ...]) -> None:
    """A probe without some fingers finds the person by the others."""
    whole = rebooked(5, 6)
    probe = replace(whole, fingers=tuple(f for f in whole.fingers if f.fgp not in missing))
    first = identify(probe, [few], P).candidates[0]
    assert first.subject == "p5"
    assert set(first.per_finger) == set(range(1, 11)) - set(missing)


def test_no_finger_in_common_is_no_candidate(few: MemoryGallery) -> None:
    """A probe of nothing, or of a palm only, finds nobody."""
    for probe in (template(), template(finger(21, print_of(1, 1)))):
        search = identify(probe, [few], P)
        assert classify(search, P) is Band.NONE
        assert all(c.similarity == 0.0 for c in search.candidates)


def test_plain_thumbs_face_the_rolled_thumbs(few: MemoryGallery) -> None:
    """Images coded plain right and left thumb are compared with fingers 1 and 6."""
    probe = template(
        finger(11, second(print_of(7, 1), 1, plain=True)), finger(12, second(print_of(7, 6), 2, plain=True))
    )
    first = identify(probe, [few], P).candidates[0]
    assert first.subject == "p7"
    assert set(first.per_finger) == {1, 6}


def test_a_slap_not_told_apart_faces_each_finger_it_may_hold(few: MemoryGallery) -> None:
    """Two whole slaps find the person, each finger in a place of its own."""
    probe = template(slap(3, (2, 3, 4, 5), 13), slap(3, (10, 9, 8, 7), 14))
    search = identify(probe, [few], P)
    first = search.candidates[0]
    assert first.subject == "p3"
    assert set(first.per_finger) == {2, 3, 4, 5, 7, 8, 9, 10}
    assert classify(search, P) is Band.ACCEPT
    places = [
        probe.fingers[match.probe].minutiae[match.comparison.pairs[:, 0], 0].mean()
        for position, match in first.evidence.items()
        if position <= 5 and len(match.comparison.pairs)
    ]
    assert np.diff(sorted(places)).min() > P.fusion.separation


@pytest.mark.slow
def test_a_slap_enrolled_whole_is_found_by_single_fingers() -> None:
    """A subject enrolled with whole slaps only is found by rolled fingers."""
    gallery = MemoryGallery(P)
    for number in range(40):
        gallery.enrol(f"p{number}", template(slap(number, (2, 3, 4, 5), 13)))
    probe = template(*(finger(fgp, print_of(9, fgp)) for fgp in (2, 3, 4, 5)))
    assert gallery.snapshot().screen(probe, keep=2)[0] == "p9"
    assert identify(probe, [gallery], P).candidates[0].subject == "p9"


@pytest.mark.slow
@pytest.mark.parametrize("mistake", list(ORDERS))
def test_fingers_in_the_wrong_order_are_found_and_wait_for_a_person(few: MemoryGallery, mistake: str) -> None:
    """A card with hands swapped or fingers reversed finds the person with a note, and waits for a person."""
    search = identify(reordered(rebooked(6, 4), ORDERS[mistake]), [few], P)
    first = search.candidates[0]
    assert first.subject == "p6"
    assert first.notes == (f"fits with {mistake}, not as numbered on the card",)
    assert classify(search, P) is Band.GREY


@pytest.mark.slow
def test_a_card_with_two_peoples_fingers_waits_for_a_person(few: MemoryGallery) -> None:
    """Four of one person's fingers and six of a stranger's are found with a note, never accepted alone."""
    own, strange = rebooked(6, 4), person(70_000)
    mixed = template(*own.fingers[:4], *strange.fingers[4:])
    search = identify(mixed, [few], P)
    assert search.candidates[0].subject == "p6"
    assert search.candidates[0].similarity > P.fusion.accept[9]
    assert search.candidates[0].notes == ("only 4 of 10 fingers correspond",)
    assert classify(search, P) is Band.GREY


@pytest.mark.parametrize("mistake", list(ORDERS))
def test_a_mistake_of_order_made_twice_is_none(mistake: str) -> None:
    """Each order that a rescue tries is its own inverse, so it also names the fingers of the card."""
    order = ORDERS[mistake]
    assert all(order[order[fgp]] == fgp for fgp in order)


@pytest.mark.slow
def test_who_is_in_two_galleries_is_named_once(few: MemoryGallery) -> None:
    """A subject of several galleries appears once, and the versions of all galleries are on record."""
    other = MemoryGallery(P)
    other.enrol("p2", rebooked(2, 30))
    other.enrol("elsewhere", person(60))
    probe = rebooked(2, 31)
    search = identify(probe, [few, other], P)
    assert [c.subject for c in search.candidates].count("p2") == 1
    assert search.candidates[0].subject == "p2"
    assert search.gallery_versions == (few.version, other.version)
    assert identify(person(60), [few, other], P).candidates[0].gallery == 1


@pytest.mark.slow
def test_hostile_probes_find_nobody(few: MemoryGallery) -> None:
    """A thousand minutiae in one place, on ten fingers, are similar to nobody."""
    heap = np.tile(np.array([[500.0, 500.0, 2.0, 1.0]], dtype=np.float32), (1000, 1))
    probe = template(*(finger(fgp, heap) for fgp in range(1, 11)))
    assert classify(identify(probe, [few], P), P) is Band.NONE


def test_a_search_for_no_candidates_is_refused(few: MemoryGallery) -> None:
    """A limit below one is a mistake of the caller; a limit of one is kept."""
    with pytest.raises(UsageError):
        identify(person(1), [few], P, limit=0)
    assert len(identify(person(1), [few], P, limit=1).candidates) == 1


def test_no_gallery_and_an_empty_gallery_hold_nobody() -> None:
    """A search of nothing has no candidates, and says which version of nothing it searched."""
    assert identify(person(1), [], P).candidates == ()
    empty = MemoryGallery(P)
    search = identify(person(1), [empty], P)
    assert search.candidates == ()
    assert search.gallery_versions == (empty.version,)


@pytest.mark.parametrize("fingers", range(1, 11))
def test_the_bands_meet_at_the_thresholds(fingers: int) -> None:
    """At accept it is accepted, just below it waits, at grey it waits, just below it is nobody."""
    accept, grey = P.fusion.accept[fingers - 1], P.fusion.grey[fingers - 1]
    assert band_of(candidate(accept, fingers)) is Band.ACCEPT
    assert band_of(candidate(accept - 0.01, fingers)) is Band.GREY
    assert band_of(candidate(grey, fingers)) is Band.GREY
    assert band_of(candidate(grey - 0.01, fingers)) is Band.NONE


def test_two_people_cannot_both_be_the_person() -> None:
    """Two subjects at or above accept wait for a person, and so does one with a note."""
    strong = P.fusion.accept[9] + 1
    assert band_of(candidate(strong, 10), candidate(strong, 10, name="b")) is Band.GREY
    assert band_of(candidate(strong, 10, notes=("odd",))) is Band.GREY
    assert band_of(candidate(strong, 10), candidate(1.0, 10, name="b")) is Band.ACCEPT
    assert band_of() is Band.NONE


def test_the_best_image_stands_for_a_finger() -> None:
    """A single finger is taken before a slap, and the image with the most minutiae before the others."""
    own = print_of(1, 2)
    probe = template(finger(13, own), finger(2, own[:20]), finger(2, own), finger(19, own))
    assert by_position(probe) == {2: 2, 3: 0, 4: 0, 5: 0}
    assert [p.position for p in pairings(probe, template(finger(14, own), finger(3, own)))] == [3]


def test_the_engine_names_its_numbers() -> None:
    """Another threshold is another engine, so that a recorded search can be repeated as it was."""
    other = replace(P, fusion=replace(P.fusion, separation=81.0))
    assert PlainEngine(P).name != PlainEngine(other).name
    gallery = MemoryGallery(P)
    gallery.enrol("a", person(1))
    search = PlainEngine(P).identify(person(1), [gallery])
    assert search.engine == PlainEngine(P).name
    assert PlainEngine(P).classify(search) is Band.ACCEPT


def test_the_null_engine_finds_the_same_template_and_no_other() -> None:
    """The null engine finds who was enrolled with exactly these bytes, and nobody like them."""
    gallery, engine = MemoryGallery(P), NullEngine()
    gallery.enrol("a", person(1))
    gallery.enrol("b", person(2))
    same = engine.identify(person(1), [gallery, gallery])
    assert [c.subject for c in same.candidates] == ["a"]
    assert engine.classify(same) is Band.ACCEPT
    turned = template(*(finger(f.fgp, moved(f.minutiae, turn=0.1, x=0, y=0)) for f in person(1).fingers))
    nobody = engine.identify(turned, [gallery])
    assert nobody.candidates == ()
    assert engine.classify(nobody) is Band.NONE
    assert nobody.engine == engine.name == "sluicegate-null"
