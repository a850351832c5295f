# SPDX-License-Identifier: Apache-2.0
"""The command line: every command of the program, one module per group."""

from __future__ import annotations

from importlib.metadata import version

import click

from sluicegate.cli.absent import audit_absent
from sluicegate.cli.agencies import agencies
from sluicegate.cli.audit_run import audit_county, audit_run
from sluicegate.cli.auditing import audit, verify
from sluicegate.cli.booking import booking
from sluicegate.cli.calls import Commands
from sluicegate.cli.converting import convert
from sluicegate.cli.cosigning import cosign
from sluicegate.cli.days import audit_reconcile, tell_days
from sluicegate.cli.demo import demo
from sluicegate.cli.expunge import attestation, expunge
from sluicegate.cli.gallery import gallery
from sluicegate.cli.homes import doctor, init
from sluicegate.cli.inspecting import inspect
from sluicegate.cli.keys import keys
from sluicegate.cli.ledger import ledger
from sluicegate.cli.looking import lookup
from sluicegate.cli.operating import alerts, status
from sluicegate.cli.people import people
from sluicegate.cli.policy import policy
from sluicegate.cli.queue import queue
from sluicegate.cli.registry import registry
from sluicegate.cli.releases import release
from sluicegate.cli.ridge import ridge
from sluicegate.cli.seal import make_seal_key, seal, unseal
from sluicegate.cli.serving import serve
from sluicegate.cli.showing import explain, list_, receipt, show
from sluicegate.cli.signer import serve_key
from sluicegate.cli.site import serve_site
from sluicegate.cli.statistics import statistics
from sluicegate.cli.submitting import submit
from sluicegate.cli.templates import template
from sluicegate.cli.witness import witness
from sluicegate.cli.wording import wording

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(version("sluicegate"), prog_name="sluicegate")
def sluicegate() -> None:
    """The fingerprint exchange whose opt-out means something.

    \b
    Example:
      sluicegate init --home ./exchange
      sluicegate serve --home ./exchange
    """


_COMMANDS = (
    *(init, doctor, serve, serve_site, people, status, alerts),
    *(booking, inspect, convert, template, gallery, ridge, submit),
    *(list_, show, explain, receipt),
    *(queue, lookup, policy, agencies, wording, registry),
    *(audit, verify, ledger, witness, demo),
    *(statistics, release),
    *(expunge, seal, unseal, attestation, keys),
)

keys.add_command(serve_key)
keys.add_command(make_seal_key)
ledger.add_command(cosign)
ledger.add_command(tell_days)
audit.add_command(audit_reconcile)
audit.add_command(audit_absent)
audit.add_command(audit_run)
audit.add_command(audit_county)

for one in _COMMANDS:
    sluicegate.add_command(one)


def main() -> None:
    """Entry point of the program; ends the process with an exit code of `calls.EXIT_CODES`."""
    sluicegate(prog_name="sluicegate")


if __name__ == "__main__":
    main()
