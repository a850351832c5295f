# SPDX-License-Identifier: Apache-2.0
"""Reads the registry of a home: the genesis and every approved change, as a chain that holds or is doubt.

`registry/NNNN.note` is link NNNN. A link counts from the moment its entry is in the ledger, and only as long
as its file is what that entry says. What is in the folder beyond the newest entry is not in force: it is an
approval that was interrupted. Nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sluicegate.errors import ProgramError, VerifyError, quoted
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger import merkle, verify
from sluicegate.ledger.entry import Entry
from sluicegate.ledger.note import verifier_key
from sluicegate.ledger.verify import NotVerified, VerifierKey
from sluicegate.policy import proposal, succession
from sluicegate.policy.program import Program, overlay
from sluicegate.policy.proposal import LinkFile, LinkKind, Statement
from sluicegate.store.journal import Store, moment

REGISTRY_LOG = "registry"
"""The ledger's log of links. Its bodies hold nothing that is not in the links, and those are public."""

FOLDER = "registry"
APPROVALS = 2
ADOPT = "Compare the program's files with a copy that you trust, then run: sluicegate registry adopt"
RESTORE = (
    "Every gate stays closed. Restore registry/ and programs/ from a backup, then: sluicegate registry verify"
)


@dataclass(frozen=True, slots=True)
class Registrar:
    """A person on the list: may propose, and approve what another proposed."""

    name: str
    key: VerifierKey
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """One link that holds: its file's digest, its statement and rows, and whose signatures count."""

    digest: str
    file: LinkFile
    signers: tuple[str, ...]

    @property
    def statement(self) -> Statement:
        """What was signed."""
        return self.file.statement


@dataclass(frozen=True, slots=True)
class Registered:
    """What the ledger says of one link."""

    number: int
    digest: str
    root: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """The links in order, and the registrars that they brought."""

    links: tuple[Link, ...] = ()
    registrars: tuple[Registrar, ...] = ()

    @property
    def root(self) -> str:
        """The policy root after the newest link."""
        return self.links[-1].statement.after if self.links else ""

    @property
    def head(self) -> str:
        """Digest of the newest link."""
        return self.links[-1].digest if self.links else ""

    @property
    def drill(self) -> bool:
        """Whether a scenario is laid over the program."""
        return bool(self.links and self.links[0].statement.scenario)

    def rows(self, links: int | None = None) -> list[Mapping[str, bytes]]:
        """Rows added by the first so many links, or by all."""
        return [link.file.rows for link in self.links[:links]]


def file_name(number: int) -> str:
    """Name of the file of a link."""
    return f"{number:04d}.note"


def signers_of(file: LinkFile, registrars: Iterable[Registrar]) -> tuple[str, ...]:
    """Registrars whose signature is under a note, in the order of the list.

    Raises ProgramError where a signature names one of them and does not hold.
    """
    return tuple(one.name for one in registrars if is_signed(file, one.key))


def is_signed(file: LinkFile, key: VerifierKey) -> bool:
    """Whether a note has a signature of a key; raises ProgramError where it has one that does not hold."""
    try:
        _, lines = verify.split_note(file.note, "registry")
        ours = [encoded for name, encoded in lines if name == key.name]
        if not any(len(one) == 92 and verify.unbase64(one, 68, "registry")[:4] == key.key_id for one in ours):
            return False
        verify.open_note(file.note, key, "registry")
    except NotVerified as failure:
        raise ProgramError(str(failure)) from None
    return True


def extend(chain: Chain, data: bytes) -> Chain:
    """The chain with one link more.

    Raises:
        ProgramError: the file is no link, does not follow the newest one, or lacks the signatures it needs:
            two different registrars of the list, the first two registrars excepted, who sign for themselves.
    """
    file = proposal.parse(data)
    said = file.statement
    _follows(chain, said)
    key = _key(said)
    listed = signers_of(file, chain.registrars)
    if said.kind is LinkKind.GENESIS:
        needed, has = "the installation", key is not None and is_signed(file, key)
    elif said.kind is LinkKind.REGISTRAR and len(chain.registrars) < APPROVALS:
        needed, has = "the new registrar", key is not None and is_signed(file, key)
    elif said.kind is LinkKind.REGISTRAR:
        needed = "the new registrar and two registrars of the list"
        has = key is not None and is_signed(file, key) and len(listed) >= APPROVALS
    else:
        needed, has = "two different registrars of the list", len(listed) >= APPROVALS and said.by in listed
    if not has:
        raise ProgramError(f"it is not signed by {needed}")
    registrars = chain.registrars
    if said.kind is LinkKind.REGISTRAR and key is not None:
        registrars = (*registrars, _new_registrar(said, key, registrars))
    return Chain((*chain.links, Link(proposal.sha256(data), file, listed)), registrars)


