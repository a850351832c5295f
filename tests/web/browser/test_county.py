# SPDX-License-Identifier: Apache-2.0
"""My county in a real browser."""

from __future__ import annotations

import pytest
from accessible import assert_accessible

from browser.conftest import Opener

pytestmark = pytest.mark.slow


def test_the_first_page_is_accessible(browser_page: Opener) -> None:
    """The first page passes axe-core at WCAG 2.2 AA, at desktop and phone, light and dark."""
    assert_accessible(browser_page("/"))
