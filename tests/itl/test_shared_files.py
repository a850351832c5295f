# SPDX-License-Identifier: Apache-2.0
"""The reader against files that nobody on this project wrote."""

from __future__ import annotations

import csv
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from sluicegate.itl.model import Record, Severity, Transaction
from sluicegate.itl.peek import peek_header
from sluicegate.itl.reader import read
from sluicegate.itl.writer import write

pytestmark = pytest.mark.shared

SECONDS_PER_FILE = 20

REFUSABLE = {
    "jnbis-rec01_rec02_rec16.nst.an2",
    "biocts2011-fail-type-1-L1.an2",
    "biocts2011-fail-type-1-wrong-record-number.an2",
    "biocts2011-fail_IDC_Sequential_Tests.an2",
}
"""Files of the invalid set that are wrong in structure. The others break rules of single fields."""

HARMLESS = {
    "bomb-manyfields1000.an2",  # 1000 user fields are allowed
    "crm-flip0.an2",  # flips inside texts or the image
    "crm-flip2.an2",
    "crm-hllff.an2",  # a width that only the image's own header disproves
    "t1-trunc276.an2",  # cut at its own end
    "t1-trunc277.an2",
    "t4-flip0.an2",
    "t4-hllff.an2",
}


def rows(shared_data: Path, folder: str) -> list[tuple[Path, dict[str, str]]]:
    """Path and manifest row of every file in a folder."""
    with (shared_data / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        found = [(shared_data / row["file"], row) for row in csv.DictReader(file)]
    chosen = [(path, row) for path, row in found if row["file"].startswith(folder + "/")]
    assert chosen
    return chosen


def transaction_of(path: Path) -> Transaction:
    """What reading the file gives."""
    transaction = read(path.read_bytes()).transaction
    assert transaction is not None, path.name
    return transaction


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Interrupts whatever runs for longer."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"over {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_valid_files_are_read_and_written_back_byte_for_byte(shared_data: Path) -> None:
    """Every reference file comes out of reader and writer exactly as it went in."""
    for path, _ in rows(shared_data, "an2-valid"):
        assert write(transaction_of(path)) == path.read_bytes(), path.name


def test_no_valid_file_is_refused(shared_data: Path) -> None:
    """Neither the standard's own references nor real senders' files have a defect that refuses them."""
    for path, _ in rows(shared_data, "an2-valid"):
        errors = [d for d in read(path.read_bytes()).defects if d.severity is Severity.ERROR]
        assert errors == [], path.name


def test_true_references_have_no_defect_at_all(shared_data: Path) -> None:
    """The reference files of the standard's publisher give no defects whatever."""
    references = [path for path, row in rows(shared_data, "an2-valid") if row["truth"] == "true reference"]
    assert references
    for path in references:
        assert read(path.read_bytes()).defects == (), path.name


def test_version_type_and_records_are_what_the_manifest_says(shared_data: Path) -> None:
    """VER, TOT and the number of records of each type are those that independent readers found."""
    for path, row in rows(shared_data, "an2-valid"):
        told = re.search(r"VER (\S+) TOT (\S+); records ([^;]*);", row["what"])
        assert told is not None, path.name
        transaction = transaction_of(path)
        header = transaction.records[0]
        assert (header.text(2), header.text(4)) == (told.group(1), told.group(2)), path.name
        counts = Counter(record.type for record in transaction.records[1:])
        assert [f"T{kind}x{n}" for kind, n in sorted(counts.items())] == told.group(3).split(), path.name


def _kind_and_size(record: Record) -> tuple[str, str] | None:
    names = {"WSQ": "WSQ", "JPEGB": "JPEG", "PNG": "PNG", "NONE": "raw?"}
    if record.image is not None:
        size = f"{record.image.hll}x{record.image.vll}"
        return names.get(record.image.compression, record.image.compression), size
    return ("raw?", f"{record.binary['hll']}x{record.binary['vll']}") if record.type == 3 else None


def test_image_sizes_are_what_the_manifest_says(shared_data: Path) -> None:
    """Every image size that independent decoders found is in the headers that this reader unpacked."""
    compared = 0
    for path, row in rows(shared_data, "an2-valid"):
        told = re.findall(r"(WSQ|JPEG|PNG|raw\?) (\d+x\d+)", row["what"].split("; images", 1)[1])
        read_here = {pair for pair in map(_kind_and_size, transaction_of(path).records) if pair is not None}
        for kind, size in told:
            if f"image ({size.replace('x', ', ')})" in row["note"]:
                continue  # the manifest says that this header disagrees with its image
            assert size in {s for _, s in read_here}, (path.name, kind, size)
            compared += 1
    assert compared >= 40


def test_invalid_files_are_read_and_the_structural_ones_refused(shared_data: Path) -> None:
    """Malformed files give readings in bounded time; those that lie about structure are refused."""
    refused = set()
    for path, _ in rows(shared_data, "an2-invalid"):
        with at_most(SECONDS_PER_FILE):
            reading = read(path.read_bytes())
        assert reading.transaction is not None
        assert write(reading.transaction) == path.read_bytes()
        refused |= {path.name} if reading.refused else set()
    assert refused == REFUSABLE


@pytest.mark.slow
def test_mutants_are_refused_unless_harmless(shared_data: Path) -> None:
    """Truncated, lying and oversized files are refused in bounded time, all but those changed harmlessly."""
    accepted = set()
    for path, _ in rows(shared_data, "an2-mutants"):
        data = path.read_bytes()
        with at_most(SECONDS_PER_FILE):
            reading = read(data)
            peek_header(data)
        assert reading.transaction is None or write(reading.transaction) == data, path.name
        accepted |= set() if reading.refused else {path.name}
    assert accepted == HARMLESS