def _key(said: Statement) -> VerifierKey | None:
    try:
        return verifier_key(said.key) if said.key else None
    except VerifyError as error:
        raise ProgramError(error.message) from None


def _follows(chain: Chain, said: Statement) -> None:
    """The link stands in its place: number, digest and roots lead on from the one before."""
    if said.number != len(chain.links) or (said.kind is LinkKind.GENESIS) != (said.number == 0):
        raise ProgramError(
            f"it says that it is link {said.number}, {said.kind.value}; it stands at {len(chain.links)}"
        )
    if said.previous != chain.head or said.before != chain.root:
        raise ProgramError("it does not follow the link before it: one was changed, removed or put elsewhere")
    if chain.links:
        last, first = chain.links[-1].statement, chain.links[0].statement
        if said.at < last.at:
            raise ProgramError("it says that it is older than the link before it")
        if (said.program, said.scenario) != (first.program, first.scenario):
            raise ProgramError("it is of another program")
    if (said.kind is LinkKind.ROWS) != bool(said.rows) or (
        said.kind is not LinkKind.ROWS and said.root_moves
    ):
        raise ProgramError("only a change of rows adds rows and moves the root")


def _new_registrar(said: Statement, key: VerifierKey, listed: Sequence[Registrar]) -> Registrar:
    if key.name != said.by or not proposal.NAME.fullmatch(said.by):
        raise ProgramError(f"{quoted(said.by)} is not the name of the key that it brings")
    if any(one.name == key.name or one.key.public == key.public for one in listed):
        raise ProgramError("a registrar of that name or key is on the list already")
    return Registrar(key.name, key, said.number)


def read_chain(folder: Path, digests: Sequence[str] | None = None) -> Chain:
    """The chain of a folder: the links that these digests name, or, without digests, every link there is.

    Raises:
        ProgramError: naming the file, where a link is missing, is another one, or does not hold.
    """
    chain = Chain()
    held = sorted(one.name for one in folder.glob("*.note")) if folder.is_dir() else []
    names = held if digests is None else [file_name(number) for number in range(len(digests))]
    for number, name in enumerate(names):
        shown = f"{FOLDER}/{name}"
        if name != file_name(number):
            raise ProgramError(f"link {number} is missing", file=shown, advice=RESTORE)
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise ProgramError(f"cannot be read: {error.strerror}", file=shown, advice=RESTORE) from error
        if digests is not None and proposal.sha256(data) != digests[number]:
            raise ProgramError("it is not the link that the ledger registered", file=shown, advice=RESTORE)
        try:
            chain = extend(chain, data)
        except ProgramError as error:
            raise ProgramError(error.message, file=shown, advice=RESTORE) from None
    return chain


def compose(
    files: Mapping[str, bytes], scenario: Mapping[str, bytes], rows: Sequence[Mapping[str, bytes]]
) -> Program:
    """The program of its files, a scenario and added rows. Raises ProgramError."""
    return overlay(files, proposal.merged((scenario, *rows)))


def derive(
    chain: Chain, files: Mapping[str, bytes], scenario: Mapping[str, bytes], links: int | None = None
) -> Program:
    """The program after the first so many links, or after all; its root is the one that was registered.

    Raises:
        ProgramError: the files with the rows added have another root, and so are not what was registered.
    """
    upto = len(chain.links) if links is None else links
    root = chain.links[upto - 1].statement.after
    program = compose(files, scenario, chain.rows(upto))
    if program.root != root:
        raise ProgramError(_differing(chain, files, scenario), advice=RESTORE)
    return program


