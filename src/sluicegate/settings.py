# SPDX-License-Identifier: Apache-2.0
"""Settings: read once from `sluicegate.toml` in the home folder, then from SLUICEGATE_* variables.

`docs/reference/settings.md` lists every one of them; a test fails where the two disagree.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from sluicegate.errors import SettingsError

FILE = "sluicegate.toml"


class Settings(BaseSettings):
    """Every setting of an installation. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="SLUICEGATE_", frozen=True, extra="forbid")

    home: Path = Field(description="Folder that holds everything: databases, keys, blobs, program data.")
    program: str = Field("secure-communities", description="Folder name of the program under `programs/`.")
    scenario: str = Field("", description="Overlay of rules for drills, under `programs/`; empty for none.")
    roles: str = Field("bureau,partner,state", description="Roles served by this process, comma separated.")

    smtp_host: str = Field("127.0.0.1", description="Address that the SMTP intake binds to.")
    smtp_port: int = Field(2525, ge=0, le=65535, description="Port of the SMTP intake; 0 picks a free one.")
    http_host: str = Field("127.0.0.1", description="Address that the HTTP intake binds to (loopback only).")
    http_port: int = Field(8025, ge=0, le=65535, description="Port of the HTTP intake; 0 picks a free one.")
    web_host: str = Field("127.0.0.1", description="Address that the site binds to (loopback only).")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the site; 0 picks a free one.")
    web_origin: str = Field("", description="The site's address as visitors write it, behind a proxy.")
    oidc_issuer: str = Field("", description="OpenID provider that people sign in with; empty for none.")
    oidc_client_id: str = Field("", description="Our id at the OpenID provider.")
    oidc_client_secret_file: str = Field("", description="File with our secret at the OpenID provider.")
    oidc_claim: str = Field("groups", description="Claim of the ID token that names groups.")
    oidc_roles: str = Field("", description="Roles by group, such as staff=operator, comma separated.")
    oidc_acr: str = Field("", description="Values of `acr` that mean two factors, comma separated.")
    folder: bool = Field(True, description="Whether the folder `incoming/` in the home is watched.")

    smarthost: str = Field("", description="host:port that answers to agencies are mailed through.")
    mail_domain: str = Field("agencies.example", description="Mail domain: answers go to <ori>@<domain>.")
    bureau_ori: str = Field("WVIAFIS0Z", description="ORI that answers come from (EBTS 1.008).")
    state_relays: bool = Field(True, description="Whether the state role can relay second responses.")

    max_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="Largest transaction taken in, bytes.")
    max_parts: int = Field(20, ge=1, description="Most MIME parts in one message.")
    extractor: Literal["leader", "mindtct", "auto", "null"] = Field(
        "leader", description="Which extractor runs; auto: leader, or mindtct where leader cannot."
    )
    engine: Literal["fast", "plain", "null"] = Field("fast", description="Which search engine runs.")
    search_threads: int = Field(2, ge=1, le=64, description="Threads that share a search.")
    xml_schemas: str = Field("", description="Folder of schemas (.xsd) for XML; empty: structure only.")
    workers: int = Field(2, ge=1, le=64, description="Image worker processes at a time.")
    worker_memory: int = Field(2_500_000_000, ge=10**8, description="Address space of one worker, bytes.")
    worker_wall_s: float = Field(60.0, gt=0, description="Longest time one image may take, seconds.")
    walkers: int = Field(4, ge=1, le=64, description="Cases that move at the same time.")
    min_minutiae: int = Field(12, ge=0, description="A finger with fewer minutiae does not count.")
    min_fingers: int = Field(1, ge=1, le=10, description="Fingers needed for a search; fewer give L0008.")
    second_opinion: Literal["off", "always"] = Field(
        "off", description="Whether two examiners must agree, neither seeing the other's word."
    )
    signer_bureau: str = Field(
        "", description="Socket of the process that signs for the bureau; empty: key file."
    )
    signer_partner: str = Field(
        "", description="Socket of the process that signs for the partner; empty: key file."
    )
    signer_state: str = Field(
        "", description="Socket of the process that signs for the state; empty: key file."
    )
    challenge_days: int = Field(
        30, ge=1, le=365, description="Days in which a person's challenge to a record is to be settled."
    )
    clock: str = Field("", description="For drills only: the moment (RFC 3339) the exchange starts at.")

    @field_validator("clock")
    @classmethod
    def _clock_is_a_moment(cls, value: str) -> str:
        if value and datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is None:
            raise ValueError("needs a time zone, for example 2010-11-15T12:00:00Z")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a command says wins over the environment, which wins over the file."""
        values = init_settings()
        home = values.get("home")
        file = TomlConfigSettingsSource(settings_cls, Path(str(home)) / FILE) if home else None
        return (init_settings, env_settings, *((file,) if file else ()))

    @property
    def role_names(self) -> tuple[str, ...]:
        """The roles as a tuple."""
        return tuple(part.strip() for part in self.roles.split(",") if part.strip())

    def signer(self, role: str) -> Path | None:
        """Socket of the process that signs for a role, or None where the key is a file of this home."""
        named = {"bureau": self.signer_bureau, "partner": self.signer_partner, "state": self.signer_state}
        return Path(named[role]).expanduser() if named[role] else None

    @property
    def starts_at(self) -> datetime | None:
        """The drill's moment, in UTC, or None for the real time."""
        if not self.clock:
            return None
        return datetime.fromisoformat(self.clock.replace("Z", "+00:00")).astimezone(UTC)


def load(home: Path, **given: object) -> Settings:
    """The settings of the installation in `home`. Raises SettingsError with the name of the bad setting."""
    try:
        values = {key: value for key, value in given.items() if value is not None}
        settings = Settings(home=home, **values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "?"
        raise SettingsError(
            f"The setting `{name}` is wrong: {first['msg']}.",
            advice=f"Mend it in {home / FILE}, or in the variable SLUICEGATE_{name.upper()}.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{home / FILE} is not valid TOML: {error}.", advice="Mend the line that it names."
        ) from error
    unknown = set(settings.role_names) - {"bureau", "partner", "state"}
    if unknown or not settings.role_names:
        raise SettingsError(
            "The setting `roles` names something that is not a role.",
            advice="Use bureau, partner and state, separated by commas.",
        )
    return settings
