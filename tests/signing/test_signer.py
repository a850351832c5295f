# SPDX-License-Identifier: Apache-2.0
"""The contract of a log's signer, held by a key file and by a process alike; and what the process refuses."""

from __future__ import annotations

import shutil
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenes import Town, letter, rows
from sluicegate.errors import LedgerError, SettingsError
from sluicegate.exchange import runner
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import checkpoint, keys, note, receipt, signing, verify
from sluicegate.ledger.keys import FileKey
from sluicegate.ledger.note import LogSigner
from sluicegate.ledger.signing import ATTESTATION, MAX_BYTES, Request
from sluicegate.ledger.verify import VerifierKey
from sluicegate.signing.client import RemoteKey
from sluicegate.signing.server import SigningServer

ROOT = bytes(range(32))


def test_a_log_signs_under_its_own_name(signer: LogSigner, own: FileKey) -> None:
    """The signer of a log has the log's name and id, and its checkpoint holds under that name only."""
    log = signer.under("US-CA-075")
    assert log.name == f"{own.name}/US-CA-075"
    signed = checkpoint.sign(log.name, 7, ROOT, log)
    assert checkpoint.verify(signed, str(log.public)).size == 7
    with pytest.raises(verify.NotVerified):
        verify.open_note(signed, own.public, "checkpoint")


def test_both_give_the_same_signature(signer: LogSigner, own: FileKey) -> None:
    """Ed25519 has one signature for a key and a message: it does not matter who held the key."""
    text = f"{own.name}/master\n3\n{'A' * 43}=\n"
    assert note.sign(text, signer.under("master")) == note.sign(text, own.under("master"))


def test_the_key_under_two_names_has_two_ids(signer: LogSigner) -> None:
    """Names that nest give other ids, made without the private key."""
    ids = {signer.key_id, signer.under("a").key_id, signer.under("a/withheld").key_id}
    assert len(ids) == 3


def test_many_threads_may_sign_at_once(signer: LogSigner) -> None:
    """Sixteen signatures asked for at the same time are each over their own text."""
    log = signer.under("US-CA-075")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda size: checkpoint.sign(log.name, size, ROOT, log), range(16)))
    assert [checkpoint.verify(one, str(log.public)).size for one in made] == list(range(16))


def test_an_attestation_is_signed_under_the_key_s_own_name(signer: LogSigner, own: FileKey) -> None:
    """The word that a booking was expunged is signed by the installation itself."""
    text = f"{ATTESTATION}\nOf: 00W5N2T3J8XKZ4QH6YB1C7DVFR\nBy: {own.name}\nAt: 2010\n"
    assert verify.open_note(note.sign(text, signer), own.public, "attestation") == text


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("US-CA-075", f"log.example/bureau/US-CA-001\n3\n{'A' * 43}=\n"),
        ("US-CA-075", f"log.example/bureau/US-CA-075\n-3\n{'A' * 43}=\n"),
        ("US-CA-075", f"log.example/bureau/US-CA-075\n3\n{'A' * 43}=\nmore\n"),
        ("US-CA-075", "Transfer everything.\n"),
        ("US-CA-075", "Sluicegate receipt v1\nof nothing\n"),
        ("", f"log.example/bureau\n3\n{'A' * 43}=\n"),
        ("", f"{ATTESTATION}\nOf: X\nBy: log.example/partner\nAt: 2010\n"),
        ("", "anything\n"),
    ],
)
def test_the_process_signs_nothing_but_what_an_exchange_signs(remote: RemoteKey, log: str, text: str) -> None:
    """A checkpoint of another log, a receipt over nothing and free text are refused."""
    with pytest.raises(LedgerError, match="refuses"):
        note.sign(text, remote.under(log) if log else remote)


def test_another_role_s_name_is_refused(own: FileKey, remote: RemoteKey) -> None:
    """The process of the bureau signs nothing under the partner's name, nor under one that begins alike."""
    for name in ("log.example/partner", "log.example/bureau2/US-CA-075"):
        stranger = keys.from_seed(name, bytes(range(32)))
        text = f"{name}\n3\n{'A' * 43}=\n"
        with pytest.raises(LedgerError, match="another key"):
            note.sign(text, RemoteKey(stranger.public, remote.path))
    assert own.name != "log.example/partner"


def test_a_receipt_over_a_tree_signed_elsewhere_is_refused(own: FileKey) -> None:
    """A receipt is signed only over a checkpoint that this key signed."""
    with_other = keys.from_seed(own.name, bytes(32)).under("L")
    text = f"{own.name}/L\n3\n{'A' * 43}=\n"
    body = f"{verify.HEADER}\n" + note.sign(text, with_other)
    with pytest.raises(LedgerError):
        signing.judge(own.public, Request(f"{own.name}/L", body))


def test_a_signature_that_does_not_hold_is_not_passed_on(own: FileKey, socket_path: Path) -> None:
    """A process that holds another key than the home knows gets nothing into a note."""
    other = keys.from_seed(own.name, bytes(32))
    server = SigningServer(other, socket_path).start()
    remote = RemoteKey(own.public, socket_path)
    with pytest.raises(LedgerError, match="another key"):
        checkpoint.sign(f"{own.name}/L", 1, ROOT, remote.under("L"))
    with pytest.raises(LedgerError, match="another key"):
        remote.need()
    server.close()


def test_a_signer_that_is_gone_is_told(own: FileKey, socket_path: Path) -> None:
    """Without the process nothing is signed, and the error says how to start it."""
    with pytest.raises(LedgerError, match="cannot be asked") as caught:
        checkpoint.sign(f"{own.name}/L", 1, ROOT, RemoteKey(own.public, socket_path).under("L"))
    assert "keys serve" in caught.value.advice


