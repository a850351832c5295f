# SPDX-License-Identifier: Apache-2.0
"""Answers by mail: what a mailbox gets, and what a header never holds."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage

import pytest
from edges_world import ORI, outgoing
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.delivery.mail import compose, to_mail
from sluicegate.errors import DeliveryError, SettingsError
from sluicegate.testing.agency import Mailbox

DOMAIN = "agencies.example"
SRE = b"1.001:90\x1d1.002:0300\x1d1.004:SRE\x1c\x00\r\n.\r\n\n\xff"
RECEIPT = "Receipt: gate G1 stayed closed \u2014 nothing was shared.\n.\nSigned.\n".encode()


def test_an_answer_arrives_as_it_was(mailbox: Mailbox) -> None:
    """An answer reaches the mailbox of its ORI byte for byte, with its sequence number and its own name."""
    to_mail(mailbox.address, DOMAIN)(outgoing(), SRE)
    (got,) = mailbox.received(ORI)
    assert (got.kind, got.body, got.sequence, got.message_id) == ("SRE", SRE, 7, "01HX.SRE")


def test_a_receipt_can_be_read_at_once(mailbox: Mailbox) -> None:
    """A receipt stands in the text of the mail, and is attached byte for byte."""
    to_mail(mailbox.address, DOMAIN)(outgoing("RECEIPT", message_id="01HX.RECEIPT"), RECEIPT)
    (got,) = mailbox.received(ORI)
    assert (got.kind, got.body) == ("RECEIPT", RECEIPT)
    assert got.text == RECEIPT.decode()


def test_a_repeat_is_recognized(mailbox: Mailbox) -> None:
    """The same message sent again has the same Message-ID, so the agency keeps one."""
    carry = to_mail(mailbox.address, DOMAIN)
    carry(outgoing(), SRE)
    carry(outgoing(), SRE)
    assert len(mailbox.received(ORI)) == 1
    assert mailbox.repeats == 1


def test_a_busy_mailbox_leaves_the_message_queued(mailbox: Mailbox) -> None:
    """A mailbox that answers 451 is a delivery error with its code; the next try arrives."""
    carry = to_mail(mailbox.address, DOMAIN)
    mailbox.fail_next(1)
    with pytest.raises(DeliveryError, match="answered 451; the message stays queued"):
        carry(outgoing(), SRE)
    carry(outgoing(), SRE)
    assert len(mailbox.received(ORI)) == 1
    assert mailbox.refused == 1


def test_a_lost_reply_gives_a_repeat_and_no_second_answer(mailbox: Mailbox) -> None:
    """A relay that takes the mail and vanishes gets it again; the agency has it once."""
    carry = to_mail(mailbox.address, DOMAIN)
    mailbox.drop_next(1)
    with pytest.raises(DeliveryError):
        carry(outgoing(), SRE)
    carry(outgoing(), SRE)
    assert len(mailbox.received(ORI)) == 1
    assert mailbox.repeats == 1


def test_a_relay_that_is_away_leaves_the_message_queued(mailbox: Mailbox) -> None:
    """Where nobody listens, the message stays queued, and the sentence says nothing of its content."""
    carry = to_mail(mailbox.address, DOMAIN)
    mailbox.close()
    with pytest.raises(DeliveryError, match="cannot be reached"):
        carry(outgoing(), SRE)
    mailbox.start()
    carry(outgoing(), SRE)
    assert len(mailbox.received(ORI)) == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_can_be_injected(recipient: str, message_id: str) -> None:
    """Whatever stands where an ORI or a name should be, the mail is for that ORI alone, or is not made."""
    try:
        mail = compose(outgoing(recipient=recipient, message_id=message_id), SRE, DOMAIN)
    except DeliveryError:
        return
    assert message_from_bytes(mail.as_bytes())["To"] == f"{recipient.lower()}@{DOMAIN}"


@pytest.mark.parametrize(
    "recipient",
    ["NY0303000\r\nBcc: x@y", "NY0303000\n", "ny0303000", "NY030300", "NY030300\u0660", "NY@303000", ""],
)
def test_only_an_ori_names_a_mailbox(recipient: str) -> None:
    """A recipient that is not an ORI is refused before anything is sent."""
    with pytest.raises(DeliveryError, match="not an ORI"):
        compose(outgoing(recipient=recipient), SRE, DOMAIN)


def test_a_name_of_a_message_cannot_break_a_header() -> None:
    """A message's name with anything but letters, digits, dot, dash and underscore is refused."""
    with pytest.raises(DeliveryError, match="cannot stand in a mail header"):
        compose(outgoing(message_id="01HX>\r\nBcc: x@y"), SRE, DOMAIN)


def test_headers_are_fixed_but_for_three_values() -> None:
    """Whom it is for, its own name and its number are all that varies in the headers of an answer."""

    def headers(mail: EmailMessage) -> dict[str, str]:
        return {name: str(mail[name]) for name in mail}

    one = headers(compose(outgoing(), SRE, DOMAIN))
    two = headers(compose(outgoing("IDR", recipient="NJ0010000", message_id="02.IDR"), b"1.01:x", DOMAIN))
    differ = {name for name in one if one[name].split("; boundary")[0] != two[name].split("; boundary")[0]}
    assert differ == {"To", "Message-ID"}
    assert one["Subject"] == "Answer of the fingerprint exchange"


@pytest.mark.parametrize("smarthost", ["", "host", "host:", ":25", "host:0", "host:70000", "host:\u0661"])
def test_a_wrong_smarthost_is_told_at_once(smarthost: str) -> None:
    """A smarthost that is not host:port is a wrong setting, told before any answer waits for it."""
    with pytest.raises(SettingsError, match="smarthost"):
        to_mail(smarthost, DOMAIN)


@pytest.mark.parametrize("domain", ["", "a b", "x@y", "a..b", "-a", "a\r\nb", "x" * 300])
def test_a_wrong_domain_is_told_at_once(domain: str) -> None:
    """A mail domain that is not a domain name is a wrong setting."""
    with pytest.raises(SettingsError, match="mail_domain"):
        to_mail("127.0.0.1:25", domain)
