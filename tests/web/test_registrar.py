# SPDX-License-Identifier: Apache-2.0
"""The registrar's desk over HTTP: two people, two keys, two accounts, and an effect worked out each time."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import registrar_world
from desk_world import DeskWorld
from registrar_world import ALICE, BOB, CHOICE, field, post, propose, registry_of, signed, text_of

from scenes import scratch
from sluicegate.ledger import keys
from sluicegate.ledger.keys import from_seed
from sluicegate.policy import proposal
from sluicegate.store.registering import Registry

pytestmark = pytest.mark.slow
CAROL = from_seed("carol", b"\x13" * 32)


@pytest.fixture
def world() -> Iterator[DeskWorld]:
    """Desks with two registrars, fresh for each test."""
    with scratch() as folder, registrar_world.opened(folder) as made:
        yield made


@pytest.fixture(scope="module")
def still() -> Iterator[DeskWorld]:
    """The same, for tests that change nothing."""
    with scratch() as folder, registrar_world.opened(folder) as made:
        yield made


def approve(world: DeskWorld, name: str, who: str = "bob", key: keys.FileKey = BOB) -> tuple[int, str]:
    """Sign a proposal as an account, with a key."""
    client = world.client(who)
    page = client.get(f"/desk/registrar/proposals/{name}").text
    return post(world, client, f"/proposals/{name}/sign", signature=signed(text_of(page), key))


def links(world: DeskWorld) -> int:
    """How many links there are."""
    return len(registry_of(world).chain().links)


def test_a_change_is_proposed_by_one_approved_by_another_and_then_in_force(world: DeskWorld) -> None:
    """Nothing changes with the first signature; with the second the rules are others at once."""
    before, name = links(world), propose(world)
    assert links(world) == before
    status, to = approve(world, name)
    assert (status, to) == (303, f"/desk/registrar?done=registered#link-{before}")
    link = registry_of(world).chain().links[-1]
    assert (link.statement.by, link.signers) == ("alice", ("alice", "bob"))
    assert "N9001" in registry_of(world).source.load().rules
    acts = [(one["who"], one["what"]) for one in world.facts("registrar-acted")]
    assert acts == [("alice", "proposed"), ("bob", "signed")]
    assert len(world.facts("registered")) == links(world)


def test_the_effect_is_shown_before_anybody_signs(still: DeskWorld) -> None:
    """Who, from when, which gates, how many places and agencies, and the contradictions it makes."""
    _, page = post(still, still.client("alice"), "/new/choice", **CHOICE)
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in (
        "3 answers change",
        "1 jurisdiction",
        "3 let less through",
        "4 agencies are affected",
        "Santa Clara County",
        "in force: FULL by R002",
        "in force: JURISDICTION_FILTER by N9001",
        "midnight in America/Los_Angeles, which is 2010-11-15 08:00 UTC",
        "JURISDICTION_FILTER 2 3 +1",
        "a statement that was not so for Santa Clara County",
        "not verified in a primary text",
    ):
        assert said in plain, said
    assert 'href="/nation?on=2010-11-15"' in page


def test_a_request_changes_no_answer_and_says_so(still: DeskWorld) -> None:
    """Asking puts nothing in force, and the page says both."""
    _, page = post(
        still, still.client("alice"), "/new/choice", **{**CHOICE, "kind": "request", "mode_in_force": ""}
    )
    assert "No answer of any gate changes" in page
    assert "it puts nothing in force" in page


def test_who_proposed_cannot_approve_by_key_or_by_account(world: DeskWorld) -> None:
    """Not with the same key, nor from the same account with another, nor from another account with theirs."""
    name = propose(world)
    for who, key in (("alice", ALICE), ("alice", BOB), ("bob", ALICE), ("registrar", BOB)):
        client = world.client(who)
        page = client.get(f"/desk/registrar/proposals/{name}").text
        signature = signed(text_of(page), key)
        status, shown = post(world, client, f"/proposals/{name}/sign", signature=signature)
        assert status == 400, (who, key.name)
        assert 'role="alert"' in shown
    assert registry_of(world).proposals()[0][1] == ("alice",)
    assert [one["who"] for one in world.facts("registrar-acted")] == ["alice"]


@pytest.mark.parametrize(
    "changed",
    [
        {"jurisdiction": "San Fran"},
        {"valid_from": "yesterday"},
        {"mode_in_force": ""},
        {"issuer": ""},
        {"wording": "V99"},
        {"public_from": "2010-11-14"},
        {"id": "R002"},
        {"valid_until": "2010-11-01"},
        {"source": "SRC-NONE", "read_in": ""},
        {"why": " "},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_is_wrong_is_said_next_to_its_field(still: DeskWorld, changed: dict[str, str]) -> None:
    """Each mistake is named in words at the field that it is in, and what was typed stays."""
    status, page = post(still, still.client("alice"), "/new/choice", **{**CHOICE, **changed})
    name = next(iter(changed))
    assert status == 400
    assert f'id="wrong-{name}-1"' in page
    assert 'value="FBI CJIS"' in page or name == "issuer"
    assert registry_of(still).proposals() == []


def test_a_place_that_was_mistyped_is_answered_with_near_ones(still: DeskWorld) -> None:
    """The clerk is told which id was meant."""
    _, page = post(still, still.client("alice"), "/new/choice", **{**CHOICE, "jurisdiction": "San Fran"})
    assert "US-CA-075 San Francisco County" in page


def test_a_change_that_breaks_a_promise_is_refused_with_the_promise(world: DeskWorld) -> None:
    """A charge has no day of its own and would alter what was known: refused, with promise and place."""
    mode = "OFFENCE_LEVEL_FILTER"
    name = propose(world, jurisdiction="US-TX-201", mode_asked=mode, mode_in_force=mode)
    assert approve(world, name)[0] == 303
    world.town.clock.now += timedelta(days=2)
    rows = "-- rows of charges.csv\r\ncharge,level,shared,source,confidence\r\nWITCHCRAFT,1,yes,SRC-V12,S\r\n"
    status, page = post(world, world.client("alice"), "/new/rows", rows=rows, why="a test")
    assert status == 400
    assert "Refused: this change would break a promise." in page
    assert "<strong>no-back-dating</strong>, US-TX-201" in page
    assert "data-sign" not in page


def test_tables_without_a_form_are_proposed_as_csv(still: DeskWorld) -> None:
    """An agency comes as a row of CSV, whatever line ends a browser sends, and is told as one that moves."""
    rows = (
        "-- rows of agencies.csv\r\n"
        "ori,jurisdiction,name,from,until,source,confidence\r\n"
        "CA0999998,US-CA-085,Retold Police,2010-01-01,,SRC-V12,S\r\n"
    )
    client = still.client("alice")
    status, page = post(still, client, "/new/rows", rows=rows, why="a test")
    assert status == 200
    assert "Agencies that stand elsewhere" in page
    assert "CA0999998: US-CA-085" in page
    for wrong in ("", "id,jurisdiction", "-- rows of agencies.csv\nori\nX\n", "-- rows of nothing.csv\nx\n"):
        assert post(still, client, "/new/rows", rows=wrong, why="a test")[0] == 400


def test_a_row_that_reaches_back_is_warned_about_in_words(world: DeskWorld) -> None:
    """Back-dating is allowed, told before signing, and told again to who approves."""
    name = propose(world, valid_from="2010-11-05")
    page = world.client("bob").get(f"/desk/registrar/proposals/{name}").text
    assert "Back-dated" in page
    assert "10 days ago; nobody could know it then" in page


def test_who_approves_sees_the_effect_worked_out_again_or_that_it_differs(world: DeskWorld) -> None:
    """The same effect is said to be the same; after another link the proposal is stale and unsignable."""
    first, second = propose(world), propose(world, id="N9002", why="the same, otherwise told")
    page = world.client("bob").get(f"/desk/registrar/proposals/{second}").text
    assert "exactly what alice saw" in page
    assert approve(world, first)[0] == 303
    page = world.client("bob").get(f"/desk/registrar/proposals/{second}").text
    assert "The registry has grown since this was proposed" in page
    assert "DIFFERS from what alice saw" in page
    assert "data-sign" not in page
    assert approve(world, second)[0] == 400


def test_a_stale_proposal_is_seen_again_as_a_new_one(world: DeskWorld) -> None:
    """Its rows come back word for word, with a text of now."""
    first, second = propose(world), propose(world, id="N9002", jurisdiction="US-CA-075", mode_in_force="FULL")
    approve(world, first)
    client = world.client("bob")
    page = client.get(f"/desk/registrar/proposals/{second}").text
    status, draft = post(world, client, "/new/rows", rows=field(page, "rows"), why=field(page, "why"))
    assert status == 200
    assert "by bob" in text_of(draft)
    assert f"number {links(world)}" in text_of(draft)


def test_a_refused_and_a_withdrawn_proposal_are_kept_with_a_signed_reason(world: DeskWorld) -> None:
    """What is put aside is told apart by who did it, with the signed reason, and can be downloaded."""
    for who, key, word in (("alice", ALICE, "withdrawn"), ("bob", BOB, "refused")):
        name = propose(world, why=f"for {who}")
        client = world.client(who)
        page = client.get(f"/desk/registrar/proposals/{name}/aside?why=the+letter+is+old").text
        text, at = text_of(page), field(page, "at")
        fields = {"why": "the letter is old", "at": at, "signature": signed(text, key)}
        assert (
            client.get(
                f"/desk/registrar/proposals/{name}/aside/text", params={"why": "the letter is old", "at": at}
            ).text
            == text
        )
        status, to = post(world, client, f"/proposals/{name}/aside", **fields)
        assert (status, to) == (303, f"/desk/registrar?done=aside#aside-{name}")
        page = client.get("/desk/registrar").text
        kept = page.partition(f'id="aside-{name}"')[2]
        assert word in kept
        assert "the letter is old" in kept
        held = client.get(f"/desk/registrar/aside/{name}/file")
        assert proposal.parse(held.content).statement.why == f"for {who}"
    assert registry_of(world).proposals() == []
    assert [one["what"] for one in world.facts("registrar-acted")] == [
        "proposed", "withdrew", "proposed", "put aside",
    ]  # fmt: skip


def test_a_signature_of_another_text_or_key_proposes_nothing(world: DeskWorld) -> None:
    """A wrong signature is told, the text stays the same, and the right one then counts."""
    client = world.client("alice")
    _, page = post(world, client, "/new/choice", **CHOICE)
    draft, text = field(page, "draft"), text_of(page)
    for wrong in (
        "",
        "not base64!",
        "AAAA",
        signed(text + "x", ALICE),
        signed(text, BOB),
        signed(text, CAROL),
    ):
        status, shown = post(world, client, "/draft", draft=draft, signature=wrong)
        assert status == 400
        assert text_of(shown) == text
    assert world.facts("registrar-acted") == []
    line = f"\u2014 alice {base64.b64encode(ALICE.key_id + ALICE.sign(text.encode())).decode()}"
    assert post(world, client, "/draft", draft=draft, signature=line)[0] == 303


@pytest.mark.parametrize("kind", ["later", "older", "author", "rows", "garbage"])
def test_a_draft_that_was_tampered_with_is_not_taken(still: DeskWorld, kind: str) -> None:
    """Its moment, its author and its rows are worked out again: a form is only what its sender says."""
    client = still.client("alice")
    _, page = post(still, client, "/new/choice", **CHOICE)
    data = base64.b64decode(field(page, "draft"))
    moment = re.search(rb"at (2010-11-15T15)", data)
    assert moment
    changed = {
        "later": data.replace(b"at 2010-11-15T", b"at 2010-11-16T"),
        "older": data.replace(b"at 2010-11-15T", b"at 2010-11-13T"),
        "author": data.replace(b"\nby alice\n", b"\nby bob\n"),
        "rows": data.replace(b"JURISDICTION_FILTER", b"OFFENCE_LEVEL_FILTER"),
        "garbage": b"\xff\xfe nothing",
    }[kind]
    text = changed.decode("utf-8", "replace").partition("\n\n")[0] + "\n"
    draft = base64.b64encode(changed).decode()
    answer = client.post(
        "/desk/registrar/draft", data={**still.form(client), "draft": draft, "signature": signed(text, ALICE)}
    )
    assert answer.status_code == 400
    assert registry_of(still).proposals() == []


def test_an_account_without_a_key_on_the_list_looks_and_signs_nothing(still: DeskWorld) -> None:
    """It sees effects and proposals, and is told how it would enter the list."""
    client = still.client("registrar")
    page = client.get("/desk/registrar").text
    assert "sluicegate registry enroll registrar" in page
    status, page = post(still, client, "/new/choice", **CHOICE)
    assert (status, "data-sign" in page) == (200, False)
    draft = {"draft": base64.b64encode(b"x").decode(), "signature": "AAAA"}
    assert post(still, client, "/draft", **draft)[0] == 400


@pytest.mark.parametrize("role", ["operator", "examiner", "officer", "records", "auditor", "admin"])
def test_only_registrars_come_in(still: DeskWorld, role: str) -> None:
    """Any other role is turned away from every page, and that is entered."""
    client = still.client(role)
    for path in ("", "/new/choice", "/links/0", "/links/0/file"):
        assert client.get(f"/desk/registrar{path}").status_code == 403


def test_a_new_registrar_is_approved_by_two_on_the_page(world: DeskWorld) -> None:
    """Who was enrolled at the console waits for two of the list, each of whom signs here."""
    name = registry_of(world).enroll(CAROL, CAROL.public, "helps")
    assert isinstance(name, str)
    assert approve(world, name, "alice", ALICE) == (303, f"/desk/registrar/proposals/{name}?done=signed")
    assert approve(world, name)[0] == 303
    assert registry_of(world).chain().registrars[-1].name == "carol"


def test_the_chain_is_told_with_who_when_what_and_root(world: DeskWorld) -> None:
    """Every link, its signers, its rows, both roots, and its file as it was registered."""
    approve(world, propose(world))
    client, link = world.client("bob"), registry_of(world).chain().links[-1]
    page = client.get("/desk/registrar").text
    for said in (link.statement.after, "alice, bob", "1 choices.csv", str(ALICE.public), "the county asked"):
        assert said in page
    number = link.statement.number
    page = client.get(f"/desk/registrar/links/{number}").text
    assert link.digest in page
    assert "3 answers change" in page
    held = client.get(f"/desk/registrar/links/{number}/file")
    assert proposal.sha256(held.content) == link.digest
    assert client.get(f"/desk/registrar/links/{number + 1}").status_code == 404


def test_a_wording_is_proposed_with_its_claims(still: DeskWorld) -> None:
    """A version of the language comes with what it says to each question, and contradictions are told."""
    given = {
        **CHOICE, "id": "V90", "document": "Letter", "class": "VOLUNTARY", "meaning": "Anyone may stay out.",
        "audience": "public", "answer:local-out": "yes", "words:local-out": "Yes, anyone may.",
    }  # fmt: skip
    status, page = post(still, still.client("alice"), "/new/wording", **given)
    assert status == 200
    assert "rows claims.csv 1 " in text_of(page)
    assert "two statements that do not agree" in page


def test_papers_go_on_record_by_digest_only(still: DeskWorld) -> None:
    """A paper's name and SHA-256 are signed; half of one is refused."""
    client, digest = still.client("alice"), proposal.sha256("a letter")
    _, page = post(still, client, "/new/choice", **CHOICE, title_1="letter.pdf", sha256_1=digest)
    assert f"document {digest} letter.pdf\n" in text_of(page)
    status, _ = post(still, client, "/new/choice", **CHOICE, title_1="letter.pdf", sha256_1="12")
    assert status == 400


