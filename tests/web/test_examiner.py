# SPDX-License-Identifier: Apache-2.0
"""The examiner's desk: what it shows and must not show, and a word in two steps, alone or blind."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace

import desk_world
import pytest
from desk_world import DeskWorld
from PIL import Image
from web_world import TestClient

from scenes import scratch
from sluicegate.exchange.case import State
from sluicegate.exchange.stages.examine import Opinion, Word

WHY = "Core and delta agree; the ridge counts do too."


@pytest.fixture
def world() -> Iterator[DeskWorld]:
    """Desks over a home in which one case waits for an examiner."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


@pytest.fixture(scope="module")
def seen() -> Iterator[DeskWorld]:
    """The same, for tests that only look."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


def address(world: DeskWorld) -> str:
    """Where the case that waits is compared."""
    return f"/desk/examine/{world.cases['awaiting']}"


def give(world: DeskWorld, client: TestClient, word: str, why: str = WHY) -> str:
    """A word in both steps; where the browser is led in the end."""
    form = {**world.form(client), "word": word, "why": why}
    confirm = client.post(address(world), data=form)
    assert confirm.status_code == 200
    held = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', confirm.text))
    answer = client.post(f"{address(world)}/word", data=held)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def state(world: DeskWorld) -> State:
    """Where the case stands."""
    return world.town.case(world.cases["awaiting"]).state


def account(world: DeskWorld, name: str) -> TestClient:
    """Another examiner, signed in."""
    world.desk.accounts.people.add(name, ("examiner",), world.time())
    return world.client(name)


def two_must_agree(world: DeskWorld) -> None:
    """As with the setting `second_opinion = "always"`."""
    bureau = world.town.exchange.bureau
    bureau.parts = replace(bureau.parts, opinions=2)


def test_the_queue_lists_what_waits_and_names_nobody(seen: DeskWorld) -> None:
    """An examiner finds the case that waits, with its age and candidates, and no name, agency or TCN."""
    page = seen.client("examiner").get("/desk/examine").text
    assert f'href="{address(seen)}"' in page
    case = seen.town.case(seen.cases["awaiting"])
    assert page.count("/desk/examine/") == 1, "cases in other states are not listed"
    assert not [one for one in (case.tcn, case.ori, case.cri) if one in page]


@pytest.mark.parametrize("role", ["operator", "officer", "registrar", "records", "auditor", "admin"])
def test_nobody_else_reaches_the_desk(seen: DeskWorld, role: str) -> None:
    """Queue, prints, pictures and words are the examiner's alone."""
    client = seen.client(role)
    picture = f"/desk/images/{seen.cases['awaiting']}/1/probe"
    for path in ("/desk/examine", address(seen), f"{picture}/all.png", f"{picture}/2.png"):
        assert client.get(path).status_code == 403
    for path in (address(seen), f"{address(seen)}/word"):
        assert client.post(path, data=seen.form(client)).status_code == 403


def test_the_page_of_a_case_tells_nothing_but_prints(seen: DeskWorld) -> None:
    """No name, agency, charge, repository, subject number, gate or partner's word is on the page."""
    page = seen.client("examiner").get(address(seen)).text
    case = seen.town.case(seen.cases["awaiting"])
    booking = seen.town.exchange.bureau.reread(case)[0]
    hidden = [booking.nam, *booking.dob, case.tcn, case.ori, case.cri, "BURGLARY", "G0000004"]
    hidden += ["filtered", "gate", "partner", "JURISDICTION", "FULL", "repository"]
    assert [one for one in hidden if one in page.split("<main")[1].split("</main>")[0]] == []


def test_a_case_of_a_filtered_place_looks_like_any_other() -> None:
    """Booked under a filter or not: the pages of two cases differ in the name of the case alone."""
    with scratch() as folder, desk_world.opened(folder, populated=False) as world:
        pages = []
        for scene, repository in (("full", "open"), ("filter", "filtered")):
            held = world.town.exchange.bureau.repository(repository)
            for number in "12":
                world.town.enrol(held, 90, f"{repository[0].upper()}0000009{number}")
            case = world.town.book(scene, 90)
            world.town.settle()
            assert world.town.case(case).state is State.AWAITING
            text = world.client("examiner").get(f"/desk/examine/{case}").text
            pages.append(re.sub(r"came in [^<]*", "", text.replace(case, "CASE").split("<main")[1]))
            for number in "12":
                held.forget(f"origin-{repository[0].upper()}0000009{number}")
        assert re.sub(r'value="[\w-]{20,}"', "", pages[0]) == re.sub(r'value="[\w-]{20,}"', "", pages[1])


def test_nothing_is_chosen_before_the_examiner_chooses(seen: DeskWorld) -> None:
    """The form comes without a choice, and says that a score is no probability."""
    page = seen.client("examiner").get(address(seen)).text
    radios = re.findall(r'<input type="radio"[^>]*>', page)
    assert [re.search('value="([^"]*)"', one)[1] for one in radios] == [  # type: ignore[index]
        "same-1",
        "same-2",
        "different",
        "cannot-tell",
    ]
    assert not [one for one in radios if "checked" in one]
    assert "no probability" in page


