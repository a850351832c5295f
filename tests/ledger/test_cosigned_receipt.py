# SPDX-License-Identifier: Apache-2.0
"""The final receipt: an entry under a statement of the master log, under a cosigned checkpoint."""

from __future__ import annotations

import dataclasses
import time

import pytest
from final_world import BUREAU, LOG, MASTER, POLICY, STRICT, Final, final, final_like, final_of
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import Booked, decided

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.ledger import receipt, verify
from sluicegate.ledger.verify import MEANING

KEY = str(BUREAU.public)
SALT = b"\x5a" * 32


@pytest.mark.parametrize("outcomes", ["open open open closed", "closed closed closed closed"])
def test_a_final_receipt_says_what_the_ledger_decided(outcomes: str) -> None:
    """It gives back the very entry of the ledger, and tells each gate in the verifier's own words."""
    made = final_of(outcomes)
    held = receipt.verify(made.text(POLICY), KEY, POLICY)
    assert receipt.entry_of(held) == made.placed.entry
    assert list(receipt.outcomes(held).values()) == outcomes.split()
    assert held.words == {
        gate: (told, MEANING[gate, told]) for gate, told in zip(verify.GATES, outcomes.split(), strict=True)
    }
    assert held.cosigned == {"court": 1_289_278_810, "paper": 1_289_278_810}
    assert receipt.parse(made.text(POLICY)) == dataclasses.replace(held, cosigned={})


def test_both_forms_of_one_booking_rest_on_one_entry(booked: Booked) -> None:
    """The receipt at once and the final one of a booking hold the same entry and the same salt."""
    once = receipt.verify(booked.receipt, booked.verifier)
    later = receipt.verify(final_like(booked).text(), KEY)
    assert (later.entry_json, later.salt, later.index) == (once.entry_json, once.salt, once.index)


@given(st.dictionaries(st.sampled_from(["case", "tcn", "cri", "ori"]), st.text(max_size=30)))
def test_any_text_in_a_booking_survives_the_lines_of_the_receipt(booking: dict[str, str]) -> None:
    """Whatever stands in a TCN or an ORI, even the receipt's own words, the entry stays whole."""
    made = final_of(**booking)
    assert receipt.entry_of(receipt.verify(made.text(), KEY)) == made.placed.entry


@pytest.mark.parametrize(
    "tcn", ["A, case B", "none on record", "", "x, case none on record", "\u202e", "\\u202e"]
)
def test_text_that_looks_like_the_receipt_itself_is_kept_apart(tcn: str) -> None:
    """A TCN that imitates the line that tells it is told twice, and the ledger's spelling counts."""
    held = receipt.verify(final_of(tcn=tcn).text(), KEY)
    assert receipt.entry_of(held).body["tcn"] == tcn


