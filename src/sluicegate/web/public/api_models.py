# SPDX-License-Identifier: Apache-2.0
"""What the API answers, each shape with the meaning of every field, as the OpenAPI document has it.

An answer that has a field which is not named here is a fault: nothing leaves by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """Every shape: no further fields, nothing changed after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _f(description: str, **more: Any) -> Any:
    return Field(description=description, **more)


Day = Annotated[str, _f("A day, YYYY-MM-DD; empty where none is on record.")]
Moment = Annotated[str, _f("A moment, RFC 3339 in UTC; empty where there is none.")]
Mode = Annotated[str, _f("Name of a mode of the program; empty where nobody asked for anything.")]


class Registry(Told):
    """The published rules that an answer follows from; with these three anyone can work it out again."""

    links: int = _f("How many signed links the registry has.")
    head: str = _f("SHA-256 of the newest link, in hex.")
    root: str = _f("Policy root: SHA-256 over every row of the program, in hex.")


class PlaceName(Told):
    """A place that can choose."""

    id: str = _f("Its id, as in /places/{place}.")
    name: str = _f("Its name.")
    kind: str = _f("state, county and so on.")
    parent: str = _f("Id of the place that it stands in; empty for the nation.")
    within: str = _f("Names of the places around it, the nearest first, the nation left out.")
    fips: str = _f("Its FIPS code, or empty.")


class AgencyName(Told):
    """An agency that takes fingerprints."""

    ori: str = _f("Its originating agency identifier: nine characters.")
    name: str = _f("Its name.")
    within: str = _f("Names of the places around it, the nearest first.")
    places: list[str] = _f("Ids of the places that it answers to.")


class Places(Told):
    """Places, in the order of their ids, or best first where a question was asked."""

    total: int = _f("How many fit; 50 at most are told for a question.")
    next: int | None = _f("What to give as `skip` for the ones that follow; null after the last.")
    places: list[PlaceName] = _f("The places.")


class Agencies(Told):
    """Agencies, in the order of places, or best first where a question was asked."""

    total: int = _f("How many fit; 50 at most are told for a question.")
    next: int | None = _f("What to give as `skip` for the ones that follow; null after the last.")
    agencies: list[AgencyName] = _f("The agencies.")


class Reason(Told):
    """Why a gate is open or closed."""

    code: str = _f("A code of the closed list of reasons.")
    text: str = _f("The reason in words.")


class Decision(Told):
    """What policy says of one gate, as a ledger entry would hold it."""

    gate: str = _f("G1 share, G2 relay, G3 look-up, G4 keep.")
    outcome: str = _f("open or closed.")
    mode: Mode
    asked_for: str = _f("What was asked for; empty where nothing was.")
    asked_since: Day
    reasons: list[Reason] = _f("Why, the decisive one first.")
    legal_basis: str = _f("The legal basis, or `none on record`.")
    issuer: str = _f("Who issued the rule.")
    rule_id: str = _f("The row of the rules that decided.")
    rule_version: str = _f("Digest of that row.")
    program: str = _f("Name of the program.")
    root: str = _f("Policy root of the rules that decided.")
    jurisdiction_id: str = _f("The place whose rule it is.")
    jurisdiction_name: str = _f("Its name.")
    wording_id: str = _f("The wording in which people were told; empty where none was public.")
    wording_digest: str = _f("Digest of that wording.")
    at: Moment
    substituted: bool = _f("Whether another agency stood in for one that is not on file.")


class RuleRow(Told):
    """A row of rules.csv or choices.csv in words."""

    id: str = _f("Id of the row.")
    kind: str = _f("activation, agreement, request, default and so on.")
    mode: Mode
    asked: str = _f("What it asks for, where it asks.")
    issuer: str = _f("Who issued it.")
    level: str = _f("federal, state, county, city or program.")
    authority: str = _f("By what authority, in the words of the record.")
    legal_basis: str = _f("The legal basis, or `none on record`.")
    valid_from: Day
    valid_until: Day
    public_from: Day
    replaces: str = _f("The row that it corrects, or empty.")
    source: str = _f("Id of its source.")
    confidence: str = _f("How well it is known, in words.")
    verified: bool = _f("Whether it was checked in a primary text. Where false, say so wherever it is shown.")
    clocks: str = _f("How its two clocks differ (held from, public from), or empty.")
    note: str = _f("A note, or empty.")
    documents: list[str] = _f("Documents filed with it.")


