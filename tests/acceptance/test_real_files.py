# SPDX-License-Identifier: Apache-2.0
"""Every real, invalid and mutated transaction file that others made, through the door of one exchange."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from acceptance_world import AGENCY, HANG_S, NOW, Counter, Meter, Settled, with_header

from sluicegate.ebts import conformance
from sluicegate.itl.model import Severity
from sluicegate.itl.reader import read
from sluicegate.itl.writer import write

pytestmark = [pytest.mark.shared, pytest.mark.slow]

NO_ORI = ("REFUSED", "", "ORI (1.008)")  # these name "ORI", "TESTDEST" or "MDNISTIG": nobody to answer
OTHER_TOT = {tot: ("ERRT", "H0001", f"1.004 TOT {tot} is not processed") for tot in ("AMN", "FAUF", "NFUF")}

VALID: dict[str, tuple[str, str, str]] = {
    "biocts2011-pass-all-supported-types-with-2.003-udf-with-sf.an2": NO_ORI,
    "biocts2011-pass-type-1-mandatory-only.an2": NO_ORI,
    "biocts2011-pass-type-1.an2": NO_ORI,
    "biocts2011-pass-type-14-fld21.an2": NO_ORI,
    "biocts2011-pass-type-14.an2": NO_ORI,
    "biocts2011-pass-type-4-14-flats.an2": ("REFUSED", "", "TCN (1.009)"),  # 52 characters; ITL has 48
    "biocts2011-pass-type-4-tpcard-updatedWsqVersion.an2": OTHER_TOT["AMN"],
    "biocts2011-pass-type-4.an2": NO_ORI,
    "biocts2011-pass-type-8-sig-raw.an2": OTHER_TOT["FAUF"],
    "biocts2011-pass-type-9-13-m1.an2": OTHER_TOT["AMN"],
    "biocts2013-pass-type-10-face-smt-combined.an2": NO_ORI,
    "jet-dod-map-sample.eft": ("ERRT", "H0001", "1.004 TOT MAP is not processed"),
    "jet-testEbts-car-jpeg.eft": ("ERRT", "E0001", "2.005 RET is missing"),
    "jsfp-sample-crm.eft": NO_ORI,
    "nbis-sign_raw.an2": NO_ORI,
    "nbis-valid1.1.an2": ("ERRT", "E0002", "2.073 CRI is not nine characters"),
    "nbis-valid1.14.an2": ("ERRT", "H0001", "1.004 TOT TPIS is not processed"),
    "nbis-valid1.3.an2": ("ERRT", "E0004", "CAR has 0 records of Type-4 or Type-14"),
    "nbis-valid1.5.an2": OTHER_TOT["NFUF"],
    "nbis-valid1.7.an2": OTHER_TOT["NFUF"],
    "nbis-valid1.9.an2": OTHER_TOT["NFUF"],
    "nist2007-type-10-sap10.an2": OTHER_TOT["AMN"],
    "nist2007-type-13-14-latent-match.an2": OTHER_TOT["AMN"],
    "nist2007-type-13-tip-eji-wsq.an2": OTHER_TOT["AMN"],
    "nist2007-type-3.an2": ("ERRT", "H0001", "1.009 TCN has 6 characters"),
    "nist2007-type-4-14-slaps.an2": OTHER_TOT["AMN"],
    "nist2007-type-4-tpcard.an2": OTHER_TOT["AMN"],
    "nist2007-type-8-sig-fax.an2": OTHER_TOT["FAUF"],
    "nist2007-type-9-14-m1.an2": OTHER_TOT["AMN"],
    "nist2007-type-9-4-iafis.an2": OTHER_TOT["AMN"],
}
"""File: how it settles, the code, and what the sentence names."""

INVALID: dict[str, tuple[str, ...]] = {
    "biocts2011-fail-all-supported-types-L1.an2": ("1.005 DAT",),
    "biocts2011-fail-type-1-L1.an2": ("1.002 VER", "(1.003) cannot be read", "1.005 DAT"),
    "biocts2011-fail-type-1-wrong-record-number.an2": ("0.002", "1.002 VER is missing"),
    "biocts2011-fail_IDC_Sequential_Tests.an2": ("does not carry the IDC",),
    "jet-S001-missing-nsr.eft": ("1.011 NSR is missing", "1.012 NTR is missing"),
    "jnbis-rec01_rec02_rec16.nst.an2": ("1.002 VER",),
}
"""File: the truth about it (as its makers tell it) that the answer must name. The others are wrong only in
optional fields or in records of types that no booking has; their answers name their TOT, which EBTS lacks."""

WRONG_PRIORITY = "biocts2013-fail-all-supported-types-1.006-invalid-value.an2"
FOLDERS = ("an2-valid", "an2-invalid", "an2-mutants")


def files(data: Path, *folders: str) -> list[Path]:
    """The files of these folders, by name."""
    return [file for folder in folders for file in sorted((data / folder).iterdir())]


def addressed(file: Path, number: int) -> bytes:
    """The file with a real ORI and a TCN of its own, so that the door lets it in and all of it is read."""
    tcn = f"ADDRESSED{file.parent.name[4:6].upper()}{number:05d}"
    return with_header(file.read_bytes(), ori=AGENCY.encode(), tcn=tcn.encode())


def fault(settled: Settled) -> str:
    """What is wrong with the way a file settled, or the empty string."""
    if settled.seconds > HANG_S:
        return f"took {settled.seconds:.0f} s"
    if settled.kind == "REFUSED":
        sentence = settled.lines[0]
        one = sentence.endswith(".") and len(sentence) < 200 and re.fullmatch(r"[ -~]+", sentence)
        return "" if one else "the refusal is not one clear sentence"
    if settled.answers != 1:
        return f"{settled.answers} answers"
    if settled.kind == "ERRT":
        bad = [line for line in settled.lines if not re.fullmatch(r"[A-Z][0-9]{4} - [ -~]+", line)]
        return f"lines without a code, or unprintable: {bad}" if bad or not settled.lines else ""
    return "" if settled.kind == "SRE" and not settled.lines else "neither SRE nor ERRT"


def test_every_file_settles_and_the_exchange_goes_on(counter: Counter, shared_data: Path) -> None:
    """Each of the 175 files is refused in one sentence or gets exactly one answer, none hangs, and a good
    booking is answered afterwards."""
    every = files(shared_data, *FOLDERS)
    assert len(every) == 175
    faults = {}
    with Meter(counter.zygote) as meter:
        for file in every:
            settled = counter.ask(file.read_bytes())
            meter.note(file.name, settled)
            faults[file.name] = fault(settled)
    meter.show("files as they are")
    assert {name: said for name, said in faults.items() if said} == {}
    assert counter.good(1).kind == "SRE"


def test_every_file_settles_when_it_names_somebody_to_answer(counter: Counter, shared_data: Path) -> None:
    """The same files under an ORI that can be answered, read to the end, get one ERRT each that repeats
    their TCN, and the exchange goes on."""
    faults, answered = {}, 0
    with Meter(counter.zygote) as meter:
        for number, file in enumerate(files(shared_data, *FOLDERS)):
            data = addressed(file, number)
            settled = counter.ask(data)
            meter.note(file.name, settled)
            answered += settled.kind == "ERRT"
            faults[file.name] = fault(settled)
            if settled.kind != "REFUSED" and settled.tcr.encode() not in data:
                faults[file.name] = f"the answer is to TCN {settled.tcr}"
    meter.show("files under an ORI that can be answered")
    assert {name: said for name, said in faults.items() if said} == {}
    assert answered > 150
    assert counter.good(2).kind == "SRE"


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_real_file_gets_its_right_answer(counter: Counter, shared_data: Path, name: str) -> None:
    """What a valid file lacks to be a booking is named to its sender, with the code that EBTS gives it."""
    kind, code, phrase = VALID[name]
    data = with_header((shared_data / "an2-valid" / name).read_bytes())
    settled = counter.ask(data + b" " if kind == "REFUSED" else retold(counter, data))
    assert settled.kind == kind
    assert any(line.startswith(f"{code} - " if code else "") and phrase in line for line in settled.lines)


def retold(counter: Counter, data: bytes) -> bytes:
    """The file under a TCN of its own and the same length: some of these files share one."""
    header = read(data).transaction
    assert header is not None
    size = len(header.records[0].text(9))
    return with_header(data, tcn=counter.number()[-size:].rjust(size, "0").encode())


def test_the_table_of_right_answers_is_whole(shared_data: Path) -> None:
    """Every valid file has a right answer in the table."""
    assert set(VALID) == {file.name for file in files(shared_data, "an2-valid")}


@pytest.mark.parametrize("name", sorted(INVALID))
def test_what_is_truly_wrong_with_a_file_is_told(counter: Counter, shared_data: Path, name: str) -> None:
    """The answer to an invalid file names what its makers say is wrong with it."""
    data = (shared_data / "an2-invalid" / name).read_bytes()
    settled = counter.ask(with_header(data, ori=AGENCY.encode(), tcn=counter.number().encode()))
    told = "\n".join(settled.lines)
    assert settled.kind == "ERRT"
    assert [phrase for phrase in INVALID[name] if phrase not in told] == []


@pytest.mark.parametrize("name", ["biocts2011-fail-type-1-L1.an2", WRONG_PRIORITY])
def test_a_wrong_priority_is_noticed(shared_data: Path, name: str) -> None:
    """PRY 0 is a defect, though no reason to refuse anything: the field is optional."""
    transaction = read((shared_data / "an2-invalid" / name).read_bytes()).transaction
    assert transaction is not None
    found = [one for one in conformance.check(transaction, NOW) if one.place.tag == "1.006"]
    assert [(one.code, one.severity) for one in found] == [("H0001", Severity.WARNING)]


def test_whatever_is_admitted_is_kept_byte_for_byte(shared_data: Path) -> None:
    """Reading and writing gives back the received bytes, for every file of which anything could be read."""
    whole = 0
    for number, file in enumerate(files(shared_data, *FOLDERS)):
        for data in (file.read_bytes(), addressed(file, number)):
            transaction = read(data).transaction
            if transaction is not None:
                assert write(transaction) == data, file.name
                whole += 1
    assert whole > 300
