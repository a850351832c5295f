# SPDX-License-Identifier: Apache-2.0
"""What every target holds its code to: only our own errors come out, and nothing received comes out raw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sluicegate.errors import SluicegateError
from sluicegate.itl.model import Defect

_T = TypeVar("_T")


class BrokenClaimError(AssertionError):
    """The code under test did something that it says it never does."""


def hold(claim: bool, sentence: str) -> None:
    """Raises BrokenClaimError with the sentence unless the claim holds."""
    if not claim:
        raise BrokenClaimError(sentence)


def plain(text: str, what: str) -> None:
    """The text can be put into a log, a mail header or a terminal: printable ASCII on one line."""
    hold(text.isascii() and (text.isprintable() or not text), f"{what} is not plain: {text!a:.200}")


def refused(work: Callable[[], _T], *own: type[SluicegateError]) -> _T | None:
    """What the work gives, or None where it raised one of its `own` errors; any other error passes on."""
    try:
        return work()
    except own as error:
        plain(error.message, "the message of an error")
        plain(error.advice, "the advice of an error")
        return None


def plain_defects(defects: Iterable[Defect]) -> None:
    """Every defect can be shown as it is."""
    for one in defects:
        hold(bool(one.code and one.message), "a defect says nothing")
        for text in (one.code, one.message, one.found, one.expected, str(one.place)):
            plain(text, f"the text of defect {one.code}")
