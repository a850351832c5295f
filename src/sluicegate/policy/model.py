# SPDX-License-Identifier: Apache-2.0
"""The rows of a program as values: modes, jurisdictions, agencies, rules, wording, sources.

A program is data; these types say what can stand in a row. What the rows mean together is in `rules`,
what they decide for one booking in `decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sluicegate.terms import Gate, ModeName, Ori

DOUBT_RULE = "DOUBT"
"""The rule that a decision names when no row of the program could be applied. No row may take this id."""

UNKNOWN_MODE = ModeName("UNKNOWN")
"""The mode that a decision names when none could be found. No row may take this name."""

ANY = "*"
"""Any sort of requester, or any purpose that is stated."""

NO_BASIS = "none on record"
"""How a row says that nobody named a legal basis."""


class Effect(StrEnum):
    """What a mode does to a gate."""

    OPEN = "open"
    CLOSED = "closed"
    BY_CHARGE = "by_charge"
    BY_REQUEST = "by_request"  # G3 only: who asks, and for what, decides
    NOTHING = "nothing"  # there is nothing to let through; the gate stays closed


class Kind(StrEnum):
    """What a row of rules.csv or choices.csv records."""

    DEFAULT = "default"  # applies where nothing else does
    ACTIVATION = "activation"  # the only kind that switches a jurisdiction on
    OVERRIDE = "override"  # a higher issuer goes on against a lower one
    ENTRY = "entry-into-force"  # a choice that took effect
    CAPABILITY = "capability"  # what an installation cannot do; it can only close
    REQUEST = "request"
    AGREEMENT = "agreement"
    ACKNOWLEDGEMENT = "acknowledgement"
    REFUSAL = "refusal"
    STATEMENT = "statement"


BINDING = frozenset({Kind.DEFAULT, Kind.ACTIVATION, Kind.OVERRIDE, Kind.ENTRY, Kind.CAPABILITY})
"""Kinds that put a mode in force; a row of any other kind is kept and shown, and opens or closes nothing."""


class Confidence(StrEnum):
    """How well a row is known. Everything but V is shown as unverified."""

    PRIMARY = "V"
    SECONDARY = "S"
    GENERAL = "M"
    INFERRED = "I"
    SCENARIO = "X"


CONFIDENCE_WORDS: Mapping[Confidence, str] = {
    Confidence.PRIMARY: "read in a primary text",
    Confidence.SECONDARY: "known from secondary sources, not verified in a primary text",
    Confidence.GENERAL: "general knowledge, not verified",
    Confidence.INFERRED: "our inference, not verified",
    Confidence.SCENARIO: "a scenario, not history",
}


def _narrower(inner: Effect, outer: Effect | None) -> bool:
    if inner in (Effect.CLOSED, Effect.NOTHING) or outer is Effect.OPEN:
        return True
    # One list of charges holds for the whole program; what a request opens differs from mode to mode.
    return inner is outer is Effect.BY_CHARGE


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of taking part: what it does to each gate, and in which words."""

    name: ModeName
    effects: Mapping[Gate, Effect]
    sentences: Mapping[Gate, str]

    @property
    def opens(self) -> bool:
        """Whether any gate can be open under this mode."""
        return not self.closed >= set(self.effects)

    def within(self, other: Mode) -> bool:
        """Whether this mode lets nothing through, at any gate, that the other one stops."""
        return self.name == other.name or all(
            _narrower(effect, other.effects.get(gate)) for gate, effect in self.effects.items()
        )

    @property
    def closed(self) -> frozenset[Gate]:
        """The gates that this mode never opens."""
        return frozenset(g for g, e in self.effects.items() if e in (Effect.CLOSED, Effect.NOTHING))


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A place that can choose; `zone` is the IANA time zone whose midnight begins a date for it."""

    id: str
    name: str
    kind: str
    parent: str
    zone: str
    fips: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Agency:
    """An ORI and the jurisdiction it answers to, from the day `begins` up to, not including, `ends`.

    `also` names the other jurisdictions of an agency that stands in several.
    """

    ori: Ori
    jurisdiction: str
    name: str
    begins: date | None
    ends: date | None
    confidence: Confidence
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Substitution:
    """A retired ORI: from local midnight of `begins` its bookings are placed through `replaced_by`."""

    ori: Ori
    replaced_by: Ori
    begins: date
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Requester:
    """What sort of requester an ORI is, from the day `begins` up to, not including, `ends`."""

    ori: Ori
    sort: str
    begins: date | None
    ends: date | None
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Request:
    """What a mode that leaves look-ups to the request answers to a sort of requester and a purpose.

    `sort` and `purpose` may be `ANY`; `purpose` is folded as charges are.
    """

    mode: ModeName
    sort: str
    purpose: str
    open: bool
    sentence: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the registry: what was asked for or put in force, by whom, and on what legal basis.

    Valid from local midnight of `begins` up to local midnight of `ends`; `public` is the day on which people
    could know. `version` is a digest of the whole row, so a changed row is another version.
    """

    id: str
    version: str
    jurisdiction: str
    kind: Kind
    asked: str
    mode: ModeName | None
    issuer: str
    level: str
    authority: str
    legal_basis: str
    wording: str
    begins: date | None
    ends: date | None
    public: date | None
    supersedes: str
    source: str
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of what people were told about taking part; `digest` is SHA-256 (hex) of its row."""

    id: str
    digest: str
    begins: date | None
    ends: date | None
    superseded_by: str
    public: date | None
    issuer: str
    level: str
    audience: str
    document: str
    label: str
    meaning: str
    legal_basis: str
    source: str
    confidence: Confidence
    note: str


class Answer(StrEnum):
    """What a wording says to a question."""

    YES = "yes"
    NO = "no"
    BY_AGREEMENT = "by-agreement"
    UNCLEAR = "unclear"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Question:
    """Something that wordings answer. With a gate it asks: is this gate open for who declined?"""

    id: str
    text: str
    gate: Gate | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one wording says to one question; `words` is the claim in plain words of ours."""

    wording: str
    question: str
    answer: Answer
    words: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that a rule or choice rests on, of a day, known by its SHA-256 (hex)."""

    id: str
    rule: str
    title: str
    day: date
    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row was read."""

    id: str
    locator: str
    kind: str


@dataclass(frozen=True, slots=True)
class GateText:
    """A gate in plain words; `declared` is set where one answer holds for the whole program."""

    label: str
    question: str
    declared: Effect | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Settings:
    """program.toml: names, plain words, and the order in which issuers prevail."""

    name: str
    title: str
    about: str
    root_jurisdiction: str
    roles: Mapping[str, str]
    gates: Mapping[Gate, GateText]
    issuers: tuple[str, ...]
    ties: tuple[str, ...]
    claims: Mapping[str, str]
    questions: Mapping[str, Question]
