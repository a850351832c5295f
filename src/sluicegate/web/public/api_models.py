# SPDX-License-Identifier: Apache-2.0
"""What the API answers of the rules: shapes with the meaning of every field, as the OpenAPI document has it.

An answer that has a field which is not named here is a fault: nothing leaves by accident.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """Every shape: no further fields, nothing changed after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def f(description: str, **more: Any) -> Any:
    """A field and what it is."""
    return Field(description=description, **more)


Day = Annotated[str, f("A day, YYYY-MM-DD; empty where none is on record.")]
Moment = Annotated[str, f("A moment, RFC 3339 in UTC; empty where there is none.")]
Mode = Annotated[str, f("Name of a mode of the program; empty where nobody asked for anything.")]


class Registry(Told):
    """The published rules that an answer follows from; with these three anyone can work it out again."""

    links: int = f("How many signed links the registry has.")
    head: str = f("SHA-256 of the newest link, in hex.")
    root: str = f("Policy root: SHA-256 over every row of the program, in hex.")


class PlaceName(Told):
    """A place that can choose."""

    id: str = f("Its id, as in /places/{place}.")
    name: str = f("Its name.")
    kind: str = f("state, county and so on.")
    parent: str = f("Id of the place that it stands in; empty for the nation.")
    within: str = f("Names of the places around it, the nearest first, the nation left out.")
    fips: str = f("Its FIPS code, or empty.")


class AgencyName(Told):
    """An agency that takes fingerprints."""

    ori: str = f("Its originating agency identifier: nine characters.")
    name: str = f("Its name.")
    within: str = f("Names of the places around it, the nearest first.")
    places: list[str] = f("Ids of the places that it answers to.")


class Places(Told):
    """Places, in the order of their ids, or best first where a question was asked."""

    total: int = f("How many fit; 50 at most are told for a question.")
    next: int | None = f("What to give as `skip` for the ones that follow; null after the last.")
    places: list[PlaceName] = f("The places.")


class Agencies(Told):
    """Agencies, in the order of places, or best first where a question was asked."""

    total: int = f("How many fit; 50 at most are told for a question.")
    next: int | None = f("What to give as `skip` for the ones that follow; null after the last.")
    agencies: list[AgencyName] = f("The agencies.")


class Reason(Told):
    """Why a gate is open or closed."""

    code: str = f("A code of the closed list of reasons.")
    text: str = f("The reason in words.")


class Decision(Told):
    """What policy says of one gate, as a ledger entry would hold it."""

    gate: str = f("G1 share, G2 relay, G3 look-up, G4 keep.")
    outcome: str = f("open or closed.")
    mode: Mode
    asked_for: str = f("What was asked for; empty where nothing was.")
    asked_since: Day
    reasons: list[Reason] = f("Why, the decisive one first.")
    legal_basis: str = f("The legal basis, or `none on record`.")
    issuer: str = f("Who issued the rule.")
    rule_id: str = f("The row of the rules that decided.")
    rule_version: str = f("Digest of that row.")
    program: str = f("Name of the program.")
    root: str = f("Policy root of the rules that decided.")
    jurisdiction_id: str = f("The place whose rule it is.")
    jurisdiction_name: str = f("Its name.")
    wording_id: str = f("The wording in which people were told; empty where none was public.")
    wording_digest: str = f("Digest of that wording.")
    at: Moment
    substituted: bool = f("Whether another agency stood in for one that is not on file.")


class RuleRow(Told):
    """A row of rules.csv or choices.csv in words."""

    id: str = f("Id of the row.")
    kind: str = f("activation, agreement, request, default and so on.")
    mode: Mode
    asked: str = f("What it asks for, where it asks.")
    issuer: str = f("Who issued it.")
    level: str = f("federal, state, county, city or program.")
    authority: str = f("By what authority, in the words of the record.")
    legal_basis: str = f("The legal basis, or `none on record`.")
    valid_from: Day
    valid_until: Day
    public_from: Day
    replaces: str = f("The row that it corrects, or empty.")
    source: str = f("Id of its source.")
    confidence: str = f("How well it is known, in words.")
    verified: bool = f("Whether it was checked in a primary text. Where false, say so wherever it is shown.")
    clocks: str = f("How its two clocks differ (held from, public from), or empty.")
    note: str = f("A note, or empty.")
    documents: list[str] = f("Documents filed with it.")


class Said(Told):
    """The wording that a rule names."""

    id: str = f("Id of the version, as in /words/{version}.")
    label: str = f("What it was filed under.")
    meaning: str = f("What it means, in plain words of ours.")
    issuer: str = f("Who said it.")
    audience: str = f("To whom.")
    document: str = f("In which document.")
    public_from: Day


