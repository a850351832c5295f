# SPDX-License-Identifier: Apache-2.0
"""How the exchange is: what was measured, judged. Values in, verdicts out; no clock, no files.

Each check has a verdict, one sentence that says what was found, and, where something is to be done, one that
says what. The words are the catalogue's, under `health.NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sluicegate.exchange.case import State
from sluicegate.exchange.story import STORIES
from sluicegate.web.operator.bookings_view import lasted

QUEUE_WATCH, QUEUE_ACT = timedelta(minutes=5), timedelta(hours=1)
TRIES_WATCH, TRIES_ACT = 3, 8
MOVE_WATCH, MOVE_ACT = timedelta(minutes=5), timedelta(hours=1)
PERSON_WATCH = timedelta(hours=24)
ALERT_NEW = timedelta(hours=24)
COSIGN_WATCH, COSIGN_ACT = timedelta(hours=26), timedelta(days=7)
KEY_OLD = timedelta(days=365)
FREE_WATCH, FREE_ACT = 5_000_000_000, 1_000_000_000
CLOCK_ACT = timedelta(seconds=5)
FETCHED = "http:"
"""Channels whose messages wait until their receiver fetches them."""


class Verdict(StrEnum):
    """What a check comes to, the worst last."""

    GOOD = "good"
    WATCH = "watch"
    ACT = "act"


_ORDER = list(Verdict)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of several; good where there is none."""
    return max(verdicts, key=_ORDER.index, default=Verdict.GOOD)


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: which, `health.check.NAME`.
        verdict: what it comes to.
        said: key below `health.NAME` of the sentence that says what was found.
        todo: key below `health.todo` of the sentence that says what to do, or empty.
        given: what the sentences are filled with.
        measures: numbers and texts for machines.
    """

    name: str
    verdict: Verdict
    said: str
    todo: str = ""
    given: Mapping[str, object] = field(default_factory=dict)
    measures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A channel with messages that are not delivered yet."""

    channel: str
    count: int
    oldest: datetime
    attempts: int
    trouble: str
    next_try: datetime
    verdict: Verdict = Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Standing:
    """Bookings in one state, and when the oldest of them was received."""

    state: State
    count: int
    oldest: datetime
    verdict: Verdict = Verdict.GOOD


def judged_queue(one: Queue, now: datetime) -> Queue:
    """A queue with its verdict. What waits to be fetched is its receiver's business."""
    waited = now - one.oldest
    verdict = Verdict.GOOD
    if not one.channel.startswith(FETCHED):
        if waited > QUEUE_ACT or one.attempts >= TRIES_ACT:
            verdict = Verdict.ACT
        elif waited > QUEUE_WATCH or one.attempts >= TRIES_WATCH:
            verdict = Verdict.WATCH
    return Queue(one.channel, one.count, one.oldest, one.attempts, one.trouble, one.next_try, verdict)


def judged_standing(one: Standing, now: datetime) -> Standing:
    """Bookings of a state with a verdict: what moves by itself must move, and a person may take a day."""
    waited = now - one.oldest
    verdict = Verdict.GOOD
    if one.state in STORIES["bureau"]:
        verdict = Verdict.ACT if waited > MOVE_ACT else Verdict.WATCH if waited > MOVE_WATCH else verdict
    elif one.state in {State.AWAITING, State.SHARED} and waited > PERSON_WATCH:
        verdict = Verdict.WATCH
    return Standing(one.state, one.count, one.oldest, verdict)


def serving(served: bool) -> Check:
    """Whether a process moves the cases."""
    if served:
        return Check("serving", Verdict.GOOD, "yes", measures={"served": True})
    return Check("serving", Verdict.ACT, "no", "serve", measures={"served": False})


def queues(every: Sequence[Queue], now: datetime) -> Check:
    """Everything that is not delivered yet."""
    count = sum(one.count for one in every)
    verdict = worst([one.verdict for one in every])
    oldest = min((one.oldest for one in every), default=None)
    failing = [one for one in every if one.trouble]
    measures: dict[str, object] = {
        "queued": count,
        "oldest_s": seconds(now - oldest) if oldest else None,
        "failing_channels": len(failing),
    }
    if oldest is None:
        return Check("queues", Verdict.GOOD, "empty", measures=measures)
    given = {"count": f"{count:,}", "age": lasted(max(now - oldest, timedelta()))}
    todo = "" if verdict is Verdict.GOOD else "trouble" if failing else "queue"
    return Check("queues", verdict, "some", todo, given, measures)


