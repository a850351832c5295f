# SPDX-License-Identifier: Apache-2.0
"""`inspect` on one file and on many: what it tells, what it keeps to itself, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import FULL, draft, run

from sluicegate.cli import inspect_words
from sluicegate.cli.inspect_look import VERDICTS, look_safely
from sluicegate.cli.inspect_many import files_of
from sluicegate.itl.model import Defect, Place, Severity
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, build
from sluicegate.itl.xml.rules import unchecked
from sluicegate.itl.xml.writer import to_xml

HEADER = HeaderDraft(tot="XTOT", dat="20101115", dai="WVFBI0000", ori="XX0010000", tcn="TEST-0000000001")
BRIEF_KEYS = {
    *("file", "verdict", "profile", "tot", "bytes", "seconds"),
    *("counts", "worst", "first", "trouble"),
}
FULL_KEYS = BRIEF_KEYS | {"records", "header", "personal", "images", "defects", "written"}


def card(folder: Path, name: str = "card.an2", tcn: str = "TCN-CARD-0001") -> Path:
    """A conforming booking in a file."""
    path = folder / name
    path.write_bytes(draft(1, FULL, tcn))
    return path


def other(*fields: tuple[int, str]) -> bytes:
    """A transaction of a type that EBTS does not know, with a Type-2 record and one raw image."""
    print_ = FingerDraft(1, 0, (1,), 1, 16, 12, 0, bytes(192))
    return build(HEADER, [TaggedDraft(2, 0, fields or ((18, "DOE,JANE"),)), print_])


def three(folder: Path) -> list[Path]:
    """A file that conforms, one that is refused, one that is no transaction."""
    good = card(folder, "a.an2")
    cut = folder / "b.an2"
    cut.write_bytes(good.read_bytes()[:-200])
    (folder / "c.txt").write_bytes(b"\x1b[2Jnothing")
    return [good, cut, folder / "c.txt"]


def test_the_tree_names_every_item_with_its_value_and_its_byte(tmp_path: Path) -> None:
    """A field is shown by tag, mnemonic, name, value and the byte at which it is in the file."""
    path = card(tmp_path)
    out = run("inspect", path, "--personal").out
    data = path.read_bytes()
    assert f"1.009 TCN  Transaction Control Number  TCN-CARD-0001  @{data.index(b'1.009:')}" in out
    at = data.index(b"2.047:") + len("2.047:")
    assert f"DOO 20101114 @{at}" in out
    assert f"AOL BURGLARY @{at + 9}" in out
    assert "4.003 IMP  1  Live-scan rolled" in out
    assert "576 bytes, NONE 24x24" in out


def test_every_offset_in_the_document_points_at_the_item(tmp_path: Path) -> None:
    """The bytes at each offset of the JSON document are the item that it is told for."""
    path = card(tmp_path)
    data, told = path.read_bytes(), run("inspect", path, "--personal", "--json").document
    items = [
        (item, at)
        for record in told["records"]
        for field in record["fields"]
        for texts, places in zip(field["items"], field["offsets"], strict=True)
        for item, at in zip(texts, places, strict=True)
    ]
    assert len(items) > 50
    assert all(data[at : at + len(item)] == item.encode() for item, at in items)


def test_text_of_a_person_is_left_out_field_by_field(tmp_path: Path) -> None:
    """Of Type-2 only what is harmless is shown; in a file whose Type-2 nobody knows, nothing of it."""
    records = run("inspect", card(tmp_path), "--json").document["records"]
    shown = {one["mnemonic"] for one in records[1]["fields"] if one["items"] is not None}
    assert {"RET", "CRI"} <= shown <= {"LEN", "IDC", "RET", "SCO", "CRI", "SRF", "PRI", "NDR"}
    (tmp_path / "other.an2").write_bytes(other((5, "JANE DOE"), (999, "DOE")))
    for words in ((), ("--json",), ("--brief",)):
        assert "DOE" not in run("inspect", tmp_path / "other.an2", *words).out
    assert "JANE DOE" in run("inspect", tmp_path / "other.an2", "--personal").out


def test_what_the_schema_checker_quotes_is_left_out_too() -> None:
    """The reason why XML fails its schema is told without the value that failed."""
    kept = inspect_words.Words("CAR", "0500", personal=False)
    for said, told in (
        ("`Element 'Name': [facet 'minLength'] The value 'DOE' has a length of '3'.`", "DOE"),
        ("`Element 'Name': 'O'DOE' is not a valid value of the atomic type 'xs:date'.`", "DOE"),
    ):
        one = Defect("ITL-XML-SCHEMA", Severity.ERROR, Place(), "Line 3: no.", found=said)
        assert told not in kept.defect(one)
        assert "Element 'Name'" in kept.defect(one)
        assert told in inspect_words.Words("CAR", "0500", personal=True).defect(one)


def test_a_type_of_transaction_unknown_to_ebts_is_judged_by_the_standard_and_it_is_said(
    tmp_path: Path,
) -> None:
    """The measure can be chosen; left alone it is EBTS where the TOT is one of EBTS, and a note says so."""
    path = tmp_path / "other.an2"
    path.write_bytes(other())
    told = run("inspect", path, "--json")
    assert (told.code, told.document["profile"]) == (0, "itl")
    assert [one["code"] for one in told.document["defects"]] == ["ITL-PROFILE"]
    assert "ANSI/NIST-ITL alone" in run("inspect", path).out
    assert run("inspect", path, "--profile", "ebts").code == 3
    assert run("inspect", path, "--profile", "itl", "--json").document["defects"] == []


def test_defects_come_worst_first_and_are_counted(tmp_path: Path) -> None:
    """The order is by severity, each has its place and clause, and the last line adds them up."""
    path = card(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    found = run("inspect", path, "--json").document["defects"]
    severities = [Severity[one["severity"]] for one in found]
    assert severities == sorted(severities, reverse=True)
    assert all(set(one["at"]) >= {"offset", "record_type", "idc", "tag"} for one in found)
    assert all(one["clause"] for one in found)
    errors = sum(one is Severity.ERROR for one in severities)
    assert run("inspect", path).out.splitlines()[-1].startswith(f"REFUSED by EBTS: {errors} error")


def test_an_image_that_is_not_what_its_record_says_is_told(tmp_path: Path) -> None:
    """Claimed and real coding and size stand side by side, and a difference is named in words."""
    raw = FingerDraft(1, 0, (1,), 1, 16, 12, 1, b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x20\x00\x40\x01")
    path = tmp_path / "lie.an2"
    path.write_bytes(build(HEADER, [TaggedDraft(2, 0, [(18, "X")]), raw]))
    image = run("inspect", path, "--json").document["images"][0]
    assert image["holds"] == {"coding": "JPEG", "width": 64, "height": 32, "differs": ["coding", "size"]}
    line = next(
        one for one in run("inspect", path).out.splitlines() if "WSQ 16x12  " in one and "Right" in one
    )
    assert "JPEG 64x32 DIFFERS" in line


def test_brief_is_one_line(tmp_path: Path) -> None:
    """--brief gives one file one line: verdict, TOT, counts, and the first defect."""
    path = card(tmp_path)
    lines = run("inspect", path, "--brief").out.splitlines()
    assert len(lines) == 1
    assert lines[0].split()[:6] == ["conforms", "CAR", "12", "10", "0", "0"]
    document = run("inspect", path, "--brief", "--json").document
    assert set(document) == BRIEF_KEYS | {"schema"}


def test_several_files_are_a_line_each_and_a_sum(tmp_path: Path) -> None:
    """Every file has its line whatever is wrong with the others; then verdicts and defects are counted."""
    files = three(tmp_path)
    ran = run("inspect", *files, tmp_path / "absent.an2")
    lines = ran.out.splitlines()
    assert ran.code == 3
    assert [one.split()[0] for one in lines[1:5]] == ["conforms", "refused", "unreadable", "unreadable"]
    assert "cannot be read" in lines[4]
    assert "\x1b" not in ran.out
    assert any(one.split() == ["all", "4"] for one in lines)


@pytest.mark.parametrize("words", [("--json",), ("--json", "--brief")])
def test_the_document_of_many_files_keeps_its_names(tmp_path: Path, words: tuple[str, ...]) -> None:
    """The JSON of a folder is one document whose names do not change from run to run."""
    three(tmp_path)
    told = run("inspect", tmp_path, *words).document
    assert set(told) == {"schema", "files", "summary"}
    assert told["schema"] == "sluicegate.inspect/1"
    for one in told["files"]:
        assert set(one) == (BRIEF_KEYS if "--brief" in words else FULL_KEYS)
        assert one["seconds"] >= 0
        assert set(one["counts"]) == {"records", "images", "defects"}
    summary = told["summary"]
    assert set(summary) == {"files", "bytes", "seconds", "verdicts", "defects"}
    assert list(summary["verdicts"]) == list(VERDICTS)
    assert summary["bytes"] == sum(one["bytes"] for one in told["files"])
    assert all(set(one) == {"severity", "code", "count", "files"} for one in summary["defects"])


def test_one_file_alone_has_the_same_names_and_its_schema(tmp_path: Path) -> None:
    """The document of one file is that of a file among many, and says which schema it keeps to."""
    assert set(run("inspect", card(tmp_path), "--json").document) == FULL_KEYS | {"schema"}


def test_a_folder_of_thirty_files_shows_thirty_lines(tmp_path: Path) -> None:
    """Folders are walked in order, names with a dot and links to folders are left out."""
    deep = tmp_path / "deep"
    deep.mkdir()
    for number in range(30):
        card(deep if number % 2 else tmp_path, f"{number:02d}.an2", f"TCN-CARD-{number:04d}")
    card(tmp_path, ".hidden.an2")
    (tmp_path / "loop").symlink_to(tmp_path)
    ran = run("inspect", tmp_path, "--brief")
    assert ran.code == 0
    assert sum(one.startswith("conforms ") for one in ran.out.splitlines()) == 31  # and one line that counts
    assert len(files_of([tmp_path, tmp_path])) == 30


def test_the_exit_code_is_that_of_the_worst_file(tmp_path: Path) -> None:
    """0 where nothing is refused, 3 where something is; --strict is that for a warning too."""
    good = card(tmp_path)
    warned = tmp_path / "warned.an2"
    warned.write_bytes(good.read_bytes() + b"\n")
    assert run("inspect", warned, "--json").document["verdict"] == "warnings"
    assert [run("inspect", good, warned, *words).code for words in ((), ("--strict",))] == [0, 3]
    assert run("inspect", good, good, "--strict").code == 0
    assert run("inspect", *three(tmp_path)).code == 3


def test_a_fault_of_ours_over_one_file_is_told_and_ends_in_1(tmp_path: Path) -> None:
    """Where this program itself fails over a file, the file is named, the run goes on, the exit code is 1."""
    path = tmp_path / "loud.xml"
    path.write_bytes(b"<a/>")

    def broken(_data: bytes) -> tuple[Defect, ...]:
        raise ZeroDivisionError

    path.write_bytes(to_xml(read(other()).transaction).data)
    seen = look_safely(path, "auto", broken)
    assert (seen.verdict, seen.fault) == ("fault", True)
    assert "ZeroDivisionError" in seen.trouble
    assert look_safely(path, "auto", unchecked).verdict == "conforms"


def test_xml_is_inspected_like_the_rest(tmp_path: Path) -> None:
    """A booking in NIEM-XML shows the same fields and images, and that no schema was at hand."""
    good = card(tmp_path)
    path = tmp_path / "card.xml"
    path.write_bytes(to_xml(read(good.read_bytes()).transaction).data)
    told, twin = (run("inspect", one, "--json").document for one in (path, good))
    assert [one["type"] for one in told["records"]] == [one["type"] for one in twin["records"]]
    assert [one["fgp"] for one in told["images"]] == [one["fgp"] for one in twin["images"]]
    assert "ITL-XML-NO-SCHEMA" in [one["code"] for one in told["defects"]]
    assert run("inspect", path, "--schemas", tmp_path).code == 2  # no schema is in that folder


def test_an_empty_folder_is_a_usage_error(tmp_path: Path) -> None:
    """Where there is nothing to look at, that is said."""
    ran = run("inspect", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "no file" in ran.err


def test_the_bar_is_on_a_terminal_only_and_never_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress goes to standard error where that is a terminal; the lines stay what they are in a pipe."""
    three(tmp_path)
    quiet = run("inspect", tmp_path, "--json")
    assert quiet.err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    loud = run("inspect", tmp_path, "--json")
    assert "inspecting" in loud.err
    assert [one["file"] for one in json.loads(loud.out)["files"]] == [
        one["file"] for one in quiet.document["files"]
    ]


