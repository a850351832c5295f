# SPDX-License-Identifier: Apache-2.0
"""Every numbered page as those use it for whom it was made, on the demonstration's bookings, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import demo_town
import desk_world
import pytest
import registrar_world
from accessible import assert_accessible
from desk_world import DeskWorld
from playwright.sync_api import Browser, Page, expect
from registrar_world import CHOICE
from tools import staged

from scenes import scratch
from sluicegate.exchange.case import State
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound

pytestmark = pytest.mark.slow
DONE = "#verdict[data-state]:not([data-state=busy])"


@pytest.fixture(scope="module")
def town() -> Iterator[DeskWorld]:
    """The demonstration's home, served on loopback."""
    sock = bound("127.0.0.1", 0, "web")
    origin = f"http://localhost:{sock.getsockname()[1]}"
    with scratch() as folder, demo_town.opened(folder, origin) as world:
        server = HttpServer(world.application, sock, "web")  # type: ignore[arg-type]
        server.start()
        yield world
        server.close()


@pytest.fixture
def visitor(browser: Browser, town: DeskWorld) -> Iterator[Page]:
    """A window without scripts, as the strictest of browsers."""
    yield from _window(browser, town, js=False)


@pytest.fixture
def reader(browser: Browser, town: DeskWorld) -> Iterator[Page]:
    """A window with scripts."""
    yield from _window(browser, town, js=True)


def _window(browser: Browser, town: DeskWorld, *, js: bool) -> Iterator[Page]:
    origin = town.desk.site.origin
    context = browser.new_context(java_script_enabled=js, locale="en-US", base_url=origin)
    yield context.new_page()
    context.close()


def signed_in(page: Page, town: DeskWorld, name: str) -> Page:
    """The window, with the session of an account."""
    token = town.desk.accounts.sittings.begin(name, "a test", town.time())
    page.context.add_cookies([{"name": "sluicegate", "value": token, "url": town.desk.site.origin}])
    return page


# -- the public ------------------------------------------------------------------------------------------


def test_a_clerk_looks_her_county_up_and_prints_the_answer(visitor: Page) -> None:
    """1: without scripts, the county on 15 November 2010: asked to stay out, takes part in full; a sheet."""
    visitor.goto("/")
    visitor.get_by_label("County, city or agency").fill("san franc")
    visitor.get_by_role("button", name="Show").click()
    visitor.get_by_role("link", name="San Francisco County", exact=True).first.click()
    visitor.get_by_label("Day", exact=True).fill("2010-11-15")
    visitor.get_by_label("then, on that day").check()
    visitor.get_by_role("button", name="Show this day").click()
    assert "a copy of every arrest's fingerprints taken here goes to DHS" in visitor.inner_text("main")
    asked, force = visitor.locator(".card.differs").all_inner_texts()
    assert "Filtered out: nothing is shared" in asked
    assert "Takes part in full" in force
    assert visitor.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_a_journalist_moves_the_map_and_takes_its_table_away(reader: Page) -> None:
    """2: the slider goes to another day by keyboard, and the CSV of that very day is a file."""
    reader.goto("/nation?on=2010-06-01&view=gap&known=now")
    reader.locator("#slider").focus()
    reader.keyboard.press("ArrowRight")
    day = reader.locator("#on").input_value()
    assert day > "2010-06-01"
    reader.wait_for_url(f"**/nation?on={day}*")
    with reader.expect_download() as got:
        reader.get_by_role("link", name="CSV").click()
    assert got.value.path().read_text("utf-8").count("\n") > 80
    assert day in got.value.url


def test_a_board_member_holds_two_versions_of_the_words_beside_each_other(visitor: Page) -> None:
    """3: without scripts, V06 and V12 answer the same question otherwise, and what changed is marked."""
    visitor.goto("/words/compare?a=V01&b=V02")
    visitor.get_by_label("One version").select_option("V06")
    visitor.get_by_label("The other").select_option("V12")
    visitor.get_by_role("button", name="Compare").click()
    row = visitor.get_by_role("row", name="May a county, parish or city stay out?")
    assert [one.split("\n")[0] for one in row.get_by_role("cell").all_inner_texts()] == [
        "by agreement or choice",
        "no",
    ]
    assert visitor.locator("del").count() > 0


def test_a_researcher_has_a_number_counted_again(reader: Page) -> None:
    """4: a figure of the demonstration is counted again in the browser, from the public files, and holds."""
    reader.goto("/numbers")
    reader.get_by_role("link", name="1 Shared, San Francisco County: verify this number").first.click()
    expect(reader.locator("#verdict")).to_contain_text("The number holds: counted again, it is 1.")


def test_an_agency_checks_the_receipt_it_was_mailed(reader: Page, town: DeskWorld) -> None:
    """5: Arlington's receipt, with the network cut: the copy went, the answer does not come back."""
    mail = town.town.mail["VA0070100"]
    text = next(body for kind, _, body in mail if kind == "RECEIPT")
    reader.goto("/receipt")
    reader.wait_for_load_state("networkidle")
    reader.context.set_offline(True)
    reader.set_input_files("#file", {"name": "receipt.txt", "mimeType": "text/plain", "buffer": text})
    reader.wait_for_selector(DONE)
    assert "The receipt holds" in reader.inner_text("#verdict")
    gates = ["Gate G1 OPEN", "Gate G2 CLOSED", "Gate G3 OPEN", "Gate G4 CLOSED"]
    assert reader.locator("#verdict .gates dt").all_inner_texts() == gates


