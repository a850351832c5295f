# SPDX-License-Identifier: Apache-2.0
"""Writes docs/walk.md: one booking followed with its real bytes, from the program's own run.

`python -m tools.walk > docs/walk.md`. Names of cases, salts, signatures and similarities differ from run to
run; `normalized` removes them, and a test compares the page with a fresh run.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sluicegate.cli import demo_prints, story
from sluicegate.cli.cast import PARTS, Part
from sluicegate.exchange.case import Case, Json
from sluicegate.exchange.papers import log_key
from sluicegate.intake.mail import MailHandler
from sluicegate.itl.reader import read
from sluicegate.ledger.verify import read_key, report, verify_receipt
from sluicegate.ridge.extract.job import extract_leader
from sluicegate.store.repository import fresh_number
from sluicegate.testing.agency import attached
from sluicegate.testing.world import World

MARKS = {0x1C: "<FS>", 0x1D: "<GS>", 0x1E: "<RS>", 0x1F: "<US>"}


def shown(data: bytes) -> str:
    """Bytes as people can read them: separators by name, a line break after each field and record."""
    out = "".join(MARKS.get(byte, chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data)
    return out.replace("<GS>", "<GS>\n").replace("<FS>", "<FS>\n").rstrip()


def hexed(data: bytes, width: int = 16) -> str:
    """A plain hex dump."""
    rows = []
    for start in range(0, len(data), width):
        part = data[start : start + width]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append(f"{start:08x}  {part.hex(' '):<{3 * width}} {text}")
    return "\n".join(rows)


def fence(text: str, kind: str = "text") -> str:
    """A code block."""
    return f"```{kind}\n{text}\n```\n"


def main() -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(page(Path(folder) / "home")))


def page(home: Path) -> Iterator[str]:
    """The page, section by section."""
    part = next(one for one in PARTS if one.name == "FULL")
    world = World(home, scenario="demo-scenario", min_minutiae=12, entry=extract_leader, engine="fast")
    try:
        template = demo_prints.earlier_record(world.exchange, part.person)
        basis = demo_prints.basis_of(world.exchange, part.ori)
        world.exchange.open.enrol("earlier", fresh_number(), template, basis=basis)
        world.exchange.gallery.enrol("earlier", fresh_number(), template)
        data = demo_prints.car(part, world.clock())
        yield from _arrival(world, part, data)
        world.settle()
        case = world.exchange.bureau.store.cases_of_tcn(part.tcn)[0]
        yield from _decided(world, case)
        yield from _answered(world, part, case)
        world.determine_all()
        world.settle()
        case = world.case(case.case_id)
        yield from _second(world, part, case)
        yield from _receipt(world, part)
        yield from _left(world, case)
    finally:
        world.close()


def _arrival(world: World, part: Part, data: bytes) -> Iterator[str]:
    transaction = read(data).transaction
    assert transaction is not None
    type_1, type_2, type_4 = transaction.records[:3]
    handler = MailHandler(world.exchange.door, world.exchange.settings.max_parts)
    mail = attached([data])
    reply = handler.reply_to(mail)
    spooled = next((world.home / "bureau" / "spool").glob("??/*")).read_bytes()
    yield f"""# One booking, with its real bytes

This page is written by `python -m tools.walk` from a run of the program, and a test compares it with a fresh one. The
person does not exist; the county does. The drill's clock says 15 November 2010, and {part.agency} had asked for
months that its prints be filtered out. They were not.

## 1. What the agency sends

A CAR of {len(data):,} bytes with {len(transaction.images)} rolled prints. Its Type-1 record, separators by name:
"""
    yield fence(shown(type_1.raw))
    yield "Its Type-2 record. Everything about the person stands here, and in the images, and nowhere else:\n"
    yield fence(shown(type_2.raw))
    yield "The first 18 bytes of a Type-4 record are its header, then follows the WSQ image as it is:\n"
    yield fence(hexed(type_4.raw[:48]))
    yield f"""The agency mails it as one attachment ({len(mail):,} bytes of mail). The exchange answers only when the bytes
are on the disk:
"""
    yield fence(reply)
    yield "On the disk they lie encrypted under the spool's key, under the name of their SHA-256:\n"
    yield fence(hexed(spooled[:32]))


def _decided(world: World, case: Case) -> Iterator[str]:
    store = world.exchange.bureau.store
    journal = store.rows("journal_of", case_id=case.case_id)
    entry = store.log.decided(case.case_id).entry
    rows = "\n".join(f"{r['at'][11:19]}  {r['stage']:<10} {r['before']:<12} -> {r['after']}" for r in journal)
    yield """## 2. It walks down the story

