# SPDX-License-Identifier: Apache-2.0
"""`init` makes a home; the checks of `doctor` are in `checks`."""

from __future__ import annotations

import click

from sluicegate import app
from sluicegate.cli.calls import FAULT, Call, busy, leave, standard, table
from sluicegate.cli.checks import examine
from sluicegate.settings import FILE


@click.command()
@click.option("--program", default="secure-communities", show_default=True, help="Program that ships here.")
@click.option("--scenario", default="", help="Overlay of rules for drills, such as demo-scenario.")
@standard
def init(call: Call, program: str, scenario: str) -> None:
    """Make a home: settings, keys, and the rules of a program.

    \b
    Example:
      sluicegate init --home ./exchange
    """
    app.lay_out(call.home, program, scenario)
    home = call.home
    files = {
        "settings": str(home / FILE),
        "keys": str(home / "keys"),
        "program": str(home / "programs" / program),
        "scenario": str(home / "programs" / scenario) if scenario else "",
        "incoming": str(home / "incoming"),
        "answers": str(home / "answers"),
    }
    lines = [f"{name:9} {place}" for name, place in files.items() if place]
    after = f"Next: sluicegate serve --home {home}"
    call.show({"home": str(home), **files, "next": after}, f"Made the home {home}:", *lines, after)


@click.command()
@standard
def doctor(call: Call) -> None:
    """Check an installation, one line per check: files, permissions, keys, rules, extractor, ports.

    \b
    Example:
      sluicegate doctor --home ./exchange
    """
    call.need_home()
    with busy("checking"):
        results = examine(call.home)
    shown = table("", "check", "result")
    for one in results:
        shown.add_row("ok" if one.ok else "FAIL", one.name, one.said)
    document = {"checks": [{"name": r.name, "ok": r.ok, "said": r.said} for r in results]}
    call.show(document, shown)
    leave(0 if all(one.ok for one in results) else FAULT)
