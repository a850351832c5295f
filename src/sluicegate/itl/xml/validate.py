# SPDX-License-Identifier: Apache-2.0
"""Holds a package against XML schemas that are handed in as bytes. Nothing is fetched, not even from disk.

Source: W3C XML Schema 1.0, as libxml2 implements it. The schemas are the caller's: EBTS, ITL and NIEM
publish them under terms of their own, so none comes with this package.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Protocol, cast

from lxml import etree

from sluicegate.errors import SettingsError, quoted
from sluicegate.itl.model import Defect, Place
from sluicegate.itl.xml.rules import RefusedError, defect, unchecked
from sluicegate.itl.xml.tree import XmlLimits, parse

_ROOT = "NISTBiometricInformationExchangePackage"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
_BASE = "schemas:///"
_MOST = 20
_NAMESPACE = re.compile(r"\{[^{}]*\}")
_PREFIX = re.compile(r"/[^/:]+:")


class _Entry(Protocol):
    """What libxml2 says about one thing wrong."""

    line: int
    message: str | None
    path: str | None


class _Given(etree.Resolver):
    """Serves the files that were handed in, by their path, and refuses everything else."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self._files = files

    def resolve(self, system_url: str, _public_id: str, context: object) -> object:  # type: ignore[override]
        """The bytes of a schema. Raises SettingsError for one that was not handed in: libxml2 never looks."""
        name = posixpath.normpath((system_url or "").removeprefix(_BASE))
        if name not in self._files:
            raise SettingsError(f"A schema refers to {quoted(name)}, which is not among those handed in.")
        return self.resolve_string(self._files[name], context, base_url=_BASE + name)


class Validator:
    """Schemas of any number of namespaces, compiled once."""

    def __init__(self, files: Mapping[str, bytes], limits: XmlLimits | None = None) -> None:
        """Compile. `files` holds every schema by its path, such as `itl/2011/itl.xsd`.

        Raises SettingsError where a schema cannot be compiled, or none declares a package.
        """
        self._limits = limits or XmlLimits()
        self._schemas: dict[str, etree.XMLSchema] = {}
        for name in sorted(files):
            namespace = _package_of(name, files[name])
            if namespace is not None and namespace not in self._schemas:
                self._schemas[namespace] = _compiled(name, files)
        if not self._schemas:
            raise SettingsError("None of the schemas declares a package of ANSI/NIST-ITL.")

    def check(self, data: bytes) -> tuple[Defect, ...]:
        """What is wrong by the schema, with line and path: at most 20 defects. Never raises.

        A package in a namespace without a schema gives one NOTE.
        """
        try:
            parse(data, self._limits)  # sizes, depth, and no document type: before libxml2 sees the bytes
        except RefusedError as refused:
            return (refused.defect,)
        try:
            document = etree.fromstring(data, _parser(large=True))
        except etree.XMLSyntaxError as error:
            return (defect("ITL-XML", Place(offset=0), line=error.lineno or 0),)
        schema = self._schemas.get(etree.QName(document).namespace or "")
        if schema is None:
            return unchecked()
        if schema.validate(document):
            return ()
        entries = cast(Iterable[_Entry], schema.error_log)
        return tuple(_told(entry) for entry in islice(entries, _MOST))


def _parser(*, large: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=large, remove_comments=True
    )


def _package_of(name: str, data: bytes) -> str | None:
    """The namespace of a schema that declares the package's root element, or None."""
    try:
        schema = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError:
        raise SettingsError(f"The schema {quoted(name)} is not well-formed XML.") from None
    declared = {element.get("name") for element in schema.findall(f"{_SCHEMA}element")}
    return schema.get("targetNamespace") if _ROOT in declared else None


def _compiled(name: str, files: Mapping[str, bytes]) -> etree.XMLSchema:
    parser = _parser()
    parser.resolvers.add(_Given({posixpath.normpath(path): data for path, data in files.items()}))
    try:
        document = etree.fromstring(files[name], parser, base_url=_BASE + name)
        return etree.XMLSchema(document)
    except etree.LxmlError:
        raise SettingsError(f"The schema {quoted(name)} cannot be compiled.") from None


def _told(entry: _Entry) -> Defect:
    # libxml2 puts received values between quotation marks; what is shown is escaped and cut.
    path = _PREFIX.sub("/", entry.path or "").lstrip("/")
    said = _NAMESPACE.sub("", entry.message or "")
    told = defect("ITL-XML-SCHEMA", Place(), found=quoted(said, 300))
    # The message names the place and no value: it may go back to the sender, and into a log.
    return replace(told, message=f"Line {entry.line}, {quoted(path[-180:], 200)}: {told.message}")
