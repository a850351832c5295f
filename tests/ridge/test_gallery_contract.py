# SPDX-License-Identifier: Apache-2.0
"""What every gallery and every engine that searches it promises, over all kinds of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine_people import finger, person, print_of, rebooked, second, template
from gallery_kinds import KINDS, Kind, P

from sluicegate.errors import Missing, TemplateError, UsageError
from sluicegate.ridge.engine import Band
from sluicegate.ridge.fusion import ORDERS, reordered
from sluicegate.ridge.gallery import Gallery
from sluicegate.ridge.template import FingerTemplate, Template, digest, encode


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    found: Kind = request.param
    return found


@pytest.fixture
def gallery(kind: Kind, tmp_path: Path) -> Iterator[Gallery]:
    """An empty gallery."""
    made = kind.make(tmp_path)
    yield made
    if hasattr(made, "close"):
        made.close()


def hand(number: int, *fgps: int) -> Template:
    """A few rolled fingers of a person."""
    return template(*(finger(fgp, print_of(number, fgp)) for fgp in fgps or (2, 3)))


def again(number: int, *fgps: int, seed: int = 1) -> Template:
    """The same fingers from another booking."""
    return template(*(finger(f, second(print_of(number, f), seed * 10 + f)) for f in fgps or (2, 3)))


def slap(number: int, fgps: tuple[int, ...], code: int) -> FingerTemplate:
    """Plain fingers of a person side by side in one image that was not told apart."""
    parts = []
    for place, fgp in enumerate(fgps):
        own = second(print_of(number, fgp), 7 * fgp, plain=True)
        own[:, 0] += 250 + 400 * place - own[:, 0].mean()
        parts.append(own)
    return finger(code, np.concatenate(parts), imp=0)


def test_who_is_enrolled_is_found(kind: Kind, gallery: Gallery) -> None:
    """A person booked again comes first, accepted, with evidence that leads to the enrolled minutiae."""
    for number in range(6):
        gallery.enrol(f"p{number}", hand(number, 1, 2, 3, 6, 7))
    probe = again(4, 1, 2, 3, 6, 7)
    search = kind.engine.identify(probe, [gallery])
    first = search.candidates[0]
    assert first.subject == "p4"
    assert kind.engine.classify(search) is Band.ACCEPT
    assert search.gallery_versions == (gallery.version,)
    assert search.work.subjects == 6
    assert first.similarity == pytest.approx(sum(first.per_finger.values()))
    for fgp, match in first.evidence.items():
        pairs = first.corresponding[fgp]
        reference = gallery.snapshot().references("p4")[match.template].fingers[match.reference]
        ours, theirs = probe.fingers[match.probe].minutiae, reference.minutiae
        assert len(pairs) > 10
        # Corresponding minutiae lie where one rigid placement puts them, give or take distortion.
        a, b = ours[pairs[:, 0], :2].astype(float), theirs[pairs[:, 1], :2].astype(float)
        turn = np.median(np.unwrap(theirs[pairs[:, 1], 2] - ours[pairs[:, 0], 2]))
        cos, sin = np.cos(turn), np.sin(turn)
        a = a - a.mean(axis=0)
        off = np.stack([cos * a[:, 0] + sin * a[:, 1], cos * a[:, 1] - sin * a[:, 0]], 1) - (
            b - b.mean(axis=0)
        )
        assert np.median(np.hypot(*off.T)) < 12.0


def test_every_write_has_its_version_and_equal_histories_one(kind: Kind, tmp_path: Path) -> None:
    """Each write gives a version that never was, and the same writes give the same one in any gallery."""

    def history(one: Gallery) -> list[str]:
        seen = [one.version]
        for write in (
            lambda: one.enrol("a", hand(1)),
            lambda: one.enrol("a", hand(1)),
            lambda: one.replace("a", [hand(2), hand(3)]),
            lambda: one.expunge("a"),
        ):
            write()
            seen.append(one.version)
        return seen

    versions = [history(kind.make(tmp_path / name)) for name in ("a", "b")]
    assert versions[0] == versions[1]
    assert len(set(versions[0])) == 5


def test_a_subject_is_found_by_any_of_several_templates(kind: Kind, gallery: Gallery) -> None:
    """A subject booked twice, with other fingers, is found by either booking and named once."""
    for number in range(4):
        gallery.enrol(f"p{number}", hand(number, 2))
    gallery.enrol("p1", hand(77, 2, 3))
    assert len(gallery.snapshot().references("p1")) == 2
    assert len(gallery) == 4
    for probe, used in ((again(1, 2), 0), (again(77, 2, 3), 1)):
        found = kind.engine.identify(probe, [gallery]).candidates
        assert found[0].subject == "p1"
        assert [c.subject for c in found].count("p1") == 1
        assert found[0].evidence[2].template == used


def test_replacing_forgets_what_was_there(kind: Kind, gallery: Gallery) -> None:
    """After replacement the subject is found by the new prints and not by the old."""
    gallery.enrol("p1", hand(1, 1, 2, 6, 7))
    gallery.enrol("p2", hand(2, 1, 2, 6, 7))
    gallery.replace("p1", [hand(8, 1, 2, 6, 7)])
    by_new = {
        c.subject: c.similarity for c in kind.engine.identify(again(8, 1, 2, 6, 7), [gallery]).candidates
    }
    by_old = {
        c.subject: c.similarity for c in kind.engine.identify(again(1, 1, 2, 6, 7), [gallery]).candidates
    }
    assert by_new["p1"] > P.fusion.accept[3]
    assert by_old.get("p1", 0.0) < P.fusion.grey[3]
    assert len(gallery) == 2


def test_an_expunged_subject_is_never_found(kind: Kind, gallery: Gallery) -> None:
    """After expunction no search names the subject, and nothing of theirs is kept."""
    for number in range(4):
        gallery.enrol(f"p{number}", hand(number))
    mark = digest(encode(hand(2)))
    assert gallery.snapshot().holders(mark) == ("p2",)
    gallery.expunge("p2")
    search = kind.engine.identify(hand(2), [gallery])
    assert [c.subject for c in search.candidates].count("p2") == 0
    assert kind.engine.classify(search) is Band.NONE
    assert search.work.subjects % 3 == 0
    assert gallery.snapshot().holders(mark) == ()
    assert gallery.snapshot().references("p2") == ()
    assert set(gallery.snapshot().screen(hand(2), keep=9)) == {"p0", "p1", "p3"}
    with pytest.raises(Missing):
        gallery.expunge("p2")


def test_a_snapshot_is_not_touched_by_later_writes(kind: Kind, gallery: Gallery) -> None:
    """A snapshot stays as it was through enrolling and replacing, and in memory through expunging too."""
    for number in (1, 2, 3):
        gallery.enrol(f"p{number}", hand(number))
    earlier = gallery.snapshot()
    gallery.enrol("p4", hand(4))
    gallery.enrol("p3", hand(9))
    gallery.expunge("p2")
    assert len(earlier) == 3
    assert len(gallery) == 3
    assert len(earlier.references("p3")) == 1
    assert earlier.references("p4") == ()
    assert earlier.version != gallery.version
    assert set(earlier.screen(hand(1), keep=10)) == {"p1", "p2", "p3"}
    assert earlier.screen(hand(2), keep=1) == ("p2",)


def test_refused_writes_leave_no_trace(kind: Kind, gallery: Gallery) -> None:
    """Another extractor's templates, minutiae that are no numbers, unknown subjects: nothing is written."""
    gallery.enrol("a", hand(1))
    before = gallery.version
    strange = template(finger(2, print_of(2, 2)), extractor="other")
    broken = print_of(1, 1)
    broken[0, 0] = np.nan
    for refused, write in (
        (TemplateError, lambda: gallery.enrol("b", strange)),
        (TemplateError, lambda: gallery.replace("a", [hand(2), strange])),
        (TemplateError, lambda: gallery.enrol("b", template(finger(1, broken)))),
        (TemplateError, lambda: gallery.replace("a", [])),
        (Missing, lambda: gallery.expunge("nobody")),
        (Missing, lambda: gallery.replace("nobody", [hand(1)])),
    ):
        with pytest.raises(refused):
            write()
    assert gallery.version == before
    assert len(gallery) == 1
    assert len(gallery.snapshot().references("a")) == 1
    assert gallery.extractor == ("made", "1")
    with pytest.raises(TemplateError):
        kind.engine.identify(strange, [gallery])
    with pytest.raises(UsageError):
        kind.engine.identify(hand(1), [gallery], limit=0)


