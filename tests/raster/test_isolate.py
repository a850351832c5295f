# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import (
    ImageRefused,
    InputRefused,
    SettingsError,
    TemplateError,
    UsageError,
    WorkerLost,
)
from sluicegate.raster import wire
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.wire import WorkerLimits

ENTRY = "raster_test_jobs:obey"
SMALL = WorkerLimits(wall_s=20.0, cpu_s=1, result_bytes=1_000_000, payload_bytes=1_000_000)


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """One workshop for the module: every test also shows that the ones before did it no harm."""
    with Workshop(ENTRY, prepare="raster_test_jobs:prepare", slots=2, limits=SMALL) as one:
        yield one


def _lost(workshop: Workshop, order: bytes, wall_s: float | None = None) -> WorkerLost:
    with pytest.raises(WorkerLost) as caught:
        workshop.run(order, wall_s)
    assert workshop.run(b"echo:next") == b"next"
    return caught.value


def test_a_worker_answers(workshop: Workshop) -> None:
    """A job gets its payload and gives its answer, byte for byte."""
    payload = bytes(range(256)) * 3000
    assert workshop.run(b"echo:" + payload) == payload


@pytest.mark.parametrize("order", [b"segfault:", b"abort:"])
def test_a_crash_costs_one_job(workshop: Workshop, order: bytes) -> None:
    """A job that crashes its process is lost; the caller lives and the next job is answered."""
    assert _lost(workshop, order).message == "The worker crashed."


def test_a_hoarder_is_stopped(workshop: Workshop) -> None:
    """A job that wants ten gigabytes is lost with the reason, and the next job is answered."""
    assert _lost(workshop, b"hoard:").message == "The worker ran out of memory."


def test_a_late_worker_is_stopped(workshop: Workshop) -> None:
    """A job that does not end is killed when its wall clock has run out."""
    assert _lost(workshop, b"doze:", wall_s=0.05).message == "The worker ran out of time (wall clock)."


@pytest.mark.slow
def test_a_spinning_worker_is_stopped(workshop: Workshop) -> None:
    """A job that spins is killed when its processor time has run out."""
    assert _lost(workshop, b"spin:").message == "The worker ran out of processor time."


def test_noise_of_a_worker_goes_nowhere(workshop: Workshop, capfd: pytest.CaptureFixture[str]) -> None:
    """What a job writes to its standard output and error is not seen in ours."""
    assert workshop.run(b"shout:") == b"shouted"
    assert capfd.readouterr() == ("", "")


def test_a_refusal_comes_back_as_raised(workshop: Workshop) -> None:
    """A refusal raised in the worker reaches the caller with its class, sentence, code and advice."""
    with pytest.raises(ImageRefused) as caught:
        workshop.run(b"refuse:")
    told = caught.value
    assert (told.message, told.code, told.advice) == ("The image is upside down.", "L0042", "Turn it.")


@pytest.mark.parametrize(
    "order",
    [b"refuse-rudely:", b"lie-about-length:", b"half-answer:", b"pickle:", b"leave:"],
)
def test_a_worker_taken_over_says_nothing(workshop: Workshop, order: bytes) -> None:
    """Line breaks, false lengths, half answers and foreign encodings from a worker end as a lost worker."""
    assert _lost(workshop, order).message == "The worker ended without an answer."


def test_an_exception_is_told_without_its_text(workshop: Workshop) -> None:
    """Any other exception is a lost worker that names class and place, never the received bytes."""
    lost = _lost(workshop, b"raise:\x1b[31mowned")
    assert lost.message == "The worker failed."
    assert lost.advice.startswith("KeyError in raster_test_jobs.py, line ")
    assert "owned" not in lost.advice


@pytest.mark.parametrize("order", [b"long:1000001", b"text:"])
def test_answers_are_capped(workshop: Workshop, order: bytes) -> None:
    """An answer over the cap, or that is no bytes, is not handed on."""
    assert _lost(workshop, order).message == "The worker's answer was too long."
    assert len(workshop.run(b"long:1000000")) == 1_000_000


def test_payloads_are_capped(workshop: Workshop) -> None:
    """A payload over the cap is refused before a worker is started for it."""
    with pytest.raises(InputRefused):
        workshop.run(b"echo:" + bytes(1_000_000))


@pytest.mark.parametrize("order", [b"open-file:", b"open-socket:"])
def test_a_worker_opens_nothing(workshop: Workshop, order: bytes) -> None:
    """A worker can open neither a file nor a socket, so it can neither read a key nor phone home."""
    assert "tried to open" in _lost(workshop, order).advice


