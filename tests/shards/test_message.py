# SPDX-License-Identifier: Apache-2.0
"""Messages between shards: what goes in comes out, and any bytes are read or refused."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import ShardLost
from sluicegate.ridge.compare import Comparison
from sluicegate.ridge.fusion import FingerMatch
from sluicegate.ridge.shard import Place, Screened
from sluicegate.shards import message

WHOLE = st.integers(0, 2**32 - 1)
REAL = st.floats(allow_nan=False)
SCREENED = st.builds(Screened, REAL, st.text(), st.builds(Place, WHOLE, WHOLE))


@given(st.lists(SCREENED))
def test_subjects_come_out_as_they_went_in(ones: list[Screened]) -> None:
    """Names, worth and places of any subjects survive a message."""
    assert message.to_screened(message.unpack(message.pack({}, message.of_screened(ones)))[1]) == ones


@given(st.lists(st.dictionaries(st.integers(1, 10), st.tuples(WHOLE, REAL, st.integers(0, 5)))))
def test_comparisons_come_out_as_they_went_in(ones: list[dict[int, tuple[int, float, int]]]) -> None:
    """Fingers compared survive a message to the last bit, with every pair of minutiae."""
    given_ = [
        {
            position: FingerMatch(
                n, n, n, Comparison(x, np.full((pairs, 2), 7, np.int32), x / 3, (x / 7, -x))
            )
            for position, (n, x, pairs) in one.items()
        }
        for one in ones
    ]
    found = message.to_matches(message.unpack(message.pack({}, message.of_matches(given_)))[1])
    assert [list(one) for one in found] == [list(one) for one in given_]
    for mine, theirs in zip(found, given_, strict=True):
        for position, match in mine.items():
            other = theirs[position].comparison
            assert (match.probe, match.template, match.reference) == (theirs[position].probe,) * 3
            assert (match.comparison.similarity, match.comparison.rotation) == (
                other.similarity,
                other.rotation,
            )
            assert match.comparison.shift == other.shift
            assert np.array_equal(match.comparison.pairs, other.pairs)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, dressed: bool) -> None:
    """Bytes that are no message are refused with ShardLost and nothing else."""
    try:
        _, arrays = message.unpack(message.MAGIC + data if dressed else data)
        message.to_screened(arrays)
    except ShardLost:
        return


@given(st.data())
def test_a_damaged_message_is_refused_or_still_well_formed(data: st.DataObject) -> None:
    """A message with one byte changed, or cut short, never ends in anything but values or ShardLost."""
    ones = [Screened(-1.5, "somebody", Place(1, 2)), Screened(0.0, "", Place(0, 0))]
    whole = bytearray(message.pack({"made": [3]}, message.of_screened(ones)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        _, arrays = message.unpack(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
        message.to_screened(arrays)
    except ShardLost:
        return
