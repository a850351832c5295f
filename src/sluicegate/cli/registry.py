# SPDX-License-Identifier: Apache-2.0
"""`registry`: how the rules of a home change. Two people sign, after both saw what would change."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sluicegate import app
from sluicegate.cli import registry_shown as shown
from sluicegate.cli.calls import NOT_HELD, Call, busy, leave, read_bytes, standard
from sluicegate.cli.registry_choice import choice
from sluicegate.cli.registry_signing import (
    PASSPHRASE,
    agreed,
    deciding,
    key_of,
    key_path,
    opened,
    papers_of,
    put_forward,
    signing,
)
from sluicegate.errors import ProgramError, UsageError, quoted
from sluicegate.ledger import keys
from sluicegate.policy import proposal
from sluicegate.policy.proposal import LinkKind
from sluicegate.policy.table import COLUMNS
from sluicegate.store.journal import stamp
from sluicegate.store.preview import id_of
from sluicegate.store.programs import read_folder
from sluicegate.store.registry import FOLDER, Chain, Link, check_history, read_chain


@click.group()
def registry() -> None:
    """Change the rules: rows are only added, and two people sign after they saw the effect.

    \b
    Example:
      sluicegate registry enroll alice
      sluicegate registry propose --rows choices.csv --why "Resolution 14-2" --by alice
      sluicegate registry approve 3f0a1b2c4d --by bob
    """


registry.add_command(choice)


@registry.command()
@click.argument("name")
@click.option("--key", type=click.Path(path_type=Path), help="Where to put the key [default: in the home].")
@click.option("--why", default="may propose and approve changes", show_default=True, help="One line.")
@standard
def enroll(call: Call, name: str, key: Path | None, why: str) -> None:
    """Make a person's key, and enter the person on the list of registrars.

    The key is closed with a passphrase (asked for, or from SLUICEGATE_PASSPHRASE). The first two enter at
    once; whoever comes later waits for two of the list to approve.

    \b
    Example:
      sluicegate registry enroll alice
    """
    path = key or key_path(call, name)
    with opened(call) as reg:
        chain = reg.chain()
        if name in {one.name for one in chain.registrars}:
            raise UsageError(f"{quoted(name)} is on the list already.")
        phrase = os.environ.get(PASSPHRASE) or click.prompt(
            f"New passphrase of {name}", hide_input=True, confirmation_prompt=True, err=True
        )
        # If a key was made and the power went before it was entered, the same command enters it.
        made = (
            keys.load(path, passphrase=phrase)
            if path.exists()
            else keys.create(path, name, passphrase=phrase)
        )
        entered = reg.enroll(made, made.public, why)
    document = {"name": name, "key": str(path), "public": str(made.public)}
    if isinstance(entered, str):
        call.show(
            {**document, "proposal": entered},
            f"{name} waits for two registrars: proposal {entered}.",
            f"Next, each of them: sluicegate registry approve {entered} --by NAME",
        )
        return
    call.show(
        {**document, "link": entered.statement.number},
        f"{name} is a registrar, by link {entered.statement.number}.",
        f"private key {path}",
        f"public key  {made.public}",
    )


@registry.command()
@click.option("--rows", "files", multiple=True, required=True, type=click.Path(path_type=Path),
              help="Rows to add: CSV with a header, named as its table, such as choices.csv.")  # fmt: skip
@click.option("--why", required=True, help="Why, in one line.")
@click.option("--document", "documents", multiple=True, type=click.Path(path_type=Path),
              help="A document that the change rests on; its SHA-256 is signed.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@deciding
@signing
@standard
def propose(
    call: Call,
    files: tuple[Path, ...],
    why: str,
    documents: tuple[Path, ...],
    by: str,
    key: Path | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Propose rows. What they would change is shown first; nothing counts until another person approves.

    \b
    Example:
      sluicegate registry propose --rows choices.csv --why "Resolution 14-2" --document letter.pdf --by alice
    """
    rows: dict[str, bytes] = {}
    for path in files:
        if path.name not in COLUMNS:
            raise UsageError(
                f"{quoted(path.name)} is not the name of a table.",
                advice=f"Name it as one of: {', '.join(COLUMNS)}",
            )
        rows |= proposal.merged(
            ({k: v for k, v in rows.items() if k == path.name}, {path.name: read_bytes(path)})
        )
    put_forward(call, rows, why, papers_of(documents), by, key, dry_run=dry_run, yes=yes)


@registry.command()
@click.argument("proposal_id", metavar="ID")
@standard
def show(call: Call, proposal_id: str) -> None:
    """Show a proposal, and what it would change if it were approved now.

    \b
    Example:
      sluicegate registry show 3f0a1b2c4d
    """
    with opened(call) as reg, busy("working out what would change"):
        seen = reg.sight(proposal_id)
    call.show(shown.sight_document(seen), *shown.sight(seen))


@registry.command()
@click.argument("proposal_id", metavar="ID")
@deciding
@signing
@standard
def approve(call: Call, proposal_id: str, by: str, key: Path | None, *, yes: bool) -> None:
    """Sign what another person proposed. With the second signature it is in force at once.

    \b
    Example:
      sluicegate registry approve 3f0a1b2c4d --by bob
    """
    with opened(call) as reg:
        with busy("working out what would change"):
            seen = reg.sight(proposal_id)
        if not call.as_json:
            call.show({}, *shown.sight(seen), "")
        agreed(call, f"Sign this as {by}?", yes=yes)
        link = reg.approve(proposal_id, key_of(call, by, key))
    document = {**shown.sight_document(seen), "in_force": link is not None}
    call.show(document, *_approved(link, by))


