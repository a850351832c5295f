# SPDX-License-Identifier: Apache-2.0
"""Writes docs/conformance.md: what is found in files whose makers say what is wrong with them.

    python -m tools.conformance > docs/conformance.md

Every file of the shared material's `an2-invalid/` and `an2-valid/` is read and held against ANSI/NIST-ITL
(structure, fields, relations, the images' own first bytes) and, apart from it, against EBTS. What the
manifest says is true of a file is compared with what was found, place by place.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sluicegate.ebts import conformance
from sluicegate.errors import quoted
from sluicegate.exchange.frames import frames
from sluicegate.itl import conform
from sluicegate.itl.model import Defect, Severity, Transaction
from sluicegate.itl.reader import read

NOW = datetime(2026, 11, 1, tzinfo=UTC)
"""The day by which EBTS judges dates; a page that changes by itself could not be compared."""

_CHANGE = re.compile(r"r(\d+) t(\d+) \.(\w+): ([^|]*)")
_TYPE_4 = {"imp": 3, "fgp": 4, "isr": 5, "idc": 2}
_CONFORMING = ("true reference", "BioCTS: conforms")
_SHOWN = 60

OTHER_TRUTHS: dict[str, tuple[tuple[int, str, str], ...]] = {
    "biocts2011-fail-type-1-wrong-record-number.an2": ((1, "0.002", "a field tagged 0.002"),),
    "biocts2013-fail-all-supported-types-1.006-invalid-value.an2": ((1, "1.006", "PRY is 0"),),
    "jnbis-rec01_rec02_rec16.nst.an2": (
        (1, "1.002", "VER is 0"),
        (3, "16.007", "VLL is 24, the image is 208 lines high"),
    ),
    "jet-S001-missing-nsr.eft": ((1, "1.011", "NSR is missing"), (1, "1.012", "NTR is missing")),
}
"""Truths that the manifest tells in words: number of the record, tag, what is wrong there."""

NO_DEPARTURE: dict[tuple[str, int, str], str] = {
    (
        "biocts2011-fail-all-supported-types-L1.an2",
        1,
        "1.011",
    ): "19.50 is a scanning resolution like any other",
    (
        "biocts2011-fail-all-supported-types-L1.an2",
        2,
        "2.003",
    ): "a field of the user's own; no rule requires it",
    ("biocts2011-fail-all-supported-types-L1.an2", 3, "4.005"): "0 and 1 are both allowed",
    ("biocts2011-fail-type-13-L1.an2", 2, "13.008"): "1 is allowed; the scale it gives is told at 13.009",
    ("biocts2011-fail-type-13-L1.an2", 2, "13.011"): "WSQ20 is allowed; the bits it wants are told at 13.012",
    ("biocts2011-fail-type-13-L1.an2", 2, "13.013"): "the files that pass have these positions too",
    (
        "biocts2011-fail-type-10-face-L2.an2",
        2,
        "10.013",
    ): "50 is allowed; what it requires is told where it lacks",
    ("biocts2011-fail_IDC_Sequential_Tests.an2", 7, "4.002"): "IDC and 1.003 agree",
    ("biocts2011-fail_IDC_Sequential_Tests.an2", 8, "4.002"): "IDC and 1.003 agree",
}
"""Changes against a file's conforming twin that break no rule by themselves, each with the reason."""

REMARKS = {
    "biocts2013-pass-type-10-face-smt-combined.an2": "a NUL byte in 10.047; its makers let it pass",
    "nbis-valid1.3.an2": "both scales are 0; a converter's test input",
    "nbis-valid1.5.an2": "the box stands on its head, and the data is no JPEG; a converter's test input",
    "nbis-valid1.7.an2": "the data is no JPEG; a converter's test input",
    "nbis-valid1.9.an2": "the box stands on its head; a converter's test input",
    "nbis-sign_raw.an2": "a signature alone has no use for a resolution",
    "jet-dod-map-sample.eft": "a field of a department's own; the first image is of another size than told",
    "jet-testEbts-car-jpeg.eft": "half of the Type-14 fields are missing; JPEG where WSQ is told",
    "jsfp-sample-crm.eft": "resolution and positions filled with nonsense, as the manifest says",
}
"""Files whose findings were looked at one by one and are there."""


