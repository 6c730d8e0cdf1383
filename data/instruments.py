"""Instruments as the study file writes them: the part a series plays, its files and its vendors."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Role = Literal[
    "metal",
    "miners",
    "junior_miners",
    "crypto",
    "crypto_fund",
    "growth",
    "market",
    "fear",
    "credit",
    "credit_fund",
    "treasuries",
    "dollar",
    "real_yield",
    "short_yield",
    "oil",
    "conditions",
    "emerging",
    "broad_dollar",
    "overnight_rate",
    "policy_rate",
    "central_bank_assets",
    "treasury_account",
    "reverse_repo",
    "silver",
    "small_caps",
    "technology",
    "world",
    "long_treasuries",
    "investment_grade",
    "breakeven",
    "metal_holdings",
    "metal_positioning",
    "margin_debt",
    "crypto_funding",
    "crypto_open_interest",
    "crypto_sentiment",
    "geopolitical_risk",
    "policy_uncertainty",
    "tariff_rate",
]
ROLES: tuple[str, ...] = get_args(Role)

Stamp = Literal["session", "ny16", "utc00"]
Frequency = Literal["daily", "weekly", "monthly"]
Probability = Annotated[float, Field(gt=0.0, lt=1.0)]


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        raise ValueError("must name a file inside the folder that is read")
    return name


FileName = Annotated[str, AfterValidator(_inside)]


class Frozen(BaseModel):
    """A part of the study file: no unknown key, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Vendor(Frozen):
    """A place an instrument may be fetched from.

    `release` asks for the values as of the as-of date ("latest") or, where the vendor keeps vintages, for each value as
    it was first published ("first").
    """

    vendor: Literal["yahoo", "fred", "cboe", "bitstamp", "coinbase", "binance", "packaged"]
    symbol: str
    stamp: Stamp = "session"
    release: Literal["latest", "first"] = "latest"

    @model_validator(mode="after")
    def _vintages_are_freds(self) -> Self:
        if self.release == "first" and self.vendor != "fred":
            raise ValueError(f'release = "first" needs a vendor with vintages, not {self.vendor}')
        return self


class CsvFile(Frozen):
    """A file an instrument may be read from, or compared with, inside a folder of CSV files.

    `agreement` is the correlation of its changes with the priced file's below which the two are said to disagree.
    `column` names the column that holds the level where it is none of the usual ones. `several` says what a date with
    several rows is worth: they are refused unless the study says that their mean is meant. `half_days` is a file with
    the prices at New York's early closes, which replace those of 16:00 on its half days. `vendor` is where a file that
    is only compared may be fetched from.
    """

    name: FileName
    stamp: Stamp = "session"
    producer: str = "CSV file of the user"
    agreement: Probability = 0.75
    column: str = ""
    several: Literal["refused", "mean"] = "refused"
    half_days: FileName = ""
    vendor: Vendor | None = None

    @model_validator(mode="after")
    def _early_only_in_new_york(self) -> Self:
        if self.half_days and self.stamp != "ny16":
            raise ValueError(f"half_days belongs to a file with stamp ny16, not {self.stamp}")
        return self


class Instrument(Frozen):
    """One series and the part it plays.

    `change` says how a level becomes a change: "log" is 100 times the log difference (percent), "basis_points"
    is 100 times the difference of a level quoted in percent, "difference" is the plain difference. `files` and
    `vendors` are tried in their order; `cross_checks` are files that are only compared with the one that is priced.
    """

    id: Annotated[str, Field(pattern=r"^[^/\\\x00-\x20]{1,60}$")]
    role: Role
    name: str
    change: Literal["log", "basis_points", "difference"] = "log"
    trades: Literal["sessions", "always"] = "sessions"
    frequency: Frequency = "daily"
    release_lag_days: Annotated[int, Field(ge=0)] = 0
    required: bool = False
    files: tuple[CsvFile, ...] = ()
    cross_checks: tuple[CsvFile, ...] = ()
    vendors: tuple[Vendor, ...] = ()
