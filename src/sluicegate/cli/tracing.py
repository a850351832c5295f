# SPDX-License-Identifier: Apache-2.0
"""`ridge trace`, and what `gallery search --trace` writes: a comparison in pictures and in arrays."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType

from sluicegate.cli import images, tracing_pictures
from sluicegate.cli.calls import Call, busy, plain, read_bytes, standard, table, write_new
from sluicegate.cli.ridge_prints import image_of
from sluicegate.cli.tracing_pictures import Side
from sluicegate.errors import ImageRefused, UsageError, quoted
from sluicegate.itl.model import Image
from sluicegate.raster.decode import Decoded
from sluicegate.ridge import parameters
from sluicegate.ridge.deciding import Candidate
from sluicegate.ridge.extract.job import extract_apart, extract_workshop
from sluicegate.ridge.extract.leader import published_leader
from sluicegate.ridge.extract.quality import POOR, quality
from sluicegate.ridge.fusion import by_position
from sluicegate.ridge.template import Template
from sluicegate.ridge.trace import Trace, trace, trace_people
from sluicegate.ridge.trace_image import trace_image

_NAMES = {13: "right four fingers", 14: "left four fingers", 15: "both thumbs"}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One image, what extraction made of it, and what it saw on the way."""

    name: str
    template: Template
    traced: Trace


@click.command("trace")
@click.argument("probe", metavar="PROBE", type=click.Path(path_type=Path))
@click.argument("reference", metavar="[REFERENCE]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="A new folder, for pictures.",
)
@click.option(
    "--fgp", type=click.IntRange(1, 15), default=2, show_default=True, help="Finger position of both."
)
@click.option(
    "--extractor",
    type=click.Choice(("leader", "mindtct")),
    default="leader",
    show_default=True,
    help="Who finds the minutiae; the network's pictures are LEADER's.",
)
@click.option(
    "--ppi", type=click.FloatRange(200, 2400), default=500.0, show_default=True, help="Of both images."
)
@standard
def trace_command(
    call: Call, probe: Path, reference: Path | None, out: Path, fgp: int, extractor: str, ppi: float
) -> None:
    """Draw what the engine sees in an image, and why it finds two alike.

    For each image: where it shows ridges, its minutiae, and what the network says. With REFERENCE also the
    pairs that look alike, the placements tried, and the minutiae that correspond. Positions 13, 14 and 15
    are slaps, told apart as at a search. All arrays behind the pictures are in trace.npz.

    What is written shows fingerprints: the folder is readable by you alone.

    \b
    Example:
      sluicegate ridge trace latent.png card.png --out why
      sluicegate ridge trace hand.png --fgp 13 --out why
    """
    paths = [probe] if reference is None else [probe, reference]
    pictures = [_image(path, fgp, ppi) for path in paths]
    _require_free(out)
    with busy("extracting"):
        seen = _seen(paths, pictures, extractor)
    folder = _new(out)
    names = ("probe", "reference")
    files = [name for side, one in zip(names, seen, strict=False) for name in _draw_image(folder, side, one)]
    arrays = {
        f"{side}/{name}": array
        for side, one in zip(names, seen, strict=False)
        for name, array in one.traced.items()
    }
    found: Trace | None = None
    if len(seen) == 2:
        with busy("comparing"):
            found = trace(seen[0].template, seen[1].template, parameters.load())
        sides = _sides(seen[0], seen[1])
        files += _draw(folder, found, sides)
        arrays |= {f"comparison/{name}": array for name, array in found.items()}
    _save(folder, arrays)
    call.show(_document(seen, found, [*files, "trace.npz"]), *_lines(seen, found, folder, files))


