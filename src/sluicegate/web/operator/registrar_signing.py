# SPDX-License-Identifier: Apache-2.0
"""Signatures that registrars make elsewhere: in their own browser or on their own machine, never here.

The server holds no registrar's private key. It shows the exact text, is given a signature, and lets the
registry see it only if it holds under the key that the list has for this very account.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sluicegate.errors import ProgramError, UsageError
from sluicegate.ledger import verify
from sluicegate.ledger.verify import NotVerified, VerifierKey
from sluicegate.policy import proposal
from sluicegate.policy.proposal import LinkFile, LinkKind
from sluicegate.store.entries import CLOCK_SLACK
from sluicegate.store.journal import moment, stamp
from sluicegate.store.programs import ProgramSource
from sluicegate.store.registering import REJECTED, Registry
from sluicegate.store.registry import Chain, Registrar

LASTS = timedelta(days=1)
"""How long a text may wait for its signature: its dates were seen for one day."""

_SIZE, _NAMED = 64, 68


@dataclass(frozen=True, slots=True)
class Given:
    """A signature that was made elsewhere, as a `note.Signer`: it signs one text, or none."""

    key: VerifierKey
    signature: bytes

    @property
    def name(self) -> str:
        """Name of the key."""
        return self.key.name

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key."""
        return self.key.key_id

    def sign(self, message: bytes) -> bytes:
        """The signature, if it is one of this message. Raises UsageError where it is not."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key.public).verify(self.signature, message)
        except InvalidSignature:
            raise UsageError(
                f"That is no signature of this text by the key of {self.name}.",
                advice="Sign exactly the text shown, with the key that is on the list, and send it again.",
            ) from None
        return self.signature


class Fixed(Registry):
    """The registry at one moment: a rejection names the moment that was signed, not the one it arrives at."""

    def __init__(self, source: ProgramSource, at: datetime) -> None:
        super().__init__(source, lambda: at)
        self._at = at

    def _now(self) -> datetime:
        return self._at


@dataclass(frozen=True, slots=True)
class Aside:
    """A proposal that was put aside: by whom, why, and whether its proposer did it.

    `by` is empty where no registrar's signature is under the reason.
    """

    id: str
    file: LinkFile
    by: str
    at: str
    why: str

    @property
    def withdrawn(self) -> bool:
        """Whether the proposer took it back."""
        return self.by == self.file.statement.by


def registrar_of(chain: Chain, account: str) -> Registrar:
    """The registrar that an account signs as: the one of its own name. UsageError for none."""
    for one in chain.registrars:
        if one.name == account:
            return one
    raise UsageError(
        f"The account {account} is no registrar: the list has no key of that name, so it can look only.",
        advice="An account signs with the key of its own name. See: sluicegate registry enroll",
    )


def given(registrar: Registrar, text: str) -> Given:
    """What was pasted: a whole signature line, its last part, or the plain 64 bytes in base64.

    Raises UsageError where it is none of these.
    """
    part = text.strip().split()[-1:]
    advice = "Paste one line: the signature in base64."
    try:
        data = base64.b64decode("".join(part), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError("That is not a signature.", advice=advice) from None
    if len(data) == _NAMED and data[:4] == registrar.key.key_id:
        data = data[4:]
    if len(data) != _SIZE:
        raise UsageError("That is not a signature by this key.", advice=advice)
    return Given(registrar.key, data)


def packed(file: LinkFile) -> str:
    """A draft as a form carries it: its text and rows in base64, so that no browser changes a line end."""
    made = proposal.compose(f"{proposal.text(file.statement)}\n", file.rows)
    return base64.b64encode(made).decode("ascii")


def draft_of(text: str) -> LinkFile:
    """The draft that a form brings back, as its sender says it is. Raises UsageError where it is none."""
    try:
        return proposal.parse(base64.b64decode(text, validate=True))
    except (ProgramError, binascii.Error, ValueError):
        raise UsageError("That is no change that this page made.", advice="Begin again.") from None


def check_draft(file: LinkFile, account: str, now: datetime) -> None:
    """Raises UsageError for a draft of another author, of another kind, or too old.

    All else the registry works out again.
    """
    if file.statement.kind is not LinkKind.ROWS or file.statement.by != account:
        raise UsageError("That is another registrar's change.", advice="Begin again, under your own account.")
    check_moment(moment(file.statement.at), now)


def check_moment(at: datetime, now: datetime) -> None:
    """Raises UsageError unless a text is of the last day, and not of a moment to come."""
    if not now - LASTS <= at <= now + CLOCK_SLACK:
        raise UsageError(
            "The text is too old to be signed.", advice="See its effect again, and sign the text of today."
        )


def rejection(name: str, at: datetime, why: str) -> str:
    """The text that a registrar signs to put a proposal aside, as `Registry.reject` composes it."""
    return f"Sluicegate registry rejection v1\nproposal {name}\nat {stamp(at)}\nwhy {why}\n"


def asides(folder: Path, chain: Chain) -> Iterator[Aside]:
    """What was put aside, oldest first; what cannot be read is left out."""
    found = []
    for path in (folder / REJECTED).glob("*.note"):
        try:
            file = proposal.parse(path.read_bytes())
            found.append(_aside(path, file, chain))
        except (ProgramError, OSError, UnicodeDecodeError):
            continue
    yield from sorted(found, key=lambda one: (one.at, one.id))


def _aside(path: Path, file: LinkFile, chain: Chain) -> Aside:
    why = path.with_suffix(".why")
    said = why.read_text("utf-8") if why.exists() else ""
    for one in chain.registrars:
        try:
            text = verify.open_note(said, one.key, "rejection")
        except NotVerified:
            continue
        lines = dict(line.partition(" ")[::2] for line in text.splitlines())
        if lines.get("proposal") == path.stem:
            return Aside(path.stem, file, one.name, lines.get("at", ""), lines.get("why", ""))
    return Aside(path.stem, file, "", "", "")
