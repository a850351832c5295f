# SPDX-License-Identifier: Apache-2.0
"""The home of the demonstration, made ready to be looked at: something waits at every desk.

`sluicegate demo` decides whatever it plays. Here one booking more waits for an examiner and one for a status
officer, a month of statistics and a release are public and cosigned, a person challenges a record, a change
of the rules waits for a second registrar, and there is an account for every role.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sluicegate import app
from sluicegate.cli import demo_prints as prints
from sluicegate.cli.calls import Call
from sluicegate.cli.cast import Part
from sluicegate.cli.publishing import publish_all
from sluicegate.cli.statistics_month import gather
from sluicegate.exchange.case import State
from sluicegate.exchange.challenging import Challenges
from sluicegate.ledger import canonical, cosign
from sluicegate.ledger import statement as statements
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.releases import bundle, document, redact
from sluicegate.settings import load
from sluicegate.statistics import export
from sluicegate.statistics.export import About
from sluicegate.store.master import MasterLog
from sluicegate.store.people import People, PeopleFile
from sluicegate.store.registering import Registry
from sluicegate.store.repository import fresh_number
from sluicegate.store.statistics import statistic_queries
from sluicegate.testing.agency import Mailbox
from sluicegate.testing.registrars import rows_of
from sluicegate.web.operator.roles import Role

PATIENCE_S = 400.0
MONTH, LATER = "2010-11", datetime(2010, 12, 1, 12, 0, tzinfo=UTC)
"""The month that the demonstration plays in, and when it is over everywhere."""
WITNESSES = [from_seed(f"witness-{n}.example", bytes([0x30 + n]) * 32) for n in range(3)]
REGISTRARS: tuple[FileKey, ...] = (from_seed("alice", b"\x11" * 32), from_seed("bob", b"\x12" * 32))
"""Their keys follow from seeds that anybody can read, so they vouch for nothing."""
WAITING = (
    Part("WAITS", "CA0380000", "San Francisco Sheriff", 1011, "FULL", "two records fit this person"),
    Part("ASKED", "VA0070100", "Arlington County Police", 1022, "RESPONSE_OPT_OUT", "a query waits"),
)
PROPOSED = (
    "N9001,US-CA-085,entry-into-force,,JURISDICTION_FILTER,FBI CJIS,federal,a letter,none on record,V12,"
    "2010-12-01,,2010-12-01,,SRC-V12,X,\n"
)
LETTER = {
    "format": document.FORMAT,
    "id": "letter",
    "title": "On the options of a county",
    "date": "2010-11-05",
    "custodian": "Records desk",
    "blocks": [
        {"id": "p1", "kind": "paragraph", "text": "A county asked which of its choices count, and when."},
        {"id": "p2", "kind": "paragraph", "text": "Option 2 keeps the answer from the county alone."},
    ],
}

Say = Callable[[str], None]


def stage(home: Path, say: Say, *, background: int = 40) -> None:
    """Play the demonstration into a new folder and make it ready. Minutes on a busy machine."""
    say("playing the demonstration")
    words = ["demo", "--home", str(home), "--background", str(background)]
    code = "from sluicegate.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", code, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    ready(home, say)


def ready(home: Path, say: Say) -> None:
    """Make a home that the demonstration left ready to be looked at."""
    say("publishing statistics and a release")
    publish_papers(home)
    say("letting one booking wait at each desk")
    leave_waiting(home)
    say("challenge, proposal, accounts")
    exchange = app.Exchange(load(home), searching=False)
    try:
        challenge(exchange)
        propose(exchange)
        publish_all(Call(home, as_json=True), exchange.clock(), everything=True)
    finally:
        exchange.close()
    witnessed(home / "public", LATER + timedelta(hours=1))
    accounts(home)


def publish_papers(home: Path, threshold: int = 3) -> None:
    """The statistics of the month and a release, stated in the master log and laid out for everybody."""
    call = Call(home, as_json=True)
    at = LATER.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = gather(call, MONTH, None, at)
    one = found.about
    about = About(one.program, one.rules, one.made, bool(found.open_until), one.days_since, threshold)
    count = iter(range(10_000))
    made = export.make(
        found.figures,
        found.cuts,
        about,
        statistic_queries(),
        salt=lambda: hashlib.sha256(str(next(count)).encode()).digest(),
    )
    sealed = redact.seal(document.from_json(LETTER), lambda: b"\x05" * 32)
    release = bundle.make(sealed, (), name="letter-1", made=at)
    stated = (
        export.statement(made.files["manifest.json"], at),
        bundle.statement(release["manifest.json"], at),
    )
    for folder, files in ((f"statistics/{MONTH}", made.files), ("releases/letter-1", release)):
        (home / "public" / folder).mkdir(parents=True)
        for name, data in files.items():
            (home / "public" / folder / name).write_bytes(data)
    with call.opened("bureau") as office, office.store.session() as session:
        told = [statements.decode(canonical.encode(dict(said))) for said in stated]
        MasterLog(office.engine).state(session, told)


def leave_waiting(home: Path) -> None:
    """Two bookings that go as far as they go without a person. Raises RuntimeError where they do not."""
    mailbox = Mailbox()
    mailbox.start()
    later = f"{LATER:%Y-%m-%dT%H:%M:%SZ}"
    exchange = app.Exchange(load(home, smarthost=mailbox.address, clock=later))
    try:
        for number, part in enumerate(WAITING):
            if not number:  # a second record of the same person: which of the two, an examiner must say
                basis = prints.basis_of(exchange, part.ori)
                template = prints.earlier_record(exchange, part.person)
                exchange.open.enrol("earlier-WAITS", fresh_number(), template, basis=basis)
        exchange.start()
        for part in WAITING:
            exchange.door.accept(prints.car(part, exchange.clock()), "smtp")
        _await(exchange)
    finally:
        exchange.close()
        mailbox.close()


def _await(exchange: app.Exchange) -> None:
    until = time.monotonic() + PATIENCE_S
    bureau, partner = exchange.bureau.store, exchange.partner.store
    while not (bureau.cases_in([State.AWAITING]) and partner.cases_in([State.QUERIED])):
        if time.monotonic() > until:
            states = [str(case.state) for part in WAITING for case in bureau.cases_of_tcn(part.tcn)]
            raise RuntimeError(f"the bookings that should wait are {', '.join(states)}")
        time.sleep(0.1)
    while exchange.runner is not None and not exchange.runner.idle() and time.monotonic() < until:
        time.sleep(0.1)


def challenge(exchange: app.Exchange) -> None:
    """A person says that the number that a booking was answered with is another's."""
    (case,) = exchange.bureau.store.cases_of_tcn("DEMO-FULL-0001")
    challenges = Challenges(exchange.bureau, exchange.settings.challenge_days)
    challenges.open(case.case_id, "identification", "2010-114", exchange.clock(), "records")


