# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import numpy as np
import pytest
from engine_people import finger, person, print_of, rebooked, template

from sluicegate.errors import Missing, TemplateError
from sluicegate.ridge import parameters as numbers
from sluicegate.ridge.engine import identify
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.template import Template, digest, encode

P = numbers.load()


def gallery_of(*people: int) -> MemoryGallery:
    """A gallery of these people, named by their numbers."""
    gallery = MemoryGallery(P)
    for number in people:
        gallery.enrol(f"p{number}", person(number))
    return gallery


def small(number: int, extractor: str = "made") -> Template:
    """One finger only, for tests where fingers do not matter."""
    return template(finger(2, print_of(number, 2)), extractor=extractor)


def test_every_write_changes_the_version() -> None:
    """Enrolling, replacing and expunging each give the gallery a version it never had."""
    gallery = MemoryGallery(P)
    seen = [gallery.version]
    gallery.enrol("a", small(1))
    seen.append(gallery.version)
    gallery.enrol("a", small(1))
    seen.append(gallery.version)
    gallery.replace("a", [small(2)])
    seen.append(gallery.version)
    gallery.expunge("a")
    seen.append(gallery.version)
    assert len(set(seen)) == len(seen)


def test_the_same_writes_give_the_same_version() -> None:
    """Two galleries with the same history have the same version, and with another order another."""
    assert gallery_of(1, 2).version == gallery_of(1, 2).version
    assert gallery_of(1, 2).version != gallery_of(2, 1).version


def test_reading_does_not_change_the_version() -> None:
    """A search leaves the gallery as it was."""
    gallery = gallery_of(1, 2)
    before = gallery.version
    assert identify(rebooked(1, 1), [gallery], P).gallery_versions == (before,)
    assert gallery.version == before


def test_templates_of_another_extractor_are_refused_at_enrolment() -> None:
    """A gallery holds templates of one extractor only, and a refused write leaves no trace."""
    gallery = MemoryGallery(P)
    gallery.enrol("a", small(1))
    before = gallery.version
    with pytest.raises(TemplateError):
        gallery.enrol("b", small(2, extractor="other"))
    with pytest.raises(TemplateError):
        gallery.replace("a", [small(2), small(3, extractor="other")])
    assert gallery.version == before
    assert gallery.snapshot().references("b") == ()
    assert len(gallery.snapshot().references("a")) == 1
    assert gallery.extractor == ("made", "1")


def test_a_probe_of_another_extractor_is_refused() -> None:
    """A search with a probe made by another extractor is refused."""
    with pytest.raises(TemplateError):
        identify(small(1, extractor="other"), [gallery_of(1)], P)


@pytest.mark.slow
def test_an_expunged_subject_is_never_found() -> None:
    """After expunction no search names the subject, and nothing of theirs is kept."""
    gallery = gallery_of(1, 2, 3)
    mark = digest(encode(person(2)))
    assert gallery.snapshot().holders(mark) == ("p2",)
    gallery.expunge("p2")
    search = identify(person(2), [gallery], P)
    assert "p2" not in [candidate.subject for candidate in search.candidates]
    assert len(gallery) == 2
    assert gallery.snapshot().holders(mark) == ()
    assert gallery.snapshot().references("p2") == ()


def test_who_is_not_enrolled_cannot_be_expunged_or_replaced() -> None:
    """Expunging or replacing an unknown subject is an error, and writes nothing."""
    gallery = gallery_of(1)
    before = gallery.version
    with pytest.raises(Missing):
        gallery.expunge("nobody")
    with pytest.raises(Missing):
        gallery.replace("nobody", [small(1)])
    with pytest.raises(TemplateError):
        gallery.replace("p1", [])
    assert gallery.version == before


def test_a_snapshot_is_not_touched_by_later_writes() -> None:
    """A search that began before a write sees the gallery as it was."""
    gallery = gallery_of(1, 2)
    earlier = gallery.snapshot()
    gallery.expunge("p1")
    gallery.enrol("p3", person(3))
    assert len(earlier) == 2
    assert set(earlier.screen(person(1), keep=10)) == {"p1", "p2"}
    assert earlier.screen(person(1), keep=1) == ("p1",)
    assert earlier.version != gallery.version


def test_a_subject_is_found_by_any_of_several_templates() -> None:
    """A subject booked twice is found by either booking, and named once."""
    gallery = gallery_of(1, 2)
    gallery.enrol("p1", template(finger(2, print_of(77, 2)), finger(3, print_of(77, 3))))
    assert len(gallery.snapshot().references("p1")) == 2
    for probe in (rebooked(1, 4), template(finger(2, print_of(77, 2)), finger(3, print_of(77, 3)))):
        found = identify(probe, [gallery], P).candidates
        assert found[0].subject == "p1"
        assert [c.subject for c in found].count("p1") == 1


@pytest.mark.slow
def test_replacing_forgets_what_was_there() -> None:
    """After replacement the subject is found by the new prints and not by the old."""
    gallery = gallery_of(1, 2)
    gallery.replace("p1", [person(8)])
    by_new = {c.subject: c.similarity for c in identify(person(8), [gallery], P).candidates}
    by_old = {c.subject: c.similarity for c in identify(person(1), [gallery], P).candidates}
    assert by_new["p1"] > P.fusion.accept[9]
    assert by_old["p1"] < P.fusion.grey[9]


def test_the_coarse_pass_keeps_the_mate() -> None:
    """Of forty subjects the coarse pass puts the mate first."""
    gallery = MemoryGallery(P)
    for number in range(40):
        gallery.enrol(f"p{number}", template(*(finger(f, print_of(number, f)) for f in (2, 3))))
    probe = template(*(f for f in rebooked(17, 2, plain=True).fingers if f.fgp in (2, 3)))
    assert gallery.snapshot().screen(probe, keep=3)[0] == "p17"


@pytest.mark.slow
def test_growing_beyond_the_first_room_loses_nobody() -> None:
    """Every one of a hundred and fifty subjects is found by their own print after many writes."""
    gallery = MemoryGallery(P)
    for number in range(150):
        gallery.enrol(f"p{number}", small(number))
    for number in range(0, 150, 3):
        gallery.expunge(f"p{number}")
    snapshot = gallery.snapshot()
    assert len(snapshot) == 100
    for number in (1, 64, 65, 128, 149):
        assert snapshot.screen(small(number), keep=1) == (f"p{number}",)


def test_writers_in_several_threads_lose_no_write() -> None:
    """Four threads that enroll at once leave every subject enrolled."""
    gallery = MemoryGallery(P)
    prepared = [small(number) for number in range(40)]

    def enroll(start: int) -> None:
        for number in range(start, 40, 4):
            gallery.enrol(f"p{number}", prepared[number])

    threads = [threading.Thread(target=enroll, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gallery) == 40
    assert gallery.version.startswith("40-")


def test_a_template_that_is_not_whole_is_not_enrolled() -> None:
    """Minutiae that are not numbers are refused, and the gallery stays as it was."""
    gallery = MemoryGallery(P)
    broken = print_of(1, 1)
    broken[0, 0] = np.nan
    with pytest.raises(TemplateError):
        gallery.enrol("a", template(finger(1, broken)))
    assert len(gallery) == 0
    assert gallery.extractor is None