def test_slaps_are_told_apart_on_either_side(kind: Kind, gallery: Gallery) -> None:
    """Whole slaps find who was enrolled by single fingers, and single fingers who was enrolled by slaps."""
    for number in range(5):
        gallery.enrol(f"p{number}", hand(number, 2, 3, 4, 5))
    gallery.enrol("slaps", template(slap(9, (2, 3, 4, 5), 13)))
    probe = template(slap(3, (2, 3, 4, 5), 13))
    first = kind.engine.identify(probe, [gallery]).candidates[0]
    assert first.subject == "p3"
    assert set(first.per_finger) == {2, 3, 4, 5}
    places = [
        probe.fingers[match.probe].minutiae[match.comparison.pairs[:, 0], 0].mean()
        for match in first.evidence.values()
        if len(match.comparison.pairs)
    ]
    assert np.diff(sorted(places)).min() > P.fusion.separation
    assert kind.engine.identify(hand(9, 2, 3, 4, 5), [gallery]).candidates[0].subject == "slaps"


def test_fingers_in_the_wrong_order_wait_for_a_person(kind: Kind, gallery: Gallery) -> None:
    """A card with the hands swapped finds the person with a note, and waits for a person."""
    for number in range(4):
        gallery.enrol(f"p{number}", hand(number, *range(1, 11)))
    what = "hands swapped"
    search = kind.engine.identify(reordered(rebooked(2, 4), ORDERS[what]), [gallery])
    first = search.candidates[0]
    assert first.subject == "p2"
    assert first.notes == (f"fits with {what}, not as numbered on the card",)
    assert kind.engine.classify(search) is Band.GREY