def propose(exchange: app.Exchange) -> str:
    """Two registrars, and a change that the first of them signed; its name."""
    registry = Registry(exchange.programs, exchange.clock)
    listed = {one.name for one in registry.chain().registrars}
    for key in (one for one in REGISTRARS if one.name not in listed):
        registry.enroll(key, key.public, "may change the rules")
    sight = registry.draft(rows_of("choices.csv", [PROPOSED]), "the county asked to stay out", (), "alice")
    return registry.propose(sight, REGISTRARS[0])


def witnessed(public: Path, at: datetime) -> None:
    """Let three witnesses put their signatures under the newest summary."""
    path = public / "checkpoint"
    note = path.read_text("utf-8")
    lines = [cosign.cosignature(note, one, int(at.timestamp())) for one in WITNESSES]
    path.write_text(note + "".join(lines), "utf-8")


def accounts(home: Path) -> None:
    """An account for every role, of the role's name; the registrars have their own."""
    file = PeopleFile(home)
    try:
        people = People(file)
        named = {str(role): str(role) for role in Role if role is not Role.REGISTRAR}
        named |= {key.name: str(Role.REGISTRAR) for key in REGISTRARS}
        for name, role in named.items():
            if people.find(name) is None:
                people.add(name, (role,), time.time())
    finally:
        file.close()
