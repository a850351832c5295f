# SPDX-License-Identifier: Apache-2.0
"""A release as one page to read or print: no script, nothing from outside, and no text under its boxes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from sluicegate.ledger.verify import JSON

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1d21; --paper: #fff; --soft: #5d636e; --line: #c9ced6;
  --box: #eceff3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ec; --paper: #16181c; --soft: #a3abb8; --line: #3c424c; --box: #272b32; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 46rem; color: var(--ink);
  background: var(--paper); font: 1.05rem/1.6 Georgia, 'Times New Roman', serif; overflow-wrap: anywhere; }
header { border-bottom: 2px solid var(--ink); margin-bottom: 1.5rem; padding-bottom: .8rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; margin: 1.8rem 0 .5rem; }
p { margin: 0 0 1rem; white-space: pre-wrap; }
.told, table { font: .86rem/1.5 system-ui, sans-serif; white-space: normal; }
.told { color: var(--soft); margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .1rem 1rem; margin: 0;
  border-bottom: 1px solid var(--line); padding: .3rem 0; }
dt { font: .86rem/1.8 system-ui, sans-serif; color: var(--soft); }
dd { margin: 0; white-space: pre-wrap; }
.gone { border: 1.5px solid var(--ink); background: var(--box); border-radius: 3px; padding: .05rem .45rem;
  font: .8rem/1.5 system-ui, sans-serif; white-space: normal; -webkit-box-decoration-break: clone;
  box-decoration-break: clone; }
.gone span { color: var(--soft); }
table { border-collapse: collapse; width: 100%; margin-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th, td:first-child { white-space: nowrap; }
footer { margin-top: 2.5rem; border-top: 2px solid var(--ink); padding-top: .2rem; }
code { font: .8rem/1.5 ui-monospace, monospace; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; color: #000; background: #fff; }
  .gone { border-color: #000; background: #fff; }
  .told, .gone span, dt { color: #333; }
  dl, tr { break-inside: avoid; } h2 { break-after: avoid; }
}
""".strip()


def render(data: Mapping[str, JSON]) -> bytes:
    """The page of a release's data, and of nothing else: anybody can make it again and compare."""
    held: Any = data
    shape = held["structure"]
    pieces = {one["id"]: one for one in held["pieces"]}
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")
    gone = [one for one in held["pieces"] if "codes" in one]
    body = "\n".join(_block(block, pieces) for block in shape["blocks"])
    facts = ", ".join(escape(one) for one in (shape["date"], shape["custodian"]) if one)
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(shape["title"])}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{escape(shape["title"])}</h1>
<p class="told">{facts}</p>
<p class="told">Release {escape(held["release"])} of document {escape(shape["id"])},
made {escape(held["made"])}. {_counted(len(gone), len(pieces))}</p>
</header>
<main>
{body}
</main>
<footer>
{_codes(held, gone)}
<h2>What this release proves</h2>
<p class="told">Every piece, shown or withheld, was sealed under the root below. What is shown is what was
sealed. A withheld piece can be opened to a court later, and no other text can be passed off for it. Two
releases of one document have the same root, whatever each withholds. The root does not prove that the
document was true, or whole, when it was sealed.</p>
<p class="told">Root <code>{escape(held["root"])}</code></p>
</footer>
</body>
</html>
"""
    return text.encode("utf-8")


def _counted(gone: int, every: int) -> str:
    if not gone:
        return f"Nothing is withheld: all {every} pieces are shown."
    verb = "is" if gone == 1 else "are"
    return f"{gone} of {every} pieces {verb} withheld; each box names the exemption."


def _block(block: Any, pieces: Mapping[str, Any]) -> str:
    text = "".join(_piece(pieces[name]) for name in block["pieces"])
    named = f'id="{escape(block["id"])}"'
    if block["kind"] == "heading":
        return f"<h2 {named}>{text}</h2>"
    if block["kind"] == "field":
        return f'<dl class="field" {named}><dt>{escape(block["label"])}</dt><dd>{text}</dd></dl>'
    label = f"<b>{escape(block['label'])}</b> " if block["label"] else ""
    return f"<p {named}>{label}{text}</p>"


def _piece(piece: Any) -> str:
    if "codes" not in piece:
        return escape(str(piece["text"]))
    codes = ", ".join(escape(code) for code in piece["codes"])
    told = "extent not told" if piece["extent"] == "not told" else piece["extent"]
    note = f" &#183; {escape(piece['note'])}" if piece["note"] else ""
    return f'<span class="gone"><b>withheld {codes}</b> <span>{escape(told)}{note}</span></span>'


def _codes(held: Any, gone: list[Any]) -> str:
    if not gone:
        return ""
    rows = "".join(
        f"<tr><td><b>{escape(code)}</b></td><td>{escape(about)}</td>"
        f"<td>{sum(code in one['codes'] for one in gone)}</td></tr>"
        for code, about in held["codes"].items()
    )
    return (
        "<h2>Exemptions named, 5 U.S.C. 552(b)</h2>\n<table><thead><tr><th>code</th><th>about</th>"
        f"<th>pieces</th></tr></thead><tbody>{rows}</tbody></table>\n"
        f'<p class="told">{escape(held["about_codes"])}</p>'
    )
