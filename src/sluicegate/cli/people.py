# SPDX-License-Identifier: Apache-2.0
"""`people`: accounts of those who work at the desks of the site. Every change is in the ledger.

Nobody's password is ever set here for them: an account is made with a code, with which its holder sets up a
passkey, or a password and a code generator. A lost device is mended the same way, by `reset`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from sluicegate import settings
from sluicegate.cli.calls import Call, standard, table
from sluicegate.errors import UsageError
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.store.entries import COMMON_LOG
from sluicegate.store.people import LOCAL, Account, People, PeopleFile
from sluicegate.web.operator import accounts, totp
from sluicegate.web.operator.roles import MEANING, Role, roles_of, side_of

BY = "console"
_ROLE = click.option(
    "--role",
    "roles",
    type=click.Choice([str(one) for one in Role]),
    multiple=True,
    required=True,
    help="What the person may do; may be given more than once.",
)


@dataclass(frozen=True, slots=True)
class Office:
    """The accounts of a home, and a way to enter what is done to them."""

    call: Call
    people: People

    def enter(self, account: Account, what: str) -> None:
        """Enter a change before it is made: one that cannot be entered is not made."""
        with self.call.opened(str(side_of(account.roles))) as office, office.store.session() as session:
            fact = Fact(FactKind.ACCOUNT_CHANGED, {"who": account.name, "what": what, "by": BY})
            office.store.log.append(session, (fact,), None, self.call.clock()(), COMMON_LOG)

    def invite(self, account: Account) -> dict[str, object]:
        """Give out a code; what to tell the person."""
        code = accounts.new_code()
        self.people.invite(account.name, accounts.code_hash(code), time.time() + accounts.CODE_LASTS_S)
        read = settings.load(self.call.home)
        origin = read.web_origin or f"http://localhost:{read.web_port}"
        return {"account": account.name, "code": code, "open": f"{origin}/desk/enrol", "hours": 24}


@contextmanager
def opened(call: Call) -> Iterator[Office]:
    """The accounts of a home. Raises SettingsError where it is no home."""
    call.need_home()
    file = PeopleFile(call.home)
    try:
        yield Office(call, People(file))
    finally:
        file.close()


@click.group()
def people() -> None:
    """Accounts of the people who work at the desks of the site.

    \b
    Example:
      sluicegate people add anna --role examiner
    """


@people.command("add")
@click.argument("name")
@_ROLE
@standard
def add(call: Call, name: str, roles: tuple[str, ...]) -> None:
    """Make an account, and print the code with which its holder sets it up. The code works once, for a day.

    \b
    Example:
      sluicegate people add anna --role examiner --home ./exchange
    """
    wanted = roles_of(roles)
    with opened(call) as office:
        office.people.add(name, wanted, time.time())
        account = office.people.account(name)
        office.enter(account, f"made with roles {', '.join(wanted)}")
        told = office.invite(account)
    _tell(call, told, f"Made the account {name}: {', '.join(wanted)}.")


@people.command("reset")
@click.argument("name")
@standard
def reset(call: Call, name: str) -> None:
    """Take every passkey, password and session of an account away, and print a new code.

    \b
    Example:
      sluicegate people reset anna --home ./exchange
    """
    with opened(call) as office:
        account = office.people.account(name)
        if account.origin != LOCAL:
            raise UsageError("The provider of this account looks after how it signs in.")
        office.enter(account, "factors taken away, new enrolment code")
        told = office.invite(account)
    _tell(call, told, f"The account {name} cannot sign in until it is set up again.")


def _tell(call: Call, told: dict[str, object], first: str) -> None:
    call.show(
        told,
        first,
        "",
        f"  code  {told['code']}",
        f"  open  {told['open']}",
        "",
        "Hand the code over in person: it works once, for 24 hours, and is not shown again.",
    )


@people.command("list")
@standard
def list_people(call: Call) -> None:
    """List accounts with their roles and how they sign in.

    \b
    Example:
      sluicegate people list --home ./exchange
    """
    with opened(call) as office:
        found = office.people.every()
    shown = table("account", "roles", "signs in by", "state")
    for one in found:
        shown.add_row(one.name, ", ".join(one.roles), _ways(one), _state(one))
    document = [
        {
            "account": one.name,
            "roles": list(one.roles),
            "origin": one.origin,
            "passkeys": one.passkeys,
            "password": one.password is not None,
            "state": _state(one),
        }
        for one in found
    ]
    nobody = "No accounts. Make one: sluicegate people add NAME --role operator"
    call.show({"people": document}, shown if found else nobody)


def _ways(one: Account) -> str:
    if one.origin != LOCAL:
        return "OpenID provider"
    keys = [f"{one.passkeys} passkey{'s' if one.passkeys > 1 else ''}"] if one.passkeys else []
    return ", ".join([*keys, *(["password and code"] if one.password is not None else [])]) or "-"


def _state(one: Account) -> str:
    if one.disabled:
        return "disabled"
    if one.enrolled:
        return "ready"
    return "waits for its holder to use the code" if one.invited else "not set up: sluicegate people reset"


@people.command("roles")
@click.argument("name")
@_ROLE
@standard
def roles_(call: Call, name: str, roles: tuple[str, ...]) -> None:
    """Replace the roles of an account; sessions that are open have the new ones at their next page.

    \b
    Example:
      sluicegate people roles anna --role examiner --role records --home ./exchange
    """
    wanted = roles_of(roles)
    with opened(call) as office:
        account = office.people.account(name)
        office.enter(account, f"roles {', '.join(account.roles)} become {', '.join(wanted)}")
        office.people.set_roles(name, wanted)
    lines = [f"  {role:10} {MEANING[role]}" for role in wanted]
    call.show({"account": name, "roles": list(wanted)}, f"Roles of {name}:", *lines)


@people.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Open the account again.")
@standard
def disable(call: Call, name: str, *, undo: bool) -> None:
    """Close an account and end its sessions at once. It is not removed: the ledger names it.

    \b
    Example:
      sluicegate people disable anna --home ./exchange
    """
    with opened(call) as office:
        account = office.people.account(name)
        office.enter(account, "opened again" if undo else "disabled")
        office.people.set_disabled(name, disabled=not undo)
    said = "is open again" if undo else "is disabled, and its sessions have ended"
    call.show({"account": name, "disabled": not undo}, f"The account {name} {said}.")


@people.command("second-factor")
@click.argument("name")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given."
)
@standard
def second_factor(call: Call, name: str, password: str) -> None:
    """Set a password and a code generator from this terminal, where its holder sits here and has no browser.

    It uses the enrolment code up. Type the secret into an authenticator app.

    \b
    Example:
      sluicegate people second-factor anna --home ./exchange
    """
    accounts.check_password(name, password, password)
    with opened(call) as office:
        account = office.people.account(name)
        if not account.invited or account.disabled:
            raise UsageError(
                "This account has no enrolment code to use up.",
                advice=f"Take its factors away first: sluicegate people reset {name}",
            )
        secret = totp.new_secret()
        office.enter(account, "password and code generator set")
        office.people.uninvite(name)
        office.people.set_password(name, accounts.hashed(password), secret, 0)
    told = {"account": name, "secret": secret, "address": totp.address(secret, name)}
    call.show(
        told,
        f"The account {name} signs in with its password and the codes of this secret:",
        "",
        f"  {secret}",
    )
