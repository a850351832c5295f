# SPDX-License-Identifier: Apache-2.0
"""Asks witnesses to cosign a checkpoint (C2SP tlog-witness), all at once, and keeps what they gave.

A witness that is slow, dead or hostile costs nobody else anything: each is asked in a thread of its own, its
answer is bounded in size, and after the deadline it is left behind.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import httpx

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import cosign, verify
from sluicegate.ledger.cosign import Finality
from sluicegate.ledger.holding import holding
from sluicegate.ledger.verify import MAX_SIGNATURES, Checkpoint, Policy
from sluicegate.witness.record import Contact, Given, Record
from sluicegate.witness.wire import SIZE_TYPE, read_size, write_request

TIMEOUT_S = 10.0
_MAX_ANSWER = 16_384
_ROUNDS = 3  # first guess, the size that the witness named, and once more if another asked meanwhile

Prove = Callable[[int, int], Sequence[bytes]]
"""The consistency proof from an older size to a newer. Called from several threads at once."""


class Outcome(StrEnum):
    """How a witness answered."""

    SIGNED = "signed"
    FORKED = "forked"
    AHEAD = "ahead"
    REFUSED = "refused"
    SILENT = "silent"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Asked:
    """One witness's answer: what came of it, in words, and the cosignatures with their times."""

    witness: str
    outcome: Outcome
    said: str
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """A checkpoint with every cosignature at hand, how each witness answered, and whether it is final."""

    note: str
    checkpoint: Checkpoint
    asked: tuple[Asked, ...]
    finality: Finality

    @property
    def alarms(self) -> tuple[Asked, ...]:
        """The witnesses that say that they were shown another history: unproven, but somebody must look."""
        return tuple(one for one in self.asked if one.outcome in (Outcome.FORKED, Outcome.AHEAD))


@dataclass(frozen=True, slots=True)
class Round:
    """What every witness is asked: the same note, and whoever proves that it grew from what they know."""

    note: str
    text: str
    checkpoint: Checkpoint
    policy: Policy
    prove: Prove
    timeout_s: float


def addresses(policy_text: str) -> dict[str, str]:
    """Where witnesses are asked: the address after the key in their lines of a policy.

    Raises:
        VerifyError: it is no policy, or an address is not http or https with a host.
    """
    with holding():
        verify.read_policy(policy_text)
    found = {}
    for line in policy_text.split("\n"):
        match line.replace("\t", " ").split():
            case ["witness", name, _, url]:
                found[name] = _checked(url)
    return found


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise VerifyError("policy: the address of a witness is http:// or https:// and a host")
    return url.rstrip("/")


def collect(
    note: str,
    policy: Policy,
    urls: Mapping[str, str],
    prove: Prove,
    record: Record,
    *,
    clock: Callable[[], int],
    timeout_s: float = TIMEOUT_S,
) -> Collected:
    """Ask every witness that has not cosigned this checkpoint yet; what is on record is not asked for again.

    Every cosignature is on record before it is merged. If we crash after that, the next call merges it
    without asking.

    Raises:
        VerifyError: see `cosign.final`; StoreError: the record cannot be written.
    """
    cosign.final(note, policy)  # nobody is asked to cosign what the log did not sign
    shown = checkpoints.parse(note)
    with holding():
        text, _ = verify.split_note(note, "checkpoint")
    round_ = Round(note, text, shown, policy, prove, timeout_s)
    kept = record.over(shown)
    merged = cosign.merge(note, [one.line for one in kept], policy)
    done = dict(cosign.final(merged, policy).signed)
    asked = {name: Asked(name, Outcome.SIGNED, "cosigned earlier") for name in done}
    asked |= {name: _unasked(name) for name in policy.witnesses if name not in done and name not in urls}
    wanted = [name for name in policy.witnesses if name not in asked]
    starts = {name: min(record.last_size(shown.origin, name), shown.size) for name in wanted}
    lines: list[str] = []
    for one in _answers(round_, {name: urls[name] for name in wanted}, starts):
        for given in one.given:
            record.add(shown, given)
            lines.append(given.line)
        record.note(shown.origin, Contact(one.witness, clock(), shown.size, one.outcome.value, one.said))
        asked[one.witness] = one
    whole = cosign.merge(merged, lines, policy)
    ordered = tuple(asked[name] for name in policy.witnesses)
    return Collected(whole, shown, ordered, cosign.final(whole, policy))


