# SPDX-License-Identifier: Apache-2.0
"""What a comparison saw on its way, by name: for an examiner who asks why, and for who changes the method.

A trace repeats one comparison with the NumPy twin (`comparing_numpy`), step by step, and keeps what each
step gave. The twin gives what the compiled kernels give, bit for bit: a trace tells of the search as it was.
Nothing else imports this module: a search that is not traced does nothing for it.

`FINGER` and `PEOPLE` name everything that can come out; in a trace of two people the names of a finger are
prefixed by its position, as in ``02/pairs``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import TemplateError
from sluicegate.ridge import comparing_numpy as twin
from sluicegate.ridge.comparing import Prepared, compare_prepared, prepare
from sluicegate.ridge.comparing_tables import tables
from sluicegate.ridge.comparing_twin_read import Finger, read
from sluicegate.ridge.fusion import FingerMatch, fused, pairings, together
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import FingerTemplate, Template, require_same

Array: TypeAlias = NDArray[Any]
Trace: TypeAlias = Mapping[str, Array]

FINGER: Mapping[str, str] = MappingProxyType(
    {
        "probe": "float32 (n, 4): the probe's minutiae x, y, theta, quality, as its template has them",
        "reference": "float32 (m, 4): the reference's",
        "probe_rows": "int32 (p,): rows of the probe that are compared, its best",
        "reference_rows": "int32 (r,): rows of the reference that are compared",
        "likely": "int32 (k, 2): rows of the pairs whose surroundings (cylinders) are most alike",
        "likeness": "float32 (k,): how alike each of these is, 0 to 1",
        "seeds": "bool (k,): those of them that propose a placement",
        "placements": "float32 (t, 4): cosine, sine, x, y of the placements tried, most votes first",
        "placement_weights": "float32 (t,): what corresponds under each weighs; 0 where that is too little",
        "placement": "float32 (4,): the placement of most weight, refitted; zeros where none was settled",
        "rigid": "float32 (p, 2): x, y of the probe's compared minutiae in the reference's frame, rigidly",
        "bent": "float32 (p, 2): the same, bent to follow distortion",
        "pairs": "int32 (c, 2): rows of the corresponding minutiae",
        "pair_weights": "float32 (c,): what each weighs, 0 to 1: by quality and by how close they came",
        "probe_overlap": "bool (p,): compared minutiae of the probe that lie where the reference shows any",
        "reference_overlap": "bool (r,): the same of the reference",
        "expected": "float64 (): what a full correspondence of the overlap would weigh",
        "similarity": "float64 (): the square of the weight over what was expected",
    }
)
"""Arrays of one finger compared: name to type, shape and meaning. Lengths in pixels at 500 ppi."""

PEOPLE: Mapping[str, str] = MappingProxyType(
    {
        "positions": "int32 (f,): finger positions compared",
        "per_finger": "float64 (f,): similarity of each; 0 where a slap's place was claimed by another",
        "similarity": "float64 (): their sum",
    }
)
"""Arrays of two people compared, beside those of each finger."""


def trace_finger(probe: FingerTemplate, reference: FingerTemplate, parameters: Parameters) -> Trace:
    """Every name of `FINGER`, of one comparison of two images.

    Raises:
        TemplateError: a minutia lies outside its image, or a value is out of range or not a number.
    """
    ours, theirs = prepare(probe, parameters), prepare(reference, parameters)
    n = tables(parameters)[0]
    p, r = (read(np.frombuffer(one.record, dtype=np.uint8), n) for one in (ours, theirs))
    found: dict[str, Array] = {
        "probe": probe.minutiae,
        "reference": reference.minutiae,
        "probe_rows": ours.rows,
        "reference_rows": theirs.rows,
    }
    voters = twin.likely_pairs(p, r, n)
    found["likely"] = _named(ours, theirs, voters.rows, voters.columns)
    found["likeness"] = (voters.like / 256.0).astype(np.float32)
    found["seeds"] = np.isin(np.arange(len(voters.rows)), voters.seeds)
    best = _placements(p, r, voters, n, found)
    found |= _settled(p, r, best, n, ours, theirs)
    return {name: found[name] for name in FINGER}


def trace_people(
    probe: Template,
    references: Sequence[Template],
    matches: Mapping[int, FingerMatch],
    parameters: Parameters,
) -> Trace:
    """Every name of `PEOPLE`, and of `FINGER` for each position, of what a search compared.

    `matches` are the evidence of a candidate; its indexes count fingers of the probe and of `references`, all
    templates of the candidate.

    Raises:
        TemplateError: the templates are of different extractors, or not whole.
    """
    found: dict[str, Array] = {
        "positions": np.array(sorted(matches), dtype=np.int32),
        "per_finger": np.array([matches[p].comparison.similarity for p in sorted(matches)]),
        "similarity": np.array(fused(dict(matches))),
    }
    for position, match in sorted(matches.items()):
        if match.template >= len(references):
            raise TemplateError("The candidate's evidence is of a template that is not given.")
        reference = references[match.template]
        require_same(probe, reference)
        traced = trace_finger(probe.fingers[match.probe], reference.fingers[match.reference], parameters)
        found |= {f"{position:02}/{name}": array for name, array in traced.items()}
    return found


def trace(probe: Template, reference: Template, parameters: Parameters) -> Trace:
    """Two people's fingers compared, position by position as a search does, and all of it by name.

    Raises:
        TemplateError: the templates are of different extractors, or not whole.
    """
    require_same(probe, reference)
    matches = {}
    for one in pairings(probe, reference):
        ours = prepare(probe.fingers[one.probe], parameters)
        theirs = prepare(reference.fingers[one.reference], parameters)
        comparison = compare_prepared(ours, theirs)
        matches[one.position] = FingerMatch(one.probe, 0, one.reference, comparison)
    settled = together(probe, matches, parameters.fusion.separation)
    return trace_people(probe, [reference], settled, parameters)


def _named(ours: Prepared, theirs: Prepared, rows: Array, columns: Array) -> Array:
    """Rows of records as rows of the templates, int32 (k, 2)."""
    return np.stack([ours.rows[rows], theirs.rows[columns]], axis=1).astype(np.int32)


def _placements(p: Finger, r: Finger, voters: twin.Voters, n: Any, found: dict[str, Array]) -> twin.Pairs:
    """The pairs of the placement that is settled: none where no placement has enough."""
    tried = twin.proposals(p, r, voters, n) if len(voters.rows) >= n["least"] else []
    best, most = twin.NO_PAIRS, 0
    weights = []
    for placement in tried:
        pairs = twin.mutual_pairs(*twin.placed_by(p, placement), r, n["wide"], n)
        weight = twin.weight_of(p, r, pairs, n) if len(pairs.rows) >= n["least"] else 0
        weights.append(weight / twin.UNITS)
        if weight > most:
            best, most = pairs, weight
    found["placements"] = np.array([_four(one) for one in tried], dtype=np.float32).reshape(-1, 4)
    found["placement_weights"] = np.array(weights, dtype=np.float32)
    return best


def _settled(
    p: Finger, r: Finger, pairs: twin.Pairs, n: Any, ours: Prepared, theirs: Prepared
) -> dict[str, Array]:
    """What refitting, bending and scoring gave."""
    if not len(pairs.rows):
        return _nothing(p, r)
    placement = twin.best_fit(p, r, pairs, 1 + twin.weights_of(p, r, pairs, n), n)
    x, y, u, v = twin.placed_by(p, placement)
    bent_x, bent_y = twin.bent_by(x, y, r, twin.mutual_pairs(x, y, u, v, r, n["wide"], n), n)
    narrow = twin.mutual_pairs(bent_x, bent_y, u, v, r, n["narrow"], n)
    bent_x, bent_y = twin.bent_by(x, y, r, narrow, n)
    last = twin.mutual_pairs(bent_x, bent_y, u, v, r, n["narrow"], n)
    similarity, expected, last, near = twin.scored(p, r, last, bent_x, bent_y, n)
    each = n["close"][last.cost >> 5].astype(np.int64) * twin.weights_of(p, r, last, n) / twin.UNITS
    return {
        "placement": np.array(_four(placement), dtype=np.float32),
        "rigid": np.stack([x, y], axis=1),
        "bent": np.stack([bent_x, bent_y], axis=1),
        "pairs": _named(ours, theirs, last.rows, last.columns),
        "pair_weights": each.astype(np.float32),
        "probe_overlap": near.any(axis=1),
        "reference_overlap": near.any(axis=0),
        "expected": np.array(expected),
        "similarity": np.array(float(similarity)),
    }


def _nothing(p: Finger, r: Finger) -> dict[str, Array]:
    """The same where no placement was settled."""
    return {
        "placement": np.zeros(4, dtype=np.float32),
        "rigid": np.zeros((len(p.x), 2), dtype=np.float32),
        "bent": np.zeros((len(p.x), 2), dtype=np.float32),
        "pairs": np.zeros((0, 2), dtype=np.int32),
        "pair_weights": np.zeros(0, dtype=np.float32),
        "probe_overlap": np.zeros(len(p.x), dtype=np.bool_),
        "reference_overlap": np.zeros(len(r.x), dtype=np.bool_),
        "expected": np.array(0.0),
        "similarity": np.array(0.0),
    }


def _four(one: twin.Placement) -> tuple[float, float, float, float]:
    return float(one.cosine), float(one.sine), float(one.x), float(one.y)