def _approved(link: Link | None, by: str) -> list[str]:
    if link is None:
        return [f"Signed by {by}. It still waits for another registrar."]
    said = link.statement
    if said.kind is LinkKind.REGISTRAR:
        return [f"Link {said.number}: {said.by} is a registrar now."]
    return [
        f"Link {said.number} is in force. Policy root {said.after}",
        f"signed by {', '.join(link.signers)}",
    ]


@registry.command()
@click.argument("proposal_id", metavar="ID")
@click.option("--why", required=True, help="Why not, in one line.")
@signing
@standard
def reject(call: Call, proposal_id: str, why: str, by: str, key: Path | None) -> None:
    """Put a proposal aside, with a signed reason. It is kept under registry/rejected.

    \b
    Example:
      sluicegate registry reject 3f0a1b2c4d --why "the letter is not signed" --by bob
    """
    with opened(call) as reg:
        reg.reject(proposal_id, key_of(call, by, key), why)
    call.show(
        {"rejected": proposal_id, "by": by, "why": why}, f"Proposal {proposal_id} was rejected by {by}."
    )


@registry.command("list")
@standard
def list_(call: Call) -> None:
    """List the registrars, and the proposals that wait for one.

    \b
    Example:
      sluicegate registry list
    """
    with opened(call) as reg:
        chain, found, beyond = reg.chain(), reg.proposals(), reg.register.beyond()
    document = {
        "registrars": [{"name": r.name, "key": str(r.key), "link": r.number} for r in chain.registrars],
        "proposals": [
            {"proposal": id_of(file), **shown.statement(file.statement), "signed_by": list(signed)}
            for file, signed in found
        ],
        "not_registered": list(beyond),
    }
    rows = [(file.statement, id_of(file), signed) for file, signed in found]
    call.show(document, *shown.waiting(chain, rows, beyond))


@registry.command()
@standard
def history(call: Call) -> None:
    """Tell every link: what was registered, when, by whom, and on what papers.

    \b
    Example:
      sluicegate registry history
    """
    with opened(call) as reg:
        chain, said = reg.chain(), reg.register.registered()
    call.show({"links": shown.history_document(chain, said)}, *shown.history(chain, said))


@registry.command()
@click.option("--files", "folder", type=click.Path(path_type=Path),
              help="Copies of registry/ and programs/ in this folder, instead of the home's.")  # fmt: skip
@standard
def verify(call: Call, folder: Path | None) -> None:
    """Derive every policy root again, from the first files and every change. Exit code 4 if one differs.

    With --files it needs nothing but the public files: no key, no ledger, no network.

    \b
    Example:
      sluicegate registry verify
      sluicegate registry verify --files ./copy
    """
    try:
        chain, beyond = _chain(call, folder)
        base = folder or call.home
        first = chain.links[0].statement if chain.links else None
        scenario = read_folder(base / "programs" / first.scenario) if first and first.scenario else {}
        program = check_history(
            chain, read_folder(base / "programs" / first.program) if first else {}, scenario
        )
    except ProgramError as error:
        document = {"holds": False, "why": error.message, "advice": error.advice}
        call.show(document, f"The registry does NOT hold: {error.message}", error.advice)
        leave(NOT_HELD)
        return
    people = ", ".join(one.name for one in chain.registrars) or "none"
    where = "the copies" if folder else "the files and the ledger"
    truth = (
        "Compare number and digest with the public log: files alone cannot show that a newer link is missing."
    )
    call.show(
        {
            "holds": True,
            "links": len(chain.links),
            "head": chain.head,
            "root": program.root,
            "beyond": list(beyond),
        },
        f"The registry holds, by {where}: {len(chain.links)} links, registrars: {people}.",
        f"newest link {len(chain.links) - 1}, SHA-256 {chain.head}",
        f"policy root {program.root}",
        *(f"{name} is not registered and not in force." for name in beyond),
        *((truth,) if folder else ()),
    )


def _chain(call: Call, folder: Path | None) -> tuple[Chain, tuple[str, ...]]:
    if folder is not None:
        return read_chain(folder / FOLDER), ()
    with opened(call) as reg:
        reg.source.load()
        return reg.chain(), reg.register.beyond()


@registry.command()
@click.option("--yes", is_flag=True, help="The files were compared with a copy that is trusted.")
@standard
def adopt(call: Call, *, yes: bool) -> None:
    """Register the rules of a home that was made before there was a registry, as its files lie.

    Until then every gate of such a home is closed. Compare the files first: what is adopted is in force.

    \b
    Example:
      sluicegate registry adopt
    """
    call.need_home()
    agreed(call, "Were the program's files compared with a copy that you trust?", yes=yes)
    app.begin(call.home, at=call.clock()(), adopted=True)
    with opened(call) as reg:
        link = reg.chain().links[0]
    call.show(
        {"link": 0, "root": link.statement.after, "at": stamp(call.clock()())},
        f"The rules of this home are registered. Policy root {link.statement.after}",
        "Next: sluicegate registry enroll NAME, for two people.",
    )
