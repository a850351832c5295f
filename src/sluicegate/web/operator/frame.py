# SPDX-License-Identifier: Apache-2.0
"""What operators' pages stand on: who may open one, what it is handed, what is entered before it is sent.

A page module has `routes(desk)`, `TEMPLATES`, and a row in `table.DESK`. Each of its routes answers through
`guarded`; a route that does not is refused when the site starts. What a page is handed is narrowed to its
side: a page of the partner cannot name a store of the bureau.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sluicegate.app import Exchange, Office
from sluicegate.errors import LedgerError, StoreError
from sluicegate.exchange.bureau import Bureau
from sluicegate.exchange.case import Fact, Json
from sluicegate.exchange.expunge import Expunger
from sluicegate.exchange.partner import Partner
from sluicegate.facts import FactKind
from sluicegate.settings import Settings
from sluicegate.store.entries import COMMON_LOG
from sluicegate.store.people import People
from sluicegate.store.people_sittings import FULL, Asked, Sitting, Sittings, Tries
from sluicegate.store.programs import ProgramSource
from sluicegate.store.registering import Registry
from sluicegate.store.repository import Repository
from sluicegate.web.catalog import ENGLISH
from sluicegate.web.frame import Site
from sluicegate.web.operator import csrf
from sluicegate.web.operator.accounts import Flood
from sluicegate.web.operator.roles import Role, Side, side_of
from sluicegate.web.operator.sessions import SEEN_EVERY_S, Judged, Person, give, judge, take, token_of
from sluicegate.web.pages import Clock

log = logging.getLogger("sluicegate.desk")

HOME = "/desk/"
SIGN_IN = "/desk/sign-in"
MOST_BYTES = 1024 * 1024
"""Largest form that is read."""


@dataclass(frozen=True, slots=True)
class BureauSide:
    """What pages of the bureau are handed."""

    office: Office
    bureau: Bureau
    open: Repository
    filtered: Repository
    programs: ProgramSource
    expunger: Expunger
    registry: Registry
    settings: Settings


@dataclass(frozen=True, slots=True)
class PartnerSide:
    """What pages of the partner are handed."""

    office: Office
    partner: Partner
    gallery: Repository
    expunger: Expunger


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts, sessions, open questions and failed tries."""

    people: People
    sittings: Sittings
    asked: Asked
    tries: Tries
    flood: Flood


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page with personal data is about to show: whose, which part, and why it is looked at.

    `case` is the case at the side whose page it is; empty where a page shows parts of several.
    """

    case: str
    part: str
    why: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The desks of an installation.

    Attributes:
        site: the public site, with its templates and its origin.
        accounts: who may sign in, and who has.
        clock: the exchange's time, of a drill too: what the ledger says.
        now: real time in seconds since 1970: what sessions and codes live by.
        serving: whether this process also moves the cases; without it, pages only look and decide.
        pages: entries of the menu: name, address, roles that see it.
        provider: host of the OpenID provider that people may sign in with, or empty.
    """

    site: Site
    accounts: Accounts
    clock: Clock
    now: Callable[[], float]
    serving: bool
    ledgers: Mapping[Side, Office] = field(repr=False)
    sides: tuple[BureauSide, PartnerSide] | None = field(repr=False)
    side: Side = Side.NEITHER
    pages: tuple[tuple[str, str, tuple[Role, ...]], ...] = ()
    provider: str = ""  # host that accounts of an OpenID provider come from, or empty

    def narrowed(self, side: Side) -> Desk:
        """The same desks, handing out one side only."""
        return replace(self, side=side)

    @property
    def bureau(self) -> BureauSide:
        """The bureau's stores. Raises StoreError on a page that is not the bureau's."""
        if self.side is not Side.BUREAU or self.sides is None:
            raise StoreError("This page is not handed the bureau's stores.")
        return self.sides[0]

    @property
    def partner(self) -> PartnerSide:
        """The partner's stores. Raises StoreError on a page that is not the partner's."""
        if self.side is not Side.PARTNER or self.sides is None:
            raise StoreError("This page is not handed the partner's stores.")
        return self.sides[1]

    def show(
        self,
        request: Request,
        template: str,
        values: Mapping[str, object],
        *,
        section: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page of the desks, in English, kept by no cache. Its template extends `parts/desk.html`.

        `values` are those that the module's `TEMPLATES` declares; for the rest see `Pages.show`.
        """
        sent = {"Cache-Control": "no-store", **(headers or {})}
        english = Request({**request.scope, "headers": _LANGUAGE, "query_string": _without_language(request)})
        return self.site.pages.show(english, template, values, section=section, status=status, headers=sent)

    def enter(self, kind: FactKind, who: tuple[str, ...], body: Mapping[str, Json], case: str = "") -> None:
        """Enter a fact in the private log of a side: the partner's for its people, else the bureau's.

        Args:
            who: roles of the person whom the fact is about.
            case: a case of that side, if it speaks of one: it is erased with it.

        Raises:
            LedgerError, StoreError: it was not entered.
        """
        store = self.ledgers[side_of(who)].store
        with store.session() as session:
            store.log.append(session, (Fact(kind, body),), case or None, self.clock(), COMMON_LOG)

    def menu(self, roles: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Entries of the menu that these roles open: name and address."""
        return tuple((name, address) for name, address, wanted in self.pages if set(wanted) & set(roles))

    def guarded(
        self,
        handler: Handler,
        *,
        role: Role | Sequence[Role],
        personal: Callable[[Request], Seen] | None = None,
    ) -> Endpoint:
        """An endpoint that only people with one of these roles reach.

        Args:
            handler: `(request, person) -> Response`; runs in a thread. A form that was sent is
                `request.state.form`; its CSRF token was checked.
            role: who may, one role or several.
            personal: what the page shows of a person, where it does: it is entered in the ledger before the
                handler runs, and the page is refused where it cannot be. It may raise Missing.
        """
        roles = (role,) if isinstance(role, Role) else tuple(role)
        return Guarded(self, handler, roles, personal).answer


_LANGUAGE = [(b"accept-language", ENGLISH.encode())]


def _without_language(request: Request) -> bytes:
    return urlencode([one for one in request.query_params.multi_items() if one[0] != "lang"]).encode()


Handler = Callable[[Request, Person], Response]
Endpoint = Callable[[Request], object]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A handler behind its checks, in this order: session, role, form, ledger."""

    desk: Desk
    handler: Handler
    roles: tuple[Role, ...]
    personal: Callable[[Request], Seen] | None

    async def answer(self, request: Request) -> Response:
        """The page, or where to sign in, or a refusal."""
        form = await form_of(request) if request.method == "POST" else ImmutableMultiDict([])
        request.state.form = form
        response = await run_in_threadpool(self._answer, request)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _answer(self, request: Request) -> Response:
        person = signed_in(self.desk, request)
        if isinstance(person, Response):
            return person
        if self.roles and not set(self.roles) & set(person.roles):
            self._turn_away(request, person)
        if request.method not in {"GET", "HEAD"}:
            check_form(self.desk, request)
        if self.personal is not None:
            self._enter_view(person, self.personal(request))
        return self.handler(request, person)

    def _turn_away(self, request: Request, person: Person) -> None:
        route = str(getattr(request.scope.get("route"), "path", ""))
        self.desk.enter(FactKind.TURNED_AWAY, person.roles, {"who": person.name, "route": route})
        raise HTTPException(403)

    def _enter_view(self, person: Person, seen: Seen) -> None:
        body: dict[str, Json] = {"who": person.name, "case": seen.case, "part": seen.part, "why": seen.why}
        try:
            self.desk.enter(FactKind.VIEWED, person.roles, body, seen.case)
        except (LedgerError, StoreError) as error:
            log.error("view-refused kind=%s", type(error).__name__)
            raise HTTPException(503) from error


def signed_in(desk: Desk, request: Request) -> Person | Response:
    """Who sends a request, or where they must go first. Sets what every template is given of them."""
    token = token_of(request, desk.site.origin)
    sitting = desk.accounts.sittings.find(token)
    if sitting is None or sitting.kind != FULL:
        return to_sign_in(request)
    found = judge(sitting, desk.now())
    if found is Judged.AGAIN:
        return to_sign_in(request, "idle")
    if found is not Judged.GOOD:
        return _ended(desk, request, sitting, found)
    if desk.now() - sitting.seen >= SEEN_EVERY_S:
        desk.accounts.sittings.see(sitting, desk.now())
    person = Person(sitting.name, sitting.roles, sitting.way, sitting.began, desk.menu(sitting.roles))
    request.state.person = person
    request.state.csrf = csrf.token(token)
    return person


def _ended(desk: Desk, request: Request, sitting: Sitting, why: Judged) -> Response:
    desk.accounts.sittings.end(sitting)
    desk.enter(FactKind.SIGNED_OUT, sitting.roles, {"who": sitting.name, "why": str(why)})
    gone = to_sign_in(request, "ended")
    take(gone, desk.site.origin)
    return gone


def to_sign_in(request: Request, why: str = "") -> Response:
    """To the page for signing in, and back to this one afterwards where it was only looked at."""
    back = request.url.path if request.method in {"GET", "HEAD"} else HOME
    if request.url.query and back != HOME:
        back = f"{back}?{request.url.query}"
    reason = f"&why={why}" if why else ""
    return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='')}{reason}", 303)


def check_form(desk: Desk, request: Request) -> None:
    """Raises HTTPException 403 unless a form comes from a page of this session."""
    session = token_of(request, desk.site.origin)
    given = str(request.state.form.get(csrf.FIELD) or request.headers.get(csrf.HEADER, ""))
    if not csrf.same_origin(request, desk.site.origin) or not csrf.holds(session, given):
        raise HTTPException(403)


async def form_of(request: Request) -> ImmutableMultiDict[str, str]:
    """The fields of a form, `application/x-www-form-urlencoded`; of JSON, the text as field `json`.

    Raises HTTPException 400 for another kind, for more than a mebibyte, and for text that is no UTF-8.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(400)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
        if kind == "application/json":
            return ImmutableMultiDict([("json", text)])
        if kind not in {"", "application/x-www-form-urlencoded"}:
            raise HTTPException(400)
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=500)
        return ImmutableMultiDict(fields)
    except ValueError:
        raise HTTPException(400) from None


def sit(desk: Desk, request: Request, name: str, way: str, response: Response) -> None:
    """Begin the session of a person who has just proved to be who they say: entered first, then given.

    The token is a fresh one whatever the browser held before, so a token that somebody planted is worth
    nothing. Raises LedgerError or StoreError where it cannot be entered; then nobody is signed in.
    """
    account = desk.accounts.people.account(name)
    desk.enter(FactKind.SIGNED_IN, account.roles, {"who": name, "way": way})
    before = token_of(request, desk.site.origin)
    give(response, desk.site.origin, desk.accounts.sittings.begin(name, way, desk.now(), instead_of=before))


def opened_sides(exchange: Exchange) -> tuple[BureauSide, PartnerSide]:
    """The two sides of an exchange."""
    offices = exchange.offices
    bureau = BureauSide(
        offices["bureau"],
        exchange.bureau,
        exchange.open,
        exchange.filtered,
        exchange.programs,
        exchange.expungers["bureau"],
        Registry(exchange.programs, exchange.clock),
        exchange.settings,
    )
    partner = PartnerSide(
        offices["partner"], exchange.partner, exchange.gallery, exchange.expungers["partner"]
    )
    return bureau, partner