def test_every_look_is_in_the_ledger_before_it_is_sent(seen: DeskWorld) -> None:
    """The page and each picture are entered, with who, which part and why."""
    client, case = seen.client("examiner"), seen.cases["awaiting"]
    before = len(seen.facts("viewed"))
    client.get(address(seen))
    client.get(f"/desk/images/{case}/2/candidate/all.png")
    client.get(f"/desk/images/{case}/2/probe/3.png")
    parts = [(one["who"], one["case"], one["part"]) for one in seen.facts("viewed")[before:]]
    assert parts == [
        ("examiner", case, "minutiae of the booking and of candidate 1"),
        ("examiner", case, "small pictures of all fingers, candidate 2"),
        ("examiner", case, "picture of finger 3, the booking"),
    ]


def test_a_picture_is_the_part_of_the_image_that_the_minutiae_lie_on(seen: DeskWorld) -> None:
    """A finger comes as PNG of the size that the page draws; one without an image is blank and said so."""
    client, case = seen.client("examiner"), seen.cases["awaiting"]
    answer = client.get(f"/desk/images/{case}/1/probe/2.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    size = Image.open(io.BytesIO(answer.content)).size
    page = client.get(f"{address(seen)}?finger=2").text
    assert f'width="{size[0]}" height="{size[1]}"' in page
    blank = client.get(f"/desk/images/{case}/1/candidate/2.png").content
    assert Image.open(io.BytesIO(blank)).getextrema() == (255, 255), "enrolled without images"
    assert "/1/candidate/2.png" not in page
    assert "No image of this finger of candidate 1 is held" in page
    sheet = Image.open(io.BytesIO(client.get(f"/desk/images/{case}/1/candidate/all.png").content))
    assert (sheet.size, sheet.getextrema()[0]) == ((1200, 120), 60), "minutiae on blank instead"


@pytest.mark.parametrize(
    "path",
    [
        "1/probe/11.png",
        "1/probe/0.png",
        "3/probe/1.png",
        "0/candidate/all.png",
        "1/both/all.png",
        "99/probe/all.png",
    ],
)
def test_no_other_picture_has_an_address(seen: DeskWorld, path: str) -> None:
    """Only ten fingers of the booking and of listed candidates can be asked for."""
    assert seen.client("examiner").get(f"/desk/images/{seen.cases['awaiting']}/{path}").status_code == 404


@pytest.mark.parametrize("name", ["queried", "full", "filter", "refused", "none"])
def test_prints_of_other_cases_cannot_be_looked_at(seen: DeskWorld, name: str) -> None:
    """A case that does not wait for an examiner is, to them, no case; and no look is entered."""
    case, client = seen.cases.get(name, "0" * 26), seen.client("examiner")
    before = len(seen.facts("viewed"))
    for path in (f"/desk/examine/{case}", f"/desk/images/{case}/1/probe/all.png"):
        assert client.get(path).status_code == 404
    assert len(seen.facts("viewed")) == before


def test_an_address_holds_how_the_pair_is_shown(seen: DeskWorld) -> None:
    """Without script, zoom, contrast, marks, lines and turning are in the page as the address asks."""
    query = "candidate=2&finger=7&zoom=3&look=invert&marks=all&lines=1&turned=1"
    page = seen.client("examiner").get(f"{address(seen)}?{query}").text
    assert 'class="pair zoom-3 look-invert marks-all lines turned"' in page
    assert 'id="prints">Left index' in page
    assert "/2/probe/7.png" in page


def test_an_address_that_asks_for_nonsense_shows_the_plain_page(seen: DeskWorld) -> None:
    """Unknown values are as if they were not there, and an unknown candidate is not found."""
    client = seen.client("examiner")
    page = client.get(f"{address(seen)}?zoom=9&look=%3Cb%3E&marks=x&finger=99&lines=yes").text
    assert 'class="pair zoom-1 look-plain marks-paired"' in page
    assert client.get(f"{address(seen)}?candidate=3").status_code == 404


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"why": WHY}, "Choose what the prints show"),
        ({"word": "same-3", "why": WHY}, "Choose what the prints show"),
        ({"word": "different"}, "Give a reason"),
        ({"word": "different", "why": "same"}, "Give a reason"),
        ({"word": "different", "why": "x" * 501}, "Give a reason"),
    ],
)
def test_a_word_that_lacks_something_comes_back(seen: DeskWorld, given: dict[str, str], told: str) -> None:
    """The page says what is missing, keeps what was typed, and nothing is entered."""
    client = seen.client("examiner")
    answer = client.post(address(seen), data={**seen.form(client), **given})
    assert (answer.status_code, told in answer.text) == (400, True)
    assert client.post(f"{address(seen)}/word", data={**seen.form(client), **given}).status_code == 400
    assert (state(seen), seen.facts("examined")) == (State.AWAITING, [])