Each line is one step. State, fact and outgoing message of a step are one database commit, or nothing:
"""
    yield fence(rows)
    yield """## 3. What was decided, before anything left

One entry in the ledger holds the decision of all four gates. The tree holds only a salted commitment to it:
"""
    yield fence(json.dumps(_full(entry.body), indent=1, ensure_ascii=False), "json")


def _full(body: dict[str, Json]) -> dict[str, Json]:
    return dict(sorted(body.items()))


def _answered(world: World, part: Part, case: Case) -> Iterator[str]:
    kind, _, sre = world.mail[part.ori][0]
    copy = next(m for m in world.exchange.bureau.store.messages_of(case.case_id) if m.kind == "COPY")
    envelope = json.loads(world.copies[copy.message_id])
    sizes = "\n".join(f"{key:<12} {len(value):>9,} characters" for key, value in sorted(envelope.items()))
    yield f"""## 4. The criminal answer

It waits for nobody. The {kind} that the agency gets: TCR echoes the TCN, ORI and DAI are swapped, SRF says whether the
bureau knew the person, and 2.014 is the number that belongs to the repository of this booking:
"""
    yield fence(shown(sre))
    yield """## 5. The copy

G1 is open, so a copy goes to the partner. Its envelope holds the transaction as received, its template, and the
proof that G1 is open for these very bytes. It holds nothing of the bureau's search:
"""
    yield fence(sizes)


def _second(world: World, part: Part, case: Case) -> Iterator[str]:
    idr = next(body for kind, _, body in world.mail[part.ori] if kind == "IDR")
    yield """## 6. The partner asks a person

The partner's door verified the proof, searched its own gallery and found somebody. A query waited until a status
officer answered; no score determines anything. G2 is open, so the second response goes by the state to the agency. Its
last lines say what it is not:
"""
    yield fence(shown(idr))
    yield "The whole story, as `sluicegate show` tells it:\n"
    yield fence("\n".join(story.render(world.exchange, case.case_id, 100)))


def _receipt(world: World, part: Part) -> Iterator[str]:
    text = next(body for kind, _, body in world.mail[part.ori] if kind == "RECEIPT").decode()
    key = world.exchange.offices["bureau"].key
    log = re.search(rf"^{re.escape(key.name)}/(\S+)$", text, re.MULTILINE)
    assert log is not None
    verifier = read_key(str(log_key(key, log[1]).public))
    yield """## 7. The receipt

It was written in the commit that shared the copy, and did not wait for the partner. One text file, signed:
"""
    yield fence(text.rstrip())
    yield "Anybody can check it with one file of this package and the bureau's public key, offline:\n"
    yield fence("\n".join(report(verify_receipt(text, verifier), verifier)))


def _left(world: World, case: Case) -> Iterator[str]:
    office = world.exchange.offices["bureau"]
    partner = world.exchange.offices["partner"]
    kept = world.exchange.open.template_of(case.case_id)
    assert kept is not None
    yield f"""## 8. What is left

* The spool holds {len(office.spool.digests())} blobs: the received bytes were erased when the case closed.
* RET was Y and G3 is open, so the open repository keeps a template of {len(kept):,} bytes and the transaction, encrypted.
* The partner's spool holds {len(partner.spool.digests())} blobs: its copy was deleted before that was attested.
* The ledgers hold {sum(office.store.log.check().values())} entries at the bureau and \
{sum(partner.store.log.check().values())} at the partner; every tree was derived again from its entries just now."""


_VARIES = (
    (re.compile(r"^[0-9a-f]{8}  (?:[0-9a-f]{2} ){8}.*$", re.MULTILINE), "HEX"),
    (re.compile(r"01[0-9A-HJKMNP-TV-Z]{24}"), "CASE"),
    (re.compile(r"[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r"[0-9a-f]{16}\.\.\."), "DIGEST..."),
    (re.compile(r"(?<=sluicegate-fast-1\+)[0-9a-f]{12}"), "NUMBERS"),
    (re.compile(r"[A-Za-z0-9+/]{40,}={0,2}"), "BASE64"),
    (re.compile(r"\b[A-Z0-9]{9}\b(?=  similarity|, number|<GS>|$)"), "NUMBER"),
    (re.compile(r"number [A-Z0-9]{9}"), "number NUMBER"),
    (re.compile(r"\d+"), "0"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"(0:0 ?)+"), "MINUTIAE "),
)


def normalized(text: str) -> str:
    """The page without what differs from run to run."""
    for pattern, stand_in in _VARIES:
        text = pattern.sub(stand_in, text)
    return text


if __name__ == "__main__":
    main()