def draw_candidates(
    out: Path, probe: Template, candidates: Sequence[tuple[Candidate, Sequence[Template]]]
) -> list[str]:
    """Draw why each candidate of a search was found, in a folder each by rank, without images.

    `candidates` come with their templates, in the gallery's order; one without is left out, for a gallery
    that keeps no full templates cannot name minutiae. Gives the ranks drawn as folder names.
    """
    folder = _new(out)
    drawn = []
    for candidate, references in candidates:
        if not references:
            continue
        found = trace_people(probe, references, candidate.evidence, parameters.load())
        own = _new(folder / f"{candidate.rank:03}")
        sides = {
            position: (
                Side("probe", probe.fingers[match.probe]),
                Side("enrolled", references[match.template].fingers[match.reference]),
            )
            for position, match in candidate.evidence.items()
        }
        _draw(own, found, sides)
        _save(own, found)
        drawn.append(own.name)
    return drawn


def _image(path: Path, fgp: int, ppi: float) -> Image:
    return replace(image_of(read_bytes(path), path, ppi), fgp=(fgp,))


def _seen(paths: Sequence[Path], pictures: Sequence[Image], extractor: str) -> list[Seen]:
    """Pixels from one kind of worker, minutiae from another; the network's maps from those pixels, here."""
    with images.one_workshop() as workshop:
        decoded = images.decoded(workshop, pictures, quiet=True)
    for path, one in zip(paths, decoded, strict=True):
        if not isinstance(one, Decoded):
            raise ImageRefused(f"{quoted(path.name, 120)}: {one}")
    maps = published_leader().maps if extractor == "leader" else None
    with closing(extract_workshop(extractor, slots=1)) as workshop:
        return [
            Seen(
                path.name,
                extract_apart(workshop, image),
                trace_image(one.pixels, image.ppi_h, image.fgp[0], maps=maps),
            )
            for path, image, one in zip(paths, pictures, decoded, strict=True)
            if isinstance(one, Decoded)
        ]


def _sides(probe: Seen, reference: Seen) -> dict[int, tuple[Side, Side]]:
    """The two images of each position that both have."""
    ours, theirs = by_position(probe.template), by_position(reference.template)
    return {
        position: (
            Side(f"probe: {probe.name}", probe.template.fingers[ours[position]], probe.traced["pixels"]),
            Side(
                f"reference: {reference.name}",
                reference.template.fingers[theirs[position]],
                reference.traced["pixels"],
            ),
        )
        for position in ours.keys() & theirs.keys()
    }


def _draw_image(folder: Path, side: str, one: Seen) -> list[str]:
    """Three pictures of one image, two without the network."""
    fingers = one.template.fingers
    told = f"{one.name}: {sum(len(finger.minutiae) for finger in fingers)} minutiae"
    if len(fingers) == 1:
        told += f", quality {_told(quality(fingers[0]))}"
    drawings = {
        f"{side}-ridges.png": tracing_pictures.ridges(one.traced, f"{one.name}: where ridges are seen"),
        f"{side}-minutiae.png": tracing_pictures.minutiae(one.traced, fingers, told),
    }
    if one.traced["confidence"].size:
        title = f"{one.name}: directions and peaks of the network"
        drawings[f"{side}-network.png"] = tracing_pictures.network(one.traced, title)
    return _put(folder, drawings)


def _draw(folder: Path, found: Trace, sides: Mapping[int, tuple[Side, Side]]) -> list[str]:
    """Pictures of every position compared, and of the fingers together where there are several."""
    drawings: dict[str, bytes] = {}
    several = len(found["positions"]) > 1
    for position, similarity in zip(found["positions"].tolist(), found["per_finger"].tolist(), strict=True):
        own = {
            name.split("/", 1)[1]: array
            for name, array in found.items()
            if name.startswith(f"{position:02}/")
        }
        probe, reference = sides[position]
        end = f"-{position:02}.png" if several else ".png"
        finger = f"Finger {position}: " if several else "One finger: "
        told = f"{finger}{len(own['pairs'])} corresponding minutiae, similarity {similarity:.1f}"
        drawings["likely" + end] = tracing_pictures.likely(
            own,
            probe,
            reference,
            f"{finger}pairs whose surroundings are alike; green where they correspond in the end",
        )
        drawings["placements" + end] = tracing_pictures.placements(
            own, f"{finger}the probe's minutiae (blue) on the reference's (brown)"
        )
        drawings["corresponding" + end] = tracing_pictures.corresponding(own, probe, reference, told)
    if several:
        bar = parameters.load().fusion.agree
        title = f"Similarity by finger, {float(found['similarity']):.1f} in all"
        drawings["fingers.png"] = tracing_pictures.fingers(found, bar, title)
    return _put(folder, drawings)


