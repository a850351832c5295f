# SPDX-License-Identifier: Apache-2.0
"""One suite over threads, worker processes and Ray actors: equal answers, no silence about a lost shard."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.ridge.engine_people import finger, print_of, second

from sluicegate.errors import ShardLost
from sluicegate.exchange.searching import Search1N, search_repositories, whole
from sluicegate.ridge import parameters
from sluicegate.ridge.deciding import Band, Lost, Search
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery_file import FileGallery
from sluicegate.ridge.template import Template
from sluicegate.shards.gallery import How, ShardedGallery

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")  # Ray's own

P = parameters.load()
SIZE = 130  # more than the floor of the survivors, so that the coarse pass takes part
COUNT = 3
ELSEWHERE = (How.PROCESS, How.RAY)


def enrolled(person: int) -> Template:
    """Two fingers of a person, as enrolled."""
    return Template("test", "1", tuple(finger(fgp, print_of(person, fgp)) for fgp in (2, 7)))


def probe(person: int) -> Template:
    """Another impression of the same two."""
    return Template(
        "test", "1", tuple(finger(fgp, second(print_of(person, fgp), person + fgp)) for fgp in (2, 7))
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of some files and a log, from which somebody was taken out again."""
    made = tmp_path_factory.mktemp("gallery") / "g"
    gallery = FileGallery(made, P, write=True)
    for _ in gallery.add_many(((f"P{n:03d}", [enrolled(n)]) for n in range(SIZE)), at_once=50):
        pass
    gallery.enrol("late", enrolled(900))
    gallery.expunge("P060")
    gallery.close()
    return made


@pytest.fixture(scope="module")
def ray(folder: Path) -> Iterator[None]:
    """Ray, started once for all."""
    with ShardedGallery(folder, P, count=1, how=How.RAY, deadline_s=30.0):
        yield


@pytest.fixture(params=list(How))
def how(request: pytest.FixtureRequest) -> How:
    """Each way to run shards."""
    if request.param is How.RAY:
        request.getfixturevalue("ray")
    return How(request.param)


def told(search: Search) -> list[object]:
    """All that a search says, in values that compare."""
    said: list[object] = [search.engine, search.gallery_versions, search.work, search.lost, search.enrolled]
    for one in search.candidates:
        pairs = {position: rows.tolist() for position, rows in one.corresponding.items()}
        said.append((one.rank, one.subject, one.similarity, one.per_finger, pairs, one.notes))
    return said


@pytest.mark.slow
def test_any_way_and_number_of_shards_answers_as_the_whole(folder: Path, how: How) -> None:
    """Candidates, similarities, corresponding minutiae and counts of work are those of the whole gallery."""
    probes = [probe(3), probe(129), probe(900), probe(5000)]
    gallery = FileGallery(folder, P)
    expected = [told(one) for one in FastEngine(P).identify_many(probes, [gallery])]
    for count in (1, 2, 7) if how is not How.RAY else (2,):
        with ShardedGallery(folder, P, count=count, how=how, deadline_s=30.0) as opened:
            assert [told(one) for one in opened.identify_many(probes)] == expected
            assert sum(one.subjects for one in opened.states()) == len(opened) == len(gallery) == SIZE


@pytest.mark.slow
@pytest.mark.parametrize("how", ELSEWHERE, indirect=True)
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_lost_shard_makes_the_answer_incomplete(folder: Path, how: How, sign: signal.Signals) -> None:
    """A shard that is killed or late is named, with its share; the next search is whole again."""
    with ShardedGallery(folder, P, count=COUNT, how=how, deadline_s=30.0) as opened:
        everything = told(opened.identify(probe(3)))
        last = opened.states()[-1]
        os.kill(last.pid, sign)
        opened.deadline_s = 3.0
        short = opened.identify(probe(129))
        assert [one.shard for one in short.lost] == [COUNT - 1]
        assert not short.complete
        assert short.unsearched == last.subjects / SIZE
        assert opened.classify(short) is Band.GREY
        assert "P129" not in [one.subject for one in short.candidates]
        with pytest.raises(ShardLost, match="was not searched"):
            whole(short)
        opened.deadline_s = 30.0
        assert told(opened.identify(probe(3))) == everything


@pytest.mark.slow
def test_shards_follow_the_writer(tmp_path: Path, how: How) -> None:
    """Who is enrolled is found by the next search of any shard, and who is expunged by none."""
    folder = tmp_path / "g"
    writer = FileGallery(folder, P, write=True)
    for number in range(4):
        writer.enrol(f"P{number}", enrolled(number))
    with ShardedGallery(folder, P, count=2, how=how, deadline_s=30.0) as opened:
        assert opened.identify(probe(2)).candidates[0].subject == "P2"
        writer.enrol("new", enrolled(70))
        writer.expunge("P2")
        found = opened.identify_many([probe(70), probe(2)])
        assert found[0].candidates[0].subject == "new"
        assert "P2" not in [one.subject for one in found[1].candidates]
        assert {one.version for one in opened.states()} == {writer.version}
        assert all(one.complete for one in found)
    writer.close()


def test_a_shard_with_other_parameters_is_not_believed(folder: Path) -> None:
    """A worker that would search with other numbers than who asks is lost, not heard."""
    other = replace(P, fusion=replace(P.fusion, rescue=P.fusion.rescue + 1))
    with ShardedGallery(folder, other, count=2, how=How.PROCESS, deadline_s=30.0) as opened:
        found = opened.identify(probe(3))
    assert [one.why for one in found.lost] == ["The shard searches with other parameters."] * 2
    assert found.unsearched == 1.0
    assert found.candidates == ()
    assert opened.classify(found) is Band.GREY


class Short(FastEngine):
    """An engine that loses a third of every gallery."""

    def identify(self, probe: Template, galleries: Any, *, limit: int = 20) -> Search:
        """Nobody among two thirds."""
        return Search((), self.name, ("1",), lost=(Lost(0, 2, 10, "gone"),), enrolled=30)


def test_the_exchange_makes_nothing_of_an_incomplete_search() -> None:
    """Nobody among two thirds of a repository is no finding: the search is refused, and the case stays."""
    repository: Any = SimpleNamespace(name="open", gallery=None)
    with pytest.raises(ShardLost, match=r"33\.3% of the gallery was not searched"):
        search_repositories(Search1N(Short(P)), probe(1), (repository,))