def big(own_size: int, master_size: int, **booking: str) -> Final:
    """The booking in logs of these sizes, at a place whose proof is as long as any there."""
    return final(
        decided(**booking), SALT, own=(own_size // 3, own_size), master=(master_size // 3, master_size)
    )


def test_it_fits_three_kilobytes_with_two_witnesses_in_large_ledgers() -> None:
    """With 131,072 entries in its log and a million statements in the master log, 3,072 bytes suffice."""
    made = big(131_072, 1_000_000)
    text = made.text(STRICT)
    assert len(made.placed.path) + len(made.stated.path) == 37
    assert len(text.encode()) <= receipt.MAX_BYTES == 3072
    receipt.verify(text, KEY, STRICT)


def test_a_proof_too_long_for_the_limit_is_told_so() -> None:
    """Beyond that the receipt is refused, with its size, unless the caller sets a larger limit."""
    made = big(2**24, 2**24)
    with pytest.raises(LedgerError, match="over 3072, 48 hashes among them"):
        made.text(STRICT)
    longer = receipt.compose_final(made.placed, made.stated, STRICT, limit=4096)
    assert receipt.verify(longer, KEY, STRICT).cosigned


def test_only_the_cosignatures_that_are_needed_are_kept() -> None:
    """Of three cosignatures, a policy that wants two keeps two; all three stay where nobody says."""
    made = final(decided(), SALT, signed=("school", "paper", "court"))
    assert made.text(POLICY).count("\u2014 witness.") == 2
    assert made.text().count("\u2014 witness.") == 3
    receipt.verify(made.text(POLICY), KEY, POLICY)


def test_without_a_policy_it_says_that_no_witness_was_asked() -> None:
    """The key alone verifies a final receipt, and the report says in capitals what that leaves open."""
    held = receipt.verify(final_of().text(), KEY)
    assert any("NO WITNESS WAS ASKED" in line for line in verify.report(held, BUREAU.public))
    with_policy = verify.report(receipt.verify(final_of().text(), None, POLICY))
    assert any(line.startswith("Cosigned by 2 of the policy's witnesses") for line in with_policy)


def test_each_form_says_what_it_proves_and_what_not(booked: Booked) -> None:
    """The report of either form names the form, what it proves, and that it knows of no other way out."""
    once = verify.report(receipt.verify(booked.receipt, booked.verifier), booked.key.public)
    later = verify.report(receipt.verify(final_of().text(), KEY, POLICY), BUREAU.public)
    assert any("AT ONCE" in line for line in once)
    assert any("does not prove that everybody is shown the same ledger" in line for line in once)
    assert any("the one ledger that the witnesses saw" in line for line in later)
    assert (
        once[-1]
        == later[-1]
        == "This shows what was decided and entered, not what may have left by another way."
    )


def test_what_would_not_verify_is_never_made() -> None:
    """A wrong salt, proof, statement or number, and a policy that is not met, stop the receipt."""
    good = final_of()
    for placed, stated in (
        (dataclasses.replace(good.placed, salt=b"\0" * 32), good.stated),
        (dataclasses.replace(good.placed, path=good.placed.path[1:]), good.stated),
        (good.placed, dataclasses.replace(good.stated, log=f"{LOG}x")),
        (good.placed, dataclasses.replace(good.stated, number=813)),
        (good.placed, dataclasses.replace(good.stated, size=99)),
    ):
        with pytest.raises(LedgerError, match="no final receipt can be made"):
            receipt.compose_final(placed, stated, POLICY)
    with pytest.raises(LedgerError, match="not the quorum"):
        final(decided(), SALT, signed=("paper",)).text(POLICY)


@pytest.mark.parametrize("log", ["other.example/US-VA-013", MASTER.name, "bureau.example"])
def test_a_statement_about_a_log_of_somebody_else_counts_for_nothing(log: str) -> None:
    """A master log vouches for its own bureau's logs, and neither for strangers' nor for itself."""
    with pytest.raises(VerifyError, match=r"^statement: "):
        receipt.verify(final(decided(), SALT, log=log).text(), KEY)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_after_the_header_are_refused(data: bytes) -> None:
    """What only begins like a final receipt raises VerifyError and nothing else."""
    for attempt in (receipt.parse, lambda one: receipt.verify(one, KEY, POLICY)):
        with pytest.raises(VerifyError):
            attempt(verify.FINAL_HEADER.encode() + b"\n" + data)


@pytest.mark.slow
def test_a_hostile_receipt_costs_no_time() -> None:
    """Lines made to be cut in many ways are refused in processor time that nobody notices."""
    text = final_of().text()
    start = time.process_time()
    for old, new in (
        ("TCN VA", "TCN " + ", case " * 1800),
        ("Asked for: ", "Asked for: " + ". In force: , rule . Legal basis: " * 360),
        ("Ledger entry 37 of", "Ledger entry 37 of " * 600),
        ('{"digest"', "[" * 10_000),
    ):
        with pytest.raises(VerifyError):
            receipt.verify(text.replace(old, new), KEY, POLICY)
    assert time.process_time() - start < 2


def test_a_newer_table_of_characters_does_not_undo_an_old_receipt() -> None:
    """A character that the writer's Unicode did not know was escaped; a reader that knows it still agrees."""
    assert verify.alike("A \\u1f600 B", "A \U0001f600 B")
    assert verify.alike("A \U0001f600 B", "A \\u1f600 B")
    assert not verify.alike("A \u202e B", "A \\u202e B"), "direction marks are no newcomers"
    assert not verify.alike("A \\u1f601 B", "A \U0001f600 B")
