# SPDX-License-Identifier: Apache-2.0
"""Every write of the ledger, in its order, and what a crash at it means; docs/reference/ledger.md shows this.

Two moments decide: the commit that makes entries or statements, and the swap of a checkpoint. Before it
nothing has happened, after it everything has; what lies between is written again in the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Write:
    """One write: what it writes, and what stands when the power goes before or after it landed."""

    name: str
    what: str
    lost: str
    landed: str


_NOTHING = "nothing happened: the whole commit is undone"

APPEND: tuple[Write, ...] = (
    Write(
        "lock",
        "the row of the log's frontier, unchanged: it takes the lock before the frontier is read",
        _NOTHING,
        _NOTHING,
    ),
    Write("entries", "a row for each entry: commitment, body, salt", _NOTHING, _NOTHING),
    Write(
        "nodes", "a row for each complete subtree of two leaves and more that now stands", _NOTHING, _NOTHING
    ),
    Write("frontier", "the new size and its subtrees", _NOTHING, _NOTHING),
    Write(
        "commit",
        "all of it, with the step of the story that it speaks of",
        _NOTHING,
        "everything happened and nobody heard: the story finds its step done and goes on",
    ),
)

PUBLISH: tuple[Write, ...] = (
    Write(
        "statements",
        "one commit: in the master log, the size and root of every log that has something to publish",
        "nothing was stated; the next run states it",
        "it is stated and not yet public; the next run publishes what is stated",
    ),
    Write(
        "bundle",
        "entry bundles, each to a spare name, flushed, renamed",
        "a spare file may lie about, which the next run overwrites; no checkpoint covers it",
        "the next run finds the same bytes and goes on",
    ),
    Write(
        "tile",
        "hash tiles, in the same way",
        "as for a bundle",
        "as for a bundle",
    ),
    Write(
        "log checkpoint",
        "the checkpoint of a jurisdiction log, once every tile it covers is on the disk",
        "the log's earlier checkpoint stands and is whole",
        "the log shows what the master log will show in a moment; the next run goes on",
    ),
    Write(
        "master checkpoint",
        "the checkpoint of the master log, last of all",
        "the earlier one stands; logs may be ahead of it, never behind",
        "everything is published; the next run finds nothing to do",
    ),
)
