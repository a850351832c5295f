# SPDX-License-Identifier: Apache-2.0
"""Checks published statistics and releases: their own sums and commitments, and that they were stated."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import Side
from sluicegate.audit.material import held
from sluicegate.errors import LedgerError
from sluicegate.ledger.statement import StatementKind
from sluicegate.releases import verify as releasing
from sluicegate.statistics import check as counting

_MANIFEST = "manifest.json"


def check_figures(side: Side) -> Result:
    """Every folder below `statistics/` and `releases/`, and every statement about one."""
    result = Result(Check.FIGURES)
    _folders(
        side, "statistics", StatementKind.STATISTICS, lambda files: _statistics(side, files, result), result
    )
    _folders(side, "releases", StatementKind.RELEASE, _release, result)
    return result


def _folders(
    side: Side,
    base: str,
    kind: StatementKind,
    check: Callable[[Mapping[str, bytes]], None],
    result: Result,
) -> None:
    held_: dict[str, dict[str, bytes]] = {}
    for name in side.material.names(base):
        folder, _, file = name.removeprefix(f"{base}/").rpartition("/")
        held_.setdefault(folder, {})[file] = side.material.read(name) or b""
    stated = {str(one.parts["manifest"]): number for number, one in side.of_kind(kind)}
    word = "statistics" if kind is StatementKind.STATISTICS else "release"
    seen = set()
    for folder, files in held_.items():
        place = f"{base}/{folder}"
        digest = hashlib.sha256(files.get(_MANIFEST, b"")).hexdigest()
        seen.add(digest)
        result.count("folders of figures" if word == "statistics" else "releases")
        try:
            check(files)
        except LedgerError as error:
            result.find(word, place, held(error))
        if digest not in stated:
            result.find(word, place, "its manifest was never stated in the master log")
    for digest, number in stated.items():
        if digest not in seen:
            result.find(word, base, f"statement {number} tells of one that is not in this folder")


def _statistics(side: Side, files: Mapping[str, bytes], result: Result) -> None:
    document, _ = counting.check(files)
    for line in document["basis"]:
        if "size" in line:
            _basis(side, line, result)


def _basis(side: Side, line: Mapping[str, Any], result: Result) -> None:
    """The log that figures were counted from had that root at that size."""
    log = str(line["log"]).removeprefix(side.material.origin(""))
    known = side.logs.get(log)
    if known is None or int(line["size"]) > known.tree.size:
        result.notes.append("Figures were counted from entries that are not public yet.")
        return
    root = base64.b64encode(known.tree.root_at(int(line["size"]))).decode("ascii")
    if root != line["root"]:
        result.find(
            "statistics", f"logs/{log}", f"figures were counted from another log at {line['size']} entries"
        )


def _release(files: Mapping[str, bytes]) -> None:
    try:
        releasing.verify(files)
    except KeyError:
        raise LedgerError("a file of the release is missing") from None