def _unasked(name: str) -> Asked:
    return Asked(name, Outcome.UNASKED, "the policy gives no address for it")


def _answers(round_: Round, urls: Mapping[str, str], starts: Mapping[str, int]) -> list[Asked]:
    """The answers that arrive before the deadline, and a word about each that does not."""
    arrived: queue.SimpleQueue[Asked] = queue.SimpleQueue()
    for name, url in urls.items():
        # Daemons, because a witness that drips its answer must not keep this process alive either.
        arguments = (round_, name, url, starts[name], arrived)
        threading.Thread(target=_ask_into, args=arguments, name=f"ask {name}", daemon=True).start()
    deadline = time.monotonic() + round_.timeout_s
    answers: dict[str, Asked] = {}
    while len(answers) < len(urls):
        try:
            one = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[one.witness] = one
    late = f"no answer within {round_.timeout_s:g} seconds"
    return [answers.get(name) or Asked(name, Outcome.SILENT, late) for name in urls]


def _ask_into(round_: Round, name: str, url: str, start: int, arrived: queue.SimpleQueue[Asked]) -> None:
    try:
        arrived.put(_ask(round_, name, url, start))
    except LedgerError as error:
        arrived.put(Asked(name, Outcome.UNASKED, f"this log cannot prove that it grew: {error.message}"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        arrived.put(Asked(name, Outcome.SILENT, f"could not be reached ({type(error).__name__})"))
    except Exception as error:  # noqa: BLE001 the edge of a thread: whatever it is, the others go on
        arrived.put(Asked(name, Outcome.SILENT, f"could not be asked ({type(error).__name__})"))


def _ask(round_: Round, name: str, url: str, old: int) -> Asked:
    size = round_.checkpoint.size
    with httpx.Client(timeout=round_.timeout_s, follow_redirects=False) as client:
        for _ in range(_ROUNDS):
            body = write_request(old, round_.prove(old, size), round_.note)
            status, kind, answer = _post(client, f"{url}/add-checkpoint", body, round_.timeout_s)
            if status == 200:
                return _signed(round_, name, answer)
            if status == 422:
                said = "it says that this checkpoint does not contain what it saw before"
                return Asked(name, Outcome.FORKED, said)
            known = read_size(answer) if status == 409 and kind == SIZE_TYPE else None
            if known is None:
                return Asked(name, Outcome.REFUSED, _REFUSALS.get(status, f"it answered {status}"))
            if known > size:
                said = f"it says that it has seen {known:,} entries of this log, more than these {size:,}"
                return Asked(name, Outcome.AHEAD, said)
            if known == old == size:
                said = f"it says that it has seen these {size:,} entries with another root"
                return Asked(name, Outcome.FORKED, said)
            old = known
    return Asked(name, Outcome.REFUSED, "it changed its mind about what it knows at every question")


_REFUSALS = {
    400: "it could not read the question",
    403: "it does not trust the key that signed the checkpoint",
    404: "it does not watch this log, or is not at this address",
    503: "it cannot cosign at the moment",
}


def _post(client: httpx.Client, url: str, body: bytes, within_s: float) -> tuple[int, str, bytes]:
    """Status, content type and the first bytes of an answer. Raises httpx.HTTPError."""
    deadline = time.monotonic() + within_s
    received = bytearray()
    with client.stream("POST", url, content=body, headers={"Accept-Encoding": "identity"}) as answer:
        for chunk in answer.iter_raw():
            received += chunk
            if len(received) > _MAX_ANSWER:
                raise httpx.DecodingError("too long")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("too slow")
        kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        return answer.status_code, kind, bytes(received)


def _signed(round_: Round, name: str, answer: bytes) -> Asked:
    """The cosignatures in an answer that hold; those of unknown keys are passed over."""
    lines = [f"{line}\n" for line in answer.decode("utf-8", errors="replace").split("\n")]
    given = [
        Given(by, moment, line)
        for line in lines[:MAX_SIGNATURES]
        for by, moment in cosign.times(round_.text, line, round_.policy).items()
    ]
    if name not in {one.witness for one in given}:
        said = "its answer holds no cosignature by its key over this checkpoint"
        return Asked(name, Outcome.REFUSED, said, tuple(given))
    return Asked(name, Outcome.SIGNED, "cosigned now", tuple(given))
