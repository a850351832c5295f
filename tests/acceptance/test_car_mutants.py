# SPDX-License-Identifier: Apache-2.0
"""Mutants of a conforming booking: cut short, and lying about lengths, contents and sizes of images."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
import pytest
from acceptance_world import HANG_S, Counter, partial_booking, with_header

from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft
from sluicegate.raster import encode
from sluicegate.testing import bookings

TCN = "MUTANT0000000000"
IDC_AT, HLL_AT, VLL_AT = 4, 13, 15  # bytes from the start of a Type-4 record (ANSI/NIST-ITL 1-2007 clause 11)


@pytest.fixture(scope="module")
def booking() -> bytes:
    """A conforming CAR of three raw prints."""
    return partial_booking(TCN, bookings.tiny_fingers(7, 3))


def starts(data: bytes) -> list[int]:
    """Where the records begin."""
    transaction = read(data).transaction
    assert transaction is not None
    return [record.offset for record in transaction.records]


def refused(counter: Counter, mutants: Iterable[tuple[str, bytes]]) -> dict[str, tuple[str, ...]]:
    """The lines that each mutant got, none of which may have been searched, hung or answered twice."""
    told, wrong = {}, {}
    for name, mutant in mutants:
        settled = counter.ask(mutant.replace(TCN.encode(), counter.number().ljust(len(TCN), "0").encode()))
        told[name] = settled.lines
        answered = settled.kind == "ERRT" and settled.answers == 1 and bool(settled.lines)
        if not (answered or settled.kind == "REFUSED") or settled.seconds > HANG_S:
            wrong[name] = settled
    assert wrong == {}
    return told


def test_the_unharmed_booking_is_answered_with_sre(counter: Counter, booking: bytes) -> None:
    """The booking that the mutants are made of gets its SRE."""
    assert counter.ask(booking.replace(TCN.encode(), b"UNHARMED00000000")).kind == "SRE"


@pytest.mark.slow
def test_a_booking_cut_short_anywhere_is_refused(counter: Counter, booking: bytes) -> None:
    """No beginning of a booking passes for a booking, wherever it breaks off."""
    borders = {border + step for border in (*starts(booking), len(booking)) for step in (-2, -1, 0, 1, 2)}
    ends = sorted({one for one in borders | set(range(0, len(booking), 23)) if one < len(booking)})
    told = refused(counter, ((f"cut at {end}", booking[:end]) for end in ends))
    assert len(told) > 100
    assert counter.good(11).kind == "SRE"


@pytest.mark.slow
def test_a_length_that_lies_is_refused(counter: Counter, booking: bytes) -> None:
    """A LEN that is short, long, negative, huge or no number at all is refused in every record."""
    told = refused(counter, [*lying_text_lengths(booking), *lying_binary_lengths(booking)])
    assert len(told) > 40
    assert all("LEN" in line[0] or "length" in line[0] or len(line) > 1 for line in told.values())
    assert counter.good(12).kind == "SRE"


def lying_text_lengths(data: bytes) -> Iterable[tuple[str, bytes]]:
    """Type-1 and Type-2 with other values of LEN."""
    for kind, start in zip((1, 2), starts(data), strict=False):
        tag = f"{kind}.001:".encode()
        end = data.index(b"\x1d", start)
        length = int(data[start + len(tag) : end])
        lies = (0, 1, length - 1, length + 1, length * 10, 2**31, 2**64, -length)
        words = [str(lie).encode() for lie in lies] + [b"", b"1e3", b"0x10", b"+%d" % length, b"9" * 5000]
        for word in words:
            yield f"Type-{kind} LEN {word[:24]!r}", data[:start] + tag + word + data[end:]


def lying_binary_lengths(data: bytes) -> Iterable[tuple[str, bytes]]:
    """Each Type-4 record with other values of LEN."""
    for number, start in enumerate(starts(data)[2:], 1):
        (length,) = struct.unpack_from(">I", data, start)
        for lie in (0, 1, 17, 18, length - 1, length + 1, length + 100, 2**31, 2**32 - 1):
            yield f"Type-4 no. {number} LEN {lie}", data[:start] + struct.pack(">I", lie) + data[start + 4 :]


@pytest.mark.slow
def test_contents_that_lie_are_refused(counter: Counter, booking: bytes) -> None:
    """CNT (1.003) that counts wrong, or tells other types or IDCs than are there, is refused and named."""
    pair, next_ = b"\x1f", b"\x1e"
    right = [[b"1", b"4"], [b"2", b"00"], [b"4", b"01"], [b"4", b"02"], [b"4", b"03"]]
    lies: dict[str, list[list[bytes]]] = {
        "one missing": right[:-1],
        "one too many": [*right, [b"4", b"04"]],
        "another type": [*right[:-1], [b"14", b"03"]],
        "another IDC": [*right[:-1], [b"4", b"77"]],
        "twice the same IDC": [*right[:-1], [b"4", b"02"]],
        "counts none": [[b"1", b"0"], *right[1:]],
        "counts 999": [[b"1", b"999"], *right[1:]],
        "counts -1": [[b"1", b"-1"], *right[1:]],
        "no number": [[b"1", b"four"], *right[1:]],
        "Type-0": [*right[:-1], [b"0", b"03"]],
        "Type-23": [*right[:-1], [b"23", b"03"]],
        "nothing": [],
        "not Type-1 first": [[b"2", b"4"], *right[1:]],
    }
    assert with_header(booking, cnt=next_.join(pair.join(one) for one in right)) == booking
    mutants = (
        (name, with_header(booking, cnt=next_.join(pair.join(one) for one in lie)))
        for name, lie in lies.items()
    )
    told = refused(counter, mutants)
    wrong = {name for name, lines in told.items() if not any(_names_contents(line) for line in lines)}
    assert wrong == set()
    assert counter.good(13).kind == "SRE"


def _names_contents(line: str) -> bool:
    return "transaction content" in line or "1.003" in line


@pytest.mark.parametrize("side", ["HLL", "VLL"])
def test_a_size_that_a_raw_print_has_not_is_refused(counter: Counter, booking: bytes, side: str) -> None:
    """HLL or VLL that does not fit the bytes of a raw print is refused, naming the print's IDC."""
    at = starts(booking)[3] + (HLL_AT if side == "HLL" else VLL_AT)  # the second print, of IDC 02
    assert booking[starts(booking)[3] + IDC_AT] == 2
    lies = (0, 1, 23, 25, 4001, 65535)
    mutants = ((f"{side} {n}", booking[:at] + struct.pack(">H", n) + booking[at + 2 :]) for n in lies)
    told = refused(counter, mutants)
    assert [name for name, lines in told.items() if not any("IDC 02" in line for line in lines)] == []
    assert counter.good(14).kind == "SRE"


@pytest.mark.slow
def test_a_coded_print_whose_record_lies_about_its_size_is_refused_by_name(counter: Counter) -> None:
    """A WSQ print whose HLL is not the image's own width gets an ERRT that names HLL and the print's IDC."""
    good = bookings.tiny_fingers(1, 1)[0]
    width, height = 96, 112
    coded = encode.wsq(np.tile(np.arange(width, dtype=np.uint8) * 2, (height, 1)))
    lying = FingerDraft(0, 1, (2,), 0, width + 8, height, 1, coded)
    settled = counter.ask(partial_booking(counter.number(), [good, lying]))
    assert settled.kind == "ERRT"
    assert any("HLL" in line and "IDC 02" in line for line in settled.lines), settled.lines
