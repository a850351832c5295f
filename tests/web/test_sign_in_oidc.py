# SPDX-License-Identifier: Apache-2.0
"""Signing in through an OpenID provider, on loopback, with real signatures: an honest one and every lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import desk_world
import httpx
import pytest
from desk_world import DeskWorld, StillTime
from httpx import Response
from joserfc.jwk import ECKey
from oidc_world import CLIENT, SECRET, LoopbackProvider
from web_world import TestClient

from scenes import scratch
from sluicegate.errors import SettingsError
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.settings import load
from sluicegate.web import app, desk
from sluicegate.web.operator.oidc import Provider, Trust, name_of, two_factors


@dataclass
class Both:
    """The desks and the provider."""

    world: DeskWorld
    provider: LoopbackProvider
    trust: Trust

    def visitor(self) -> TestClient:
        """A browser at desks that have asked the provider nothing yet."""
        opened = desk.open_desk(
            self.world.desk.site, self.world.town.exchange, self.world.desk.accounts.people.file,
            now=self.world.time, provider=Provider(self.trust),
        )  # fmt: skip
        made = app.build(opened.site, desk.routes(opened, provider=Provider(self.trust)))
        return TestClient(made, base_url=desk_world.ORIGIN, follow_redirects=False)

    def walk(self, visitor: TestClient, to: str = "/desk/account") -> Response:
        """To the provider and back, as a browser goes."""
        leaving = visitor.get("/desk/oidc", params={"next": to})
        if leaving.status_code != 303:
            return leaving
        there = httpx.get(leaving.headers["location"], follow_redirects=False, trust_env=False)
        parts = urlsplit(there.headers["location"])
        return visitor.get(f"{parts.path}?{parts.query}")


@pytest.fixture(scope="module")
def opened() -> Iterator[Both]:
    """One of each for all tests here."""
    with scratch() as folder, desk_world.opened(folder, populated=False) as world:
        sock = bound("127.0.0.1", 0, "web")
        origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
        provider = LoopbackProvider(origin, world.time)
        server = HttpServer(provider.app(), sock, "provider")
        server.start()
        trust = Trust(
            origin, CLIENT, SECRET, "groups", {"prints": "examiner", "desk": "officer"}, ("urn:two",)
        )
        yield Both(world, provider, trust)
        server.close()


@pytest.fixture
def both(opened: Both) -> Both:
    """An honest provider."""
    opened.provider.claims, opened.provider.places = {}, {}
    opened.provider.signs = opened.provider.key
    opened.world.time.now += 1000
    return opened


def test_who_a_provider_vouches_for_is_signed_in_with_the_roles_of_their_groups(both: Both) -> None:
    """An honest token, asked for with PKCE, state and nonce, opens the desk under a name of the provider."""
    visitor = both.visitor()
    page = both.walk(visitor)
    assert page.status_code == 200
    assert 'content="0; url=/desk/account"' in page.text
    assert "oidc:anna.examiner" in visitor.get("/desk/account").text
    assert both.world.facts("signed-in")[-1] == {"who": "oidc:anna.examiner", "way": "OpenID provider"}
    assert both.world.desk.accounts.people.account("oidc:anna.examiner").roles == ("examiner",)
    asked = both.provider.asked[-1]
    assert (asked["response_type"], asked["code_challenge_method"], asked["max_age"]) == ("code", "S256", "0")


def test_the_cookies_of_the_way_are_as_narrow_as_they_can_be(both: Both) -> None:
    """The question's cookie is Lax, as the way back needs, and ends; the session's stays Strict."""
    visitor = both.visitor()
    leaving = visitor.get("/desk/oidc")
    assert "SameSite=lax" in leaving.headers["set-cookie"]
    assert "Max-Age=600" in leaving.headers["set-cookie"]
    cookies = both.walk(visitor).headers.get_list("set-cookie")
    assert any(one.startswith("sluicegate=") and "SameSite=strict" in one for one in cookies)
    assert any(one.startswith("sluicegate-question=") and "Max-Age=0" in one for one in cookies)


LIES: dict[str, dict[str, object]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "for another client": {"aud": "somebody-else"},
    "for others too": {"aud": [CLIENT, "somebody-else"]},
    "by another issuer": {"iss": "http://127.0.0.1:9/"},
    "expired": {"exp": 1_800_000_000},
    "without an end": {"exp": None},
    "made in the future": {"iat": 1_900_000_000},
    "without a person": {"sub": None},
    "one factor": {"amr": ["pwd"]},
    "two of one kind": {"amr": ["pwd", "pin"]},
    "no word on factors": {"amr": None},
    "a factor claim that is no list": {"amr": "mfa"},
    "an acr that is not accepted": {"amr": None, "acr": "urn:one"},
    "proved long ago": {"auth_time": 1_800_000_000},
    "no word on when": {"auth_time": None},
    "no group with a role": {"groups": ["football"]},
    "no groups": {"groups": None},
    "groups of both sides": {"groups": ["prints", "desk"]},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_wrong_in_any_way_signs_nobody_in(both: Both, lie: str) -> None:
    """Every departure from what a token must say is refused in one sentence, and entered."""
    both.provider.claims = LIES[lie]
    visitor, before = both.visitor(), len(both.world.facts("signed-in"))
    answer = both.walk(visitor)
    assert answer.status_code == 403
    assert "did not vouch for you" in answer.text
    assert visitor.get("/desk/account").status_code == 303
    assert len(both.world.facts("signed-in")) == before
    assert both.world.facts("sign-in-failed")[-1]["way"] == "OpenID provider"


def test_a_token_under_another_key_signs_nobody_in(both: Both) -> None:
    """A token whose signature is by a key that the provider does not publish is refused."""
    both.provider.signs = ECKey.generate_key("P-256", {"kid": "one"})
    assert both.walk(both.visitor()).status_code == 403


def test_an_acr_that_the_settings_accept_stands_for_two_factors(both: Both) -> None:
    """Where a provider tells the level of assurance instead of the methods, an accepted level is enough."""
    both.provider.claims = {"amr": None, "acr": "urn:two"}
    assert both.walk(both.visitor()).status_code == 200


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "authorization_endpoint", "issuer"])
def test_nothing_is_asked_of_another_host_than_the_issuers(both: Both, name: str) -> None:
    """A provider that points elsewhere is not followed: no request leaves for a host nobody configured."""
    both.provider.places = {name: "http://127.0.0.2:9/elsewhere"}
    both.provider.calls.clear()
    assert both.walk(both.visitor()).status_code == 403
    assert set(both.provider.calls) <= {"discovery", "token"}


def test_an_answer_counts_in_the_browser_that_asked_and_once(both: Both) -> None:
    """A way back that was stolen, forged or walked twice signs nobody in."""
    victim, thief = both.visitor(), both.visitor()
    leaving = victim.get("/desk/oidc")
    there = httpx.get(leaving.headers["location"], follow_redirects=False, trust_env=False)
    parts = urlsplit(there.headers["location"])
    back = f"{parts.path}?{parts.query}"
    assert thief.get(back).status_code == 403
    state = parse_qs(parts.query)["state"][0]
    assert both.visitor().get(f"/desk/oidc/return?state={state}&code=code0").status_code == 403
    cookie = str(victim.cookies["sluicegate-question"])
    assert victim.get(back).status_code == 200
    thief.cookies.set("sluicegate-question", cookie)
    assert thief.get(back).status_code == 403


def test_an_answer_from_another_issuer_is_refused(both: Both) -> None:
    """A mix-up of two providers is noticed by the issuer in the answer (RFC 9207)."""
    visitor = both.visitor()
    visitor.get("/desk/oidc")
    asked = httpx.URL(visitor.get("/desk/oidc").headers["location"]).params
    back = f"/desk/oidc/return?state={asked['state']}&code=x&iss=https://other.example"
    assert visitor.get(back).status_code == 403


def test_an_account_of_a_provider_can_be_closed_here(both: Both) -> None:
    """Whom the provider still vouches for does not get in once the account is disabled here."""
    both.walk(both.visitor())
    people = both.world.desk.accounts.people
    people.set_disabled("oidc:anna.examiner", disabled=True)
    assert both.walk(both.visitor()).status_code == 403
    people.set_disabled("oidc:anna.examiner", disabled=False)


def test_a_change_of_groups_changes_the_roles_and_is_entered(both: Both) -> None:
    """Roles are those of the newest token, and a change of them is in the ledger."""
    both.walk(both.visitor())
    both.provider.claims = {"groups": "desk"}
    visitor = both.visitor()
    assert both.walk(visitor).status_code == 200
    assert both.world.desk.accounts.people.account("oidc:anna.examiner").roles == ("officer",)
    assert both.world.facts("account-changed", "partner")[-1]["what"] == "roles by the provider: officer"


def test_a_provider_that_is_away_is_told_in_words() -> None:
    """Where nobody answers at the issuer's address, the page for signing in says that it did not work."""
    with scratch() as folder, desk_world.opened(folder, populated=False) as world:
        with bound("127.0.0.1", 0, "web") as sock:
            gone = f"http://127.0.0.1:{sock.getsockname()[1]}"
        both = Both(world, LoopbackProvider(gone, StillTime()), Trust(gone, CLIENT, "", "groups", {}, ()))
        assert both.walk(both.visitor()).status_code == 403


