# SPDX-License-Identifier: Apache-2.0
"""The rules as a Cedar policy with its entities and schema: text that anybody can take away and question.

Made from the rows alone (`rows`), never from decisions, so that Cedar can be a second oracle. Cedar itself
works out: whether a period holds on a day, whether an activation applies, what the mode in force does to
the gate, by charge and by request, and that a look-up must be open at receipt and now. Outside Cedar
remain: which of several rows prevails, local days from instants, the jurisdiction of an ORI, the spelling
of charges and purposes. Cedar: docs.cedarpolicy.com (policy syntax, JSON entities, `datetime` extension).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from sluicegate.policy.analysis.cells import Case, Survey
from sluicegate.policy.analysis.rows import DAWN, DUSK, Period, Row
from sluicegate.policy.model import ANY, Effect
from sluicegate.terms import Gate

JSON: TypeAlias = "str | bool | Sequence[JSON] | Mapping[str, JSON]"

POLICY = """\
// Who may see what of a booking: one policy for each way in which a gate can open.
// Whatever none of them permits is denied.
// principal: the period in which the booking was received; resource: the one in which the question is asked
// (for G1, G2 and G4 the same one). context.booked and context.asked are local days of the jurisdiction.

@id("open")
permit (principal is Period, action in [Action::"G1", Action::"G2", Action::"G4"], resource is Period)
when { principal == resource && principal.begins <= context.booked && context.booked < principal.ends }
when { principal in principal.row }
when { principal in Kind::"activation" || !(principal.row.mode.opens) }
when {
  (action == Action::"G1" && principal.row.mode.G1 == "open") ||
  (action == Action::"G2" && principal.row.mode.G2 == "open") ||
  (action == Action::"G4" && principal.row.mode.G4 == "open")
};

@id("by charge")
permit (principal is Period, action in [Action::"G1", Action::"G2", Action::"G4"], resource is Period)
when { principal == resource && principal.begins <= context.booked && context.booked < principal.ends }
when { principal in principal.row }
when { principal in Kind::"activation" }
when {
  (action == Action::"G1" && principal.row.mode.G1 == "by_charge") ||
  (action == Action::"G2" && principal.row.mode.G2 == "by_charge") ||
  (action == Action::"G4" && principal.row.mode.G4 == "by_charge")
}
when { principal.program.charges.containsAll(context.charges) }
when { principal.program.shared.containsAny(context.charges) };

@id("look-up")
permit (principal is Period, action == Action::"G3", resource is Period)
when { context.booked <= context.asked && principal.place == resource.place }
when { principal.begins <= context.booked && context.booked < principal.ends }
when { resource.begins <= context.asked && context.asked < resource.ends }
when { principal in principal.row && resource in resource.row }
when { principal in Kind::"activation" || !(principal.row.mode.opens) }
when { resource in Kind::"activation" || !(resource.row.mode.opens) }
when {
  principal.row.mode.G3 == "open" ||
  (principal.row.mode.G3 == "by_charge" &&
    principal.program.charges.containsAll(context.charges) &&
    principal.program.shared.containsAny(context.charges)) ||
  (principal.row.mode.G3 == "by_request" &&
    principal.row.mode.grants.contains({sort: context.sort, purpose: context.purpose}))
}
when {
  resource.row.mode.G3 == "open" ||
  (resource.row.mode.G3 == "by_charge" &&
    resource.program.charges.containsAll(context.charges) &&
    resource.program.shared.containsAny(context.charges)) ||
  (resource.row.mode.G3 == "by_request" &&
    resource.row.mode.grants.contains({sort: context.sort, purpose: context.purpose}))
};
"""

SCHEMA = """\
entity Program = { root: String, charges: Set<String>, shared: Set<String> };
entity Kind;
entity Mode = {
  G1: String, G2: String, G3: String, G4: String, opens: Bool, grants: Set<{ sort: String, purpose: String }>,
};
entity Row in [Kind] = { mode: Mode, issuer: String, legal_basis: String, asked: String, confidence: String };
entity Period in [Row] = {
  place: String, begins: datetime, ends: datetime, row: Row, program: Program,
};
action G1, G2, G3, G4 appliesTo {
  principal: [Period],
  resource: [Period],
  context: { booked: datetime, asked: datetime, charges: Set<String>, sort: String, purpose: String },
};
"""

_README = """\
# {title} as a Cedar policy

Program `{name}`, policy root `{root}`. {periods} periods of {places} jurisdictions.

* `policy.cedar`: how a gate opens. `schema.cedarschema`: the shapes. `entities.json`: the rows.
* A *Period* is a jurisdiction and a stretch of local days in which nothing changes; its id is
  `PLACE/FIRST-DAY` (`PLACE/` for the first). Its parents are the rows that apply in it, and the parents of a
  row are its kind.
* Ask: principal = the period of receipt, action = `Action::"G1"` to `"G4"`, resource = the period of the
  question, context = booked and asked (local days), charges, sort of requester and purpose (empty text if
  there is none).