class Said(Told):
    """The wording that a rule names."""

    id: str = _f("Id of the version, as in /words/{version}.")
    label: str = _f("What it was filed under.")
    meaning: str = _f("What it means, in plain words of ours.")
    issuer: str = _f("Who said it.")
    audience: str = _f("To whom.")
    document: str = _f("In which document.")
    public_from: Day


class Before(Told):
    """What was in force before."""

    rule: str = _f("The row.")
    mode: Mode
    until: Moment


class Lost(Told):
    """A row that applied and did not prevail."""

    row: RuleRow = _f("The row.")
    why: str = _f("Why another one prevailed.")


class Stand(Told):
    """What is in force in one place, and what was asked for there."""

    jurisdiction: str = _f("Id of the place.")
    name: str = _f("Its name.")
    zone: str = _f("Its IANA time zone.")
    local: str = _f("The moment decided for, in that zone.")
    mode: str = _f("The mode in force.")
    why: str = _f("Why this rule prevails.")
    rule: RuleRow = _f("The rule in force.")
    wording: Said | None = _f("The wording it names; null where none was public.")
    before: Before | None = _f("What was in force before, or null.")
    after: RuleRow | None = _f("The row that follows on record, or null.")
    asked_for: str = _f("What was asked for; empty where nothing is on record.")
    asked_since: Day
    asked_by: RuleRow | None = _f("The row that asks, or null.")
    refused_by: RuleRow | None = _f("The row that refuses it, or null.")
    begins: Moment
    ends: Moment
    lost: list[Lost] = _f("Rows that applied and did not prevail.")


class _Answered(Told):
    """What is in force on a day, and what was asked for."""

    name: str = _f("Its name.")
    on: str = _f("The day, YYYY-MM-DD, in the place's own time zone.")
    known: str = _f("now: by all that is on record; then: by what was public by the end of that day.")
    registry: Registry = _f("The rules that this follows from.")
    retired: list[str] = _f("ORIs that were retired and placed through another, in words.")
    gates: dict[str, Decision] = _f("The decision on each gate, by its name.")
    stands: list[Stand] = _f("What is in force and what was asked for, place by place.")


class PlaceAnswer(_Answered):
    """A place on a day."""

    place: str = _f("Its id.")


class AgencyAnswer(_Answered):
    """An agency on a day; no stands where it is not on file that day."""

    ori: str = _f("Its ORI.")


class Stretch(Told):
    """A time in which a place had one mode, one rule and one claim."""

    begins: Day
    ends: Day
    mode: str = _f("The mode in force.")
    asked_for: str = _f("What was asked for; empty where nothing is on record.")
    rule: str = _f("The row in force.")
    issuer: str = _f("Who issued it.")
    level: str = _f("At what level.")
    legal_basis: str = _f("The legal basis, or `none on record`.")
    wording: str = _f("Id of the wording it names, or empty.")
    verified: bool = _f("Whether the row was checked in a primary text.")


class History(Told):
    """Everything on record of a place, the oldest first."""

    place: str = _f("Its id.")
    name: str = _f("Its name.")
    stretches: list[Stretch] = _f("The stretches.")


class Counted(Told):
    """How many places have a mode, by whose rule."""

    name: str = _f("The mode.")
    shut: bool = _f("Whether this mode shares nothing with the partner.")
    own: int = _f("By a rule of the place itself.")
    above: int = _f("By a rule of a state or of the nation.")
    default: int = _f("By no rule on record but the default.")
    all: int = _f("All of them.")