HEAD = """# Conformance: what is found in files of known faults

Written by `python -m tools.conformance`; a test compares this page with a fresh run. The files, and what is
true of them, come from others (NIST's BioCTS and reference files, NBIS, MITRE, open source projects).

* **{found} of {there}** departures that the manifest names in {bad} bad files are found, each at its record
  and field. {spared} further changes that it names break no rule by themselves; the reason is beside each.
* False alarms in the {good} files that are true references or conform by the word of their makers:
  **{errors} errors, {warnings} warnings**.

The manifest compares a bad file with the conforming file it was made from and lists at most seven of the
changes, so more is found than it names. What is found besides is confirmed by nobody; but none of it, except
72 pixels without the unit that would make them too few, stands in any of the conforming files.

The rules come from the standard's tables, but they were written with these files at hand: the page shows
that what is known is found, not how much of the unknown would be.

*Found* counts what ANSI/NIST-ITL forbids: structure, fields, relations, and images against their own first
bytes. *EBTS* counts errors and warnings of the FBI's narrower profile. An error there is no false alarm:
none of these files was made to be a booking, and TOT `A` does not exist in EBTS.
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that is true of a file: number of the record from 1, tag, what was done to it."""

    record: int
    tag: str
    what: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One file: what the manifest says, what the standard's rules and those of EBTS found."""

    name: str
    truth: str
    expected: tuple[Expected, ...]
    found: tuple[Defect, ...]
    profile: tuple[Defect, ...]
    offsets: tuple[int, ...]

    def hits(self, one: Expected) -> list[Defect]:
        """What was found at the place of an expected departure."""
        start = self.offsets[one.record - 1] if one.record <= len(self.offsets) else -1
        kind = int(one.tag.partition(".")[0])
        return [d for d in self.found if _same_place(d, one, kind, start, self.offsets)]

    def reason(self, one: Expected) -> str:
        """Why a change that was not found is no departure, or the empty string."""
        return NO_DEPARTURE.get((self.name, one.record, one.tag), "")

    @property
    def missed(self) -> list[Expected]:
        return [one for one in self.expected if not self.hits(one) and not self.reason(one)]


def _same_place(found: Defect, one: Expected, kind: int, start: int, offsets: tuple[int, ...]) -> bool:
    place = found.place
    if one.tag == "4.002":  # the IDC of a binary record has no tag
        return place.record_type == 4 and place.offset == start and found.code == "ITL-CNT-IDC"
    inside = kind <= 1 or max((o for o in offsets if o <= place.offset), default=-1) == start
    return place.tag == one.tag and inside


