# SPDX-License-Identifier: Apache-2.0
"""Checking a receipt in a real browser, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from accessible import assert_accessible
from playwright.sync_api import Page, expect

from browser.conftest import Opener

pytestmark = pytest.mark.slow
VECTORS = Path(__file__).parents[2] / "ledger" / "vectors"
DONE = "#verdict[data-state]:not([data-state=busy])"


def vector(name: str) -> str:
    """A receipt, key or policy that must verify for ever."""
    return (VECTORS / name).read_text("utf-8")


def checked(page: Page, receipt: str, key: str | None = None, policy: str = "") -> str:
    """What the page says of a receipt; without a key, by those that the site filled in."""
    if not page.locator("#trust").evaluate("one => one.open"):
        page.locator("#trust summary").click()
    page.fill("#receipt", receipt)
    page.fill("#policy", policy)
    if key is not None:
        page.fill("#key", key)
    page.get_by_role("button", name="Check it").click()
    page.wait_for_selector(DONE)
    return page.inner_text("#verdict")


def receipts(public_home: Path) -> dict[str, Path]:
    """A receipt of each agency of the home, by the agency."""
    return {one.parent.name: one for one in sorted((public_home.parent / "receipts").rglob("*.txt"))}


def test_the_page_of_receipts_is_accessible(browser_page: Opener, public_home: Path) -> None:
    """Empty, with a receipt that holds, and with one that does not, it passes axe-core in all four ways."""
    page = browser_page("/receipt")
    assert_accessible(page)
    text = receipts(public_home)["VA0070100"].read_text("utf-8")
    assert "The receipt holds" in checked(page, text)
    page.locator("#verdict details summary").click()
    assert_accessible(page)
    assert "does NOT hold" in checked(page, text.replace("G1 open", "G1 closed"))
    assert_accessible(page)


def test_a_receipt_is_checked_with_no_network_at_all(browser_page: Opener, public_home: Path) -> None:
    """Once loaded the page asks nobody for anything: it works with the network cut."""
    page = browser_page("/receipt")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.context.set_offline(True)
    page.set_input_files("#file", receipts(public_home)["VA0070100"])
    page.wait_for_selector(DONE)
    assert "The prints of this booking were cleared to go to DHS." in page.inner_text("#verdict")
    assert page.locator("#verdict .gates dt").all_inner_texts() == [
        *("Gate G1 OPEN", "Gate G2 CLOSED", "Gate G3 OPEN", "Gate G4 CLOSED")
    ]
    assert asked == []


def test_receipts_of_a_replaced_key_hold_too(browser_page: Opener, public_home: Path) -> None:
    """Every receipt of the month holds by one of the two keys that the site filled in."""
    page = browser_page("/receipt")
    said = [checked(page, one.read_text("utf-8")) for one in receipts(public_home).values()]
    assert len(said) > 3
    assert all("The receipt holds" in one and "The key came from this site" in one for one in said)


@pytest.mark.parametrize(
    ("name", "policy", "told"),
    [
        ("at-once-v1.txt", "", "made AT ONCE"),
        ("at-once-v1-odd.txt", "", "made AT ONCE"),
        ("at-once-v1.txt", "witnesses.txt", "the policy was not used"),
        ("final-v1.txt", "", "NO WITNESS WAS ASKED"),
        ("final-v1.txt", "witnesses.txt", "2 of the witnesses that you named"),
    ],
)
def test_each_form_of_receipt_is_told_apart(browser_page: Opener, name: str, policy: str, told: str) -> None:
    """At once or final, witnessed or not: what it proves is said, and that nothing was shared."""
    page = browser_page("/receipt")
    said = checked(page, vector(name), vector("bureau.pub"), vector(policy) if policy else "")
    assert "The receipt holds" in said
    assert told in said
    assert "NOT cleared to go to DHS" in said
    assert "The key is the one that you put in." in said


def test_what_is_forged_cut_or_nothing_is_refused_with_its_step(browser_page: Opener) -> None:
    """A changed gate, a cut file, a strange key, no witnesses, no receipt: each is said for what it is."""
    page = browser_page("/receipt")
    good, key, policy = vector("final-v1.txt"), vector("bureau.pub"), vector("witnesses.txt")
    assert "does NOT hold" in checked(page, good.replace("G1 closed", "G1 open"), key, policy)
    assert "cut off" in checked(page, good[: len(good) // 2] + "\n", key, policy)
    lone = "\n".join(line for line in good.splitlines() if not line.startswith("\u2014 witness")) + "\n"
    assert "Not enough witnesses" in checked(page, lone, key, policy)
    assert "The key cannot be used" in checked(page, good, "nonsense", "")
    once = vector("at-once-v1.txt")
    assert "signature of the receipt" in checked(page, once.replace("closed", "open", 1), key)
    assert "Put in a receipt" in checked(page, "  ", key)
    assert page.locator("#verdict script, #verdict img").count() == 0


def test_markup_in_a_receipt_is_text(browser_page: Opener) -> None:
    """What stands in a refused receipt is never run."""
    page = browser_page("/receipt")
    checked(page, "<img src=x onerror=alert(1)>\n\n\u2014 a b\n")
    assert page.locator("#verdict img").count() == 0


def test_without_scripts_the_page_asks_for_nothing(browser_page: Opener) -> None:
    """With scripts off there is no field to put a receipt in, and the verifier is there to take away."""
    page = browser_page("/receipt", js=False)
    assert page.locator("textarea:visible").count() == 0
    expect(page.get_by_text("Scripts are off")).to_be_visible()
    with page.expect_download() as got:
        page.get_by_role("link", name="verify.py", exact=True).click()
    assert got.value.suggested_filename == "verify.py"


def test_a_clerk_reads_it_in_spanish(browser_page: Opener, public_home: Path) -> None:
    """In Spanish every gate is said in Spanish, open or closed."""
    page = browser_page("/receipt?lang=es")
    page.set_input_files("#file", receipts(public_home)["VA0070100"])
    page.wait_for_selector(DONE)
    said = page.inner_text("#verdict")
    assert "El recibo se sostiene" in said
    assert "ABIERTA" in said
    assert "CERRADA" in said
