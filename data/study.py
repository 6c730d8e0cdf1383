"""The study file: what is studied, on which data, with which rules. `study.toml` becomes a frozen `Study`."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import StudyFileError

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
#: How far from one the weights of a mix may sum: rounding of decimals, nothing more.
WHOLE = 1e-9
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CsvFile(_Frozen):
    """A file an instrument may be read from, or compared with, inside a folder of CSV files.

    `agreement` is the correlation of its changes with the priced file's below which the two are said to disagree.
    `column` names the column that holds the level where it is none of the usual ones. `several` says what a date with
    several rows is worth: they are refused unless the study says that their mean is meant. `half_days` is a file with
    the prices at New York's early closes, which replace those of 16:00 on its half days.
    """

    name: str
    stamp: Stamp = "session"
    producer: str = "CSV file of the user"
    agreement: Probability = 0.75
    column: str = ""
    several: Literal["refused", "mean"] = "refused"
    half_days: str = ""

    @model_validator(mode="after")
    def _early_only_in_new_york(self) -> Self:
        if self.half_days and self.stamp != "ny16":
            raise ValueError(f"half_days belongs to a file with stamp ny16, not {self.stamp}")
        return self


class Vendor(_Frozen):
    """A place an instrument may be fetched from."""

    vendor: Literal["yahoo", "fred", "cboe", "bitstamp", "coinbase", "binance", "packaged"]
    symbol: str
    stamp: Stamp = "session"


class Instrument(_Frozen):
    """One series and the part it plays.

    `change` says how a level becomes a change: "log" is 100 times the log difference (percent), "basis_points"
    is 100 times the difference of a level quoted in percent, "difference" is the plain difference. `files` and
    `vendors` are tried in their order; `cross_checks` are files that are only compared with the one that is priced.
    """

    id: str
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


class Window(_Frozen):
    """Sessions after the close of `base` up to the close of `last` (the as-of date where it is left out)."""

    base: date
    last: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last <= self.base:
            raise ValueError(f"last ({self.last}) must come after base ({self.base})")
        return self


class Crisis(_Frozen):
    """A past crisis that was named before the returns of a claim were looked at.

    Sessions after the close of `base` up to the close of `last`.
    """

    name: str
    base: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last <= self.base:
            raise ValueError(f"last ({self.last}) must come after base ({self.base})")
        return self


class About(_Frozen):
    """What the edition says of itself."""

    title: str
    question: str
    background: str
    as_of: date
    contact: str
    licence: str
    source: Literal["packaged"] | None = None


class Clock(_Frozen):
    """The calendar on which prices are aligned."""

    exchange: str
    start: date


class Inference(_Frozen):
    """Level, seed and bootstrap of every interval."""

    level: Probability
    seed: Annotated[int, Field(ge=0)]
    replications: Annotated[int, Field(ge=99)]
    quick_replications: Annotated[int, Field(ge=99)]
    block_floor: Annotated[int, Field(ge=1)]
    block_cap: Annotated[int, Field(ge=1)]
    band_draws: Annotated[int, Field(ge=100)]


class Quality(_Frozen):
    """What the study makes of a red light: it stops the edition, except for the roles named here."""

    accept_red: tuple[Role, ...] = ()


class Margins(_Frozen):
    """Univariate models of the first step."""

    mean: Literal["constant", "ar1"]
    volatility: Literal["garch", "gjr", "egarch", "auto"]
    distribution: Literal["normal", "t", "skewt"]
    initial_variance: Literal["backcast", "mean_square"]


class Correlation(_Frozen):
    """Assets of the correlation models and the pairs the pages show."""

    assets: tuple[Role, ...]
    pairs: tuple[tuple[Role, Role], ...]
    betas: tuple[tuple[Role, Role], ...]


class Regimes(_Frozen):
    """The Markov-switching model on series that no claim is about."""

    reference: tuple[Role, ...]
    k_regimes: Annotated[int, Field(ge=2, le=4)]
    distribution: Literal["gaussian", "t"]
    starts: Annotated[int, Field(ge=1)]


class Stress(_Frozen):
    """Stress states, known the session before."""

    fear_quantile: Probability
    fear_history: Annotated[int, Field(ge=60)]
    drawdown: Annotated[float, Field(lt=0.0)]
    drawdown_window: Annotated[int, Field(ge=20)]


class Attribution(_Frozen):
    """Which moves of which window are attributed to which blocks of drivers; `added` blocks make a second reading."""

    window: str
    assets: tuple[Role, ...]
    blocks: dict[str, tuple[Role, ...]]
    added: dict[str, dict[str, tuple[Role, ...]]] = {}

    @property
    def roles(self) -> tuple[str, ...]:
        """Every asset and driver."""
        every = (self.blocks, *self.added.values())
        return (*self.assets, *self.added, *(role for blocks in every for block in blocks.values() for role in block))


class Portfolio(_Frozen):
    """A stated mix of assets: its name and its weights, which sum to one."""

    name: str
    weights: dict[str, Annotated[float, Field(gt=0.0, le=1.0)]]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.weights) < 2 or abs(sum(self.weights.values()) - 1.0) > WHOLE:
            raise ValueError(f"the weights of two assets or more sum to one, not to {sum(self.weights.values()):g}")
        return self


class Shock(_Frozen):
    """Moves of some assets in one session, in percent; the monitor shows what the others would do."""

    name: str
    moves: Annotated[dict[Role, float], Field(min_length=1)]


class JointFall(_Frozen):
    """Falls in percent, all within some sessions, whose probability the monitor shows."""

    falls: Annotated[dict[Role, Annotated[float, Field(gt=-100.0, lt=0.0)]], Field(min_length=1)]
    sessions: Annotated[int, Field(ge=1)]


class Monitor(_Frozen):
    """What the monitor looks at beside the pairs of the correlation models; what is left out is not shown.

    `stressed` is the asset whose bad days CoVaR and marginal shortfall suppose, `tail` the share of days that are bad,
    `mixes` the weights of the turbulent regime's correlations in the correlation stress, `replays` names of crises and
    windows.
    """

    watch: tuple[Role, ...] = ()
    stressed: Role | None = None
    tail: Probability = 0.05
    joint: JointFall | None = None
    shocks: tuple[Shock, ...] = ()
    replays: tuple[str, ...] = ()
    mixes: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] = (0.5, 1.0)


class Claim(_Frozen):
    """A statement to be judged, its family for the correction of multiplicity and its thresholds."""

    statement: str
    section: str
    family: Literal["fact", "dependence", "beta_hedge", "drivers", "liquidity", "outlook"]
    thresholds: dict[str, float] = {}
    enabled: bool = True


class UntestableRow(_Frozen):
    """A statement that daily prices cannot decide."""

    statement: str
    reason: str
    proxy: str


class Study(_Frozen):
    """The study: an argument of everything, a global of nothing."""

    about: About
    clock: Clock
    windows: dict[str, Window]
    inference: Inference
    quality: Quality = Quality()
    margins: Margins
    correlation: Correlation
    regimes: Regimes
    stress: Stress
    monitor: Monitor = Monitor()
    crises: tuple[Crisis, ...] = ()
    attribution: Attribution | None = None
    portfolio: Portfolio | None = None
    instruments: tuple[Instrument, ...]
    claims: dict[Annotated[str, Field(pattern=r"^C(0[1-9]|1\d|2[0-6])$")], Claim]
    untestable: dict[Annotated[str, Field(pattern=r"^N\d$")], UntestableRow] = {}
    sha256: Sha256

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that an instrument of this study plays, in the file's order."""
        return tuple(instrument.role for instrument in self.instruments)

    def instrument(self, role: str) -> Instrument:
        """The instrument that plays `role`."""
        for instrument in self.instruments:
            if instrument.role == role:
                return instrument
        raise StudyFileError(
            "study file", f"no instrument plays the role {role!r}", f"Add one to [[instruments]] or use {self.roles}."
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not any(one.required and one.frequency == "daily" for one in self.instruments):
            raise ValueError("instruments: none is required and daily, so nothing says where the sessions end")
        for what, values in (("role", self.roles), ("id", tuple(one.id for one in self.instruments))):
            repeated = sorted({value for value in values if values.count(value) > 1})
            if repeated:
                raise ValueError(f"instruments: the {what} {', '.join(repeated)} is given twice")
        wanted: dict[str, tuple[str, ...]] = {
            "correlation.assets": self.correlation.assets,
            "correlation.pairs": tuple(role for pair in self.correlation.pairs for role in pair),
            "correlation.betas": tuple(role for pair in self.correlation.betas for role in pair),
            "regimes.reference": self.regimes.reference,
            "monitor.watch": self.monitor.watch,
        }
        if self.attribution is not None:
            wanted["attribution"] = self.attribution.roles
            if self.attribution.window not in self.windows:
                raise ValueError(f"attribution.window: there is no window {self.attribution.window!r}")
        if self.portfolio is not None:
            wanted["portfolio.weights"] = tuple(self.portfolio.weights)
        for key, roles in wanted.items():
            missing = sorted(set(roles) - set(self.roles))
            if missing:
                raise ValueError(f"{key}: no instrument plays the role {', '.join(missing)}")
        outside = sorted(set(wanted["correlation.pairs"] + wanted["correlation.betas"]) - set(self.correlation.assets))
        if outside:
            raise ValueError(f"correlation: pairs and betas use {', '.join(outside)}, which is not among the assets")
        self._check_monitor()
        for name, window in self.windows.items():
            if window.base < self.clock.start:
                raise ValueError(f"windows.{name}: base {window.base} lies before clock.start {self.clock.start}")
        return self

    def _check_monitor(self) -> None:
        """See that the monitor's scenarios speak of modelled assets and of crises and windows that have a name."""
        settings = self.monitor
        used: dict[str, tuple[str, ...]] = {f"shocks ({shock.name})": tuple(shock.moves) for shock in settings.shocks}
        used["stressed"] = () if settings.stressed is None else (settings.stressed,)
        used["joint.falls"] = () if settings.joint is None else tuple(settings.joint.falls)
        for key, roles in used.items():
            outside = sorted(set(roles) - set(self.correlation.assets))
            if outside:
                raise ValueError(f"monitor.{key}: {', '.join(outside)} is not among correlation.assets")
        unknown = sorted(set(settings.replays) - {crisis.name for crisis in self.crises} - set(self.windows))
        if unknown:
            raise ValueError(f"monitor.replays: no crisis or window is called {', '.join(unknown)}")


def load_study(path: str | Path) -> Study:
    """Read and validate a study file.

    Parameters
    ----------
    path : str or Path
        A TOML file like `study.toml`.

    Returns
    -------
    Study
        Frozen; `.sha256` is the digest of the file's bytes.

    Raises
    ------
    StudyFileError
        If the file is missing, is not TOML, or a key is unknown, missing or impossible; the message names the key.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyFileError(str(path), f"cannot be read ({error.strerror})", "Use STUDY=study.toml.") from error
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyFileError(path.name, f"is not valid TOML ({error})", "Mend the line named.") from error
    try:
        return Study.model_validate({**table, "sha256": hashlib.sha256(content).hexdigest()})
    except ValidationError as error:
        raise _explained(path.name, error) from error


def _explained(name: str, error: ValidationError) -> StudyFileError:
    problems = error.errors()
    first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
    key = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
    if first["type"] == "extra_forbidden":
        return StudyFileError(name, f"unknown key {key}", "Remove it or correct its spelling.")
    if first["type"] == "missing":
        return StudyFileError(name, f"the key {key} is missing", "Add it; study.toml at the root shows each key.")
    given = "" if isinstance(first["input"], dict) else f", not {first['input']!r}"
    return StudyFileError(name, f"{key}: {first['msg'].removeprefix('Value error, ')}{given}", "Correct this key.")
