# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the policy tests."""

from __future__ import annotations

import pytest
from policy_world import shipped

from sluicegate.policy.program import Program, load, overlay


@pytest.fixture(scope="session")
def program() -> Program:
    """The program as shipped."""
    return load(shipped())


@pytest.fixture(scope="session")
def scenario() -> Program:
    """The shipped program with the demonstration's scenario on top."""
    return overlay(shipped(), shipped("demo-scenario"))
