# SPDX-License-Identifier: Apache-2.0
"""The door as a folder: whatever file lies still in it is taken in, and deleted once it is durable.

A sender writes `name.part` and renames it; where it cannot, a file is left alone until its size was the same
at two looks. What is refused is moved aside with a sentence beside it. Links, folders, pipes and names that
begin with a dot are left alone.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import InputRefused
from sluicegate.intake.door import Door

log = logging.getLogger("sluicegate.intake")


@dataclass(frozen=True, slots=True)
class _Look:
    """What tells one content of a name from the next."""

    inode: int
    size: int
    changed_ns: int


class FolderIntake:
    """Watches `incoming` by looking every `pause_s` seconds."""

    def __init__(self, door: Door, incoming: Path, refused: Path, pause_s: float = 0.5) -> None:
        self._door = door
        self._incoming = incoming
        self._refused = refused
        self._pause_s = pause_s
        self._seen: dict[str, _Look] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._look_forever, name="folder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the file in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look_forever(self) -> None:
        while not self._stop.is_set():
            try:
                self.scan_once()
            except Exception as error:  # noqa: BLE001 the watch must outlive a full disk or an unmounted folder
                log.error("folder-failed kind=%s", type(error).__name__)
            self._stop.wait(self._pause_s)

    def scan_once(self) -> int:
        """Look once; returns how many files were taken in, each at its second look at the soonest."""
        looks = {name: look for name in self._names() if (look := self._look(name)) is not None}
        still = [name for name, look in looks.items() if self._seen.get(name) == look]
        self._seen = looks
        return sum(self._take(name, looks[name]) for name in still)

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self._incoming)
        except OSError as error:
            log.error("folder-unreadable kind=%s", type(error).__name__)
            return []
        return sorted(name for name in names if not name.startswith(".") and not name.endswith(".part"))

    def _look(self, name: str) -> _Look | None:
        try:
            found = os.lstat(self._incoming / name)
        except OSError:
            return None  # gone since it was listed
        if not stat.S_ISREG(found.st_mode):
            return None
        return _Look(found.st_ino, found.st_size, found.st_mtime_ns)

    def _take(self, name: str, look: _Look) -> bool:
        try:
            self._door.accept(self._read(name), "folder")
        except InputRefused as error:
            self._move_aside(name, error)
            return False
        except Exception as error:  # noqa: BLE001 one bad file must not stop the others
            # Left in place: nobody was told that it was taken, so the next look is the sender's repeat.
            log.warning("folder-file-left kind=%s", type(error).__name__)
            return False
        # If we crash before the deletion, the same bytes are absorbed at the next start. A file that was
        # replaced meanwhile is another file: it stays.
        if self._look(name) == look:
            with suppress(OSError):
                os.unlink(self._incoming / name)
        return True

    def _read(self, name: str) -> bytes:
        handle = os.open(self._incoming / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("no longer a regular file")
            # One byte more than is taken, so that the door itself says that it is too large.
            return file.read(self._door.max_bytes + 1)

    def _move_aside(self, name: str, error: InputRefused) -> None:
        aside = self._refused / name
        if aside.exists():
            aside = self._refused / f"{name}.{secrets.token_hex(4)}"
        try:
            why = "\n".join(line for line in (error.message, error.advice) if line)
            Path(f"{aside}.why.txt").write_text(why + "\n", "utf-8")
            os.rename(self._incoming / name, aside)
        except OSError as trouble:
            log.error("refused-not-moved kind=%s", type(trouble).__name__)
