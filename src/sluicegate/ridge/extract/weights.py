# SPDX-License-Identifier: Apache-2.0
"""The published LEADER weights, from the installed pyfing distribution (MIT).

pyfing itself is never imported: that would need Keras, which is not among our dependencies.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from sluicegate.errors import SettingsError

DISTRIBUTION = "pyfing"
FILE = "pyfing/models/LEADER.weights.h5"


def published_weights() -> bytes:
    """The bytes of the weights file.

    Raises:
        SettingsError: pyfing is not installed, or came without its weights.
    """
    advice = "Install this package with its dependencies, or choose the extractor mindtct."
    try:
        return Path(str(metadata.distribution(DISTRIBUTION).locate_file(FILE))).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as exc:
        raise SettingsError("The weights of the extractor leader are not installed.", advice=advice) from exc
