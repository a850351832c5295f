# SPDX-License-Identifier: Apache-2.0
"""Writes the registry: genesis, registrars, and changes that two people sign after they saw the effect.

The order of writes is the same for every link: its file (spare name, flushed, renamed), then one commit with
its entry and an alert, then the proposal goes. Only the commit makes it count; see `WRITES` for crashes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sluicegate.errors import Conflict, LedgerError, Missing, ProgramError, StoreError, UsageError, quoted
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.ledger import merkle, note
from sluicegate.ledger.note import Signer
from sluicegate.ledger.statement import Statement as MasterStatement
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.verify import JSON, VerifierKey
from sluicegate.policy import proposal, succession
from sluicegate.policy.proposal import LinkFile, LinkKind, Paper, Statement
from sluicegate.store import registry
from sluicegate.store.entries import CLOCK_SLACK, COMMON_LOG
from sluicegate.store.journal import moment, stamp
from sluicegate.store.preview import NOTHING, Sight, effect_digest, id_of, may_follow
from sluicegate.store.programs import ProgramSource
from sluicegate.store.publish import write_durably
from sluicegate.store.registry import APPROVALS, REGISTRY_LOG, Chain, Link, Register, signers_of

PROPOSALS, REJECTED, LOCK = "proposals", "rejected", ".lock"

AGAIN = "Propose it again: its effect must be seen as it is now."

WRITES: Mapping[str, tuple[str, str]] = {
    "proposal": ("nothing was proposed", "it waits for another registrar, and does nothing"),
    "link": ("nothing changed; approve again", "a file that no entry names: not in force; approve again"),
    "commit": ("nothing changed; approve again", "it is in force, whoever heard of it"),
    "removal": ("the proposal lies about; it is not shown any more", "done"),
}
"""Every write in its order: what stands when the power goes before it landed, and after."""


class Registry:
    """The registry of one home, for those who change it. Safe beside a running server."""

    def __init__(self, source: ProgramSource, clock: Callable[[], datetime]) -> None:
        if source.register is None:
            raise UsageError("A folder that no home governs has no registry.")
        self.source = source
        self.register: Register = source.register
        self._clock = clock

    # -- reading ---------------------------------------------------------------------------------------

    def chain(self) -> Chain:
        """The chain in force. Raises ProgramError where it does not hold."""
        return self.register.chain()

    def proposals(self) -> list[tuple[LinkFile, tuple[str, ...]]]:
        """What waits, oldest first, with the registrars who signed it; what is registered is left out."""
        chain = self.chain()
        done = {id_of(link.file) for link in chain.links}
        found = []
        for path in sorted((self.register.folder / PROPOSALS).glob("*.note")):
            file = _read(path)
            if id_of(file) not in done:
                found.append((file, signers_of(file, chain.registrars)))
        return sorted(found, key=lambda one: one[0].statement.at)

    def sight(self, name: str) -> Sight:
        """What a proposal would do now. Raises Missing, ProgramError, UsageError where it is out of date."""
        file = _read(self._path(name))
        chain = self.chain()
        return self._sight(chain, file, signers_of(file, chain.registrars))

    def _path(self, name: str) -> Path:
        found = [one for one in (self.register.folder / PROPOSALS).glob("*.note") if one.stem == name]
        if not found:
            raise Missing(f"There is no proposal {quoted(name)}.", advice="See: sluicegate registry list")
        return found[0]

    def _sight(self, chain: Chain, file: LinkFile, signers: tuple[str, ...]) -> Sight:
        said = file.statement
        if (said.number, said.previous, said.before) != (len(chain.links), chain.head, chain.root):
            raise UsageError("The registry has grown since this was proposed.", advice=AGAIN)
        files, scenario = self.source.files()
        before = registry.derive(chain, files, scenario)
        if said.kind is not LinkKind.ROWS:
            return Sight(file, signers, NOTHING, ())
        after = registry.compose(files, scenario, [*chain.rows(), file.rows])
        if after.root != said.after:
            raise ProgramError("the root it names is not that of its rows")
        changed = may_follow(before, after, file.rows, self._now(), drill=chain.drill)
        if effect_digest(changed) != said.effect:
            raise UsageError("Its effect is not the one that was proposed.", advice=AGAIN)
        return Sight(file, signers, changed, succession.late(after, file.rows, self._now()))

    def _now(self) -> datetime:
        """The moment, in UTC. Raises LedgerError where the ledger has seen a later one."""
        now, log = self._clock().astimezone(UTC), self.register.store.log
        newest = [at for name in (COMMON_LOG, REGISTRY_LOG) if (at := log.newest(name)) is not None]
        if newest and max(newest) > now + CLOCK_SLACK:
            raise LedgerError(
                f"The clock says {stamp(now)}, and the ledger has an entry of {stamp(max(newest))}.",
                advice="Set the clock right: with a clock that was set back nothing can be registered.",
            )
        return max([now, *newest])

    # -- writing ---------------------------------------------------------------------------------------

    def begin(self, key: Signer, public: VerifierKey, why: str, alert: str = "") -> Link:
        """Register the program as it lies: the genesis, signed by the installation. Only where there is none.

        Raises UsageError where something is registered, ProgramError where the files are no program.
        """
        with self._alone():
            if self.register.registered():
                raise UsageError(
                    "This home is registered already.", advice="See: sluicegate registry history"
                )
            files, scenario = self.source.files()
            program, name = registry.compose(files, scenario, ()), self.source.names
            said = self._statement(Chain(), LinkKind.GENESIS, key.name, why)
            said = replace(
                said,
                program=name[0],
                scenario=name[1],
                after=program.root,
                files=registry.digests_of(name[0], files, name[1], scenario),
                key=str(public),
            )
            return self._register(Chain(), proposal.compose(note.sign(proposal.text(said), key), {}), alert)

    def enroll(self, key: Signer, public: VerifierKey, why: str) -> Link | str:
        """Put a person on the list of registrars.

        The first two enter at once, by their own signature: the link, which the ledger then holds. Everybody
        later waits for two registrars: the proposal's name. Raises ProgramError, UsageError.
        """
        with self._alone():
            chain = self.chain()
            said = replace(self._statement(chain, LinkKind.REGISTRAR, public.name, why), key=str(public))
            data = proposal.compose(note.sign(proposal.text(said), key), {})
            if len(chain.registrars) < APPROVALS:
                return self._register(chain, data, _alert(said, ()))
            if any(public.name == one.name or public.public == one.key.public for one in chain.registrars):
                raise UsageError("A registrar of that name or key is on the list already.")
            return self._put_proposal(data)

    def draft(self, rows: Mapping[str, bytes], why: str, papers: Sequence[Paper], by: str) -> Sight:
        """What a change would do, unsigned. Raises UsageError, or ProgramError naming the row as given."""
        chain = self.chain()
        files, scenario = self.source.files()
        before = registry.derive(chain, files, scenario)
        try:
            after = registry.compose(files, scenario, [*chain.rows(), rows])
        except ProgramError as error:
            raise self._as_given(error, [scenario, *chain.rows()]) from None
        changed = may_follow(before, after, rows, self._now(), drill=chain.drill)
        said = replace(
            self._statement(chain, LinkKind.ROWS, by, why),
            after=after.root,
            effect=effect_digest(changed),
            rows=proposal.told(rows),
            documents=tuple(papers),
        )
        file = LinkFile(proposal.text(said), said, dict(rows))
        return Sight(file, (), changed, succession.late(after, rows, moment(said.at)))

    def _as_given(self, error: ProgramError, before: Sequence[Mapping[str, bytes]]) -> ProgramError:
        """A row of the merged table named as the proposer knows it."""
        name = error.file.removeprefix("overlay/")
        above = sum(proposal.count(part[name]) for part in before if name in part)
        if not error.row or error.row - above < 1:
            return error
        text = error.message.partition(": ")[2]
        return ProgramError(
            text, file=name, row=error.row - above, advice="Nothing was proposed. Mend the row."
        )

    def propose(self, sight: Sight, key: Signer) -> str:
        """Sign a draft and let it wait for another registrar; the proposal's name.

        Raises UsageError where the signer is not on the list, or the registry has grown since the draft.
        """
        with self._alone():
            chain = self.chain()
            self._need_registrar(chain, key)
            data = proposal.compose(note.sign(proposal.text(sight.file.statement), key), sight.file.rows)
            self._sight(chain, proposal.parse(data), ())
            return self._put_proposal(data)

    def approve(self, name: str, key: Signer) -> Link | None:
        """Sign what another proposed. With the second registrar's signature it is in force: the link.

        Raises UsageError where the signer is not on the list, has signed already, or the proposal is out of
        date; ProgramError, StoreError.
        """
        with self._alone():
            chain, path = self.chain(), self._path(name)
            self._need_registrar(chain, key)
            file = _read(path)
            signed = signers_of(file, chain.registrars)
            self._sight(chain, file, signed)
            if key.name in signed and len(signed) < APPROVALS:
                raise UsageError(
                    f"{key.name} has signed this already.", advice="A change takes two different people."
                )
            data = path.read_bytes()
            if key.name not in signed:
                line = note.sign(proposal.text(file.statement), key).rpartition("\n\n")[2].strip("\n")
                data = proposal.add_signature(data, line)
                signed = signers_of(proposal.parse(data), chain.registrars)
            if len(signed) < APPROVALS:
                self._write(path, data)
                return None
            link = self._register(chain, data, _alert(file.statement, signed))
            path.unlink(missing_ok=True)
            return link

    def reject(self, name: str, key: Signer, why: str) -> None:
        """Put a proposal aside, with the signed reason of a registrar. Raises UsageError, Missing."""
        with self._alone():
            chain, path = self.chain(), self._path(name)
            self._need_registrar(chain, key)
            if not why.isprintable() or not why.strip() or len(why) > proposal.LONGEST_WHY:
                raise UsageError("Say in one plain line why it is rejected.")
            text = f"Sluicegate registry rejection v1\nproposal {name}\nat {stamp(self._now())}\nwhy {why}\n"
            data = path.read_bytes()
            # If we crash between the two, the proposal still waits and can be rejected again.
            self._write(self.register.folder / REJECTED / f"{name}.note", data)
            self._write(self.register.folder / REJECTED / f"{name}.why", note.sign(text, key).encode())
            path.unlink()

    # -- parts -----------------------------------------------------------------------------------------

    def _statement(self, chain: Chain, kind: LinkKind, by: str, why: str) -> Statement:
        """A statement that follows the newest link and moves nothing yet."""
        first = chain.links[0].statement if chain.links else None
        return Statement(
            number=len(chain.links),
            kind=kind,
            previous=chain.head,
            program=first.program if first else "",
            scenario=first.scenario if first else "",
            at=stamp(self._now()),
            by=by,
            before=chain.root,
            after=chain.root,
            effect="",
            why=why,
        )

    def _need_registrar(self, chain: Chain, key: Signer) -> None:
        listed = {one.name: one.key for one in chain.registrars}
        if key.name not in listed or listed[key.name].key_id != key.key_id:
            raise UsageError(
                f"{quoted(key.name)} with this key is not on the list of registrars.",
                advice="See: sluicegate registry list. A person enters it with: sluicegate registry enroll",
            )

    def _put_proposal(self, data: bytes) -> str:
        name = id_of(proposal.parse(data))
        self._write(self.register.folder / PROPOSALS / f"{name}.note", data)
        return name

    def _register(self, chain: Chain, data: bytes, alert: str) -> Link:
        """Make a link count: its file, then its entry and an alert in one commit."""
        longer = registry.extend(chain, data)
        link, number = longer.links[-1], len(chain.links)
        # If we crash before this has landed, nothing changed. If it landed, the file is one that no entry
        # names: it is not in force, and the same approval, made again, writes the same bytes again.
        self._write(self.register.folder / registry.file_name(number), data)
        store, at = self.register.store, self._now()
        with store.session() as session:
            # If we crash before this commit has landed: as above. If it landed, the link is in force, every
            # process that looks sees it, and the proposal that lies about is known by its digest.
            store.log.append(session, (_fact(link),), None, at, REGISTRY_LOG)
            held = session.connection().exec_driver_sql(
                "SELECT tree FROM frontier WHERE log = ?", (REGISTRY_LOG,)
            )
            if merkle.Frontier.decode(bytes(held.scalar_one())).size != number + 1:
                raise Conflict("Somebody else registered a link at the same moment; nothing was changed.")
            if alert:
                store.alert(session, alert, None, at)
        return link

    def _write(self, path: Path, data: bytes) -> None:
        write_durably(path, data)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time changes the registry, so that no link's file is written over."""
        folder = self.register.folder
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"The registry cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            with suppress(OSError):
                os.close(handle)


