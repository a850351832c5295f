# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of XML schemas, by path inside it, for the validator of packages."""

from __future__ import annotations

from pathlib import Path

from sluicegate.errors import SettingsError

MAX_FILES, MAX_BYTES = 500, 64 * 1024 * 1024


def read_schemas(folder: Path) -> dict[str, bytes]:
    """Every `*.xsd` under a folder by its path with `/`. Raises SettingsError where there is none to read."""
    found: dict[str, bytes] = {}
    size = 0
    try:
        for path in sorted(folder.rglob("*.xsd")):
            found[path.relative_to(folder).as_posix()] = data = path.read_bytes()
            size += len(data)
            if len(found) > MAX_FILES or size > MAX_BYTES:
                raise SettingsError("The folder of XML schemas holds more than any set of schemas has.")
    except OSError:
        raise SettingsError("The folder of XML schemas cannot be read.") from None
    if not found:
        raise SettingsError(
            "The folder of XML schemas holds no file that ends in .xsd.",
            advice="Mend the setting xml_schemas, or leave it empty to check structure only.",
        )
    return found
