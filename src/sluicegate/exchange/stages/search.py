# SPDX-License-Identifier: Apache-2.0
"""Stages 3 to 5: extract, identify, resolve. A person decides in the grey band, never a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.exchange.case import Case, Fact, Json, State, Step
from sluicegate.exchange.stages.admit import refuse
from sluicegate.facts import FactKind
from sluicegate.terms import Finding


@dataclass(frozen=True, slots=True)
class Probed:
    """What the disposable workers made of a booking's images."""

    template: str = ""  # digest of the stored template
    extractor: str = ""
    minutiae: tuple[tuple[int, int], ...] = ()  # (FGP, count)
    trouble_code: str = ""
    trouble: str = ""  # a sentence for the sender, free of received bytes


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate, as the dossier keeps it: similarity in thousandths."""

    subject: str
    repository: str
    similarity: int
    fingers: int
    notes: tuple[str, ...] = ()


def extract(case: Case, probed: Probed) -> Step:
    """A template, or a refusal that names the image (a killed worker is an ordinary refusal)."""
    if probed.trouble_code:
        step = refuse(case, probed.trouble_code, "image")
        return Step(step.to, step.facts, note={**step.note, "refusal_text": probed.trouble})
    counts: list[Json] = [[fgp, count] for fgp, count in probed.minutiae]
    return Step(
        to=State.PROBED,
        facts=(
            Fact(
                FactKind.PROBED,
                {"case": case.case_id, "template": probed.template, "extractor": probed.extractor},
            ),
        ),
        note={"template": probed.template, "extractor": probed.extractor, "minutiae": counts},
    )


def identify(
    case: Case, found: Sequence[Found], band: str, engine: str, galleries: Sequence[tuple[str, str]]
) -> Step:
    """Candidates and the band that the best one falls in: accept, grey or none."""
    candidates: list[Json] = [
        {
            "subject": one.subject,
            "repository": one.repository,
            "similarity": one.similarity,
            "fingers": one.fingers,
            "notes": list(one.notes),
        }
        for one in found[:5]
    ]
    versions: dict[str, Json] = dict(galleries)
    return Step(
        to=State.SEARCHED,
        facts=(
            Fact(
                FactKind.SEARCHED,
                {"case": case.case_id, "engine": engine, "galleries": versions, "candidates": len(found[:5])},
            ),
        ),
        note={"candidates": candidates, "band": band, "engine": engine},
    )


def best_candidate(case: Case) -> dict[str, Json] | None:
    """The first candidate that identify noted."""
    candidates = case.noted("candidates")
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], dict):
        return candidates[0]
    return None


def resolve(case: Case, *, home: str, fresh_number: str) -> Step:
    """Settle the finding where no person is needed; otherwise wait for an examiner.

    `home` is the repository this booking belongs to ("open" or "filtered"), `fresh_number` a subject
    number that nobody has.
    """
    if case.text("band") == "grey":
        return Step(to=State.AWAITING, note={"waits_for": "examiner"})
    best = best_candidate(case) if case.text("band") == "accept" else None
    return settle(case, best, "engine", home, fresh_number)


def settle(case: Case, best: Mapping[str, Json] | None, by: str, home: str, fresh_number: str) -> Step:
    """The finding: `best` is the candidate who is this person, or None where nobody is."""
    ident = best is not None
    # A number never crosses repositories: it would tell that a filtered record exists (person link).
    known_here = best is not None and best["repository"] == home
    number = str(best["subject"]) if best is not None and known_here else fresh_number
    wanted = ident or case.noted("ret") is True
    finding = Finding.IDENT if ident else Finding.NON_IDENT
    return Step(
        to=State.RESOLVED,
        facts=(Fact(FactKind.RESOLVED, {"case": case.case_id, "by": by}),),
        note={
            "finding": str(finding),
            "number": number if wanted else "",
            "resolved_by": by,
            "waits_for": "",
        },
    )