def bookings(every: Sequence[Standing], now: datetime) -> Check:
    """Bookings that should move, and those that wait for somebody."""
    moving = [one for one in every if one.state in STORIES["bureau"]]
    waiting = [one for one in every if one.state in {State.AWAITING, State.SHARED}]
    verdict = worst([one.verdict for one in every])
    stuck = [one for one in moving if one.verdict is not Verdict.GOOD]
    total, on = sum(one.count for one in every), sum(one.count for one in moving)
    held = sum(one.count for one in waiting)
    given = {"total": f"{total:,}", "moving": f"{on:,}", "waiting": f"{held:,}"}
    oldest = min((one.oldest for one in moving), default=None)
    measures: dict[str, object] = {
        "bookings": total,
        "moving": on,
        "waiting": held,
        "oldest_moving_s": seconds(now - oldest) if oldest else None,
        "states": {str(one.state): one.count for one in every},
    }
    todo = "stuck" if stuck else "people" if verdict is not Verdict.GOOD else ""
    return Check("bookings", verdict, "counts", todo, given, measures)


def alerts(count: int, newest: datetime | None, now: datetime) -> Check:
    """What a person must look at. An alert stays: nothing takes it back."""
    measures = {"alerts": count, "newest_s": seconds(now - newest) if newest else None}
    if newest is None:
        return Check("alerts", Verdict.GOOD, "none", measures=measures)
    fresh = now - newest <= ALERT_NEW
    given = {"count": f"{count:,}", "age": lasted(max(now - newest, timedelta()))}
    verdict = Verdict.WATCH if fresh else Verdict.GOOD
    return Check("alerts", verdict, "some", "alerts" if fresh else "", given, measures)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What is known of the witnesses.

    Attributes:
        policy: whether the home has a policy of witnesses, and it can be read.
        published: whether a checkpoint is published.
        size: its entries.
        final: whether enough witnesses cosigned it.
        words: that in a sentence.
        newest: when the newest of its cosignatures was given (UTC).
        forked: witnesses that say that they were shown another history.
    """

    policy: bool
    published: bool
    size: int = 0
    final: bool = False
    words: str = ""
    newest: datetime | None = None
    forked: tuple[str, ...] = ()


def witnesses(one: WitnessState, now: datetime) -> Check:
    """Whether enough witnesses stand behind what is published, and since when."""
    since = now - one.newest if one.newest else None
    measures: dict[str, object] = {
        "published_entries": one.size,
        "final": one.final,
        "newest_cosignature_s": seconds(since) if since is not None else None,
        "forked": list(one.forked),
    }
    given = {"words": one.words, "age": lasted(max(since, timedelta())) if since is not None else ""}
    if one.forked:
        return Check("witnesses", Verdict.ACT, "forked", "forked", {"who": ", ".join(one.forked)}, measures)
    if not one.published:
        return Check("witnesses", Verdict.WATCH, "unpublished", "publish", measures=measures)
    if not one.policy:
        return Check("witnesses", Verdict.WATCH, "nobody", "policy", measures=measures)
    if not one.final or since is None:
        return Check("witnesses", Verdict.WATCH, "notfinal", "cosign", given, measures)
    verdict = Verdict.ACT if since > COSIGN_ACT else Verdict.WATCH if since > COSIGN_WATCH else Verdict.GOOD
    return Check("witnesses", verdict, "final", "" if verdict is Verdict.GOOD else "cosign", given, measures)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison of both sides' published days came to; `why` says that there was none."""

    counts: Mapping[str, int] = field(default_factory=dict)
    days: int = 0
    alarms: tuple[str, ...] = ()
    waiting: int = 0
    why: str = ""


