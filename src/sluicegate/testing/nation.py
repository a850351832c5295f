# SPDX-License-Identifier: Apache-2.0
"""A synthetic nation: the files of a program as large as the real one, for tests and measurements.

Places and rules are drawn from a seed and mean nothing; modes, words and the order of issuers are those of
Secure Communities. Every county has one to three dated versions: switched on, then limited or loosened by one
issuer or another, some ended again, some only asked for, some never switched on at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sluicegate.policy.table import COLUMNS, SETTINGS_FILE
from sluicegate.store.programs import shipped

_ZONES = """
America/New_York CT DE DC FL GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV
America/Chicago AL AR IL IA KS LA MN MS MO NE OK SD TN TX WI
America/Denver CO MT NM UT WY
America/Los_Angeles CA NV OR WA
America/Anchorage AK
America/Boise ID
America/Detroit MI
America/Indiana/Indianapolis IN
America/Kentucky/Louisville KY
America/North_Dakota/Center ND
America/Phoenix AZ
Pacific/Honolulu HI
"""
STATES: Mapping[str, str] = {
    state: zone for zone, *states in map(str.split, _ZONES.split("\n")[1:-1]) for state in states
}
"""Postal code of each state and its time zone; one zone for a whole state is a simplification."""

FIRST_DAY, LAST_DAY = date(2008, 10, 27), date(2013, 1, 22)
SOURCE = "SRC-SYNTHETIC"
_ISSUERS = ("federal", "state", "county")
_LATER = ("RESPONSE_OPT_OUT", "STATE_NO_RELAY", "JURISDICTION_FILTER", "OFFENCE_LEVEL_FILTER", "FULL")
_TAKEN = ("modes.csv", "charges.csv", "sources.csv", "wording.csv")


@dataclass(frozen=True, slots=True)
class _County:
    id: str
    state: str
    number: int


def nation(*, seed: int = 1, jurisdictions: int = 3200, agencies: int = 18_000) -> dict[str, bytes]:
    """The files of a program with so many jurisdictions (the nation and 51 states among them) and agencies.

    The same seed gives the same bytes. At least 60 jurisdictions; every county has an agency while they last.
    """
    rng = Random(seed)  # noqa: S311 - a drawn nation, no secret
    base = shipped("secure-communities")
    counties = _counties(jurisdictions - len(STATES) - 1)
    rules, choices = _rules(rng, counties)
    text = base[SETTINGS_FILE].replace(b'name = "secure-communities"', b'name = "synthetic-nation"')
    files = {name: base[name] for name in _TAKEN}
    files[SETTINGS_FILE] = text
    files["sources.csv"] += f"{SOURCE},drawn from seed {seed},synthetic\n".encode()
    files["jurisdictions.csv"] = _table("jurisdictions.csv", _places(counties))
    files["agencies.csv"] = _table("agencies.csv", _agencies(rng, counties, agencies))
    files["rules.csv"] = _table("rules.csv", rules)
    files["choices.csv"] = _table("choices.csv", choices)
    return files


def _table(name: str, rows: Sequence[Mapping[str, str]] | Iterator[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[name], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _counties(count: int) -> list[_County]:
    states = list(STATES)
    made = [(states[n % len(states)], n // len(states)) for n in range(count)]
    return [_County(f"US-{state}-{2 * n + 1:03d}", state, n) for state, n in made]


def _places(counties: Sequence[_County]) -> Iterator[dict[str, str]]:
    common = {"source": SOURCE, "confidence": "I"}
    zone = "America/New_York"
    yield {"id": "US", "name": "United States", "kind": "federal", "zone": zone, **common}
    for state, where in STATES.items():
        row = {"id": f"US-{state}", "name": f"State {state}", "kind": "state", "parent": "US"}
        yield {**row, "zone": where, **common}
    for one in counties:
        row = {"id": one.id, "name": f"County {one.number + 1} of {one.state}", "kind": "county"}
        yield {**row, "parent": f"US-{one.state}", "zone": STATES[one.state], **common}


def _agencies(rng: Random, counties: Sequence[_County], count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        one = counties[number] if number < len(counties) else rng.choice(counties)
        ori = f"{one.state}{one.number % 1000:03d}{number // 36:03d}{_DIGITS[number % 36]}"
        row = {"ori": ori, "jurisdiction": one.id, "name": f"Agency {number + 1}"}
        yield {**row, "source": SOURCE, "confidence": "I"}


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _day(rng: Random) -> date:
    return FIRST_DAY + timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days))


def _row(rng: Random, number: int, place: str, kind: str, begins: date) -> dict[str, str]:
    late = rng.choice((0, 0, 0, 2, 60, 400))
    return {
        "id": f"N{number:05d}",
        "jurisdiction": place,
        "kind": kind,
        "issuer": "A synthetic office",
        "issuer_level": rng.choice(_ISSUERS),
        "authority": "drawn",
        "legal_basis": "none on record",
        "wording": rng.choice(("V01", "V04", "V06", "V11", "V12", "V13")),
        "valid_from": begins.isoformat(),
        # One row in eight was never put on record as public.
        "public_from": (begins + timedelta(days=late)).isoformat() if rng.random() < 0.875 else "",
        "source": SOURCE,
        "confidence": rng.choice("VSMI"),
    }


def _rules(rng: Random, counties: Sequence[_County]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    default = _row(rng, 0, "US", "default", FIRST_DAY)
    default |= {"issuer_level": "program", "mode_in_force": "NOT_ACTIVATED", "valid_from": ""}
    rules, choices = [default], list[dict[str, str]]()
    for state in STATES:
        if rng.random() < 0.3:
            begins = _day(rng)
            row = _row(rng, len(rules), f"US-{state}", "capability", begins)
            ends = begins + timedelta(days=rng.randrange(30, 900))
            rules.append({**row, "mode_in_force": "STATE_NO_RELAY", "valid_until": ends.isoformat()})
    for one in counties:
        rules += _versions(rng, one.id, len(rules))
        if rng.random() < 0.2:
            row = _row(rng, 20_000 + len(choices), one.id, "request", _day(rng))
            choices.append({**row, "mode_asked": "JURISDICTION_FILTER", "issuer_level": "county"})
    return rules, choices


def _versions(rng: Random, place: str, number: int) -> list[dict[str, str]]:
    """One to three rows of one county, the second and third while or after the first holds."""
    begins = _day(rng)
    count = rng.choice((1, 2, 2, 3))
    if rng.random() < 0.1:  # never switched on; what else is said of it can only close
        row = _row(rng, number, place, "entry-into-force", begins)
        return [{**row, "mode_in_force": "JURISDICTION_FILTER", "mode_asked": "JURISDICTION_FILTER"}]
    on = {**_row(rng, number, place, "activation", begins), "mode_in_force": "FULL"}
    if rng.random() < 0.1:  # a gap after it, unless another row follows
        on["valid_until"] = (begins + timedelta(days=rng.randrange(30, 900))).isoformat()
    made = [on]
    for extra in range(1, count):
        begins += timedelta(days=rng.randrange(20, 500))
        kind = rng.choice(("entry-into-force", "entry-into-force", "override"))
        row = {**_row(rng, number + extra, place, kind, begins), "mode_in_force": rng.choice(_LATER)}
        if made[-1]["kind"] != "activation" and rng.random() < 0.5:
            row["supersedes"] = made[-1]["id"]
        made.append(row)
    return made
