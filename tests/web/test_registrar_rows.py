# SPDX-License-Identifier: Apache-2.0
"""What registrars paste is read strictly: rows come back as they were, and nonsense is told in words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st
from registrar_world import ALICE

from sluicegate.errors import UsageError
from sluicegate.policy.table import COLUMNS
from sluicegate.store.registry import Registrar
from sluicegate.web.operator import registrar_rows as rows
from sluicegate.web.operator import registrar_signing as signing

_CELL = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)
_WHO = Registrar("alice", ALICE.public, 1)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, bytes]:
    """Tables with their headers and a few rows."""
    made = {}
    for name in draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=3, unique=True)):
        cells = st.lists(_CELL.filter(lambda one: '"' not in one), min_size=2, max_size=4)
        lines = ["x" + ",".join(one) for one in draw(st.lists(cells, min_size=1, max_size=3))]
        made[name] = "".join(f"{line}\n" for line in (",".join(COLUMNS[name]), *lines)).encode()
    return made


@any_of(tables(), st.sampled_from(["\n", "\r\n"]))
def test_rows_come_back_as_they_were_shown(given: dict[str, bytes], end: str) -> None:
    """What the page shows of rows reads as the same rows, whatever line ends a browser makes of it."""
    assert rows.pasted(rows.shown(given).replace("\n", end)) == given


@any_of(st.text(st.characters(codec="utf-8")))
def test_any_text_is_rows_or_refused_in_words(text: str) -> None:
    """Nothing that is pasted for rows ends in anything but rows of known tables or a sentence."""
    with suppress(UsageError):
        assert set(rows.pasted(text)) <= set(COLUMNS)
    with suppress(UsageError):
        assert set(rows.pasted(f"-- rows of choices.csv\n{text}")) <= set(COLUMNS)


@any_of(st.text(st.characters(codec="utf-8")) | st.binary().map(lambda one: one.hex()))
def test_any_text_is_a_signature_or_refused_in_words(text: str) -> None:
    """What is pasted for a signature is 64 bytes or a sentence; alone it never counts."""
    with suppress(UsageError):
        made = signing.given(_WHO, text)
        assert len(made.signature) == 64
        with pytest.raises(UsageError):
            made.sign(b"a text that nobody signed")
    with suppress(UsageError):
        signing.draft_of(text)
