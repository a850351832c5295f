# SPDX-License-Identifier: Apache-2.0
"""The exemptions of the Freedom of Information Act, 5 U.S.C. 552(b), as data. Meanings are our short words.

The list was written from general knowledge of the statute and not verified against its text: it says so
wherever it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass

UNVERIFIED = "The meanings of the codes are short paraphrases, not verified against the text of the statute."


@dataclass(frozen=True, slots=True)
class Exemption:
    """One code that a redaction may name, and what it is about."""

    code: str
    about: str


EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("(b)(1)", "classified for national defense or foreign policy"),
    Exemption("(b)(2)", "internal personnel rules and practices"),
    Exemption("(b)(3)", "exempted from disclosure by another statute"),
    Exemption("(b)(4)", "trade secrets and confidential commercial information"),
    Exemption("(b)(5)", "privileged communication within or between agencies"),
    Exemption("(b)(6)", "personal privacy in personnel, medical and similar files"),
    Exemption("(b)(7)(A)", "law enforcement record: interference with proceedings"),
    Exemption("(b)(7)(B)", "law enforcement record: a fair trial"),
    Exemption("(b)(7)(C)", "law enforcement record: personal privacy"),
    Exemption("(b)(7)(D)", "law enforcement record: a confidential source"),
    Exemption("(b)(7)(E)", "law enforcement record: techniques and procedures"),
    Exemption("(b)(7)(F)", "law enforcement record: life or safety of a person"),
    Exemption("(b)(8)", "examination of financial institutions"),
    Exemption("(b)(9)", "geological information about wells"),
)

BY_CODE = {one.code: one for one in EXEMPTIONS}