def sides(one: Compared) -> Check:
    """Received = shared + withheld + pending, and what was shared was taken."""
    if one.why:
        return Check("sides", Verdict.ACT, "unread", "sides", {"why": one.why}, {"readable": False})
    if not one.days:
        return Check("sides", Verdict.WATCH, "untold", "tell", measures={"readable": True, "days": 0})
    counts = dict(one.counts)
    received = sum(counts.get(name, 0) for name in ("shared", "withheld", "pending"))
    given = {name: f"{value:,}" for name, value in counts.items()} | {
        "received": f"{received:,}",
        "alarms": f"{len(one.alarms):,}",
        "open": f"{one.waiting:,}",
    }
    measures = {"readable": True, "days": one.days, "received": received, **counts}
    measures |= {"alarms": len(one.alarms), "unsettled": one.waiting}
    if one.alarms:
        return Check("sides", Verdict.ACT, "alarm", "reconcile", given, measures)
    if one.waiting:
        return Check("sides", Verdict.WATCH, "unsettled", "settle", given, measures)
    return Check("sides", Verdict.GOOD, "agree", "", given, measures)


@dataclass(frozen=True, slots=True)
class Store:
    """One store: its name, bytes, and whether counting stopped early."""

    name: str
    bytes: int
    cut: bool = False


def storage(stores: Sequence[Store], free: int) -> Check:
    """What is stored, and the room that is left."""
    verdict = Verdict.ACT if free < FREE_ACT else Verdict.WATCH if free < FREE_WATCH else Verdict.GOOD
    used = sum(one.bytes for one in stores)
    given = {"free": sized(free), "used": sized(used)}
    measures = {"free_bytes": free, "stores": {one.name: one.bytes for one in stores}}
    return Check("storage", verdict, "room", "" if verdict is Verdict.GOOD else "free", given, measures)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs or signed: id, from, until, and what it is now."""

    id: str
    since: datetime
    until: datetime | None
    note: str  # signs, overlaps, ended, revoked


def keys(every: Sequence[Key], where: str, now: datetime) -> Check:
    """Whether a key signs, how old it is, and how it lies; `where` is plain, locked, apart or both."""
    signing = next((one for one in every if one.note == "signs"), None)
    overlapping = sum(one.note == "overlaps" for one in every)
    if signing is None:
        return Check("keys", Verdict.ACT, "none", "key", measures={"signing": False})
    age = max(now - signing.since, timedelta())
    given = {"id": signing.id, "age": lasted(age), "overlaps": str(overlapping)}
    measures = {"signing": True, "age_s": seconds(age), "overlapping": overlapping, "where": where}
    if where in {"plain", "both"}:
        return Check("keys", Verdict.WATCH, where, "protect" if where == "plain" else "move", given, measures)
    if age > KEY_OLD:
        return Check("keys", Verdict.WATCH, "old", "rotate", given, measures)
    return Check("keys", Verdict.GOOD, "signs", "", given, measures)


def clock(now: datetime, real: datetime, newest: datetime | None, drill: bool) -> Check:
    """Whether the clock runs on from what the ledger has seen, and beside real time."""
    behind = newest - now if newest else timedelta()
    apart = abs(now - real)
    given = {"now": f"{now:%Y-%m-%d %H:%M:%S}", "behind": lasted(max(behind, timedelta()))}
    measures = {"now": f"{now:%Y-%m-%dT%H:%M:%SZ}", "behind_ledger_s": seconds(max(behind, timedelta()))}
    measures |= {"drill": drill}
    if behind > CLOCK_ACT:
        return Check("clock", Verdict.ACT, "behind", "clock", given, measures)
    if drill:
        return Check("clock", Verdict.WATCH, "drill", "", given, measures)
    if apart > CLOCK_ACT:
        return Check("clock", Verdict.ACT, "apart", "clock", given, measures)
    return Check("clock", Verdict.GOOD, "good", "", given, measures)


def seconds(span: timedelta) -> int:
    """Whole seconds of a span."""
    return int(span.total_seconds())


def sized(count: int) -> str:
    """Bytes in one unit."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def document(every: Sequence[Check], at: datetime) -> dict[str, object]:
    """All of it for a machine."""
    return {
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "verdict": str(worst([one.verdict for one in every])),
        "checks": {one.name: {"verdict": str(one.verdict), **one.measures} for one in every},
    }