def _differing(chain: Chain, files: Mapping[str, bytes], scenario: Mapping[str, bytes]) -> str:
    genesis = chain.links[0].statement
    present = digests_of(genesis.program, files, genesis.scenario, scenario)
    changed = sorted(n for n in {*present, *genesis.files} if present.get(n) != genesis.files.get(n))
    named = ", ".join(quoted(one) for one in changed) or "what they say together"
    return (
        f"the program's files are not those that were registered ({named} differs); a change needs two people"
    )


def digests_of(
    program: str, files: Mapping[str, bytes], scenario_name: str, scenario: Mapping[str, bytes]
) -> dict[str, str]:
    """Digest of every file of a program and its scenario, by FOLDER/FILE."""
    both = {f"{program}/{name}": data for name, data in files.items()}
    both |= {f"{scenario_name}/{name}": data for name, data in scenario.items()}
    return {name: proposal.sha256(both[name]) for name in sorted(both)}


def check_history(chain: Chain, files: Mapping[str, bytes], scenario: Mapping[str, bytes]) -> Program:
    """Derive the root of every link again, and hold each change to the rules of succession; the last program.

    Needs nothing but the public files. Raises ProgramError naming the link.
    """
    program: Program | None = None
    for number, link in enumerate(chain.links):
        said, name = link.statement, f"{FOLDER}/{file_name(number)}"
        if program is not None and said.kind is not LinkKind.ROWS:
            continue
        before, program = program, compose(files, scenario, chain.rows(number + 1))
        if program.root != said.after:
            raise ProgramError("the root it names is not that of its rows", file=name, advice=RESTORE)
        if before is not None:
            wrong = succession.breaches(before, program, link.file.rows, moment(said.at), drill=chain.drill)
            if wrong:
                raise ProgramError(wrong[0].text, file=name, row=wrong[0].row, advice=RESTORE)
    if program is None:
        raise ProgramError("there is no link at all", file=FOLDER, advice=ADOPT)
    return program


class Register:
    """The registry of one home, read through its ledger."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store

    def mark(self) -> object:
        """Something that differs when a link or the ledger's log of links does."""
        tree = self.store.rows("frontier", log=REGISTRY_LOG)
        listed = sorted(self.folder.glob("*.note"))
        stats = [(one.name, one.stat()) for one in listed]
        files = tuple((name, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size) for name, stat in stats)
        return (bytes(tree[0]["tree"]) if tree else b"", files)

    def registered(self) -> tuple[Registered, ...]:
        """What the ledger says of the links, in order. Raises ProgramError where it does not add up."""
        rows = self.store.rows("entries_in_log", log=REGISTRY_LOG)
        held = self.store.rows("frontier", log=REGISTRY_LOG)
        tree, found = merkle.Frontier(), []
        for row in rows:
            if row["body"] is None:
                raise ProgramError("an entry of the registry was erased from the ledger", advice=RESTORE)
            body = json.loads(row["body"])
            said = Entry(row["seq"], row["at"], FactKind(row["kind"]), body)
            tree = tree.append(entries.leaf(bytes(row["salt"]), entries.canonical(said)))[0]
            found.append(
                Registered(int(row["seq"]), str(body["change"]), str(body["root"]), moment(row["at"]))
            )
        if tree.encode() != (bytes(held[0]["tree"]) if held else merkle.Frontier().encode()):
            raise ProgramError("the ledger's log of the registry does not add up", advice=RESTORE)
        return tuple(found)

    def chain(self) -> Chain:
        """The chain as the ledger registered it. Raises ProgramError where the folder is not that chain."""
        said = self.registered()
        if not said:
            raise ProgramError(
                "nothing is registered in this home, so no rule is in force", file=FOLDER, advice=ADOPT
            )
        chain = read_chain(self.folder, [one.digest for one in said])
        for one, link in zip(said, chain.links, strict=True):
            if one.root != link.statement.after:
                raise ProgramError(
                    "the ledger names another root", file=file_name(one.number), advice=RESTORE
                )
        return chain

    def beyond(self) -> tuple[str, ...]:
        """Names of files that are not registered: an approval was interrupted, or they are strays."""
        known = {file_name(one.number) for one in self.registered()}
        return tuple(sorted(one.name for one in self.folder.glob("*.note") if one.name not in known))
