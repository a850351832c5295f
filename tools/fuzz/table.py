# SPDX-License-Identifier: Apache-2.0
"""The fuzz targets by name. Names only: each is imported in a process of its own, under instrumentation."""

from __future__ import annotations

TARGETS: dict[str, str] = {
    "itl": "reader, writer, conformance, submission, ERRT",
    "xml": "NIEM-XML: reader, mapping, and the same answers",
    "peek": "the door's look at Type-1",
    "parts": "mails and forms cut into parts",
    "header": "kind and size of an image",
    "decode": "PNG, JPEG, JPEG 2000, raw to pixels",
    "wsq": "WSQ in a disposable worker (slow)",
    "answers": "what a worker answers",
    "template": "templates",
    "fmr": "finger minutiae records, ISO and ANSI",
    "type9": "Type-9: legacy fields and the M1 block",
    "search": "a stranger's template searched and enrolled",
    "ledger": "receipt, proof, checkpoint, entry",
    "envelopes": "what passes between the roles",
    "program": "CSV and TOML of a program",
}

DRILL = "drill"
"""A target with a planted fault, which shows that faults are found; never part of a run of all."""
