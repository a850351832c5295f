# SPDX-License-Identifier: Apache-2.0
"""The verifier in JavaScript: the same verdict as the one in Python, in Node and in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from final_world import STRICT, final_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from verify_corpus import CHANGED_AND_HELD, GOOD, KEY, STRICT_TEXT, Case, at_once, corpus, python_says

from sluicegate.ledger import verify

SCRIPT = Path(verify.__file__).with_name("verify.js")
PAGE = SCRIPT.with_name("verify.html")
RUNNER = Path(__file__).with_name("verify_cases.mjs")

Says = Callable[[Sequence[Case]], list[Any]]
"""The verdict of a verifier on each case: the lines of its report, or its refusal."""


@pytest.fixture(scope="module")
def node() -> Says:
    """The verifier under Node; the test is skipped where there is none."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")

    def says(cases: Sequence[Case]) -> list[Any]:
        done = subprocess.run(
            [program, RUNNER, SCRIPT],
            input=json.dumps([case.packed for case in cases]),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.stderr, done.returncode) == ("", 0)
        return list(json.loads(done.stdout))

    return says


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """The page of the verifier, opened from disk in Chromium; skipped where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page()
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(PAGE.as_uri())
        opened.asked = asked
        yield opened
        browser.close()


IN_PAGE = """async (cases) => {
  const bytes = (text) => text === null ? undefined : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const one = async ([receipt, key, policy]) => {
    try {
      return (await SluicegateVerifier.verify(
        { receipt: bytes(receipt), key: bytes(key), policy: bytes(policy) })).lines;
    } catch (error) {
      if (!(error instanceof SluicegateVerifier.NotVerified)) throw error;
      return error.message;
    }
  };
  const verdicts = [];
  for (const each of cases) verdicts.push(await one(each));
  return verdicts;
}"""


def differing(cases: Sequence[Case], verdicts: Sequence[object]) -> list[tuple[str, object, object]]:
    """Where another verifier says something else than Python."""
    both = zip(cases, map(python_says, cases), verdicts, strict=True)
    return [(case.name, ours, theirs) for case, ours, theirs in both if ours != theirs]


def test_the_corpus_is_what_it_claims_to_be() -> None:
    """Every good receipt of the corpus holds, every damaged or forged one is refused, for many reasons."""
    verdicts = {case.name: python_says(case) for case in corpus()}
    held = {name for name, verdict in verdicts.items() if isinstance(verdict, list)}
    assert held == {case.name for case in GOOD} | CHANGED_AND_HELD
    steps = {verdict.split(":")[0] for verdict in verdicts.values() if isinstance(verdict, str)}
    assert steps == {
        *("receipt signature", "layout", "checkpoint", "witnesses", "statement", "inclusion", "entry"),
        *("words", "gates", "key", "policy"),
    }


@pytest.mark.slow
def test_javascript_says_word_for_word_what_python_says(node: Says) -> None:
    """On receipts good, damaged at every kind of place, and forged, both give the same lines or refusal."""
    cases = corpus()
    assert len(cases) > 300
    assert differing(cases, node(cases)) == []


@pytest.mark.slow
def test_a_browser_says_word_for_word_what_python_says(page: Any) -> None:
    """Chromium gives the same verdicts from a page opened from disk."""
    cases = corpus()
    assert differing(cases, page.evaluate(IN_PAGE, [case.packed for case in cases])) == []


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_single_byte_of_a_receipt_can_be_changed_in_either(node: Says, data: st.DataObject) -> None:
    """A receipt of either form with one byte changed at any place is refused by both verifiers."""
    good = data.draw(st.sampled_from([GOOD[0], GOOD[5]]))
    places = st.tuples(st.integers(0, len(good.receipt) - 1), st.integers(1, 255))
    changes = data.draw(st.lists(places, min_size=50, max_size=50))
    cases = []
    for spot, flip in changes:
        raw = bytearray(good.receipt)
        raw[spot] ^= flip
        cases.append(Case(f"{spot} ^{flip}", bytes(raw), good.key, good.policy))
    ours, theirs = [python_says(case) for case in cases], node(cases)
    assert ours == theirs
    assert [case.name for case, verdict in zip(cases, ours, strict=True) if isinstance(verdict, list)] == []


def filled(page: Any, receipt: str, key: str, policy: str = "") -> str:
    """What the page says once its three fields are filled."""
    page.fill("#receipt", receipt)
    page.fill("#key", key)
    page.fill("#policy", policy)
    page.click("#check")
    page.wait_for_selector("#verdict[data-state]:not([data-state=busy])")
    return str(page.inner_text("#verdict"))


@pytest.mark.slow
def test_a_person_can_use_the_page(page: Any) -> None:
    """Pasted into the page, a good receipt is told gate by gate, a damaged one with the failing step."""
    receipt = final_of().text(STRICT)
    good = filled(page, receipt, KEY.decode(), STRICT_TEXT.decode())
    assert "The receipt holds" in good
    assert "the prints were NOT cleared to go to the partner." in good
    assert "Cosigned by 2 of the policy's witnesses" in good
    bad = filled(page, receipt.replace("G1 closed", "G1 open"), KEY.decode(), STRICT_TEXT.decode())
    assert "does NOT hold" in bad
    assert "inclusion" in bad
    alone = filled(page, at_once(), KEY.decode())
    assert "no witness had seen it yet" in alone


@pytest.mark.slow
def test_the_page_asks_nobody_and_may_ask_nobody(page: Any) -> None:
    """The page loads its own two files and nothing else, and its policy forbids any connection."""
    assert {Path(url).name for url in page.asked} == {PAGE.name, SCRIPT.name}
    assert "default-src 'none'" in PAGE.read_text("utf-8")
    ask = """new Promise((told) => {
      document.addEventListener("securitypolicyviolation", (event) => told(event.effectiveDirective));
      fetch("https://example.org").then(() => told("sent"), () => {});
    })"""
    assert page.evaluate(ask) == "connect-src"


def test_the_page_names_its_own_script_and_style() -> None:
    """The digests in the page's policy are those of its script and its style."""
    text = PAGE.read_text("utf-8")
    for tag in ("style", "script"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src" in text
        assert f"'sha256-{digest}'" in text


@pytest.mark.slow
def test_what_a_receipt_says_is_never_run_by_the_page(page: Any) -> None:
    """Markup in a receipt is shown as the text it is."""
    receipt = final_of(tcn="<img src=x onerror=alert(1)>").text(STRICT)
    assert "TCN <img src=x onerror=alert(1)>, case" in filled(
        page, receipt, KEY.decode(), STRICT_TEXT.decode()
    )
    assert page.query_selector("#verdict img") is None
