# SPDX-License-Identifier: Apache-2.0
"""Releases: what is withheld is nowhere in the bundle, what is shown was sealed, and a court can look."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import InputRefused, VerifyError
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.releases import bundle, document, page, redact, verify
from sluicegate.releases.bundle import DATA, MANIFEST, PAGE
from sluicegate.releases.redact import Redaction, Secrets

NAME = "Jordan Q. Example"
SENTENCE = "Mr. Plätzhalter said: \u201cprints are searched all the same\u201d <&> 'always'."
LETTER: dict[str, Any] = {
    "format": document.FORMAT,
    "id": "letter",
    "title": "On the options of a county",
    "date": "2010-11-05",
    "custodian": "Records desk",
    "blocks": [
        {"id": "f1", "kind": "field", "label": "From", "text": NAME},
        {"id": "h1", "kind": "heading", "text": "Options <1> & more"},
        {
            "id": "p1",
            "kind": "paragraph",
            "pieces": [{"id": "p1.1", "text": "Option 1. "}, {"id": "p1.2", "text": SENTENCE}],
        },
        {"id": "p2", "kind": "paragraph", "text": "Option 2."},
    ],
}
GONE = (Redaction("f1", ("(b)(6)", "(b)(7)(C)")), Redaction("p1.2", ("(b)(5)",), "deliberative"))


def salts(seed: str = "") -> Callable[[], bytes]:
    """Salts that a test can foresee."""
    count = iter(range(10_000))
    return lambda: hashlib.sha256(f"{seed} {next(count)}".encode()).digest()


def sealed(seed: str = "") -> Secrets:
    """The letter, sealed."""
    return redact.seal(document.from_json(LETTER), salts(seed))


def released(gone: tuple[Redaction, ...] = GONE) -> dict[str, bytes]:
    """A release of the letter."""
    return bundle.make(sealed(), gone, name="letter-1", made="2012-01-09T12:00:00Z")


def resealed(data: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A release with other data, and its page and manifest made anew by a publisher who cheats."""
    changed = {DATA: canonical.encode(data), PAGE: page.render(data)}
    manifest = json.loads(files[MANIFEST])
    for one in manifest["files"]:
        body = changed[one["name"]]
        one.update({"size": len(body), "sha256": hashlib.sha256(body).hexdigest()})
    manifest["root"] = data["root"]
    return {**changed, MANIFEST: canonical.encode(manifest)}


def spellings(text: str) -> Iterator[bytes]:
    """The bytes that a text could hide as."""
    plain = text.encode("utf-8")
    for form in (text, text.upper(), text.lower(), text[::-1], escape(text), json.dumps(text)[1:-1]):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            yield form.encode(encoding)
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for offset in range(3):  # base64 of the text inside something longer, at each of its three alignments
        whole = base64.b64encode(bytes(offset) + plain)
        yield whole[4 if offset else 0 : -4]
    yield base64.b32encode(plain).rstrip(b"=")
    for digest in ("md5", "sha1", "sha256", "sha512"):
        yield hashlib.new(digest, plain, usedforsecurity=False).hexdigest().encode()


@pytest.mark.parametrize("text", [NAME, SENTENCE, "Plätzhalter", "searched all the same", "Jordan"])
def test_a_withheld_text_is_in_no_file_of_the_release_in_any_spelling(text: str) -> None:
    """Neither whole nor by its telling words, in no encoding, and by no digest of it alone."""
    whole = b"\n".join(released().values())
    assert [one for one in spellings(text) if one in whole] == []
    assert any(one in b"\n".join(released(()).values()) for one in spellings(text)), "the search finds it"


def test_a_release_holds_and_says_what_it_withholds() -> None:
    """Each withheld piece stands with its exemptions, a coarse extent, and a commitment."""
    data, lines = verify.verify(released())
    pieces = {one["id"]: one for one in data["pieces"]}
    assert pieces["f1"]["codes"] == ["(b)(6)", "(b)(7)(C)"]
    assert pieces["p1.2"]["extent"] == "up to 25 words"
    assert "Withheld: 2" in lines[2]


def test_the_page_runs_nothing_and_shows_boxes_with_their_codes() -> None:
    """The page has no script and no way out, escapes what it shows, and labels each box."""
    text = released()[PAGE].decode()
    assert "<script" not in text.lower()
    assert "default-src 'none'" in text
    assert "http" not in text.lower().replace("http-equiv", "")
    assert "Options &lt;1&gt; &amp; more" in text
    assert text.count('<span class="gone">') == 2
    assert "withheld (b)(6), (b)(7)(C)" in text