class Before(Told):
    """What was in force before."""

    rule: str = f("The row.")
    mode: Mode
    until: Moment


class Lost(Told):
    """A row that applied and did not prevail."""

    row: RuleRow = f("The row.")
    why: str = f("Why another one prevailed.")


class Stand(Told):
    """What is in force in one place, and what was asked for there."""

    jurisdiction: str = f("Id of the place.")
    name: str = f("Its name.")
    zone: str = f("Its IANA time zone.")
    local: str = f("The moment decided for, in that zone.")
    mode: str = f("The mode in force.")
    why: str = f("Why this rule prevails.")
    rule: RuleRow = f("The rule in force.")
    wording: Said | None = f("The wording it names; null where none was public.")
    before: Before | None = f("What was in force before, or null.")
    after: RuleRow | None = f("The row that follows on record, or null.")
    asked_for: str = f("What was asked for; empty where nothing is on record.")
    asked_since: Day
    asked_by: RuleRow | None = f("The row that asks, or null.")
    refused_by: RuleRow | None = f("The row that refuses it, or null.")
    begins: Moment
    ends: Moment
    lost: list[Lost] = f("Rows that applied and did not prevail.")


class _Answered(Told):
    """What is in force on a day, and what was asked for."""

    name: str = f("Its name.")
    on: str = f("The day, YYYY-MM-DD, in the place's own time zone.")
    known: str = f("now: by all that is on record; then: by what was public by the end of that day.")
    registry: Registry = f("The rules that this follows from.")
    retired: list[str] = f("ORIs that were retired and placed through another, in words.")
    gates: dict[str, Decision] = f("The decision on each gate, by its name.")
    stands: list[Stand] = f("What is in force and what was asked for, place by place.")


class _Place(Told):
    place: str = f("Its id.")


class _Agency(Told):
    ori: str = f("Its ORI.")


class PlaceAnswer(_Answered, _Place):
    """A place on a day."""


class AgencyAnswer(_Answered, _Agency):
    """An agency on a day; no stands where it is not on file that day."""


class Stretch(Told):
    """A time in which a place had one mode, one rule and one claim."""

    begins: Day
    ends: Day
    mode: str = f("The mode in force.")
    asked_for: str = f("What was asked for; empty where nothing is on record.")
    rule: str = f("The row in force.")
    issuer: str = f("Who issued it.")
    level: str = f("At what level.")
    legal_basis: str = f("The legal basis, or `none on record`.")
    wording: str = f("Id of the wording it names, or empty.")
    verified: bool = f("Whether the row was checked in a primary text.")


class History(Told):
    """Everything on record of a place, the oldest first."""

    place: str = f("Its id.")
    name: str = f("Its name.")
    stretches: list[Stretch] = f("The stretches.")


class Counted(Told):
    """How many places have a mode, by whose rule."""

    name: str = f("The mode.")
    shut: bool = f("Whether this mode shares nothing with the partner.")
    own: int = f("By a rule of the place itself.")
    above: int = f("By a rule of a state or of the nation.")
    default: int = f("By no rule on record but the default.")
    all: int = f("All of them.")


class NationRow(Told):
    """A place in the nation's table; a county without a row takes the rule of its state."""

    place: str = f("Its id.")
    name: str = f("Its name.")
    kind: str = f("state, county and so on.")
    inside: str = f("Id of the place that it stands in.")
    fips: str = f("Its FIPS code, or empty.")
    asked_for: str = f("What was asked for, or empty.")
    asked_by: str = f("Who asked, or empty.")
    mode_in_force: str = f("The mode in force.")
    gap: str = f("In force beside asked for: more, other, less, alike, same; none where nobody asked.")
    whose_rule: str = f("own, above or default.")
    rule: str = f("The row in force.")
    issuer: str = f("Who issued it.")
    issuer_level: str = f("At what level.")
    shared_with_partner: bool = f("Whether any booking is shared with the partner.")
    how_known: str = f("How well the row in force is known, in words.")
    on: Day
    known: str = f("now or then.")


class Nation(Told):
    """Every place on one day. Asked for and in force always stand together."""

    on: Day
    known: str = f("now: by all that is on record; then: by what was public by the end of that day.")
    program: str = f("Name of the program.")
    root: str = f("Policy root of the rules.")
    places: int = f("How many places there are; the nation itself is not counted.")
    shared_with_partner: int = f("In how many some booking at least is shared.")
    asked_for_something_else: int = f("In how many something else was asked for than is in force.")
    by_mode: dict[str, Counted] = f("Counts by mode, for all places.")
    by_gap: dict[str, int] = f("Counts by gap, for all places.")
    rows: list[NationRow] = f("The places: all, or with view=gap those asked for something else.")


