# SPDX-License-Identifier: Apache-2.0
"""Hand-made transactions and Hypothesis strategies for the tests of `sluicegate.itl`."""

from __future__ import annotations

from hypothesis import strategies as st

from sluicegate.itl.model import FS, GS
from sluicegate.itl.writer import Draft, FingerDraft, HeaderDraft, TaggedDraft, build

HEADER = HeaderDraft(tot="CAR", dat="20261122", dai="WVFBI0000", ori="XX0010000", tcn="TEST-0000000001")

TYPE_2 = TaggedDraft(2, 0, [(18, "DOE,JANE"), (22, "19800101"), (47, [["20261121", "DUI"]])])


def finger(idc: int = 1, fgp: tuple[int, ...] = (1,), data: bytes | None = None) -> FingerDraft:
    """An uncompressed 16 by 12 Type-4 image whose data holds every kind of separator."""
    pixels = data if data is not None else bytes(range(192))
    return FingerDraft(idc, 0, fgp, 1, 16, 12, 0, pixels)


def type_14(idc: int = 1, data: bytes = b"\x1c\x1d\x1e\x1f" * 48, cga: str = "NONE") -> TaggedDraft:
    """A Type-14 image of 16 by 12, at 197 pixels per centimeter."""
    texts = {3: "0", 6: "16", 7: "12", 8: "2", 9: "197", 10: "197", 11: cga, 12: "8", 13: "7"}
    return TaggedDraft(14, idc, [*texts.items(), (999, data)])


def small_card() -> bytes:
    """Type-1, Type-2, two Type-4, one Type-14."""
    return build(HEADER, [TYPE_2, finger(1), finger(2, (2,)), type_14(3)])


def tagged(kind: int, *fields: str | bytes, length: int | None = None, end: bytes = FS) -> bytes:
    """A tagged record from ready-made fields, with a LEN that is right unless another is asked for."""
    rest = b"".join(GS + (one.encode() if isinstance(one, str) else one) for one in fields) + end
    start = f"{kind}.001:".encode()
    right = next(n for n in range(len(start) + len(rest), 10**7) if n == len(start) + len(rest) + len(str(n)))
    return start + str(right if length is None else length).encode() + rest


def header(contents: str, *more: str, length: int | None = None) -> bytes:
    """A Type-1 record with the given 1.003, written with `~` for RS and `^` for US."""
    cnt = contents.replace("~", "\x1e").replace("^", "\x1f")
    texts = ("1.004:CAR", "1.005:20261122", "1.007:D", "1.008:O", "1.009:T", "1.011:19.69", "1.012:19.69")
    return tagged(1, "1.002:0400", f"1.003:{cnt}", *texts, *more, length=length)


_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
_value = _text | st.lists(st.lists(_text, min_size=1, max_size=3), min_size=1, max_size=3)


@st.composite
def drafts(draw: st.DrawFn) -> list[Draft]:
    """Up to five records with IDCs of their own."""
    made: list[Draft] = []
    for idc in range(draw(st.integers(0, 5))):
        which = draw(st.sampled_from(("text", "finger", "image")))
        if which == "finger":
            data = draw(st.binary(min_size=192, max_size=192))
            fgp = tuple(draw(st.lists(st.integers(1, 254), min_size=1, max_size=6)))
            made.append(finger(idc, fgp, data))
        elif which == "image":
            made.append(type_14(idc, draw(st.binary(min_size=1, max_size=60)), "WSQ20"))
        else:
            kind = draw(st.sampled_from((2, 9, 10, 13, 99)))
            numbers = sorted(draw(st.sets(st.integers(3, 998), max_size=5)))
            made.append(TaggedDraft(kind, idc, [(number, draw(_value)) for number in numbers]))
    return made