class NationRow(Told):
    """A place in the nation's table; a county without a row takes the rule of its state."""

    place: str = _f("Its id.")
    name: str = _f("Its name.")
    kind: str = _f("state, county and so on.")
    inside: str = _f("Id of the place that it stands in.")
    fips: str = _f("Its FIPS code, or empty.")
    asked_for: str = _f("What was asked for, or empty.")
    asked_by: str = _f("Who asked, or empty.")
    mode_in_force: str = _f("The mode in force.")
    gap: str = _f("In force beside asked for: more, other, less, alike, same; none where nobody asked.")
    whose_rule: str = _f("own, above or default.")
    rule: str = _f("The row in force.")
    issuer: str = _f("Who issued it.")
    issuer_level: str = _f("At what level.")
    shared_with_partner: bool = _f("Whether any booking is shared with the partner.")
    how_known: str = _f("How well the row in force is known, in words.")
    on: Day
    known: str = _f("now or then.")


class Nation(Told):
    """Every place on one day. Asked for and in force always stand together."""

    on: Day
    known: str = _f("now: by all that is on record; then: by what was public by the end of that day.")
    program: str = _f("Name of the program.")
    root: str = _f("Policy root of the rules.")
    places: int = _f("How many places there are; the nation itself is not counted.")
    shared_with_partner: int = _f("In how many some booking at least is shared.")
    asked_for_something_else: int = _f("In how many something else was asked for than is in force.")
    by_mode: dict[str, Counted] = _f("Counts by mode, for all places.")
    by_gap: dict[str, int] = _f("Counts by gap, for all places.")
    rows: list[NationRow] = _f("The places: all, or with view=gap those asked for something else.")


class Claim(Told):
    """What a version says to a question."""

    question: str = _f("Id of the question.")
    answer: str = _f("yes, no, by-agreement, unclear or silent, as the program's data has it.")
    words: str = _f("The claim in plain words of ours.")


class Version(Told):
    """One version of what people were told about taking part."""

    id: str = _f("Its id.")
    in_force_from: str | None = _f("First day in force, or null.")
    in_force_until: str | None = _f("First day no longer in force, or null.")
    public_from: str | None = _f("First day on which anyone could know it; null where none is on record.")
    superseded_by: str = _f("Id of the version that took its place, or empty.")
    issuer: str = _f("Who said it.")
    level: str = _f("At what level.")
    audience: str = _f("To whom.")
    document: str = _f("In which document.")
    label: str = _f("What it was filed under.", alias="class")
    meaning: str = _f("What it means, in plain words of ours.")
    legal_basis: str = _f("The legal basis, or `none on record`.")
    source: str = _f("Id of its source.")
    confidence: str = _f("P primary text; S secondary, I inferred or K general knowledge: not verified.")
    note: str = _f("A note, or empty.")
    claims: list[Claim] = _f("What it says to each question that it has a row for.")


class Words(Told):
    """Every version, in order."""

    registry: Registry = _f("The rules that this follows from.")
    versions: list[Version] = _f("The versions.")


class Clash(Told):
    """Two versions in force at one time that answer one question differently."""

    question: str = _f("Id of the question.")
    first: str = _f("Id of the one version.")
    first_answer: str = _f("Its answer.")
    second: str = _f("Id of the other.")
    second_answer: str = _f("Its answer.")
    degree: str = _f("opposed: yes against no; differs: by agreement against either.")
    begins: Day
    ends: Day
    not_public: list[str] = _f("Which of the two were not public in this time.")


class WordsGap(Told):
    """A version says one thing of a gate; for a place that asked to stay out the gate did the opposite."""

    version: str = _f("Id of the version.")
    question: str = _f("Id of the question.")
    gate: str = _f("The gate.")
    claimed: str = _f("What the words say: open or closed.")
    enforced: str = _f("What was in force: open or closed.")
    place: str = _f("Id of the place.")
    rule: str = _f("The row in force.")
    begins: Day
    ends: Day


class Turn(Told):
    """A question that a superseding version answers differently."""

    question: str = _f("Id of the question.")
    before: str = _f("Id of the version that was superseded.")
    before_answer: str = _f("Its answer.")
    after: str = _f("Id of the one that took its place.")
    after_answer: str = _f("Its answer.")
    degree: str = _f("opposed or differs.")
    day: Day


