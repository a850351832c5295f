# SPDX-License-Identifier: Apache-2.0
"""The log of a server says what happened and never what was carried."""

from __future__ import annotations

import logging
import threading

import pytest

from sluicegate.cli.logs import to_stderr


def test_our_own_events_are_lines_of_key_and_value(capsys: pytest.CaptureFixture[str]) -> None:
    """An event is one line: when, how grave, from where, what."""
    with to_stderr():
        logging.getLogger("sluicegate.runner").error("step-failed case=%s", "X1")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("at=")
    assert "level=ERROR from=sluicegate.runner event=step-failed case=X1" in line


@pytest.mark.parametrize("name", ["dbos", "asyncio", "uvicorn.error"])
def test_a_library_cannot_put_text_into_the_log(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a library has to say is told by its kind and place; its text, which could be a payload, is not."""
    with to_stderr():
        try:
            raise ValueError("DOE,JOHN")
        except ValueError:
            logging.getLogger(name).exception("failed on %s", "DOE,JANE")
    line = capsys.readouterr().err
    assert "DOE" not in line
    assert f"from={name} event=library-message" in line
    assert line.rstrip().endswith("kind=ValueError")
    assert line.count("\n") == 1


def test_a_thread_that_fails_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A broken thread leaves one line and no traceback."""

    def fail() -> None:
        raise ValueError("DOE,JOHN")

    with to_stderr():
        thread = threading.Thread(target=fail, name="walk-1")
        thread.start()
        thread.join()
    line = capsys.readouterr().err
    assert "event=thread-failed thread=walk-1 kind=ValueError" in line
    assert "DOE" not in line


def test_a_logger_that_a_library_has_walled_in_is_heard_and_put_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A library's own handlers and levels are set aside while the server logs, and are there again after."""
    logger = logging.getLogger("dbos")
    before = (logger.handlers, logger.level, logger.propagate, logger.disabled)
    handler = logging.StreamHandler()
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.CRITICAL)
    try:
        with to_stderr():
            logger.error("failed on %s", "DOE,JANE")
        assert (logger.handlers, logger.level, logger.propagate) == ([handler], logging.CRITICAL, False)
    finally:
        logger.handlers, logger.propagate, logger.disabled = before[0], before[2], before[3]
        logger.setLevel(before[1])
    line = capsys.readouterr().err
    assert "from=dbos event=library-message" in line
    assert "DOE" not in line