def registered_statement(link: Link, at: datetime) -> MasterStatement:
    """What the master log says to the public of a link that was registered at a moment."""
    said = link.statement
    parts: dict[str, JSON] = {
        "program": said.program,
        "root": said.after,
        "before": said.before,
        "change": link.digest,
        "number": said.number,
        "what": said.kind.value,
    }
    return MasterStatement(stamp(at), StatementKind.REGISTERED, parts)


def _fact(link: Link) -> Fact:
    said = link.statement
    body = {
        "number": said.number,
        "what": said.kind.value,
        "program": said.program,
        "root": said.after,
        "before": said.before,
        "change": link.digest,
    }
    return Fact(FactKind.REGISTERED, dict(body))


def _alert(said: Statement, signers: Sequence[str]) -> str:
    if said.kind is LinkKind.REGISTRAR:
        return f"Registry link {said.number}: {said.by} may now propose and approve changes of the rules."
    people = " and ".join(signers)
    return (
        f"Registry link {said.number}: the rules have changed, signed by {people}."
        " See: sluicegate registry history"
    )


def _read(path: Path) -> LinkFile:
    try:
        return proposal.parse(path.read_bytes())
    except ProgramError as error:
        raise ProgramError(error.message, file=f"{PROPOSALS}/{path.name}") from None
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}.") from error