def test_a_skeptic_reads_releases_ledger_promises_and_api(visitor: Page) -> None:
    """6: without scripts, what was released is verified, the ledger holds, and its limits are said."""
    visitor.goto("/releases")
    visitor.get_by_role("link", name="On the options of a county").click()
    expect(visitor.get_by_role("heading", name="What was verified")).to_be_visible()
    visitor.get_by_role("link", name="Ledger").click()
    assert "All of it holds." in visitor.inner_text("main")
    visitor.get_by_role("navigation").get_by_role("link", name="How it works").click()
    expect(visitor.get_by_role("heading", name="What the proofs do not prove")).to_be_visible()
    visitor.get_by_role("link", name="API").click()
    expect(visitor.get_by_role("link", name="/places", exact=True)).to_be_visible()


# -- the operators ---------------------------------------------------------------------------------------


def test_an_operator_signs_in_and_follows_a_booking(visitor: Page, town: DeskWorld) -> None:
    """7: with password and code, by the end of its number, to the walk and gates of a filtered booking."""
    desk_world.sign_in(visitor, town.desk.site.origin, town, "operator")
    visitor.get_by_role("link", name="Bookings").first.click()
    visitor.get_by_label("TCN, part of one, or case").fill("FILTER-0001")
    visitor.get_by_role("button", name="Show").click()
    visitor.get_by_role("link", name="DEMO-FILTER-0001").click()
    expect(visitor.get_by_role("heading", name="The walk")).to_be_visible()
    gates = visitor.locator("main .gate").all_inner_texts()
    assert [one.upper() for one in gates] == ["CLOSED"] * 4
    assert "Copy to the partner" not in visitor.inner_text("main")


def test_an_examiner_decides_where_the_machine_must_not(visitor: Page, town: DeskWorld) -> None:
    """8: two records fit; a person compares, says which, and the booking goes on."""
    case = town.cases["DEMO-WAITS-0001"]
    assert town.town.case(case).state is State.AWAITING
    signed_in(visitor, town, "examiner").goto("/desk/examine")
    visitor.get_by_role("link", name="Compare").click()
    visitor.get_by_label("Candidate 1 is the same person").check()
    visitor.get_by_label("Reason").fill("Ridge flow and ten minutiae of the right index agree.")
    visitor.get_by_role("button", name="Go on to confirm").click()
    visitor.get_by_role("button", name="Enter my word").click()
    assert town.town.case(case).state is State.RESOLVED


def test_an_officer_determines_what_no_machine_may(visitor: Page, town: DeskWorld) -> None:
    """9: the query of the waiting booking is answered with evidence, and the message says what it is not."""
    query = town.town.queries()[0].case_id
    signed_in(visitor, town, "officer").goto("/desk/officer")
    visitor.get_by_role("link", name=query).click()
    visitor.get_by_label("United States citizen", exact=True).check()
    visitor.get_by_label("The subject's own immigration file").check()
    visitor.get_by_label("Date of that record").fill("2009-03-31")
    visitor.get_by_role("button", name="Show the message").click()
    expect(visitor.get_by_text("This message is not a detainer")).to_be_visible()
    visitor.get_by_role("button", name="Determine and send").click()
    assert town.town.exchange.partner.store.case(query).text("status") == "citizen"


def test_a_registrar_proposes_and_another_approves(visitor: Page, town: DeskWorld) -> None:
    """10: alice sees the effect and signs elsewhere, bob sees the same and signs; then it is in force."""
    alice, bob = staged.REGISTRARS
    today = town.town.clock().date().isoformat()
    signed_in(visitor, town, "alice").goto("/desk/registrar/new/choice")
    for name, value in {**CHOICE, "valid_from": today, "public_from": today}.items():
        box = visitor.locator(f"#f-{name}")
        if box.evaluate("one => one.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    visitor.get_by_role("button", name="See its effect").click()
    assert "Santa Clara County" in visitor.inner_text("main")
    visitor.fill("#signature", registrar_world.signed(_text(visitor), alice))
    visitor.click("[data-send]")
    visitor.wait_for_url("**/proposals/*")
    signed_in(visitor, town, "bob").reload()
    visitor.fill("#signature", registrar_world.signed(_text(visitor), bob))
    visitor.click("[data-send]")
    visitor.wait_for_url("**/desk/registrar?done=registered*")
    assert registrar_world.registry_of(town).chain().links[-1].signers == ("alice", "bob")


def _text(page: Page) -> str:
    """The exact text to sign."""
    return page.inner_text("[data-text]").rstrip("\n") + "\n"


def test_the_records_desk_opens_a_challenge(visitor: Page, town: DeskWorld) -> None:
    """11: a person says that the number is another's; the challenge has a deadline of thirty days."""
    signed_in(visitor, town, "records").goto("/desk/records")
    visitor.get_by_label("TCN or case").fill("DEMO-FULL-0001")
    visitor.get_by_role("button", name="Show").click()
    visitor.get_by_label("The prints were put under somebody else's number").check()
    visitor.get_by_label("Your file number of the letter").fill("2010-114")
    visitor.get_by_label("Day on which it came").fill("2010-12-01")
    visitor.get_by_role("button", name="Enter it").click()
    visitor.goto("/desk/records")
    assert "30 days left" in visitor.inner_text("main") or "29 days left" in visitor.inner_text("main")


def test_health_says_that_both_sides_agree(reader: Page, town: DeskWorld) -> None:
    """12: queues are empty, the counts of both sides have no difference, and the page is for everybody."""
    signed_in(reader, town, "operator").goto("/desk/health")
    assert "No difference." in reader.locator("section[aria-labelledby=check-sides]").inner_text()
    assert "GOOD" in reader.locator("section[aria-labelledby=check-sides]").inner_text().upper()
    assert_accessible(reader)