def test_two_releases_of_one_document_have_one_root() -> None:
    """What one release withheld the later one shows, and the root proves that nothing was altered."""
    first, _ = verify.verify(released())
    second, _ = verify.verify(released(GONE[:1]))
    assert first["root"] == second["root"]
    assert "  now shown: p1.2" in verify.compare(second, first)
    other, _ = verify.verify(bundle.make(sealed("x"), GONE, name="letter-1", made="2012-01-09T12:00:00Z"))
    with pytest.raises(VerifyError, match="roots differ"):
        verify.compare(other, first)


def test_a_court_sees_what_was_withheld_and_nothing_else_passes_for_it() -> None:
    """An opening gives the text that was committed to; a changed text, salt or piece is refused."""
    data, _ = verify.verify(released())
    opened = redact.opened(sealed(), ["p1.2"])
    assert verify.verify_opened(data, opened) == [("p1.2", SENTENCE)]
    assert NAME.encode() not in opened
    for key, value in (("text", "Nothing."), ("salt", "00" * 32), ("id", "f1")):
        wrong = json.loads(opened)
        wrong["pieces"][0][key] = value
        with pytest.raises(VerifyError, match="not what was committed to"):
            verify.verify_opened(data, canonical.encode(wrong))


def test_an_extent_that_was_not_true_is_seen_when_the_piece_is_opened() -> None:
    """A publisher who understates how much is withheld is found out in court."""
    files = released()
    data = json.loads(files[DATA])
    next(one for one in data["pieces"] if one["id"] == "p1.2")["extent"] = "up to 5 words"
    changed, _ = verify.verify(resealed(data, files))
    with pytest.raises(VerifyError, match="extent"):
        verify.verify_opened(changed, redact.opened(sealed(), ["p1.2"]))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(released())), at=st.integers(0, 10**6), other=st.integers(1, 255))
@pytest.mark.slow
def test_any_changed_byte_is_refused(name: str, at: int, other: int) -> None:
    """Whatever byte of whatever file is changed, the release is refused."""
    files = dict(released())
    data = bytearray(files[name])
    data[at % len(data)] ^= other
    with pytest.raises(VerifyError):
        verify.verify({**files, name: bytes(data)})


def swap_text(data: dict[str, Any]) -> None:
    """Alter a text that is shown."""
    data["pieces"][1]["text"] = "Other"


def drop_piece(data: dict[str, Any]) -> None:
    """Leave the last paragraph out, as if it had never been."""
    data["pieces"].pop()
    data["structure"]["blocks"].pop()


def turn_around(data: dict[str, Any]) -> None:
    """Put two paragraphs the other way round."""
    data["pieces"].reverse()
    data["structure"]["blocks"].reverse()


def no_code(data: dict[str, Any]) -> None:
    """Withhold without an exemption."""
    data["pieces"][0]["codes"] = []


def new_meaning(data: dict[str, Any]) -> None:
    """Say that an exemption is about something else."""
    data["codes"]["(b)(5)"] = "whatever we like"


def new_title(data: dict[str, Any]) -> None:
    """Give the document another title."""
    data["structure"]["title"] = "Other"


@pytest.mark.parametrize("change", [swap_text, drop_piece, turn_around, no_code, new_meaning, new_title])
def test_what_a_publisher_alters_is_caught_though_page_and_digests_are_made_anew(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """Texts, order, titles, missing pieces and bare boxes do not lead to the root, or are refused."""
    files = released()
    data = json.loads(files[DATA])
    change(data)
    with pytest.raises(VerifyError):
        verify.verify(resealed(data, files))


def test_a_page_that_says_something_else_than_the_data_is_caught() -> None:
    """The readable page is made of the data and of nothing else."""
    files = dict(released())
    files[PAGE] = files[PAGE].replace(b"Option 2.", b"Option 3.")
    manifest = json.loads(files[MANIFEST])
    for one in manifest["files"]:
        one["sha256"] = hashlib.sha256(files[one["name"]]).hexdigest()
    with pytest.raises(VerifyError, match="page"):
        verify.verify({**files, MANIFEST: canonical.encode(manifest)})


@pytest.mark.parametrize("where", ["title", "label", "paragraph", "across"])
def test_a_withheld_text_that_stands_elsewhere_is_found_before_release(where: str) -> None:
    """A name that was withheld in one place and left in another is told by place, whatever its case."""
    letter = json.loads(json.dumps(LETTER))
    shouted = NAME.upper().replace(" ", "  ")
    if where == "title":
        letter["title"] = f"A letter of {shouted}"
    elif where == "label":
        letter["blocks"][0]["label"] = shouted
    elif where == "paragraph":
        letter["blocks"][3]["text"] = f"Signed {shouted}."
    else:
        letter["blocks"][3].pop("text")
        letter["blocks"][3]["pieces"] = [
            {"id": "p2.1", "text": "Jordan Q."},
            {"id": "p2.2", "text": " Example"},
        ]
    read = document.from_json(letter)
    assert {piece for piece, _ in redact.repeats(read, GONE)} == {"f1"}
    assert redact.repeats(document.from_json(LETTER), GONE) == ()


def redactions(*ones: dict[str, Any]) -> bytes:
    """A list of redactions as a file."""
    return json.dumps({"format": redact.FORMAT, "document": "letter", "redactions": list(ones)}).encode()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ({"id": "p1.2", "codes": ["(b)(10)"]}, "names no exemption"),
        ({"id": "p1.2", "codes": []}, "names no exemption"),
        ({"id": "p9", "codes": ["(b)(5)"]}, "no piece or block p9"),
        ({"id": "p1.2", "codes": ["(b)(5)"], "why": ""}, "has an id and codes"),
        ({"id": "p1.2", "codes": ["(b)(5)"], "extent": "no"}, "true or false"),
    ],
)
def test_a_redaction_without_a_reason_or_a_place_is_refused(one: dict[str, Any], words: str) -> None:
    """Every redaction names a piece that exists and an exemption that exists."""
    with pytest.raises(InputRefused, match=words):
        redact.read(redactions(one), document.from_json(LETTER))


