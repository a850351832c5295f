# SPDX-License-Identifier: Apache-2.0
"""What `inspect --json` says. Names are only ever added to these documents, or `schema` changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sluicegate.cli import inspect_words
from sluicegate.cli.inspect_look import VERDICTS, Look, Picture
from sluicegate.cli.inspect_words import Words
from sluicegate.itl.model import Defect, Field, Record
from sluicegate.raster.decode import Decoded

SCHEMA = "sluicegate.inspect/1"


def brief(look: Look, words: Words) -> dict[str, object]:
    """One file in short. `seconds` is what reading and judging took."""
    return {
        "file": str(look.path),
        "verdict": look.verdict,
        "profile": look.profile,
        "tot": look.tot,
        "bytes": look.size,
        "seconds": round(look.seconds, 6),
        "counts": {
            "records": len(look.transaction.records) if look.transaction else 0,
            "images": len(look.pictures),
            "defects": len(look.defects),
        },
        "worst": look.worst.name if look.worst else None,
        "first": first(look, words),
        "trouble": look.trouble or None,
    }


def first(look: Look, words: Words) -> str | None:
    """The worst defect in a sentence, or why there is nothing."""
    if not look.defects:
        return look.trouble or None
    worst = look.defects[0]
    return f"{worst.code} at {worst.place}: {words.defect(worst)}"


def full(
    look: Look, words: Words, pixels: Sequence[Decoded | str], written: Iterable[str] = ()
) -> dict[str, object]:
    """One file with all that is in it; what may not be shown is null."""
    transaction = look.transaction
    return brief(look, words) | {
        "records": [_record(one, words) for one in transaction.records] if transaction else [],
        "header": _items(look, 1),
        "personal": _items(look, 2) if words.personal else None,
        "images": [_image(one, at, pixels) for at, one in enumerate(look.pictures)],
        "defects": [_defect(one, words) for one in look.defects],
        "written": list(written),
    }


def many(files: Sequence[dict[str, object]], looks: Summary) -> dict[str, object]:
    """Several files and what they come to together."""
    return {"schema": SCHEMA, "files": list(files), "summary": looks.document()}


class Summary:
    """Counts over several files. Grows while they are looked at."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.seconds = 0.0
        self.verdicts: Counter[str] = Counter()
        self.defects: Counter[tuple[str, str]] = Counter()  # (severity, code)
        self.in_files: Counter[tuple[str, str]] = Counter()

    def add(self, look: Look) -> None:
        """Count one file."""
        self.files += 1
        self.bytes += look.size
        self.seconds += look.seconds
        self.verdicts[look.verdict] += 1
        found = Counter((one.severity.name, one.code) for one in look.defects)
        self.defects.update(found)
        self.in_files.update(found.keys())

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Severity, code, how often, in how many files: the worst severity and the most files first."""
        order = {"ERROR": 0, "WARNING": 1, "NOTE": 2}
        keys = sorted(self.defects, key=lambda one: (order[one[0]], -self.in_files[one], one[1]))
        return [(*one, self.defects[one], self.in_files[one]) for one in keys]

    def document(self) -> dict[str, object]:
        """The counts for JSON."""
        rows = self.rows()
        return {
            "files": self.files,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 6),
            "verdicts": {name: self.verdicts[name] for name in VERDICTS},
            "defects": [dict(zip(("severity", "code", "count", "files"), row, strict=True)) for row in rows],
        }


def _record(record: Record, words: Words) -> dict[str, object]:
    return {
        "type": record.type,
        "idc": record.idc,
        "offset": record.offset,
        "bytes": len(record.raw),
        "what": inspect_words.what(record),
        "binary": dict(record.binary),
        "fields": [_field(one, record, words) for one in record.fields],
    }


def _field(field: Field, record: Record, words: Words) -> dict[str, object]:
    own = field.tag.partition(".")[0] == str(record.type)
    number = field.number if own else -1
    is_data = number == 999 and record.type >= 9
    shown = words.shows(record.type, number) and not is_data
    return {
        "tag": field.tag,
        "mnemonic": words.mnemonic(record.type, number),
        "offset": field.offset,
        "bytes": len(field.raw),
        "items": field.texts() if shown else None,
        "offsets": [[item.offset for item in one.items] for one in field.subfields] if shown else None,
    }


def _items(look: Look, kind: int) -> list[dict[str, object]]:
    words = inspect_words.words_of(look.transaction, look.tot, personal=True)
    return [
        {"tag": field.tag, "mnemonic": words.mnemonic(kind, field.number), "items": field.texts()}
        for record in (look.transaction.of_type(kind) if look.transaction else ())
        for field in record.fields
    ]


def _image(picture: Picture, at: int, pixels: Sequence[Decoded | str]) -> dict[str, object]:
    image, size = picture.image, picture.frame.size
    found = pixels[at] if at < len(pixels) else None
    shape = f"{found.pixels.shape[1]}x{found.pixels.shape[0]}" if isinstance(found, Decoded) else found
    return {
        "type": image.record_type,
        "idc": image.idc,
        "fgp": list(image.fgp),
        "imp": image.imp,
        "width": image.hll,
        "height": image.vll,
        "ppi": image.ppi_h,
        "coding": image.compression,
        "bytes": len(image.data),
        "offset": image.data_offset,
        "holds": {
            "coding": picture.frame.kind,
            "width": size[0] if size else None,
            "height": size[1] if size else None,
            "differs": list(picture.differences),
        },
        "decoded": shape,
        "notes": list(found.notes) if isinstance(found, Decoded) else [],
    }


def _defect(defect: Defect, words: Words) -> dict[str, object]:
    return {
        "code": defect.code,
        "severity": defect.severity.name,
        "place": str(defect.place),
        "at": asdict(defect.place),
        "message": words.defect(defect),
        "clause": defect.clause,
    }
