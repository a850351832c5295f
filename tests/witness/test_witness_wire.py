# SPDX-License-Identifier: Apache-2.0
"""The body of `add-checkpoint`, as bytes: what is read, what is refused, and that nothing comes back out."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import InputRefused
from sluicegate.testing.witnesses import History
from sluicegate.witness.judge import Witness
from sluicegate.witness.state import State
from sluicegate.witness.wire import MAX_BODY_BYTES, Request, read_request, read_size, write_request

HASH = base64.b64encode(b"\x01" * 32)
# The example of the specification (c2sp.org/tlog-witness): its layout, not its keys, is on trial.
EXAMPLE = b"""old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501 one signature is one line


def test_the_example_of_the_specification_is_read_and_written_alike() -> None:
    """The published example has its size, its four hashes and its checkpoint, and is written as it was."""
    read = read_request(EXAMPLE)
    assert (read.old, len(read.proof), read.note.split("\n")[1]) == (20852014, 4, "20852163")
    assert write_request(read.old, read.proof, read.note) == EXAMPLE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1",
        b"old 01\n\nnote",
        b"old -1\n\nnote",
        b"old 1 \n\nnote",
        b"old \xd9\xa1\n\nnote",
        b"new 1\n\nnote",
        b"old 1\r\n\r\nnote",
        b"old 1\nnot base64\n\nnote",
        b"old 1\n" + HASH[:-4] + b"\n\nnote",
        b"old 1\n" + (HASH + b"\n") * 64 + b"\nnote",
        b"old 1\n\n\xff",
        b"old 1\n\n" + b"x" * MAX_BODY_BYTES,
        b"old 1234567890123456789\n\nnote",
    ],
    ids=range(14),
)
def test_what_is_not_laid_out_as_a_request_is_refused(body: bytes) -> None:
    """A missing, misspelled or superfluous part, too many hashes, and too many bytes are refused."""
    with pytest.raises(InputRefused):
        read_request(body)


@given(
    old=st.integers(0, 10**17),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    note=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
def test_every_request_that_is_written_is_read_again(old: int, proof: list[bytes], note: str) -> None:
    """Size, proof and note come back as they were given, whatever the note holds."""
    assert read_request(write_request(old, proof, note)) == Request(old, tuple(proof), note)


@given(body=st.binary(max_size=300) | st.binary(max_size=80).map(lambda tail: b"old 0\n\n" + tail))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No body makes the reader fail in another way than by refusing it."""
    try:
        read = read_request(body)
    except InputRefused:
        return
    assert write_request(read.old, read.proof, read.note) == body


def test_a_damaged_request_is_answered_and_never_echoed(
    opened: Callable[..., tuple[Witness, State]], told: History
) -> None:
    """Whatever bytes are put into a good request, the answer is one of the protocol, in our own words."""
    witness, memory = opened()
    good = write_request(0, (), told.note(4))

    @given(cut=st.integers(0, len(good)), put=st.binary(max_size=6))
    @settings(max_examples=150, deadline=None)
    def damaged(cut: int, put: bytes) -> None:
        answer = witness.add_checkpoint(good[:cut] + put + good[cut + len(put) :])
        assert answer.status in (200, 400, 403, 404, 409, 422)
        if answer.status == 200:
            assert answer.body.startswith("\u2014 paper.example/witness ")
        else:
            assert answer.body.isascii()
            assert told.key.name not in answer.body
        assert memory.logs()[0].size in (0, 4)

    damaged()


@pytest.mark.parametrize(
    ("body", "size"), [(b"0\n", 0), (b"12\n", 12), (b"12", None), (b"012\n", None), (b"9" * 19 + b"\n", None)]
)
def test_the_size_of_a_conflict_has_one_spelling(body: bytes, size: int | None) -> None:
    """A size is a number and a line feed; anything else is no size."""
    assert read_size(body) == size