Cedar works out whether a period holds on the day, whether an activation applies, what the mode in force does
to the gate, by charge and by request, and that a look-up is open at receipt and now. Worked out before, from
the rows: which of several rows prevails (`row` of a period), what each kind of request is granted (`grants`),
local days from instants, the jurisdiction of an agency. Rows with a confidence other than V are not verified
in a primary text.
"""


def export(survey: Survey) -> dict[str, str]:
    """The files of the export by name: policy, schema, entities (JSON) and what they are."""
    program = survey.program
    readme = _README.format(
        title=program.settings.title,
        name=program.name,
        root=program.root,
        periods=survey.spans,
        places=len(program.jurisdictions),
    )
    text = json.dumps(list(entities(survey)), indent=1, ensure_ascii=False)
    return {
        "policy.cedar": POLICY,
        "schema.cedarschema": SCHEMA,
        "entities.json": text + "\n",
        "README.md": readme,
    }


def entities(survey: Survey) -> Iterator[Mapping[str, JSON]]:
    """Every entity: the program, kinds, modes, binding rows, periods."""
    program = survey.program
    charges: dict[str, JSON] = {
        "root": program.root,
        "charges": sorted(program.charges),
        "shared": sorted(name for name, yes in program.charges.items() if yes),
    }
    yield _entity("Program", program.name, charges)
    rows = [row for found in survey.rows.by_place.values() for row in found]
    for kind in sorted({str(row.rule.kind) for row in rows}):
        yield _entity("Kind", kind, {})
    for name in program.modes:
        yield _entity("Mode", name, _mode(survey, name))
    for row in rows:
        yield _entity("Row", row.rule.id, _row(row), [_uid("Kind", str(row.rule.kind))])
    for place, periods in survey.periods.items():
        for period in periods:
            parents = [_uid("Row", one.rule.id) for one in period.live]
            yield _entity("Period", period_id(place, period), _period(program.name, place, period), parents)


def period_id(place: str, period: Period) -> str:
    """The id of a period: its jurisdiction and first day."""
    return f"{place}/{_day(period.begins) if period.begins != DAWN else ''}"


def request(then: str, now: str, action: Gate, days: tuple[int, int], case: Case) -> dict[str, object]:
    """One question: the periods of receipt and of now by id, a gate, both local days, and the case."""
    context = {
        "booked": _moment(days[0]),
        "asked": _moment(days[1]),
        "charges": list(case.charges),
        "sort": case.sort,
        "purpose": case.purpose,
    }
    return {
        "principal": {"type": "Period", "id": then},
        "action": {"type": "Action", "id": str(action)},
        "resource": {"type": "Period", "id": now},
        "context": context,
    }


def _day(day: int) -> str:
    return date.fromordinal(min(max(day, 1), DUSK - 1)).isoformat()


def _moment(day: int) -> JSON:
    return {"__extn": {"fn": "datetime", "arg": _day(day)}}


def _uid(kind: str, name: str) -> Mapping[str, JSON]:
    return {"type": kind, "id": name}


def _ref(kind: str, name: str) -> JSON:
    return {"__entity": {"type": kind, "id": name}}


def _entity(
    kind: str, name: str, attrs: Mapping[str, JSON], parents: Sequence[JSON] = ()
) -> Mapping[str, JSON]:
    return {"uid": _uid(kind, name), "attrs": attrs, "parents": parents}


def _mode(survey: Survey, name: str) -> Mapping[str, JSON]:
    program = survey.program
    mode = program.modes[name]
    attrs: dict[str, JSON] = {
        str(gate): str(program.settings.gates[gate].declared or mode.effects.get(gate) or Effect.CLOSED)
        for gate in Gate
    }
    attrs["opens"] = any(effect not in (Effect.CLOSED, Effect.NOTHING) for effect in mode.effects.values())
    attrs["grants"] = list(_grants(survey, name))
    return attrs


def _grants(survey: Survey, mode: str) -> Iterator[JSON]:
    """Each sort of requester and purpose that the rows grant under a mode, the most specific row deciding."""
    rows = survey.program.requests.get(mode, ())
    pairs = dict.fromkeys((case.sort, case.purpose) for case in survey.known if case.sort and case.purpose)
    for sort, purpose in pairs:
        fit = [one for one in rows if one.sort in (ANY, sort) and one.purpose in (ANY, purpose)]
        best = max(((one.sort != ANY) + (one.purpose != ANY) for one in fit), default=0)
        exact = [one for one in fit if (one.sort != ANY) + (one.purpose != ANY) == best]
        if exact and all(one.open for one in exact):
            yield {"sort": sort, "purpose": purpose}


def _row(row: Row) -> Mapping[str, JSON]:
    rule = row.rule
    return {
        "mode": _ref("Mode", str(rule.mode)),
        "issuer": rule.issuer,
        "legal_basis": rule.legal_basis,
        "asked": rule.asked,
        "confidence": str(rule.confidence),
    }


def _period(program: str, place: str, period: Period) -> Mapping[str, JSON]:
    return {
        "place": place,
        "begins": _moment(period.begins),
        "ends": _moment(period.ends),
        "row": _ref("Row", period.row.rule.id),
        "program": _ref("Program", program),
    }
