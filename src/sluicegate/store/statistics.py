# SPDX-License-Identifier: Apache-2.0
"""Asks the ledger for the figures of a month: named queries of `statistics.sql` over a cut of the logs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

import sqlalchemy as sa

from sluicegate.errors import StoreError
from sluicegate.ledger import merkle
from sluicegate.statistics.figures import Cut, Raw
from sluicegate.store.sql import queries

_OUTCOMES = {"shared": "copied", "withheld": "withheld", "refused": "refused", "pending": "pending"}
_DETERMINED = {"citizen": "citizen", "not-same": "not-same"}
_CHARGE = b"2.047"


@cache
def statistic_queries() -> dict[str, str]:
    """The text of every query by name, each with the part that stands before all of them."""
    text = files("sluicegate.store").joinpath("statistics.sql").read_text("utf-8")
    named = {}
    for block in text.split("-- name: ")[1:]:
        name, _, body = block.partition("\n")
        named[name.strip()] = body.strip().rstrip(";")
    common = named.pop("common")
    return {name: f"{common}\n{body}" for name, body in named.items()}


def heads(connection: sa.Connection) -> dict[str, tuple[int, bytes]]:
    """Size and root of every log, as they stand now."""
    held = connection.execute(queries()["logs"]).mappings()
    trees = {str(row["log"]): merkle.Frontier.decode(bytes(row["tree"])) for row in held}
    return {name: (tree.size, tree.root()) for name, tree in trees.items()}


def _rows(connection: sa.Connection, name: str, cut: str) -> Iterable[sa.RowMapping]:
    return connection.execute(sa.text(statistic_queries()[name]), {"cut": cut}).mappings()


def _spell(cuts: Iterable[Cut]) -> str:
    return json.dumps(
        [{"log": c.log, "place": c.place, "since": c.since, "until": c.until, "size": c.size} for c in cuts]
    )


def _seconds(row: sa.RowMapping) -> int:
    since, until = (
        datetime.fromisoformat(str(row[key]).replace("Z", "+00:00")) for key in ("since", "until")
    )
    return max(0, round((until - since).total_seconds()))


def bureau(connection: sa.Connection, cuts: Sequence[Cut], body_of: Callable[[str], bytes]) -> Raw:
    """Everything that the bureau's ledger says of a month.

    Args:
        connection: inside one read transaction, so that all figures are of one moment.
        cuts: the month's cut of every log, `intake` and `answers` among them.
        body_of: an answer's bytes by digest; StoreError where they are not kept any more.
    """
    cut = _spell(cuts)
    counts: dict[tuple[str, str], int] = {}
    for row in _rows(connection, "submissions", cut):
        counts[str(row["place"]), "submissions"] = int(row["value"])
    for row in _rows(connection, "outcomes", cut):
        counts[str(row["place"]), _OUTCOMES[row["outcome"]]] = int(row["value"])
    for row in _rows(connection, "agencies", cut):
        counts[str(row["place"]), "agencies"] = int(row["value"])
    seconds: dict[str, list[int]] = {}
    for row in _rows(connection, "answer_times", cut):
        seconds.setdefault(str(row["place"]), []).append(_seconds(row))
    silenced = {str(row["place"]): int(row["value"]) for row in _rows(connection, "silenced", cut)}
    nation = {
        "received": _one(connection, "received", cut),
        "refused-at-door": _one(connection, "refused_at_door", cut),
        "charge-missing": _without_charge(connection, cut, body_of),
        **_answers(connection, cut),
    }
    return Raw(counts, seconds, silenced, nation, ())


def _one(connection: sa.Connection, name: str, cut: str) -> int:
    return int(next(iter(_rows(connection, name, cut)))["value"])


def _answers(connection: sa.Connection, cut: str) -> dict[str, int]:
    told = dict.fromkeys(("relayed", "muted", "not-matched", "turned-away"), 0)
    told |= {str(row["outcome"]): int(row["value"]) for row in _rows(connection, "answers", cut)}
    return {**told, "matched": told["relayed"] + told["muted"]}


def _without_charge(connection: sa.Connection, cut: str, body_of: Callable[[str], bytes]) -> int:
    """Refusals whose text names the charges. The ledger holds only the code of a refusal, by design."""
    found = 0
    for row in _rows(connection, "refusals", cut):
        try:
            found += _CHARGE in body_of(str(row["digest"]))
        except StoreError:
            continue  # its bytes are gone; the definition says that such a refusal is not counted
    return found


def partner(connection: sa.Connection, cut: Cut) -> tuple[dict[str, int], list[int]]:
    """Determinations of the month by measure, and how many seconds each took, from the partner's ledger."""
    told = dict.fromkeys(("determined", "citizen", "not-same", "otherwise"), 0)
    seconds = []
    for row in _rows(connection, "officer", _spell([cut])):
        told["determined"] += 1
        told[_DETERMINED.get(str(row["status"]), "otherwise")] += 1
        seconds.append(_seconds(row))
    return told, seconds