class VersionAnswer(Told):
    """One version with everything that stands against it."""

    version: Version = _f("The version.")
    replaces: list[str] = _f("Ids of the versions that it superseded.")
    replaced_by: str | None = _f("Id of the one that superseded it, or null.")
    public_after_days: int | None = _f("Days from in force to public; null where either is not on record.")
    clashes: list[Clash] = _f("Where it clashes with another.")
    gaps: list[WordsGap] = _f("Where it was not what was enforced.")
    turns: list[Turn] = _f("Where it, or what followed, turned around.")


class Standing(Told):
    """A version in force on a day."""

    version: str = _f("Its id.")
    public: bool = _f("Whether anyone could know it by the day that it is seen from.")
    replaces: list[str] = _f("Ids of the versions that it superseded.")


class QuestionAnswer(Told):
    """What the versions in force answer to one question."""

    question: str = _f("Id of the question.")
    text: str = _f("The question.")
    gate: str | None = _f("The gate it is about, or null.")
    claims: list[VersionClaim] = _f("What each version in force says.")
    apart: bool = _f("Whether two of them contradict each other.")


class VersionClaim(Told):
    """What one version in force answers."""

    version: str = _f("Id of the version.")
    answer: str = _f("Its answer; silent where it says nothing.")
    words: str = _f("In plain words of ours, or empty.")


class CurrentWords(Told):
    """What was current on one day, as seen from that day or from today."""

    on: Day
    known: str = _f("then: seen from that day; now: from today.")
    audience: str = _f("The audience asked for; empty for all.")
    standing: list[Standing] = _f("Versions in force.")
    answers: list[QuestionAnswer] = _f("Their answers, question by question.")
    clashes: list[Clash] = _f("Clashes on that day.")
    gaps: list[WordsGap] = _f("Gaps between words and gates on that day.")


class TreeHead(Told):
    """The signed summary under which everything here was found."""

    origin: str = _f("Name of the log.")
    size: int = _f("Number of its entries.")
    root: str = _f("Root of its tree, in hex.")


class Question(Told):
    """What was asked."""

    jurisdiction: str = _f("Id of the place; empty for all.")
    since: str = _f("First month.", alias="from")
    until: str = _f("Last month.", alias="to")


class Month(Told):
    """A place's month as its days tell it: received = shared + withheld + pending."""

    jurisdiction: str = _f("Id of the place; or the name for bookings that no rule could place.")
    name: str = _f("Its name, or empty.")
    month: str = _f("The month, YYYY-MM.")
    received: int = _f("Bookings received.")
    shared: int = _f("Of these, shared with the partner.")
    withheld: int = _f("Of these, withheld.")
    refused: int = _f("Refused as unreadable; these are among the withheld.")
    pending: int = _f("Not yet decided when the day was told.")
    days: int = _f("How many days were told.")
    told: Moment
    asked_for: str = _f("What was asked for at the end of the month, or empty.")
    in_force: str = _f("The mode in force at the end of the month, or empty.")
    statements: list[int] = _f("Numbers of the statements that the counts come from.")


class Publication(Told):
    """Figures of a month, published as files; small counts are kept back in them."""

    month: str = _f("The month, YYYY-MM.")
    folder: str = _f("Where the files lie: statistics.json, table.csv, manifest.json.")
    manifest: str = _f("SHA-256 of the manifest, in hex, as stated.")
    statement: int = _f("Number of the statement.")


class Numbers(Told):
    """Bookings by place and month."""

    ledger: TreeHead = _f("Under which signed summary.")
    updated: Moment
    asked: Question = _f("What was asked; months that nothing is told of are cut off.")
    total: int = _f("How many rows there are.")
    next: int | None = _f("What to give as `skip` for the rows that follow; null after the last.")
    months: list[Month] = _f("The rows, the newest month first.")
    published: list[Publication] = _f("Published figures of these months.")


class Cosigned(Told):
    """A witness's line. It is not verified here: that takes the witness's key."""

    name: str = _f("Name of the witness, as the line says.")
    time: str = _f("When, RFC 3339.")