def test_hand_edits_are_told_with_what_to_do(world: DeskWorld) -> None:
    """Where the files are not those that were registered the page says that every gate is closed, and why."""
    choices = world.town.home / "programs" / "demo-scenario" / "choices.csv"
    choices.write_bytes(choices.read_bytes().replace(b"JURISDICTION_FILTER", b"FULL"))
    page = world.client("alice").get("/desk/registrar").text
    assert "every gate is closed" in page
    assert "demo-scenario/choices.csv" in page


def test_a_text_waits_a_day_for_its_signature_and_no_longer(world: DeskWorld) -> None:
    """An old text is refused, and nothing is registered under a day that is past."""
    client = world.client("alice")
    _, page = post(world, client, "/new/choice", **CHOICE)
    world.town.clock.now += timedelta(days=1, seconds=1)
    given = {"draft": field(page, "draft"), "signature": signed(text_of(page), ALICE)}
    assert post(world, client, "/draft", **given)[0] == 400
    assert registry_of(world).proposals() == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_command_on_the_page_signs_with_a_key_file(world: DeskWorld, tmp_path: Path) -> None:
    """Without JavaScript: the downloaded text, signed by openssl as the page says, counts."""
    dora = keys.create(tmp_path / "registrar-dora.key", "dora", passphrase="a test")
    registry: Registry = registry_of(world)
    name = registry.enroll(dora, dora.public, "a test")
    assert isinstance(name, str)
    registry.approve(name, ALICE)
    registry.approve(name, BOB)
    world.desk.accounts.people.add("dora", ("registrar",), world.time())
    client = world.client("dora")
    _, page = post(world, client, "/new/choice", **CHOICE)
    draft = field(page, "draft")
    text = client.post("/desk/registrar/draft/text", data={**world.form(client), "draft": draft})
    (tmp_path / "TEXT.txt").write_bytes(text.content)
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "registrar-dora.key", "-in", "TEXT.txt"]
    assert " ".join(command) in page
    made = subprocess.run([*command, "-passin", "pass:a test"], cwd=tmp_path, capture_output=True, check=True)
    signature = base64.b64encode(made.stdout).decode()
    assert post(world, client, "/draft", draft=draft, signature=signature)[0] == 303
