# SPDX-License-Identifier: Apache-2.0
"""What every command that signs has in common: the registry of the home, a key, a look before signing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from sluicegate import app, settings
from sluicegate.cli import registry_shown as shown
from sluicegate.cli.calls import Call, busy, read_bytes
from sluicegate.errors import UsageError, quoted
from sluicegate.ledger import keys
from sluicegate.ledger.keys import FileKey
from sluicegate.policy import proposal
from sluicegate.policy.proposal import Paper
from sluicegate.store.registering import Registry

PASSPHRASE = "SLUICEGATE_PASSPHRASE"  # noqa: S105 the name of a variable
_WORK = TypeVar("_WORK", bound=Callable[..., Any])


@contextmanager
def opened(call: Call) -> Iterator[Registry]:
    """The registry of the home."""
    call.need_home()
    with call.opened("bureau") as office:
        yield app.open_registry(settings.load(call.home), office.store, call.clock())


def signing(work: _WORK) -> _WORK:
    """Give a command --by and --key."""
    by = click.option("--by", required=True, metavar="NAME", help="Registrar who signs.")
    key = click.option(
        "--key",
        type=click.Path(path_type=Path),
        help="That person's key file [default: keys/registrar-NAME.key in the home].",
    )
    return by(key(work))


def deciding(work: _WORK) -> _WORK:
    """Give a command --yes."""
    return click.option("--yes", is_flag=True, help="Sign without asking, the effect having been seen.")(work)


def key_of(call: Call, by: str, path: Path | None) -> FileKey:
    """A registrar's key, opened with the passphrase. Raises SettingsError, UsageError."""
    file = path or key_path(call, by)
    phrase = os.environ.get(PASSPHRASE) or click.prompt(f"Passphrase of {by}", hide_input=True, err=True)
    key = keys.load(file, passphrase=phrase)
    if key.name != by:
        raise UsageError(f"{quoted(str(file), 200)} is the key of {quoted(key.name)}, not of {quoted(by)}.")
    return key


def key_path(call: Call, name: str) -> Path:
    """Where the key of a person lies unless it is said. Raises UsageError where that is no name."""
    if not proposal.NAME.fullmatch(name):
        raise UsageError(
            f"{quoted(name)} cannot be the name of a registrar.",
            advice="Use small letters, digits, dots and dashes, a letter first, 40 at most.",
        )
    return call.home / "keys" / f"registrar-{name}.key"


def agreed(call: Call, question: str, *, yes: bool) -> None:
    """Ask before signing. Raises click.Abort on no, UsageError where nobody can be asked."""
    if yes:
        return
    if call.as_json:
        raise UsageError(
            "With --json nobody can be asked.", advice="Add --yes once the effect has been seen."
        )
    click.confirm(question, abort=True, err=True)


def papers_of(paths: tuple[Path, ...]) -> tuple[Paper, ...]:
    """Documents by digest and name. Raises UsageError."""
    return tuple(Paper(proposal.sha256(read_bytes(path)), path.name) for path in paths)


def put_forward(
    call: Call,
    rows: dict[str, bytes],
    why: str,
    documents: tuple[Paper, ...],
    by: str,
    key: Path | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Show what a change would do; signed, it waits for another person."""
    with opened(call) as reg:
        with busy("working out what would change"):
            seen = reg.draft(rows, why, documents, by)
        if dry_run:
            call.show(shown.sight_document(seen), *shown.sight(seen), "", "Nothing was proposed (--dry-run).")
            return
        if not call.as_json:
            call.show({}, *shown.sight(seen), "")
        agreed(call, f"Sign this as {by}?", yes=yes)
        name = reg.propose(seen, key_of(call, by, key))
    after = f"Next, another registrar: sluicegate registry approve {name} --by NAME"
    said = f"Proposal {name} waits. Nothing has changed yet."
    call.show({**shown.sight_document(seen), "signed_by": [by], "next": after}, said, after)