class Claim(Told):
    """What a version says to a question."""

    question: str = f("Id of the question.")
    answer: str = f("yes, no, by-agreement, unclear or silent.")
    words: str = f("The claim in plain words of ours.")


class Version(Told):
    """One version of what people were told about taking part."""

    id: str = f("Its id.")
    in_force_from: str | None = f("First day in force, or null.")
    in_force_until: str | None = f("First day no longer in force, or null.")
    public_from: str | None = f("First day on which anyone could know it; null where none is on record.")
    superseded_by: str = f("Id of the version that took its place, or empty.")
    issuer: str = f("Who said it.")
    level: str = f("At what level.")
    audience: str = f("To whom.")
    document: str = f("In which document.")
    label: str = f("What it was filed under.", alias="class")
    meaning: str = f("What it means, in plain words of ours.")
    legal_basis: str = f("The legal basis, or `none on record`.")
    source: str = f("Id of its source.")
    confidence: str = f("P primary text; S secondary, I inferred or K general knowledge: not verified.")
    note: str = f("A note, or empty.")
    claims: list[Claim] = f("What it says to each question that it has a row for.")


class Words(Told):
    """Every version, in order."""

    registry: Registry = f("The rules that this follows from.")
    versions: list[Version] = f("The versions.")


class Clash(Told):
    """Two versions in force at one time that answer one question differently."""

    question: str = f("Id of the question.")
    first: str = f("Id of the one version.")
    first_answer: str = f("Its answer.")
    second: str = f("Id of the other.")
    second_answer: str = f("Its answer.")
    degree: str = f("opposed: yes against no; differs: by agreement against either.")
    begins: Day
    ends: Day
    not_public: list[str] = f("Which of the two were not public in this time.")


class WordsGap(Told):
    """A version says one thing of a gate; for a place that asked to stay out the gate did the opposite."""

    version: str = f("Id of the version.")
    question: str = f("Id of the question.")
    gate: str = f("The gate.")
    claimed: str = f("What the words say: open or closed.")
    enforced: str = f("What was in force: open or closed.")
    place: str = f("Id of the place.")
    rule: str = f("The row in force.")
    begins: Day
    ends: Day


class Turn(Told):
    """A question that a superseding version answers differently."""

    question: str = f("Id of the question.")
    before: str = f("Id of the version that was superseded.")
    before_answer: str = f("Its answer.")
    after: str = f("Id of the one that took its place.")
    after_answer: str = f("Its answer.")
    degree: str = f("opposed or differs.")
    day: Day


class VersionAnswer(Told):
    """One version with everything that stands against it."""

    version: Version = f("The version.")
    replaces: list[str] = f("Ids of the versions that it superseded.")
    replaced_by: str | None = f("Id of the one that superseded it, or null.")
    public_after_days: int | None = f("Days from in force to public; null where either is not on record.")
    clashes: list[Clash] = f("Where it clashes with another.")
    gaps: list[WordsGap] = f("Where it was not what was enforced.")
    turns: list[Turn] = f("Where it, or what followed, turned around.")


class Standing(Told):
    """A version in force on a day."""

    version: str = f("Its id.")
    public: bool = f("Whether anyone could know it by the day that it is seen from.")
    replaces: list[str] = f("Ids of the versions that it superseded.")


class QuestionAnswer(Told):
    """What the versions in force answer to one question."""

    question: str = f("Id of the question.")
    text: str = f("The question.")
    gate: str | None = f("The gate it is about, or null.")
    claims: list[VersionClaim] = f("What each version in force says.")
    apart: bool = f("Whether two of them contradict each other.")


class VersionClaim(Told):
    """What one version in force answers."""

    version: str = f("Id of the version.")
    answer: str = f("Its answer; silent where it says nothing.")
    words: str = f("In plain words of ours, or empty.")


class CurrentWords(Told):
    """What was current on one day, as seen from that day or from today."""

    on: Day
    known: str = f("then: seen from that day; now: from today.")
    audience: str = f("The audience asked for; empty for all.")
    standing: list[Standing] = f("Versions in force.")
    answers: list[QuestionAnswer] = f("Their answers, question by question.")
    clashes: list[Clash] = f("Clashes on that day.")
    gaps: list[WordsGap] = f("Gaps between words and gates on that day.")


class Problem(Told):
    """Why there is no answer (RFC 9457, application/problem+json)."""

    type: str = f("Address of the words on this kind of trouble.")
    title: str = f("The trouble in a few words, in the language that was asked for.")
    status: int = f("The HTTP status.")
    detail: str = f("What is wrong and what to do.")
    wrong: list[Wrong] = f("Parameters that are wrong; empty where none is.")


class Wrong(Told):
    """A parameter that cannot be read. What was sent is not repeated."""

    parameter: str = f("Its name; empty for one that this address does not have.")
    why: str = f("What it should be.")