def _require_free(folder: Path) -> None:
    if folder.exists():
        raise UsageError(f"{quoted(str(folder), 200)} exists.", advice="Name a new folder.")


def _new(folder: Path) -> Path:
    _require_free(folder)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(f"{quoted(str(folder), 200)} cannot be made: {error.strerror}.") from error
    return folder


def _put(folder: Path, drawings: Mapping[str, bytes]) -> list[str]:
    for name, data in drawings.items():
        write_new(folder / name, data)
    return list(drawings)


def _save(folder: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    kept = io.BytesIO()
    np.savez_compressed(kept, **arrays)  # type: ignore[arg-type]
    write_new(folder / "trace.npz", kept.getvalue())


def _told(value: int) -> str:
    return f"{value} of 100" + (", poor" if value < POOR else "")


def _document(seen: Sequence[Seen], found: Trace | None, files: Sequence[str]) -> dict[str, object]:
    return {
        "schema": "sluicegate.ridge-trace/1",
        "images": [
            {
                "image": one.name,
                "extractor": one.template.extractor,
                "fingers": [
                    {"fgp": finger.fgp, "minutiae": len(finger.minutiae), "quality": quality(finger)}
                    for finger in one.template.fingers
                ],
            }
            for one in seen
        ],
        "comparison": None
        if found is None
        else {
            "similarity": float(found["similarity"]),
            "per_finger": {
                str(position): value
                for position, value in zip(
                    found["positions"].tolist(), found["per_finger"].tolist(), strict=True
                )
            },
            "corresponding": {str(p): len(found[f"{p:02}/pairs"]) for p in found["positions"].tolist()},
        },
        "files": list(files),
    }


def _lines(
    seen: Sequence[Seen], found: Trace | None, folder: Path, files: Sequence[str]
) -> Iterator[RenderableType]:
    shown = table("image", "finger", "minutiae", "quality", right=("finger", "minutiae"))
    for one in seen:
        for finger in one.template.fingers:
            whole = f" ({_NAMES[finger.fgp]}, not told apart)" if finger.fgp in _NAMES else ""
            shown.add_row(
                plain(one.name), f"{finger.fgp}{whole}", str(len(finger.minutiae)), _told(quality(finger))
            )
    yield shown
    yield ""
    if found is not None:
        if not len(found["positions"]):
            yield "No finger position is in both images: nothing was compared."
        else:
            yield from _compared(found)
        yield ""
    yield f"In {plain(folder, 200)}: {', '.join(files)},"
    yield "and trace.npz with every array by name. They show fingerprints."


def _compared(found: Trace) -> Iterator[RenderableType]:
    heads = (
        "finger",
        "likely pairs",
        "placements tried",
        "corresponding",
        "weight",
        "expected",
        "similarity",
    )
    shown = table(*heads, right=heads)
    for position, similarity in zip(found["positions"].tolist(), found["per_finger"].tolist(), strict=True):
        own = {name: found[f"{position:02}/{name}"] for name in ("likely", "placements", "pairs", "expected")}
        weight = float(found[f"{position:02}/pair_weights"].sum())
        counts = [str(len(own[name])) for name in ("likely", "placements", "pairs")]
        shown.add_row(
            str(position), *counts, f"{weight:.1f}", f"{float(own['expected']):.1f}", f"{similarity:.1f}"
        )
    yield shown
    yield "similarity: the square of the weight over what all minutiae of the overlap would weigh."
