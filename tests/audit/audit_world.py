# SPDX-License-Identifier: Apache-2.0
"""A home with a month of bookings of several agencies, one county of them filtered, told and published.

Everything in it is made by the installation itself; the tests only move its clock and tamper afterwards.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from scenes import Town, row
from sluicegate.audit.folder import of_folder
from sluicegate.audit.material import Material
from sluicegate.audit.run import Audited, Given, audit
from sluicegate.cli.calls import Call
from sluicegate.cli.main import sluicegate
from sluicegate.cli.publishing import publish_all
from sluicegate.cli.statistics_month import gather
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import canonical, cosign, keys
from sluicegate.ledger import statement as statements
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.ledger.verify import Policy, VerifierKey, read_policy
from sluicegate.releases import bundle, document, redact
from sluicegate.statistics import export
from sluicegate.statistics.export import About
from sluicegate.store.keyfile import KeyBook
from sluicegate.store.master import MasterLog
from sluicegate.store.statistics import statistic_queries

FIRST = datetime(2010, 11, 16, 17, 0, tzinfo=UTC)
LAST = datetime(2010, 12, 1, 12, 0, tzinfo=UTC)
"""When the days of the month were told."""
COUNTY = "US-CA-075"
LETTER = {
    "format": document.FORMAT,
    "id": "letter",
    "title": "On the options of a county",
    "date": "2010-11-05",
    "custodian": "Records desk",
    "blocks": [{"id": "p2", "kind": "paragraph", "text": "Option 2."}],
}
WITNESSES = [from_seed(f"witness-{n}.example", bytes([0x30 + n]) * 32) for n in range(3)]


def tell(home: Path, now: datetime) -> None:
    """Make public what the day allows, as `ledger publish` does at this moment."""
    publish_all(Call(home, as_json=True), now)


def build(home: Path, receipts: Path) -> None:
    """Five days of bookings, a decision that a day was pending for, a change of the rules, and receipts."""
    town = Town(home)
    receipts.mkdir()
    for day, scenes in enumerate(
        (
            ("full", "filter"),
            ("filter", "no-answer", "unlisted"),
            ("listed", "filter"),
            ("no-relay", "filter"),
        )
    ):
        town.clock.now = FIRST + timedelta(days=3 * day)
        for place, scene in enumerate(scenes):
            town.book(scene, 10 * day + place)
        town.finish()
        if day == 1:
            town.clock.now += timedelta(days=1)
            tell(home, town.clock.now)
            _rotate(town)
        if day == 2:
            _change(town)
    for recipient, letters in town.mail.items():
        for kind, message, body in letters:
            if kind == "RECEIPT":
                folder = receipts / recipient
                folder.mkdir(exist_ok=True)
                (folder / f"{message.partition('.')[0]}.txt").write_bytes(body)
    town.close()
    publish_papers(home)
    tell(home, LAST)


def _rotate(town: Town) -> None:
    """A new key in the middle of the month; the old one ends a week later."""
    store = town.exchange.bureau.store
    KeyBook(town.home, "bureau", store, town.clock).rotate(timedelta(days=7))
    town.reopen()


def publish_papers(home: Path) -> None:
    """The statistics of the month and a release, stated and laid out."""
    call = Call(home, as_json=True)
    at = LAST.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = gather(call, "2010-11", None, at)
    one = found.about
    about = About(one.program, one.rules, one.made, False, one.days_since, 3)
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
    for folder, files in (("statistics/2010-11", made.files), ("releases/letter-1", release)):
        (home / "public" / folder).mkdir(parents=True)
        for name, data in files.items():
            (home / "public" / folder / name).write_bytes(data)
    with call.opened("bureau") as office, office.store.session() as session:
        told = [statements.decode(canonical.encode(dict(said))) for said in stated]
        MasterLog(office.engine).state(session, told)


def _change(town: Town) -> None:
    """A jurisdiction is put under another rule by two registrars, in the middle of the month."""
    day = town.clock.now.date().isoformat()
    town.publish(row("X201", "US-VA-013", "JURISDICTION_FILTER", since=day, public=day))


def cosigned(public: Path, count: int = 3, at: datetime = LAST) -> None:
    """Let witnesses put their signatures under the newest summary."""
    path = public / "checkpoint"
    note = path.read_text("utf-8")
    lines = [cosign.cosignature(note, one, int(at.timestamp()) + 60) for one in WITNESSES[:count]]
    path.write_text(note + "".join(lines), "utf-8")


def policy_text(home: Path) -> str:
    """Two of three witnesses, and the master log of this home."""
    own = log_key(keys.load(home / "keys" / "bureau-ledger.key"), "master").public
    lines = [f"log {own}"]
    lines += [f"witness w{n} {cosign.verifier_key(one)}" for n, one in enumerate(WITNESSES)]
    return "\n".join([*lines, "group all 2 w0 w1 w2", "quorum all", ""])


def policy_of(home: Path) -> Policy:
    """The same, read."""
    return read_policy(policy_text(home))


def public_key(home: Path, role: str = "bureau") -> VerifierKey:
    """The key that a side's reader trusts."""
    return keys.load_public(home / "keys" / f"{role}-ledger.key.pub")


def signer(home: Path, role: str = "bureau") -> FileKey:
    """The key with which a dishonest operator could sign."""
    return keys.load(home / "keys" / f"{role}-ledger.key")


def material(home: Path, side: str = "bureau") -> Material:
    """The public folder of a side."""
    return of_folder(
        side, public_key(home, side), home / ("public" if side == "bureau" else "partner-public")
    )


def receipts_in(folder: Path) -> dict[str, bytes]:
    """Receipts by the name of their file."""
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in sorted(folder.rglob("*.txt"))}


def whole(home: Path, receipts: Path) -> Audited:
    """An audit of everything there is, the entries themselves too."""
    with Call(home, as_json=True).opened("bureau") as office:
        rows = office.store.rows("all_entries")
    given = Given(material(home), material(home, "partner"), policy_of(home), {}, receipts_in(receipts), rows)
    return audit(given)


def run(*words: str) -> Result:
    """A command as a person types it."""
    return CliRunner().invoke(sluicegate, list(words), prog_name="sluicegate", catch_exceptions=False)


def told(result: Result) -> dict[str, object]:
    """Its document."""
    found: dict[str, object] = json.loads(result.stdout)
    return found
