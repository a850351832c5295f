# SPDX-License-Identifier: Apache-2.0
"""The fast engine: the story of `engine.identify` over packed galleries, for one probe or a batch.

Everybody is screened by the probe's most telling fingers, in one pass over a gallery for the whole batch; the
best share by all fingers; the survivors are compared exactly by two fingers, those who stay by two more, and
the promising by all. What follows is decided where the plain engine's is. The answer depends on the probes
and the galleries given: not on threads, kernels, shards, the other probes of a batch, or a gallery that was
not given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from sluicegate.errors import ShardLost, UsageError
from sluicegate.ridge.coarse import Question, question, renumbered
from sluicegate.ridge.deciding import (
    Asked,
    Band,
    Candidate,
    Lost,
    Search,
    Work,
    answers,
    band_of,
    candidate_from,
    is_promising,
)
from sluicegate.ridge.fusion import POSITIONS, fused, together
from sluicegate.ridge.gallery import Gallery
from sluicegate.ridge.gallery_packed import PackedSnapshot
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.shard import LocalShard, Matches, Screened, Shard, Spread
from sluicegate.ridge.template import Template

ENGINE = "sluicegate-fast-1"

_A = TypeVar("_A")


@dataclass(frozen=True, slots=True)
class FastEngine:
    """Searches packed galleries; `threads` share the work of one call and change no answer."""

    parameters: Parameters
    threads: int = 1

    @property
    def name(self) -> str:
        return f"{ENGINE}+{self.parameters.digest()[:12]}"

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        """See `engine.Engine`. Raises UsageError also for a gallery that is not packed."""
        return self.identify_many([probe], galleries, limit=limit)[0]

    def identify_many(
        self, probes: Sequence[Template], galleries: Sequence[Gallery], *, limit: int = 20
    ) -> list[Search]:
        """One search for each probe, equal to searching it alone; the batch shares the passes."""
        snapshots = [_packed(gallery) for gallery in galleries]
        for probe in probes:
            for snapshot in snapshots:
                snapshot.require_comparable(probe)
        with ExitStack() as stack:
            spread: Spread = map
            if self.threads > 1:
                spread = stack.enter_context(ThreadPoolExecutor(self.threads)).map
            shards = [[LocalShard(snapshot, self.parameters, spread)] for snapshot in snapshots]
            return search(self.name, probes, shards, self.parameters, limit=limit)

    def classify(self, search: Search) -> Band:
        """See `engine.Engine`. An incomplete search is never without a candidate, nor an identification."""
        return band_of(search.candidates, self.parameters) if search.complete else Band.GREY


def _packed(gallery: Gallery) -> PackedSnapshot:
    snapshot = gallery.snapshot()
    if not isinstance(snapshot, PackedSnapshot):
        raise UsageError("The fast engine searches packed galleries only.")
    return snapshot


def search(
    engine: str,
    probes: Sequence[Template],
    galleries: Sequence[Sequence[Shard]],
    parameters: Parameters,
    *,
    limit: int,
    fan: Spread = map,
) -> list[Search]:
    """One search for each probe in galleries that are each given as all of their shards.

    `fan` asks the shards of a gallery, perhaps at once. A shard that raises ShardLost is asked no more, and
    what was lost with it is in every answer: candidates are then those of the others.

    Raises:
        UsageError: `limit` is less than 1. TemplateError: a probe is not whole.
    """
    questions = [question(probe, parameters) for probe in probes]
    work = [Work() for _ in probes]
    spread = [_Shards(shards, fan) for shards in galleries]

    def searched(asked: Sequence[Asked], most: int, least: int) -> list[list[Candidate]]:
        first = parameters.fast.telling, parameters.fast.rescue_telling
        turned = [renumbered(questions[one.place], one.probe, first[one.again]) for one in asked]
        found: list[list[Candidate]] = [[] for _ in asked]
        for index, shards in enumerate(spread):
            steps = _Steps(turned, shards, parameters, least)
            for i, one in enumerate(asked):
                found[i].extend(steps.candidates(i, index, most))
                work[one.place] += steps.work[i]
        return found

    ranked = answers(probes, searched, parameters, limit=limit, keep=parameters.fast.keep)
    versions = tuple(shards[0].version if shards else "" for shards in galleries)
    lost = tuple(
        Lost(index, shard, len(shards.all[shard]), why)
        for index, shards in enumerate(spread)
        for shard, why in sorted(shards.lost.items())
    )
    enrolled = sum(len(shard) for shards in spread for shard in shards.all)
    return [
        Search(candidates, engine, versions, done, lost, enrolled)
        for candidates, done in zip(ranked, work, strict=True)
    ]


class _Shards:
    """All shards of a gallery, and those that were lost: why, by number."""

    def __init__(self, shards: Sequence[Shard], fan: Spread) -> None:
        self.all = tuple(shards)
        self.lost: dict[int, str] = {}
        self._fan = fan

    def __len__(self) -> int:
        return sum(len(shard) for shard in self.all)

    def each(self, do: Callable[[int, Shard], _A]) -> list[tuple[int, _A]]:
        """What every shard that is left answers, with its number."""

        def asked(number: int) -> _A | ShardLost:
            try:
                return do(number, self.all[number])
            except ShardLost as error:
                return error

        left = [number for number in range(len(self.all)) if number not in self.lost]
        answers: list[tuple[int, _A]] = []
        for number, answer in zip(left, self._fan(asked, left), strict=True):
            if isinstance(answer, ShardLost):
                self.lost[number] = answer.message
            else:
                answers.append((number, answer))
        return answers


_Found = tuple[int, Screened]
"""A subject, and the number of the shard that has it."""


class _Steps:
    """A batch of questions on their way through the shards of one gallery."""

    def __init__(
        self, asked: Sequence[Question], shards: _Shards, parameters: Parameters, least: int
    ) -> None:
        self._asked = asked
        self._shards = shards
        self._parameters = parameters
        self._size = len(shards)
        self._least = least
        self.work = [Work(self._size) for _ in asked]
        self._survivors = self._screened()

    def candidates(self, which: int, gallery: int, most: int) -> list[Candidate]:
        """Candidates of one question, in no order."""
        asked, numbers = self._asked[which], self._parameters
        likely = self._glanced(which, most)
        chosen = [
            one
            for place, (unlike, fingers, one) in enumerate(likely[:most])
            if place < numbers.screen.finish or is_promising(-unlike, fingers, numbers)
        ]
        whole = self._compared(which, chosen, range(len(POSITIONS)), pairs=True)
        return [
            candidate_from(asked.probe, one.subject, matches, gallery, numbers)
            for (number, one), matches in zip(chosen, whole, strict=True)
            if number not in self._shards.lost
        ]

    def _glanced(self, which: int, most: int) -> list[tuple[float, int, _Found]]:
        """Survivors by their first fingers, the most similar first: unlikeness, fingers compared, who."""
        numbers = self._parameters
        glance, first = numbers.fast.glance, numbers.screen.first
        survivors = self._survivors[which]
        looked = self._compared(which, survivors, range(glance), pairs=False)
        likely = self._by_likeness(which, survivors, looked)[: max(numbers.fast.stay, most)]
        staying = [survivors[i] for _, _, i in likely]
        more = self._compared(which, staying, range(glance, first), pairs=False)
        both = [{**looked[i], **matches} for (_, _, i), matches in zip(likely, more, strict=True)]
        return [
            (unlike, fingers, staying[i]) for unlike, fingers, i in self._by_likeness(which, staying, both)
        ]

    def _by_likeness(
        self, which: int, ones: Sequence[_Found], looked: Sequence[Matches]
    ) -> list[tuple[float, int, int]]:
        """The most similar first, ties by name: unlikeness, fingers compared, place in what was given."""
        probe, separation = self._asked[which].probe, self._parameters.fusion.separation
        likely = sorted(
            (-fused(together(probe, matches, separation)), one.subject, len(matches), i)
            for i, ((_, one), matches) in enumerate(zip(ones, looked, strict=True))
        )
        return [(unlike, fingers, i) for unlike, _, fingers, i in likely]

    def _screened(self) -> list[list[_Found]]:
        """Who goes on to the exact comparison, for each question."""
        if self._size <= self._least:
            answers = self._shards.each(lambda _, shard: shard.everybody())
            everybody = [(number, one) for number, ones in answers for one in ones]
            return [everybody for _ in self._asked]
        fast = self._parameters.fast
        going = [self._going_on(one) for one in self._asked]
        wide = max(self._least, round(fast.share * self._size))
        whole = [len(one.telling) > one.first for one in self._asked]
        keep = [max(wide, last) if more else last for last, more in zip(going, whole, strict=True)]
        found: list[list[_Found]] = [[] for _ in self._asked]
        for number, (screened, made) in self._shards.each(lambda _, shard: shard.screen(self._asked, keep)):
            for which, (ones, count) in enumerate(zip(screened, made, strict=True)):
                found[which].extend((number, one) for one in ones)
                self.work[which] += Work(screened=count)
        merged = [_best(ones, most) for ones, most in zip(found, keep, strict=True)]
        return [
            _best(self._rescreened(which, ones), going[which]) if whole[which] else ones
            for which, ones in enumerate(merged)
        ]

    def _going_on(self, asked: Question) -> int:
        """How many survive the coarse pass: fewer, the more fingers say so."""
        shares = self._parameters.fast.survivors
        share = shares[min(max(len(asked.telling), 1), len(shares)) - 1]
        return max(self._least, round(share * self._size))

    def _rescreened(self, which: int, ones: Sequence[_Found]) -> list[_Found]:
        """Those again, by all fingers."""

        def rescreened(number: int, shard: Shard) -> tuple[list[Screened], int]:
            return shard.rescreen(self._asked[which], [one.place for whose, one in ones if whose == number])

        found: list[_Found] = []
        for number, (again, made) in self._shards.each(rescreened):
            found.extend((number, one) for one in again)
            self.work[which] += Work(screened=made)
        return found

    def _compared(self, which: int, ones: Sequence[_Found], fingers: range, *, pairs: bool) -> list[Matches]:
        """Compare these subjects, each where it lies; answers in their order, of a lost shard's nothing."""

        def compared(number: int, shard: Shard) -> tuple[list[int], list[Matches], int]:
            mine = [i for i, (whose, _) in enumerate(ones) if whose == number]
            places = [ones[i][1].place for i in mine]
            if not mine:
                return [], [], 0
            matches, made = shard.compare(self._asked[which], places, fingers=fingers, pairs=pairs)
            return mine, matches, made

        found: dict[int, Matches] = {}
        for _, (mine, matches, made) in self._shards.each(compared):
            found.update(zip(mine, matches, strict=True))
            self.work[which] += Work(compared=made)
        return [found.get(i, {}) for i in range(len(ones))]


def _best(found: Sequence[_Found], keep: int) -> list[_Found]:
    """The likeliest of what several shards found, likeliest first, ties by name."""
    return sorted(found, key=lambda one: (one[1].unworth, one[1].subject))[:keep]