@pytest.mark.parametrize(
    "issuer", ["http://login.example", "ftp://x", "", "https://", "https://a.example/?b=c"]
)
def test_an_issuer_without_tls_is_refused(issuer: str) -> None:
    """A provider is reached over TLS, or on loopback; anything else stops the site from starting."""
    with pytest.raises(SettingsError):
        Trust(issuer, CLIENT, "", "groups", {"a": "examiner"}, ())


def test_the_settings_of_a_provider_are_checked_when_the_site_starts(tmp_path: Path) -> None:
    """Without a provider there is none; roles that do not exist and a secret others can read are refused."""
    given = {"oidc_issuer": "https://login.example", "oidc_client_id": CLIENT}
    assert desk.trust_of(load(tmp_path)) is None
    assert desk.trust_of(load(tmp_path, **given, oidc_roles="a=examiner")) is not None
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    for wrong in (
        {"oidc_roles": "a=boss"},
        {},
        {"oidc_roles": "a=examiner", "oidc_client_secret_file": str(secret)},
    ):
        with pytest.raises(SettingsError):
            desk.trust_of(load(tmp_path, **given, **wrong))


def test_names_from_a_provider_are_never_names_of_local_accounts() -> None:
    """Whatever a subject is called, its account begins with `oidc:`, and odd names become digests."""
    for subject in ("anna", "a b", "é", "x" * 200, "<script>"):
        assert name_of(subject).startswith("oidc:")
        assert name_of(subject).isascii()
        assert "<" not in name_of(subject)


def test_two_factors_means_two_kinds() -> None:
    """Two methods of one kind are one factor; `mfa` and an accepted `acr` are two."""
    assert two_factors(None, ["pwd", "hwk"], ())
    assert two_factors(None, ["mfa"], ())
    assert two_factors("a", None, ("a",))
    assert not two_factors("b", ["otp", "sms"], ("a",))
    assert not two_factors(None, None, ())
