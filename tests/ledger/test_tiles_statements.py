# SPDX-License-Identifier: Apache-2.0
"""Statements of the master log: a closed set of kinds, one spelling each, and nothing half said."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import LedgerError
from sluicegate.ledger import statement as statements
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import JSON, Checkpoint, leaf_hash

AT = "2010-11-15T15:00:00.000000Z"
ROOT = base64.b64encode(bytes(32)).decode()
TREE: dict[str, JSON] = {"size": 3, "root": ROOT}
SAMPLES: dict[StatementKind, dict[str, JSON]] = {
    StatementKind.CHECKPOINT: {"log": "a.example/bureau/US-CA-075", **TREE},
    StatementKind.DAY: {
        "jurisdiction": "US-CA-075", "day": "2010-11-15", "shared": TREE, "withheld": TREE, "pending": TREE,
    },
    StatementKind.TAKEN: {"jurisdiction": "US-CA-075", "day": "2010-11-15", "taken": TREE},
    StatementKind.CHANNEL: {"channel": "a to b", "first": 1, "last": 3, "count": 3, "faults": []},
    StatementKind.KEY: {
        "name": "a.example/bureau", "id": "01020304", "public": ROOT,
        "from": AT, "until": None, "replaces": "",
    },
    StatementKind.REGISTERED: {"program": "p", "root": "r", "before": "q", "change": "0" * 64},
    StatementKind.RELEASE: {"id": "R-1", "manifest": "0" * 64},
    StatementKind.ERASED: {"log": "a.example/bureau/US-CA-075", "seqs": [1, 2]},
    StatementKind.STATISTICS: {"manifest": "0" * 64, "month": "2010-11"},
}  # fmt: skip


def test_there_is_a_sample_of_every_kind() -> None:
    """The tests below speak of every kind there is."""
    assert set(SAMPLES) == set(StatementKind)


@pytest.mark.parametrize("kind", StatementKind)
def test_a_statement_reads_back_and_is_its_own_leaf(kind: StatementKind) -> None:
    """Its bytes are canonical JSON with v, at and kind; its leaf is over those bytes, with no salt."""
    said = Statement(AT, kind, SAMPLES[kind])
    data = statements.encode(said)
    assert json.loads(data) == {"v": 1, "at": AT, "kind": kind.value, **SAMPLES[kind]}
    assert statements.decode(data) == said
    assert statements.leaf(said) == leaf_hash(data)
    assert said.subject


@pytest.mark.parametrize("kind", StatementKind)
def test_a_statement_without_one_of_its_parts_is_not_made(kind: StatementKind) -> None:
    """Every part that a kind requires is missed by name, when making and when reading."""
    for name in statements.required(kind):
        rest = {key: value for key, value in SAMPLES[kind].items() if key != name}
        with pytest.raises(LedgerError, match=name):
            Statement(AT, kind, rest)
        document = json.loads(statements.encode(Statement(AT, kind, SAMPLES[kind])))
        del document[name]
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        with pytest.raises(LedgerError, match=name):
            statements.decode(text.encode())


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (StatementKind.CHECKPOINT, {"size": -1}),
        (StatementKind.CHECKPOINT, {"size": True}),
        (StatementKind.CHECKPOINT, {"root": ROOT[:-2] + "B="}),
        (StatementKind.CHECKPOINT, {"root": "AAAA"}),
        (StatementKind.CHECKPOINT, {"log": ""}),
        (StatementKind.CHECKPOINT, {"log": 5}),
        (StatementKind.DAY, {"pending": None}),
        (StatementKind.DAY, {"shared": {"size": 1}}),
        (StatementKind.RELEASE, {"manifest": "abc"}),
        (StatementKind.STATISTICS, {"manifest": "A" * 64}),
        (StatementKind.REGISTERED, {"change": "0" * 63}),
        (StatementKind.ERASED, {"kind": "x"}),
        (StatementKind.ERASED, {"v": 2}),
        (StatementKind.ERASED, {"half": 0.5}),
        (StatementKind.ERASED, {"much": "x" * 66_000}),
    ],
)
def test_a_statement_that_says_nonsense_is_not_made(kind: StatementKind, change: dict[str, JSON]) -> None:
    """A size below zero, a root that is none, a digest that is none, a name that is none: refused."""
    with pytest.raises(LedgerError):
        Statement(AT, kind, {**SAMPLES[kind], **change})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"at":"AT","kind":"erased","log":"x","v":true}',
        '{"at":"AT","kind":"erased","log":"x","v":2}',
        '{"at":"AT","kind":"gossip","log":"x","v":1}',
        '{"at":"yesterday","kind":"erased","log":"x","v":1}',
        '{"at":"AT","kind":"erased", "log":"x","v":1}',
    ],
)
def test_what_is_not_a_statement_is_refused(text: str) -> None:
    """Another version, an unknown kind, another spelling, no statement at all: refused."""
    with pytest.raises(LedgerError):
        statements.decode(text.replace("AT", AT).encode())


@given(st.binary(max_size=100))
def test_any_bytes_are_a_statement_or_are_refused(data: bytes) -> None:
    """Whatever bytes come, nothing but our own error comes out."""
    with pytest.raises(LedgerError):
        statements.decode(data)


def test_a_checkpoint_is_told_and_heard_the_same() -> None:
    """What a statement says of a checkpoint is that checkpoint; a statement of another kind says none."""
    told = Checkpoint("a.example/bureau/US-CA-075", 7, bytes(range(32)))
    assert statements.checkpoint_in(statements.of_checkpoint(AT, told)) == told
    with pytest.raises(LedgerError):
        statements.checkpoint_in(Statement(AT, StatementKind.ERASED, {"log": "x"}))