def material() -> Path:
    """The folder of the shared material."""
    named = os.environ.get("SLUICEGATE_SHARED_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"


def judged(folder: Path, part: str) -> list[Judged]:
    """Every file of one part of the material, in the order of the manifest."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(f"{part}/")]
    return [_judged(folder, row) for row in rows]


def _judged(folder: Path, row: dict[str, str]) -> Judged:
    reading = read((folder / row["file"]).read_bytes())
    transaction = reading.transaction or Transaction(())
    told = (
        *reading.defects,
        *conform.check(transaction),
        *conformance.check_images(transaction, frames(transaction)),
    )
    name = row["file"].partition("/")[2]
    return Judged(
        name,
        row["truth"],
        tuple(_expected(name, row["truth"])),
        tuple(d for d in told if d.severity > Severity.NOTE),
        tuple(d for d in conformance.check(transaction, NOW) if d.severity > Severity.NOTE),
        tuple(record.offset for record in transaction.records),
    )


def _expected(name: str, truth: str) -> Iterator[Expected]:
    for number, kind, field, what in _CHANGE.findall(truth):
        place = _TYPE_4[field] if kind == "4" else int(field)
        yield Expected(int(number), f"{kind}.{place:03d}", what.strip())
    for record, tag, what in OTHER_TRUTHS.get(name, ()):
        yield Expected(record, tag, what)


def page(folder: Path) -> Iterator[str]:
    """The lines of the page."""
    bad, good = judged(folder, "an2-invalid"), judged(folder, "an2-valid")
    yield from _head(bad, good)
    yield from _invalid(bad)
    yield from _valid(good)
    yield from _details(bad)


def _head(bad: list[Judged], good: list[Judged]) -> Iterator[str]:
    truths = [(file, one) for file in bad for one in file.expected]
    there = sum(1 for file, one in truths if not file.reason(one) or file.hits(one))
    missed = sum(len(file.missed) for file in bad)
    sure = [file for file in good if file.truth in _CONFORMING]
    alarms = Counter(d.severity for file in sure for d in file.found)
    found = there - missed
    yield from HEAD.format(
        found=found,
        there=there,
        bad=len(bad),
        spared=len(truths) - there,
        errors=alarms[Severity.ERROR],
        warnings=alarms[Severity.WARNING],
        good=len(sure),
    ).splitlines()
    yield ""


def _invalid(files: Iterable[Judged]) -> Iterator[str]:
    yield "## Bad files"
    yield ""
    yield "| file | named by the manifest | of these found | no departure | also found | EBTS | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for file in files:
        hits = [d for one in file.expected for d in file.hits(one)]
        spared = [one for one in file.expected if file.reason(one) and not file.hits(one)]
        also = len([d for d in file.found if d not in hits])
        found = len(file.expected) - len(spared) - len(file.missed)
        named = str(len(file.expected) or "nothing that is in it")
        yield _row(file.name, named, found, len(spared), also, _counts(file.profile), _verdict(file))
    yield ""


def _verdict(file: Judged) -> str:
    if not file.expected:
        return "unsure: the mismatch of its name is not in its bytes"
    if file.missed:
        return "**missed**: " + ", ".join(one.tag for one in file.missed)
    refused = any(d.severity is Severity.ERROR for d in file.found)
    return "does not conform" if refused else "**conforms, and should not**"


def _valid(files: Iterable[Judged]) -> Iterator[str]:
    yield "## Good files"
    yield ""
    yield "A finding in a file of the first two kinds of truth is a false alarm. The others are files of real"
    yield "senders and converters, whom nobody calls conforming; each finding in them was looked at."
    yield ""
    yield "| file | truth | found | false alarms | EBTS | remark |"
    yield "|---|---|---|---|---|---|"
    for file in files:
        found = (
            ", ".join(dict.fromkeys(f"{d.code} {d.place.tag or d.place}" for d in file.found)) or "nothing"
        )
        alarms = str(len(file.found)) if file.truth in _CONFORMING else "not judged" if file.found else "0"
        truth = file.truth if len(file.truth) <= _SHOWN else file.truth[:_SHOWN].rsplit(" ", 1)[0] + " ..."
        yield _row(file.name, truth, found, alarms, _counts(file.profile), REMARKS.get(file.name, ""))
    yield ""


def _details(files: Iterable[Judged]) -> Iterator[str]:
    yield "## Bad files, place by place"
    for file in files:
        yield ""
        yield f"### {file.name}"
        yield ""
        if file.expected:
            yield "| record | field | named by the manifest | found |"
            yield "|---|---|---|---|"
        for one in file.expected:
            hits = "; ".join(f"{d.code} at {d.place}" for d in file.hits(one))
            told = hits or (f"no departure: {file.reason(one)}" if file.reason(one) else "**missed**")
            yield f"| {one.record} | {one.tag} | {_plain(one.what)} | {told} |"
        hit = [d for one in file.expected for d in file.hits(one)]
        others = [d for d in file.found if d not in hit]
        if others:
            yield ""
            yield "Also found: " + "; ".join(f"{d.code} at {d.place}" for d in others) + "."


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _plain(text: str) -> str:
    return quoted(text, 70)[1:-1].replace("|", "/")


def _counts(defects: Iterable[Defect]) -> str:
    count = Counter(d.severity for d in defects)
    return f"{count[Severity.ERROR]} errors, {count[Severity.WARNING]} warnings"


if __name__ == "__main__":
    sys.stdout.write("\n".join(page(material())) + "\n")
