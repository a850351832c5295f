# SPDX-License-Identifier: Apache-2.0
"""`booking build`: a conforming CAR out of image files, or out of the prints of another ANSI/NIST file."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from sluicegate.cli.calls import Call, plain, read_bytes, standard, write_new
from sluicegate.cli.images import from_file, one_workshop
from sluicegate.cli.moments import typed
from sluicegate.ebts.build import BookingFields, fingers_of
from sluicegate.ebts.build import booking as build_booking
from sluicegate.ebts.formats import AGENCY
from sluicegate.ebts.record_rules import fingers_shown
from sluicegate.errors import InputRefused, UsageError, quoted
from sluicegate.itl.detect import read_any
from sluicegate.itl.model import Image
from sluicegate.itl.writer import FingerDraft

_UNKNOWN = {"M": "DOE,JOHN", "F": "DOE,JANE"}
_FINGERS = range(1, 15)
_PPI = 500


@click.group()
def booking() -> None:
    """Make bookings.

    \b
    Example:
      sluicegate booking build --cri CA0380000 --from card.an2 --out booking.an2
    """


@booking.command()
@click.option("--cri", required=True, help="Agency that took the prints (2.073).")
@click.option("--ori", help="Agency that sends (1.008) [default: the CRI].")
@click.option("--tcn", help="Control number (1.009) [default: a new one].")
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="Take the prints of this ANSI/NIST file."
)
@click.option("--image", "images", multiple=True, metavar="FGP=FILE", help="A finger and its image file.")
@click.option("--only", help="Keep these finger positions only, such as 1-10 or 2,7.")
@click.option(
    "--ppi", type=click.FloatRange(100, 2000), default=500, show_default=True, help="Of image files."
)
@click.option(
    "--imp", type=click.IntRange(0, 29), default=1, show_default=True, help="Impression of image files."
)
@click.option("--name", help="NAM (2.018) [default: DOE,JOHN or DOE,JANE].")
@click.option("--sex", type=click.Choice(["M", "F"]), default="M", show_default=True, help="SEX (2.024).")
@click.option("--dob", default="19700101", show_default=True, help="DOB (2.022), CCYYMMDD.")
@click.option("--charge", "charges", multiple=True, help="A charge (2.047) [default: BURGLARY].")
@click.option("--sco", "copies", multiple=True, help="Agency that gets a copy of the answer (2.007).")
@click.option("--no-ret", is_flag=True, help="Do not ask to retain the prints (2.005).")
@click.option("--at", metavar="DATE", callback=typed, help="Moment of the booking [default: now].")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="File to write.")
@standard
def build(
    call: Call,
    source: Path | None,
    images: tuple[str, ...],
    only: str | None,
    ppi: float,
    imp: int,
    out: Path,
    **text: object,
) -> None:
    """Build a criminal tenprint submission (CAR) that conforms, or say why it would not.

    Fingers without a print are told as such (AMP, 2.084: UP).

    \b
    Example:
      sluicegate booking build --cri CA0380000 --from card.an2 --only 1-10 --out booking.an2
      sluicegate booking build --cri CA0380000 --image 2=index.png --out booking.an2
    """
    if (source is None) == (not images):
        raise UsageError("Name the prints: either --from FILE, or --image FGP=FILE as often as needed.")
    wanted = _positions(only)
    drafts = _taken(source) if source else _coded(images, imp, ppi)
    kept = [one for one in drafts if one.fgp[0] in wanted]
    if not kept:
        raise InputRefused(
            "None of the wanted finger positions is there.", advice="Look with: sluicegate inspect"
        )
    fields = replace(_fields(**text), amp=_unprinted(kept))  # type: ignore[arg-type]
    data = build_booking(fields, kept)
    write_new(out, data)
    fingers = [one.fgp[0] for one in kept]
    document = {
        "file": str(out),
        "tcn": fields.tcn,
        "cri": fields.cri[0],
        "bytes": len(data),
        "fingers": fingers,
    }
    said = f"Wrote {plain(out, 200)}: TCN {fields.tcn}, CRI {fields.cri[0]}, {len(data):,} bytes"
    call.show(document, f"{said}, fingers {' '.join(str(n) for n in fingers)}.")


def _fields(
    cri: str,
    ori: str | None,
    tcn: str | None,
    name: str | None,
    sex: str,
    dob: str,
    charges: Sequence[str],
    copies: Sequence[str],
    no_ret: bool,
    at: datetime | None,
) -> BookingFields:
    for agency in (cri, ori or cri):
        if not AGENCY.fullmatch(agency):
            raise UsageError(f"{quoted(agency)} is not an ORI: nine characters of A-Z and 0-9.")
    when = at or datetime.now(UTC)
    day = (when - timedelta(days=1)).strftime("%Y%m%d")
    return BookingFields(
        ori=ori or cri,
        tcn=tcn or f"{cri}-{when:%Y%m%d%H%M%S}-{secrets.token_hex(4).upper()}",
        dat=when.strftime("%Y%m%d"),
        cri=(cri,),
        nam=name or _UNKNOWN[sex],
        pob="XX",
        dob=(dob,),
        sex=sex,
        rac="U",
        hgt="000",
        wgt="000",
        eye="XXX",
        hai="XXX",
        doa=day,
        charges=tuple((day, charge) for charge in charges or ("BURGLARY",)),
        ret=not no_ret,
        sco=tuple(copies),
    )


def _unprinted(kept: Sequence[FingerDraft]) -> tuple[tuple[int, str], ...]:
    """AMP (2.084) for every finger without a print: UP, unable to print."""
    images = [Image(4, 0, one.imp, one.fgp, one.hll, one.vll, _PPI, _PPI, "", b"", 0) for one in kept]
    return tuple((finger, "UP") for finger in sorted(set(range(1, 11)) - fingers_shown(images)))


def _positions(only: str | None) -> frozenset[int]:
    """Finger positions of a list such as 1-4,7."""
    if only is None:
        return frozenset(_FINGERS)
    found: set[int] = set()
    for part in only.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise UsageError(
                f"{quoted(only)} is not a list of finger positions.", advice="Write it as 1-10 or 2,7."
            )
        found |= set(range(int(first), int(last or first) + 1)) & set(_FINGERS)
    return frozenset(found)


def _taken(source: Path) -> list[FingerDraft]:
    transaction = read_any(read_bytes(source)).transaction
    name = quoted(source.name, 120)
    if transaction is None:
        raise InputRefused(
            f"The file {name} is not an ANSI/NIST file.", advice="Use --image for image files."
        )
    found = fingers_of(transaction)
    if not found:
        raise InputRefused(f"The file {name} holds no fingerprint image that a booking could carry.")
    return found


def _coded(images: Sequence[str], imp: int, ppi: float) -> list[FingerDraft]:
    drafts = []
    with one_workshop() as workshop:
        for one in images:
            fgp, equals, file = one.partition("=")
            if not (equals and fgp.isdecimal() and int(fgp) in _FINGERS):
                raise UsageError(f"{quoted(one)} is not FGP=FILE with a position from 1 to 14.")
            path = Path(file)
            drafts.append(from_file(workshop, path, read_bytes(path), int(fgp), imp, ppi))
    return drafts