@pytest.mark.slow
def test_pictures_of_several_files_do_not_mix(tmp_path: Path) -> None:
    """--images gives every file of a folder a folder of its own."""
    for name in ("a.an2", "b.an2"):
        card(tmp_path, name)
    out = tmp_path / "out"
    assert run("inspect", tmp_path / "a.an2", tmp_path / "b.an2", "--images", out).code == 0
    assert {one.name: len(list(one.iterdir())) for one in out.iterdir()} == {"a.an2": 10, "b.an2": 10}


@pytest.mark.shared
@pytest.mark.slow
def test_the_folder_of_valid_files_is_told_in_one_run(shared_data: Path) -> None:
    """Thirty real files: a line each, no fault; by the standard alone no reference file is refused."""
    ran = run("inspect", shared_data / "an2-valid", "--json", "--profile", "itl")
    files = {Path(one["file"]).name: one for one in ran.document["files"]}
    assert len(files) == len(list((shared_data / "an2-valid").iterdir()))
    assert {one["verdict"] for one in files.values()} <= {"conforms", "warnings", "refused"}
    names = [name for name in files if name.startswith(("nist2007", "biocts"))]
    assert len(names) == 20
    assert [name for name in names if files[name]["verdict"] == "refused"] == []
    assert len(run("inspect", shared_data / "an2-valid").out.splitlines()) > len(files)


@pytest.mark.shared
@pytest.mark.slow
def test_spoiled_files_never_stop_a_run(shared_data: Path) -> None:
    """A folder of mutants and one of invalid files: every file is told, exit code 3, nobody's fault."""
    ran = run("inspect", shared_data / "an2-invalid", shared_data / "an2-mutants", "--brief", "--json")
    assert ran.code == 3
    assert ran.document["summary"]["verdicts"]["fault"] == 0
    assert len(ran.document["files"]) > 140
