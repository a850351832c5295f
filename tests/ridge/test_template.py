# SPDX-License-Identifier: Apache-2.0
"""The binary form of a template."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import TemplateError
from sluicegate.ridge import template as tp


def _finger(minutiae: object = (), fgp: int = 2, width: int = 500, height: int = 600) -> tp.FingerTemplate:
    rows = np.asarray(minutiae, dtype=np.float32).reshape(-1, 4)
    return tp.FingerTemplate(fgp, 1, width, height, rows)


def _template(
    *fingers: tp.FingerTemplate, extractor: str = "leader-1", parameters: str = "abc"
) -> tp.Template:
    return tp.Template(extractor, parameters, fingers)


def _sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


ROW = st.tuples(
    st.floats(0, 500, width=32),
    st.floats(0, 600, width=32),
    st.floats(0, 6.25, width=32),
    st.floats(0, 1, width=32),
)


@settings(deadline=None)
@given(st.lists(st.lists(ROW, max_size=30), max_size=5))
def test_a_template_survives_its_binary_form_within_the_stated_steps(
    fingers: list[list[tuple[float, ...]]],
) -> None:
    """What is read back lies within half a step of what was written, and writes the same bytes again."""
    before = _template(*(_finger(rows, fgp=n + 1) for n, rows in enumerate(fingers)))
    data = tp.encode(before)
    after = tp.decode(data)
    assert tp.encode(after) == data
    assert [f.fgp for f in after.fingers] == [f.fgp for f in before.fingers]
    for a, b in zip(after.fingers, before.fingers, strict=True):
        assert np.abs(a.minutiae[:, :2] - b.minutiae[:, :2]).max(initial=0) <= 0.126
        turn = np.abs(a.minutiae[:, 2] - b.minutiae[:, 2])
        assert np.minimum(turn, 2 * math.pi - turn).max(initial=0) < 1e-4
        assert np.abs(a.minutiae[:, 3] - b.minutiae[:, 3]).max(initial=0) <= 0.5 / 255 + 1e-6


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_template_or_a_template_error(junk: bytes) -> None:
    """No bytes, sealed with a right checksum or not, raise anything but TemplateError."""
    for data in (junk, _sealed(tp.MAGIC + junk), _sealed(tp.MAGIC + b"\x01x\x01y" + junk)):
        try:
            read = tp.decode(data)
        except TemplateError:
            continue
        assert tp.encode(read) == data


@settings(deadline=None)
@given(st.data())
def test_every_single_changed_byte_is_noticed(data: st.DataObject) -> None:
    """A template with one byte changed, or cut anywhere, is refused."""
    whole = tp.encode(_template(_finger([[1, 2, 3, 0.5], [4, 5, 6, 1]])))
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    with pytest.raises(TemplateError):
        tp.decode(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
    with pytest.raises(TemplateError):
        tp.decode(whole[:at])


@pytest.mark.parametrize(
    "row",
    [
        [math.nan, 1, 1, 1],
        [1, math.inf, 1, 1],
        [1, 1, math.nan, 1],
        [1, 1, 1, math.nan],
        [-1, 1, 1, 1],
        [501, 1, 1, 1],
        [1, 601, 1, 1],
        [1, 1, 1, 1.1],
        [1, 1, 1, -0.1],
    ],
)
def test_a_value_that_is_no_minutia_is_never_written(row: list[float]) -> None:
    """A place outside the image, a quality outside 0 to 1, or a value that is not a number is refused."""
    with pytest.raises(TemplateError):
        tp.encode(_template(_finger([row])))


def test_only_twenty_fingers_are_taken() -> None:
    """A template of twenty fingers is written and one of twenty-one is refused, in both directions."""
    assert len(tp.decode(tp.encode(_template(*[_finger()] * 20))).fingers) == 20
    with pytest.raises(TemplateError, match="at most 20"):
        tp.encode(_template(*[_finger()] * 21))
    with pytest.raises(TemplateError, match="at most 20"):
        tp.decode(_sealed(tp.MAGIC + b"\x01x\x01y\x15" + bytes(8 * 21)))


def test_the_best_thousand_minutiae_of_a_finger_are_kept() -> None:
    """Of 1,200 minutiae the 1,000 of highest quality are kept, in their given order."""
    quality = np.linspace(0, 1, 1200, dtype=np.float32)
    rows = np.stack([np.arange(1200) % 500, np.arange(1200) // 500, np.zeros(1200), quality], axis=1)
    kept = tp.decode(tp.encode(_template(_finger(rows)))).fingers[0].minutiae
    assert len(kept) == 1000
    assert np.array_equal(kept[:, 0], rows[200:, 0])


def test_templates_of_different_extractors_are_never_comparable() -> None:
    """Another extractor, or the same with other parameters, is refused; the same passes."""
    mine = _template(_finger())
    tp.require_same(mine, _template(_finger([[1, 1, 1, 1]])))
    for other in (_template(extractor="mindtct"), _template(parameters="abd")):
        with pytest.raises(TemplateError, match="not comparable"):
            tp.require_same(mine, other)


def test_names_and_numbers_that_do_not_fit_are_refused() -> None:
    """An unprintable or missing extractor name, an odd shape and a number beyond its field are refused."""
    flat = tp.FingerTemplate(1, 1, 10, 10, np.zeros(4, dtype=np.float32))
    for bad in (
        _template(extractor=""),
        _template(extractor="a\nb"),
        _template(extractor="x" * 256),
        _template(_finger(fgp=256)),
        _template(_finger(width=20_000)),
        _template(flat),
    ):
        with pytest.raises(TemplateError):
            tp.encode(bad)


def test_a_template_of_another_version_is_refused_as_such() -> None:
    """A later version is refused with a sentence that says so."""
    with pytest.raises(TemplateError, match="version"):
        tp.decode(_sealed(b"SGT\x02" + b"\x01x\x01y\x00"))


def test_a_digest_names_the_bytes() -> None:
    """Two templates have the same digest exactly if their bytes are equal."""
    a, b = tp.encode(_template(_finger())), tp.encode(_template(_finger([[1, 1, 1, 1]])))
    assert tp.digest(a) == tp.digest(bytes(a))
    assert tp.digest(a) != tp.digest(b)
    assert len(tp.digest(a)) == 64
