# SPDX-License-Identifier: Apache-2.0
"""What the API answers of numbers, ledger and releases; see `api_models`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sluicegate.web.public.api_models import Day, Moment, Told, f


class TreeHead(Told):
    """The signed summary under which everything here was found."""

    origin: str = f("Name of the log.")
    size: int = f("Number of its entries.")
    root: str = f("Root of its tree, in hex.")


class Question(Told):
    """What was asked."""

    jurisdiction: str = f("Id of the place; empty for all.")
    since: str = f("First month.", alias="from")
    until: str = f("Last month.", alias="to")


class Month(Told):
    """A place's month as its days tell it: received = shared + withheld + pending."""

    jurisdiction: str = f("Id of the place; or the name for bookings that no rule could place.")
    name: str = f("Its name, or empty.")
    month: str = f("The month, YYYY-MM.")
    received: int = f("Bookings received.")
    shared: int = f("Of these, shared with the partner.")
    withheld: int = f("Of these, withheld.")
    refused: int = f("Refused as unreadable; these are among the withheld.")
    pending: int = f("Not yet decided when the day was told.")
    days: int = f("How many days were told.")
    told: Moment
    asked_for: str = f("What was asked for at the end of the month, or empty.")
    in_force: str = f("The mode in force at the end of the month, or empty.")
    statements: list[int] = f("Numbers of the statements that the counts come from.")


class Publication(Told):
    """Figures of a month, published as files; small counts are kept back in them."""

    month: str = f("The month, YYYY-MM.")
    folder: str = f("Where the files lie: statistics.json, table.csv, manifest.json.")
    manifest: str = f("SHA-256 of the manifest, in hex, as stated.")
    statement: int = f("Number of the statement.")


class Numbers(Told):
    """Bookings by place and month."""

    ledger: TreeHead = f("Under which signed summary.")
    updated: Moment
    asked: Question = f("What was asked; months that nothing is told of are cut off.")
    total: int = f("How many rows there are.")
    next: int | None = f("What to give as `skip` for the rows that follow; null after the last.")
    months: list[Month] = f("The rows, the newest month first.")
    published: list[Publication] = f("Published figures of these months.")


class Cosigned(Told):
    """A witness's line. It is not verified here: that takes the witness's key."""

    name: str = f("Name of the witness, as the line says.")
    time: str = f("When, RFC 3339.")


class Checkpoint(Told):
    """The newest checkpoint of the master log."""

    checkpoint: str = f("The signed note, byte for byte.")
    size: int = f("Entries of the master log.")
    root: str = f("Root of its tree, base64.")
    newest: Moment
    holds: bool = f("Whether all that is public was read again from the tiles and found to hold.")
    cosigned: list[Cosigned] = f("Witnesses' lines.")
    logs: int = f("How many public logs there are.")
    key: str = f("Public key of the bureau, as its line.")


class Log(Told):
    """A public log."""

    name: str = f("Its name.")
    place: str = f("The place it is of.")
    withheld: bool = f("Whether it is the log of withheld bookings.")
    size: int = f("Number of its entries.")
    root: str = f("Root of its tree, base64.")
    stated: int | None = f("Number of the newest statement that covers it, or null.")
    at: Moment


class Logs(Told):
    """Public logs, by name."""

    total: int = f("How many there are.")
    next: int | None = f("What to give as `skip` for the ones that follow; null after the last.")
    logs: list[Log] = f("The logs.")


class LogDay(Told):
    """A day of a place: received = shared + withheld + pending."""

    day: Day
    received: int = f("Bookings received.")
    shared: int = f("Of these, shared with the partner.")
    withheld: int = f("Of these, withheld.")
    pending: int = f("Not yet decided when the day was told.")
    taken_by_partner: int | None = f("How many the partner says it took; null where it said nothing.")
    revisions: int = f("Earlier words on this day.")
    statement: int = f("Number of the newest statement on it.")


class Days(Told):
    """Days of a place, the newest first."""

    place: str = f("Id of the place.")
    holds: bool = f("Whether all that is public was found to hold.")
    total: int = f("How many there are.")
    next: int | None = f("What to give as `skip` for the ones that follow; null after the last.")
    days: list[LogDay] = f("The days.")


class Statement(Told):
    """One public statement."""

    number: int = f("Its number in the master log.")
    file: str = f("The public tile that holds its bytes.")
    at: Moment
    kind: str = f("What it is about.")
    subject: str = f("Which one of that kind.")
    parts: Mapping[str, Any] = f("What it says; which parts there are depends on the kind.")


class Statements(Told):
    """Statements, the newest first."""

    total: int = f("How many there are of that kind, all numbers.")
    next: int | None = f("What to give as `before` for the ones that follow; null after the last.")
    statements: list[Statement] = f("The statements.")


class Release(Told):
    """A release of documents, as verified when it was asked for."""

    id: str = f("Its id.")
    title: str = f("Its title.")
    date: Day
    custodian: str = f("Who holds the document.")
    made: Moment
    root: str = f("Root over its pieces, in hex.")
    shown: int = f("Pieces shown.")
    withheld: int = f("Pieces withheld.")
    holds: bool = f("Whether it is what was stated. Where false, nothing of it is told.")
    trouble: str = f("What does not hold, or empty.")
    manifest: str = f("SHA-256 of its manifest, in hex.")
    statement: int | None = f("Number of the statement that names it, or null.")


class Releases(Told):
    """Releases, the newest first."""

    total: int = f("How many there are.")
    next: int | None = f("What to give as `skip` for the ones that follow; null after the last.")
    releases: list[Release] = f("The releases.")


class ReleaseAnswer(Told):
    """One release with its text; what is withheld has codes and a commitment in place of words."""

    release: Release = f("What it is and what was found.")
    found: list[str] = f("What was verified, in words.")
    document: Mapping[str, Any] | None = f("`release.json` as published; null where it does not hold.")
