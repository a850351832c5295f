# SPDX-License-Identifier: Apache-2.0
"""The one seam between the stand-alone verifier's exception and this project's error tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sluicegate.errors import VerifyError
from sluicegate.ledger.verify import NotVerified


@contextmanager
def holding() -> Iterator[None]:
    """Whatever does not hold inside becomes a VerifyError with the same message, which names the step."""
    try:
        yield
    except NotVerified as failure:
        raise VerifyError(str(failure)) from None