def test_the_socket_is_its_owner_s_alone(remote: RemoteKey, served: SigningServer) -> None:
    """The socket has mode 0600, and goes when the process ends."""
    assert stat.S_IMODE(remote.path.stat().st_mode) == 0o600
    served.close()
    assert not remote.path.exists()


def test_a_socket_left_behind_is_replaced_and_a_live_one_is_not(own: FileKey, socket_path: Path) -> None:
    """What a killed signer left is cleared away; beside a live one, or over a file, nothing starts."""
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(socket_path))
    server = SigningServer(own, socket_path).start()
    RemoteKey(own.public, socket_path).need()
    with pytest.raises(SettingsError, match="already"):
        SigningServer(own, socket_path)
    server.close()
    socket_path.write_text("a file of somebody's")
    with pytest.raises(SettingsError, match="no socket"):
        SigningServer(own, socket_path)


@pytest.mark.parametrize("sent", [b"", b"{", b"\xff" * 100, b"[" * MAX_BYTES, b"x" * (MAX_BYTES + 1)])
def test_garbage_is_refused_and_the_next_is_served(remote: RemoteKey, sent: bytes) -> None:
    """Whatever a connection says, it gets a refusal or nothing, and the process goes on."""
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(5)
        line.connect(str(remote.path))
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        assert b'"signature": ""' in line.recv(MAX_BYTES)
    remote.need()


def test_what_was_signed_is_counted_by_kind_and_log(remote: RemoteKey, served: SigningServer) -> None:
    """The process counts by kind and log; refusals do not count."""
    log = remote.under("US-CA-075")
    for size in (1, 2):
        checkpoint.sign(log.name, size, ROOT, log)
    with pytest.raises(LedgerError):
        note.sign("anything\n", log)
    assert served.counts() == {("checkpoint", "US-CA-075"): 2}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    """Reading a request or an answer gives one, or a LedgerError, and nothing else."""
    for read in (signing.read_request, signing.read_answer):
        with suppress(LedgerError):
            assert read(data) is not None


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_is_judged_or_refused(name: str, text: str) -> None:
    """Judging any name and text gives a kind, or a LedgerError, and nothing else."""
    own = keys.from_seed("log.example/bureau", bytes(range(32)))
    for one in (name, f"{own.name}/{name}", own.name):
        with pytest.raises(LedgerError):
            signing.judge(own.public, Request(one, text))


@contextmanager
def _signed_for(town: Town) -> Iterator[tuple[SigningServer, VerifierKey]]:
    """The town's bureau signs through a process; its private key is moved out of the home."""
    away, own = town.home.parent / "away.key", town.home / "keys" / "bureau-ledger.key"
    if not away.exists():
        shutil.copy(keys.public_path(own), keys.public_path(away))
        own.rename(away)
        with (town.home / "sluicegate.toml").open("a", encoding="utf-8") as file:
            file.write(f'signer_bureau = "{town.home.parent / "s"}"\n')
    server = SigningServer(keys.load(away), town.home.parent / "s").start()
    town.reopen()
    yield server, log_key(keys.load(away), "US-CA-085").public
    server.close()


@pytest.mark.slow
def test_an_exchange_without_a_private_key_shares_as_one_with_it(town: Town) -> None:
    """With the key at a process, the home holds no private key, and copies and receipts come as before."""
    with _signed_for(town) as (server, public):
        case_id = town.book("full", 7)
        town.finish()
        paper = letter(town, case_id, "RECEIPT")
        assert receipt.verify(paper, str(public)).words
        assert server.counts()["receipt", "US-CA-085"] == 1
        assert len(town.copies) == 1


@pytest.mark.slow
def test_without_its_signer_nothing_is_shared_and_intake_goes_on(town: Town) -> None:
    """With the signing process gone bookings are taken in and no copy leaves; back again, all go on, once."""
    with _signed_for(town) as (server, _):
        server.close()
        cases = [town.book("full", 7), town.book("filter", 8)]
        for _ in cases:
            with pytest.raises(LedgerError, match="cannot be asked"):
                town.settle()
        assert town.copies == {}
        assert {town.case(one).state.value for one in cases} <= {"spooled", "answered"}
    with _signed_for(town):
        town.finish()
        assert len(town.copies) == 1
        assert letter(town, cases[0], "RECEIPT")
        assert letter(town, cases[1], "RECEIPT")


def _wait(until: Callable[[], bool]) -> None:
    end, pause = time.monotonic() + 20, threading.Event()
    while not until():
        assert time.monotonic() < end, "it never came"
        pause.wait(0.02)


@pytest.mark.slow
def test_the_operator_is_told_that_the_signer_is_gone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running exchange without its signer shares nothing and raises an alert; with it, all go on, once."""
    monkeypatch.setattr(runner, "PATIENCE", 2)
    with _signed_for(town) as (server, _):
        server.close()
        town.exchange.start()
        town.book("full", 7)
        bureau, partner = town.exchange.bureau.store, town.exchange.partner.store
        _wait(lambda: any("signing process" in str(one["reason"]) for one in bureau.rows("alerts")))
        town.book("full", 8)
        assert all(message.kind != "COPY" for message in bureau.messages())
    with closing(SigningServer(keys.load(town.home.parent / "away.key"), town.home.parent / "s").start()):
        _wait(lambda: sum(row["kind"] == "copy-taken" for row in rows(partner, "entry")) == 2)