def test_a_worker_holds_nothing_of_ours(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker sees none of our environment and no descriptor but its own line."""
    monkeypatch.setenv("SLUICEGATE_KEY", "secret")
    with Workshop(ENTRY, limits=SMALL) as fresh:
        told = json.loads(fresh.run(b"report:"))
    assert not [name for name in told["environment"] if "SLUICEGATE" in name or name == "PATH"]
    assert told["descriptors"] == [0, 1, 2, 3]


def test_preparation_happens_once(workshop: Workshop) -> None:
    """The preparation ran once, in the zygote, and every job has a process of its own."""
    first, second = (json.loads(workshop.run(b"report:")) for _ in range(2))
    assert first["prepared"] == second["prepared"] == [workshop.zygote_pid]
    assert first["parent"] == workshop.zygote_pid
    assert len({first["pid"], second["pid"], os.getpid()}) == 3


@pytest.mark.parametrize(
    ("entry", "prepare"),
    [
        ("raster_test_jobs:absent", ""),
        ("no_such_module:obey", ""),
        ("nonsense", ""),
        (ENTRY, "raster_test_jobs:fail_to_prepare"),
    ],
)
def test_a_wrong_entry_fails_at_the_start(entry: str, prepare: str) -> None:
    """A workshop whose job cannot be loaded says so when it is made, not at the first booking."""
    with pytest.raises(SettingsError):
        Workshop(entry, prepare=prepare)


def test_map_keeps_the_order(workshop: Workshop) -> None:
    """Answers and losses come in the order of the payloads."""
    orders = [b"echo:%d" % n if n % 4 else b"segfault:" for n in range(20)]
    found = list(workshop.map(iter(orders)))
    assert [type(one) is WorkerLost for one in found] == [n % 4 == 0 for n in range(20)]
    assert [one for one in found if isinstance(one, bytes)] == [b"%d" % n for n in range(20) if n % 4]


@pytest.mark.slow
def test_many_threads_share_a_workshop(workshop: Workshop) -> None:
    """Eight threads at once each get their own answers."""
    wrong: list[bytes] = []

    def ask(name: int) -> None:
        for turn in range(10):
            wanted = b"%d/%d" % (name, turn)
            if workshop.run(b"echo:" + wanted) != wanted:
                wrong.append(wanted)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.slow
def test_a_dead_zygote_is_replaced() -> None:
    """When the zygote is killed, the next job is answered by a new one."""
    with Workshop(ENTRY, limits=SMALL) as workshop:
        first = workshop.zygote_pid
        os.kill(first, signal.SIGKILL)
        assert workshop.run(b"echo:again") == b"again"
        assert workshop.zygote_pid != first


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(one) for one in file.read().split()]


def _first_children(pid: int) -> list[int]:
    for _ in range(200_000):
        if found := _children(pid):
            return found
    raise AssertionError("no worker was started")


def test_a_zygote_killed_under_a_job_loses_that_job_only() -> None:
    """A job whose zygote is killed is lost and not repeated; the one after it is answered."""
    outcome: list[object] = []
    with Workshop(ENTRY, limits=SMALL) as workshop:
        asking = threading.Thread(target=lambda: outcome.extend(workshop.map([b"doze:"])))
        asking.start()
        _first_children(workshop.zygote_pid)
        os.kill(workshop.zygote_pid, signal.SIGKILL)
        asking.join()
        assert [type(one) for one in outcome] == [WorkerLost]
        assert workshop.run(b"echo:next") == b"next"


def test_a_closed_workshop_takes_no_job() -> None:
    """A closed workshop refuses work, and closing it twice is harmless."""
    workshop = Workshop(ENTRY, limits=SMALL)
    workshop.close()
    workshop.close()
    with pytest.raises(UsageError):
        workshop.run(b"echo:")


_DOOMED = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from sluicegate.raster.isolate import Workshop
workshop = Workshop("raster_test_jobs:obey")
threading.Thread(target=workshop.run, args=(b"doze:",), daemon=True).start()
print(workshop.zygote_pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.slow
def test_nothing_outlives_a_killed_parent() -> None:
    """When the exchange is killed outright, the zygote and a worker in mid-job go too."""
    doomed = subprocess.Popen(
        [sys.executable, "-c", _DOOMED, os.path.dirname(__file__)], stdout=subprocess.PIPE, text=True
    )
    with doomed:
        assert doomed.stdout is not None
        zygote = int(doomed.stdout.readline())
        family = [zygote, *_first_children(zygote)]
        watches = [os.pidfd_open(pid) for pid in family]
        doomed.kill()
    for watch in watches:
        ended, _, _ = select.select([watch], [], [], 10)
        os.close(watch)
        assert ended


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_from_a_worker_are_a_refusal_or_nothing(body: bytes) -> None:
    """Whatever a worker sends as its refusal or loss is either sound or a broken frame."""
    for unpack in (wire.unpack_refusal, wire.unpack_loss):
        try:
            error = unpack(body)
        except wire.BrokenFrameError:
            continue
        assert error.message.isprintable()


@settings(deadline=None)
@given(
    st.sampled_from([InputRefused, ImageRefused, TemplateError]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
)
def test_refusals_round_trip(kind: type[InputRefused], message: str) -> None:
    """Every refusal of printable text comes through the frame unchanged."""
    sent = kind(message, code="E0003")
    back = wire.unpack_refusal(wire.pack_refusal(sent))
    assert (type(back), back.message, back.code) == (kind, sent.message, "E0003")