class Checkpoint(Told):
    """The newest checkpoint of the master log."""

    checkpoint: str = _f("The signed note, byte for byte.")
    size: int = _f("Entries of the master log.")
    root: str = _f("Root of its tree, base64.")
    newest: Moment
    holds: bool = _f("Whether all that is public was read again from the tiles and found to hold.")
    cosigned: list[Cosigned] = _f("Witnesses' lines.")
    logs: int = _f("How many public logs there are.")
    key: str = _f("Public key of the bureau, as its line.")


class Log(Told):
    """A public log."""

    name: str = _f("Its name.")
    place: str = _f("The place it is of.")
    withheld: bool = _f("Whether it is the log of withheld bookings.")
    size: int = _f("Number of its entries.")
    root: str = _f("Root of its tree, base64.")
    stated: int | None = _f("Number of the newest statement that covers it, or null.")
    at: Moment


class Logs(Told):
    """Public logs, by name."""

    total: int = _f("How many there are.")
    next: int | None = _f("What to give as `skip` for the ones that follow; null after the last.")
    logs: list[Log] = _f("The logs.")


class LogDay(Told):
    """A day of a place: received = shared + withheld + pending."""

    day: Day
    received: int = _f("Bookings received.")
    shared: int = _f("Of these, shared with the partner.")
    withheld: int = _f("Of these, withheld.")
    pending: int = _f("Not yet decided when the day was told.")
    taken_by_partner: int | None = _f("How many the partner says it took; null where it said nothing.")
    revisions: int = _f("Earlier words on this day.")
    statement: int = _f("Number of the newest statement on it.")


class Days(Told):
    """Days of a place, the newest first."""

    place: str = _f("Id of the place.")
    holds: bool = _f("Whether all that is public was found to hold.")
    total: int = _f("How many there are.")
    next: int | None = _f("What to give as `skip` for the ones that follow; null after the last.")
    days: list[LogDay] = _f("The days.")


class Statement(Told):
    """One public statement."""

    number: int = _f("Its number in the master log.")
    file: str = _f("The public tile that holds its bytes.")
    at: Moment
    kind: str = _f("What it is about.")
    subject: str = _f("Which one of that kind.")
    parts: Mapping[str, Any] = _f("What it says; which parts there are depends on the kind.")


class Statements(Told):
    """Statements, the newest first."""

    total: int = _f("How many there are of that kind, all numbers.")
    next: int | None = _f("What to give as `before` for the ones that follow; null after the last.")
    statements: list[Statement] = _f("The statements.")


class Release(Told):
    """A release of documents, as verified when it was asked for."""

    id: str = _f("Its id.")
    title: str = _f("Its title.")
    date: Day
    custodian: str = _f("Who holds the document.")
    made: Moment
    root: str = _f("Root over its pieces, in hex.")
    shown: int = _f("Pieces shown.")
    withheld: int = _f("Pieces withheld.")
    holds: bool = _f("Whether it is what was stated. Where false, nothing of it is told.")
    trouble: str = _f("What does not hold, or empty.")
    manifest: str = _f("SHA-256 of its manifest, in hex.")
    statement: int | None = _f("Number of the statement that names it, or null.")


class Releases(Told):
    """Releases, the newest first."""

    total: int = _f("How many there are.")
    next: int | None = _f("What to give as `skip` for the ones that follow; null after the last.")
    releases: list[Release] = _f("The releases.")


class ReleaseAnswer(Told):
    """One release with its text; what is withheld has codes and a commitment in place of words."""

    release: Release = _f("What it is and what was found.")
    found: list[str] = _f("What was verified, in words.")
    document: Mapping[str, Any] | None = _f("`release.json` as published; null where it does not hold.")


class Problem(Told):
    """Why there is no answer (RFC 9457, application/problem+json)."""

    type: str = _f("Address of the words on this kind of trouble.")
    title: str = _f("The trouble in a few words, in the language that was asked for.")
    status: int = _f("The HTTP status.")
    detail: str = _f("What is wrong and what to do.")
    wrong: list[Wrong] = _f("Parameters that are wrong; empty where none is.")


class Wrong(Told):
    """A parameter that cannot be read. What was sent is not repeated."""

    parameter: str = _f("Its name; empty for one that this address does not have.")
    why: str = _f("What it should be.")
