"""Who receives what: `stakeholders.toml` becomes a frozen `Stakeholders`. Names and addresses hold nothing else."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from reports.distribution.errors import StakeholdersFileError
from reports.distribution.languages import Language

EXAMPLE = "stakeholders.example.toml"
_ATOM = r"[A-Za-z0-9!#$%&'*+=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#: Characters that steer a terminal, a header or the direction of writing instead of being read.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _readable(name: str) -> str:
    if any(unicodedata.category(sign) in _STEERING for sign in name):
        raise ValueError("holds a line break or another character that is not read")
    return name


def _of_one_length(address: str) -> str:
    if len(address) > 254 or len(address.partition("@")[0]) > 64:
        raise ValueError("is longer than an address may be")
    return address


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_readable)]
Address = Annotated[
    str, Field(pattern=rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)*{_LABEL}$"), AfterValidator(_of_one_length)
]
EditionFile = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}\.(?:pdf|html|xlsx)$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Sender(_Frozen):
    """In whose name the editions are sent."""

    name: Name
    address: Address


class Stakeholder(_Frozen):
    """One reader: name, address, the files of an edition to send, and the language of dates and decimals."""

    name: Name
    address: Address
    editions: Annotated[tuple[EditionFile, ...], Field(min_length=1)]
    language: Language = "en"

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.editions)) < len(self.editions):
            raise ValueError(f"{self.address} is to get a file twice")
        return self

    @property
    def mailbox(self) -> str:
        """The address as it is compared: without regard to upper and lower case."""
        return self.address.lower()


class Stakeholders(_Frozen):
    """The sender and the readers in the file's order."""

    sender: Sender
    stakeholders: Annotated[tuple[Stakeholder, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_entry_each(self) -> Self:
        mailboxes = [one.mailbox for one in self.stakeholders]
        for mailbox in mailboxes:
            if mailboxes.count(mailbox) > 1:
                raise ValueError(f"{mailbox} stands in the file twice; name all its editions in one entry")
        return self


def load_stakeholders(path: Path) -> Stakeholders:
    """Read and validate a stakeholder file.

    Parameters
    ----------
    path : Path
        A TOML file like `stakeholders.example.toml`.

    Raises
    ------
    StakeholdersFileError
        If the file is missing, is not TOML, or a key is unknown, missing or impossible; the message names the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StakeholdersFileError(
            path.name,
            f"cannot be read ({error.strerror})",
            f"Copy {EXAMPLE} to {path.name} and name your readers, or use STAKEHOLDERS=file.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StakeholdersFileError(path.name, f"is not valid TOML ({error})", "Mend the line named.") from error
    try:
        return Stakeholders.model_validate(table)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in fault["loc"]) or "the file as a whole"
        raise StakeholdersFileError(
            f"{path.name}, {key}", _problem(fault["type"], fault["msg"]), f"{EXAMPLE} shows each key."
        ) from error


def _problem(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is not a key of this file"
    if kind == "missing":
        return "is missing"
    if kind == "string_pattern_mismatch":
        return "is not written as an address or as the name of an edition's file is"
    return message.removeprefix("Value error, ")
