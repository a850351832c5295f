# SPDX-License-Identifier: Apache-2.0
"""Whose keys are believed on the command line: of a log, of the witnesses in a policy."""

from __future__ import annotations

from pathlib import Path

from sluicegate.cli.calls import Call, read_bytes
from sluicegate.errors import UsageError, VerifyError, quoted
from sluicegate.ledger import keys, note, verify
from sluicegate.ledger.verify import NotVerified, Policy, VerifierKey, key_id

POLICY = "witnesses.txt"
MASTER = "/master"


def key_text(given: str) -> str:
    """A key as it was typed, or out of the file that was named."""
    path = Path(given)
    if "+" in given and not path.is_file():
        return given
    return read_bytes(path)[:1000].decode("utf-8", errors="replace")


def read_log_key(text: str) -> VerifierKey:
    """The public key of a log. Raises UsageError."""
    try:
        return note.verifier_key(text.strip())
    except VerifyError as error:
        raise UsageError(
            "That is not the public key of a log.", advice="It is one line: name+id+key."
        ) from error


def named(key: VerifierKey, origin: str) -> VerifierKey:
    """The same key under the name of a log: each log of an exchange signs as itself, with its one key."""
    note.check_name(origin)
    return VerifierKey(origin, key_id(origin, key.public), key.public)


def policy_path(call: Call, given: Path | None) -> Path:
    """The policy that was named, or else the one of the home."""
    return given or call.home / POLICY


def policy(path: Path) -> tuple[Policy, str]:
    """The policy in a file, and its text. Raises UsageError."""
    if not path.is_file():
        raise UsageError(
            f"There is no policy {quoted(str(path), 200)}.",
            advice="Write the witnesses into one, see docs/how-to/run-a-witness.md, and name it by --policy.",
        )
    data = read_bytes(path)
    try:
        return verify.read_policy(data), data.decode("utf-8")
    except NotVerified as refusal:
        raise UsageError(f"The policy {quoted(str(path), 200)} cannot be used: {refusal}.") from None


def home_key(call: Call) -> VerifierKey | None:
    """The public key of the bureau of this home, or None where this is no home."""
    path = keys.public_path(call.home / "keys" / "bureau-ledger.key")
    return keys.load_public(path) if path.is_file() else None


def key_of(origin: str, trusted: list[VerifierKey]) -> VerifierKey | None:
    """The key that may sign for a log: its own, or that of the exchange whose log it is by its name."""
    for key in trusted:
        if key.name == origin:
            return key
    for key in trusted:
        if origin.startswith(f"{key.name.removesuffix(MASTER)}/"):
            return named(key, origin)
    return None