def test_nothing_to_search_is_nobody(kind: Kind, gallery: Gallery) -> None:
    """An empty gallery, no gallery, a probe of nothing and one of a palm give no candidate."""
    assert kind.engine.identify(person(1), [gallery]).candidates == ()
    assert kind.engine.identify(person(1), []).candidates == ()
    gallery.enrol("a", hand(1))
    for probe in (template(), template(finger(21, print_of(1, 1)))):
        search = kind.engine.identify(probe, [gallery])
        assert kind.engine.classify(search) is Band.NONE
        assert all(c.similarity == 0.0 for c in search.candidates)


def test_equal_candidates_are_ranked_by_name(kind: Kind, gallery: Gallery) -> None:
    """Subjects with the same prints come in the order of their names, whoever was enrolled first."""
    for name in ("c", "a", "b"):
        gallery.enrol(name, hand(1, 1, 2, 6, 7))
    search = kind.engine.identify(again(1, 1, 2, 6, 7), [gallery])
    assert [c.subject for c in search.candidates] == ["a", "b", "c"]
    assert kind.engine.classify(search) is Band.GREY


def test_writers_and_searchers_at_once_lose_nothing(kind: Kind, gallery: Gallery) -> None:
    """Three threads enroll while one searches: all are enrolled, and no search sees half a subject."""
    prepared = {f"p{number}": template(finger(2, print_of(number, 2))) for number in range(24)}
    seen: list[int] = []

    def enroll(start: int) -> None:
        for number in range(start, 24, 3):
            gallery.enrol(f"p{number}", prepared[f"p{number}"])

    def look() -> None:
        for _ in range(5):
            found = kind.engine.identify(prepared["p0"], [gallery], limit=40).candidates
            seen.append(sum(candidate.compared != 1 for candidate in found))

    threads = [threading.Thread(target=enroll, args=(start,)) for start in range(3)]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gallery) == 24
    assert gallery.version.startswith("24-")
    assert seen == [0] * 5
    assert all(gallery.snapshot().references(name) for name in prepared)


def test_the_other_gallery_changes_nothing(kind: Kind, tmp_path: Path) -> None:
    """A search's candidates and its work in one gallery do not depend on what another gallery holds."""
    ours, theirs = kind.make(tmp_path / "ours"), kind.make(tmp_path / "theirs")
    for number in range(4):
        ours.enrol(f"p{number}", hand(number))
    before = kind.engine.identify(again(2), [ours])
    for number in range(20, 26):
        theirs.enrol(f"p{number}", hand(number))
    theirs.enrol("hidden", hand(2))
    after = kind.engine.identify(again(2), [ours])
    assert [(c.subject, c.similarity, c.rank) for c in before.candidates] == [
        (c.subject, c.similarity, c.rank) for c in after.candidates
    ]
    assert (before.work, before.gallery_versions) == (after.work, after.gallery_versions)
