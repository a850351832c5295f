# SPDX-License-Identifier: Apache-2.0
"""The page of known faults is what the rules find now, and what it says of them holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.conformance import NO_DEPARTURE, OTHER_TRUTHS, REMARKS, Judged, judged, page

from sluicegate.itl.model import Severity
from sluicegate.itl.reader import read

pytestmark = [pytest.mark.shared, pytest.mark.slow]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
UNSURE = "biocts2013-fail-all-supported-types-last-record-idc-mismatch-value-found-in-1.003.an2"
LENIENT = "biocts2013-pass-type-10-face-smt-combined.an2"


@pytest.fixture(scope="module")
def bad(shared_data: Path) -> list[Judged]:
    """Every file whose makers say that it is wrong."""
    return judged(shared_data, "an2-invalid")


@pytest.fixture(scope="module")
def good(shared_data: Path) -> list[Judged]:
    """Every file that somebody calls valid."""
    return judged(shared_data, "an2-valid")


def test_the_page_is_what_a_fresh_run_writes(shared_data: Path) -> None:
    """The page of the documentation is, line by line, what the rules find in the files now."""
    assert PAGE.read_text("utf-8").splitlines() == list(page(shared_data))


def test_everything_that_is_named_is_found_or_explained(bad: list[Judged]) -> None:
    """No departure that the manifest names is missed, and each change that is none has its reason."""
    assert len(bad) == 13
    assert {file.name: file.missed for file in bad if file.missed} == {}
    assert {file.name for file in bad if not file.expected} == {UNSURE}


def test_no_reason_excuses_what_is_found(bad: list[Judged]) -> None:
    """A reason stands only beside a change that is there and that no rule found."""
    used = {
        (file.name, one.record, one.tag)
        for file in bad
        for one in file.expected
        if file.reason(one) and not file.hits(one)
    }
    assert used == set(NO_DEPARTURE)


def test_nothing_found_besides_stands_in_a_conforming_file(shared_data: Path, bad: list[Judged]) -> None:
    """No text found wrong in a bad file stands in a conforming one, but for a scale without a unit."""
    conforming: set[tuple[int, bytes]] = set()
    for path in (shared_data / "an2-valid").glob("biocts*"):
        conforming |= {(kind, raw) for kind, raw, _ in _fields(path)}
    shared = set()
    for file in bad:
        here = {at: (kind, raw) for kind, raw, at in _fields(shared_data / "an2-invalid" / file.name)}
        told = [d for d in file.found if d.place.tag and d.place.record_type != 4]
        where = [max(at for at in here if at <= d.place.offset) for d in told]
        wrong = zip(told, where, strict=True)
        shared |= {d.place.tag for d, at in wrong if d.code != "ITL-ITEM-NONE" and here[at] in conforming}
    assert shared == {"13.009", "13.010"}


def _fields(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Record type, bytes and offset of every tagged field but image data."""
    transaction = read(path.read_bytes()).transaction
    for record in transaction.records if transaction else ():
        yield from ((record.type, f.raw, f.offset) for f in record.fields if f.number != 999)


def test_bad_files_do_not_conform(bad: list[Judged]) -> None:
    """Every bad file has an error by the standard alone."""
    assert [file.name for file in bad if all(d.severity < Severity.ERROR for d in file.found)] == []


def test_true_references_have_nothing_against_them(good: list[Judged]) -> None:
    """Nothing at all is found in a true reference of the standard's publisher."""
    references = [file for file in good if file.truth == "true reference"]
    assert len(references) == 9
    assert [file.name for file in references if file.found] == []


def test_conforming_files_have_no_error(good: list[Judged]) -> None:
    """No file that conforms by its makers' word has an error, and one alone has a warning."""
    conforming = [file for file in good if file.truth == "BioCTS: conforms"]
    assert len(conforming) == 11
    found = {file.name: [(d.severity.name, d.code) for d in file.found] for file in conforming if file.found}
    assert found == {LENIENT: [("WARNING", "ITL-CHAR")]}


def test_every_finding_in_a_good_file_was_looked_at(good: list[Judged]) -> None:
    """Each good file in which something is found has a remark, and no remark is stale."""
    assert {file.name for file in good if file.found} == set(REMARKS)


def test_every_finding_has_its_place(bad: list[Judged], good: list[Judged]) -> None:
    """Everything that is found names its clause, its record and a byte inside the file."""
    for file in (*bad, *good):
        for one in file.found:
            assert one.clause, (file.name, one)
            assert one.place.record_type, (file.name, one)
            assert one.place.offset >= 0, (file.name, one)


def test_truths_told_in_words_are_of_files_that_are_there(bad: list[Judged]) -> None:
    """Every file for which a truth is written down by hand is among the bad ones."""
    assert set(OTHER_TRUTHS) <= {file.name for file in bad}