def test_a_block_stands_for_all_its_pieces() -> None:
    """Withholding a paragraph withholds each of its pieces, and twice is refused."""
    letter = document.from_json(LETTER)
    found = redact.read(redactions({"id": "p1", "codes": ["(b)(5)"]}), letter)
    assert [one.piece for one in found] == ["p1.1", "p1.2"]
    twice = redactions({"id": "p1", "codes": ["(b)(5)"]}, {"id": "p1.1", "codes": ["(b)(5)"]})
    with pytest.raises(InputRefused, match="twice"):
        redact.read(twice, letter)


@pytest.mark.parametrize("odd", ["\u202e", "\x00", "\u2066", "\ufeff", "\ud800"])
def test_a_text_that_would_not_show_as_it_is_is_refused(odd: str) -> None:
    """Turned directions, controls and what is not Unicode never reach a page."""
    letter = json.loads(json.dumps(LETTER))
    letter["blocks"][0]["text"] = f"a{odd}b"
    with pytest.raises(InputRefused):
        document.from_json(letter)


def test_secrets_come_back_as_they_were_kept() -> None:
    """The custodian's file gives the same document, salts and root again."""
    again = redact.decode_secrets(redact.encode_secrets(sealed()))
    assert again == sealed()
    assert redact.root(again) == redact.root(sealed())


def test_the_statement_is_one_that_the_master_log_takes() -> None:
    """What the master log says of a release is its id and the digest of its manifest."""
    said = bundle.statement(released()[MANIFEST], "2012-01-09T12:00:00Z")
    assert said["manifest"] == hashlib.sha256(released()[MANIFEST]).hexdigest()
    assert statements.decode(canonical.encode(said)).subject == "letter-1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80) | json_values.map(lambda value: json.dumps(value).encode()))
@pytest.mark.slow
def test_files_of_any_bytes_are_refused_in_our_own_words(data: bytes) -> None:
    """Documents, redactions, secrets and openings answer any bytes with a refusal of ours."""
    letter = document.from_json(LETTER)
    for read in (document.read, redact.decode_secrets, lambda one: redact.read(one, letter)):
        with pytest.raises(InputRefused):
            read(data)
    with pytest.raises(VerifyError):
        verify.verify_opened(json.loads(released()[DATA]), data)


@settings(max_examples=100, deadline=None)
@given(
    key=st.sampled_from(["format", "release", "made", "structure", "pieces", "root", "codes", "about_codes"]),
    value=json_values,
)
@pytest.mark.slow
def test_a_release_of_any_shape_is_refused_in_our_own_words(key: str, value: Any) -> None:
    """Whatever stands in place of a part of the data, the release is refused, and nothing else happens."""
    files = released()
    data = json.loads(files[DATA])
    data[key] = value
    manifest = json.loads(files[MANIFEST])
    body = canonical.encode(data)
    for one in manifest["files"]:
        if one["name"] == DATA:
            one.update({"size": len(body), "sha256": hashlib.sha256(body).hexdigest()})
    with pytest.raises(VerifyError):
        verify.verify({**files, DATA: body, MANIFEST: canonical.encode(manifest)})