def test_the_first_step_enters_nothing(seen: DeskWorld) -> None:
    """A word counts only when it is confirmed."""
    client = seen.client("examiner")
    page = client.post(address(seen), data={**seen.form(client), "word": "same-2", "why": WHY}).text
    assert "Candidate 2 is the same person" in page
    assert (state(seen), seen.facts("examined")) == (State.AWAITING, [])


def test_a_word_goes_where_the_command_goes(world: DeskWorld) -> None:
    """A confirmed word resolves the case under the account's name; the reason is in the private log."""
    assert give(world, world.client("examiner"), "same-2") == "/desk/examine?said=entered"
    case = world.town.case(world.cases["awaiting"])
    assert (case.state, case.text("resolved_by")) == (State.RESOLVED, "examiner examiner")
    assert case.text("number") == case.noted("candidates")[1]["subject"]  # type: ignore[index, call-overload]
    (said,) = world.facts("examined")
    assert (said["who"], said["word"], said["why"]) == ("examiner", "same as candidate 2", WHY)


def test_a_form_of_another_site_gives_no_word(seen: DeskWorld) -> None:
    """Without the token of the session both steps are refused."""
    client = seen.client("examiner")
    for path in (address(seen), f"{address(seen)}/word"):
        assert client.post(path, data={"word": "different", "why": WHY}).status_code == 403
    assert state(seen) is State.AWAITING


def blind(world: DeskWorld, client: TestClient) -> tuple[str, str]:
    """Queue and page of the case, without the token of the session and the name of the account."""
    pages = (client.get(path).text for path in ("/desk/examine", address(world)))
    queue, page = (re.sub(r'value="[\w-]{20,}"', "", one.split("<main")[1]) for one in pages)
    return queue, page


def test_a_second_examiner_cannot_tell_that_there_was_a_first(world: DeskWorld) -> None:
    """Queue and page are the same, byte for byte, before a first word and after it."""
    two_must_agree(world)
    ben = account(world, "ben")
    before = blind(world, ben)
    assert give(world, world.client("examiner"), "same-1") == "/desk/examine?said=entered"
    assert state(world) is State.AWAITING
    assert blind(world, ben) == before


def test_who_has_spoken_sees_the_case_no_more(world: DeskWorld) -> None:
    """After a word the case is gone for its examiner, waiting or not: what others say cannot be watched."""
    two_must_agree(world)
    client = world.client("examiner")
    give(world, client, "same-1")
    answers = []
    for _ in range(2):
        picture = client.get(f"/desk/images/{world.cases['awaiting']}/1/probe/all.png")
        again = client.post(
            f"{address(world)}/word", data={**world.form(client), "word": "different", "why": WHY}
        )
        page = client.get("/desk/examine").text.split("<main")[1]
        answers.append((client.get(address(world)).status_code, picture.status_code, page))
        assert again.headers["location"] == "/desk/examine?said=gone"
        give(world, account(world, "ben"), "same-1") if state(world) is State.AWAITING else None
    assert answers[0] == answers[1]
    assert state(world) is State.RESOLVED


def test_words_that_differ_are_told_to_the_operator_and_to_no_examiner(world: DeskWorld) -> None:
    """Words that differ: the case waits, both got the same answer, the third sees a plain case."""
    two_must_agree(world)
    carla = account(world, "carla")
    before = blind(world, carla)
    ends = {give(world, world.client("examiner"), "same-1"), give(world, account(world, "ben"), "different")}
    assert ends == {"/desk/examine?said=entered"}
    assert (state(world), blind(world, carla)) == (State.AWAITING, before)
    give(world, carla, "different")
    assert state(world) is State.RESOLVED


def test_a_case_that_was_settled_meanwhile_takes_no_word(world: DeskWorld) -> None:
    """Who confirms too late is told that nothing was entered."""
    client = world.client("examiner")
    opinion = Opinion("ben", Word.DIFFERENT)
    world.town.exchange.bureau.speak(world.cases["awaiting"], opinion, WHY)
    form = {**world.form(client), "word": "same-1", "why": WHY}
    assert client.post(f"{address(world)}/word", data=form).headers["location"] == "/desk/examine?said=gone"
    assert "Nothing was entered" in client.get("/desk/examine?said=gone").text


def test_who_could_see_traces_of_a_first_word_gives_no_second(world: DeskWorld) -> None:
    """Where two must agree, an account that opens bookings too has no cases and is told why."""
    people = world.desk.accounts.people
    people.add("dora", ("operator", "examiner"), world.time())
    dora = world.client("dora")
    assert dora.get(address(world)).status_code == 200
    two_must_agree(world)
    page = dora.get("/desk/examine").text
    assert (address(world) in page, "also opens bookings" in page) == (False, True)
    for path in (address(world), f"/desk/images/{world.cases['awaiting']}/1/probe/all.png"):
        assert dora.get(path).status_code == 404
    form = {**world.form(dora), "word": "different", "why": WHY}
    assert dora.post(f"{address(world)}/word", data=form).headers["location"] == "/desk/examine?said=gone"
    assert world.facts("examined") == []
