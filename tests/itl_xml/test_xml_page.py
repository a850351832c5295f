# SPDX-License-Identifier: Apache-2.0
"""The page about XML, compared with the program."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sluicegate.itl.xml import tables
from sluicegate.itl.xml.forms import FORMS
from sluicegate.itl.xml.tree import XmlLimits

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "xml.md"


def test_the_page_tells_every_limit() -> None:
    """Each default limit but the size of the file, which is a setting of its own, stands on the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, value in asdict(XmlLimits()).items():
        assert name == "file_bytes" or f"| {value:,} |" in text


def test_every_row_of_the_table_can_be_read_and_written() -> None:
    """Each row names a form that exists, a path of known prefixes, and a repeated element on it."""
    prefixes = {*tables.namespaces().uri, "detail", "image"}
    for kind in tables.record_by_type():
        for row in tables.of_record(kind):
            assert row.form in {*FORMS, "base64", "contents"}
            assert {step.partition(":")[0] for step in row.path} <= prefixes
            assert 1 <= row.group <= len(row.path)
