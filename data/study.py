"""The study file: what is studied, on which data, with which rules. `study.toml` becomes a frozen `Study`."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from data.errors import StudyFileError
from data.instruments import ROLES, CsvFile, Frequency, Frozen, Instrument, Probability, Role, Stamp, Vendor
from data.thresholds import Claim, Tails, VerdictRule

__all__ = [
    "ROLES",
    "About",
    "Attribution",
    "Claim",
    "Clock",
    "Correlation",
    "Crisis",
    "CsvFile",
    "Frequency",
    "Inference",
    "Instrument",
    "JointFall",
    "Margins",
    "Monitor",
    "Portfolio",
    "Probability",
    "ProxyRule",
    "Quality",
    "Regimes",
    "Role",
    "Shock",
    "Stamp",
    "Stress",
    "Study",
    "UntestableRow",
    "Vendor",
    "Window",
    "load_study",
]

#: How far from one the weights of a mix may sum: rounding of decimals, nothing more.
WHOLE = 1e-9
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Window(Frozen):
    """Sessions after the close of `base` up to the close of `last` (the as-of date where it is left out)."""

    base: date
    last: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last <= self.base:
            raise ValueError(f"last ({self.last}) must come after base ({self.base})")
        return self


class Crisis(Frozen):
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


class About(Frozen):
    """What the edition says of itself."""

    title: str
    question: str
    background: str
    as_of: date
    contact: str
    licence: str
    source: Literal["packaged"] | None = None


class Clock(Frozen):
    """The calendar on which prices are aligned."""

    exchange: str
    start: date


class Inference(Frozen):
    """Level, seed and bootstrap of every interval."""

    level: Probability
    seed: Annotated[int, Field(ge=0)]
    replications: Annotated[int, Field(ge=99)]
    quick_replications: Annotated[int, Field(ge=99)]
    block_floor: Annotated[int, Field(ge=1)]
    block_cap: Annotated[int, Field(ge=1)]
    band_draws: Annotated[int, Field(ge=100)]


class Quality(Frozen):
    """What the study makes of a red light: it stops the edition, except for the roles named here."""

    accept_red: tuple[Role, ...] = ()


class Margins(Frozen):
    """Univariate models of the first step.

    `gap_variance` says whether the variance of an instrument that always trades grows with the days a return covers.
    """

    mean: Literal["constant", "ar1"]
    volatility: Literal["garch", "gjr", "egarch", "auto"]
    distribution: Literal["normal", "t", "skewt"]
    initial_variance: Literal["backcast", "mean_square"]
    gap_variance: Literal["none", "estimated"]


class Correlation(Frozen):
    """Assets of the correlation models and the pairs the pages show."""

    assets: tuple[Role, ...]
    pairs: tuple[tuple[Role, Role], ...]
    betas: tuple[tuple[Role, Role], ...]


class Regimes(Frozen):
    """The Markov-switching model on series that no claim is about."""

    reference: tuple[Role, ...]
    k_regimes: Annotated[int, Field(ge=2, le=4)]
    distribution: Literal["gaussian", "t"]
    starts: Annotated[int, Field(ge=1)]


class Stress(Frozen):
    """Stress states, known the session before."""

    fear_quantile: Probability
    fear_history: Annotated[int, Field(ge=60)]
    drawdown: Annotated[float, Field(lt=0.0)]
    drawdown_window: Annotated[int, Field(ge=20)]


class Attribution(Frozen):
    """Which moves of which window are attributed to which blocks of drivers; `added` blocks make a second reading."""

    window: str
    assets: tuple[Role, ...]
    blocks: dict[str, tuple[Role, ...]]
    added: dict[str, dict[str, tuple[Role, ...]]] = Field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """Every asset and driver."""
        every = (self.blocks, *self.added.values())
        return (*self.assets, *self.added, *(role for blocks in every for block in blocks.values() for role in block))


class Portfolio(Frozen):
    """A stated mix of assets: its name and its weights, which sum to one."""

    name: str
    weights: dict[str, Annotated[float, Field(gt=0.0, le=1.0)]]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.weights) < 2 or abs(sum(self.weights.values()) - 1.0) > WHOLE:
            raise ValueError(f"the weights of two assets or more sum to one, not to {sum(self.weights.values()):g}")
        return self


class Shock(Frozen):
    """Moves of some assets in one session, in percent; the monitor shows what the others would do."""

    name: str
    moves: Annotated[dict[Role, float], Field(min_length=1)]


class JointFall(Frozen):
    """Falls in percent, all within some sessions, whose probability the monitor shows."""

    falls: Annotated[dict[Role, Annotated[float, Field(gt=-100.0, lt=0.0)]], Field(min_length=1)]
    sessions: Annotated[int, Field(ge=1)]


class Monitor(Frozen):
    """What the monitor looks at beside the pairs of the correlation models; what is left out is not shown.

    `watch` lists series, each with what takes its place where it has no data. `stressed` is the asset whose bad days
    CoVaR and marginal shortfall suppose, `tail` the share of days that are bad, `mixes` the weights of past stress in
    the correlation stress, `replays` names of crises and windows.
    """

    watch: tuple[tuple[Role, ...], ...] = ()
    stressed: Role | None = None
    tail: Probability = 0.05
    joint: JointFall | None = None
    shocks: tuple[Shock, ...] = ()
    replays: tuple[str, ...] = ()
    mixes: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] = (0.5, 1.0)


class ProxyRule(Frozen):
    """A figure to set beside a statement that cannot be tested.

    `measure` is "change" (since the base of `window`), "mean" (of the levels in `window`), "falling_volume" (abnormal
    volume on the sessions of `window` on which the price fell), "stress_change" (mean daily change in stress minus
    outside) or "slope" (of the changes on those of the role `on`, over `window`). A level is multiplied by `scale` to
    be told in `unit`.
    """

    role: Role
    measure: Literal["change", "mean", "falling_volume", "stress_change", "slope"]
    window: str = "short"
    on: Role | None = None
    unit: str = ""
    scale: Annotated[float, Field(gt=0.0)] = 1.0

    @model_validator(mode="after")
    def _slope_has_two(self) -> Self:
        if (self.measure == "slope") != (self.on is not None):
            raise ValueError('`on` belongs to measure = "slope" and to no other')
        return self


class UntestableRow(Frozen):
    """A statement that daily prices cannot decide.

    `proxies` are the closest figures, `claims` the claims whose verdicts come closest; `limit` says in one sentence why
    neither tests the statement.
    """

    statement: str
    reason: str
    proxy: str
    limit: str = ""
    proxies: tuple[ProxyRule, ...] = ()
    claims: tuple[str, ...] = ()


class Study(Frozen):
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
    verdict: VerdictRule
    tails: Tails
    monitor: Monitor = Monitor()
    crises: tuple[Crisis, ...] = ()
    attribution: Attribution | None = None
    portfolio: Portfolio | None = None
    instruments: tuple[Instrument, ...]
    claims: dict[Annotated[str, Field(pattern=r"^C(0[1-9]|1\d|2[0-6])$")], Claim]
    untestable: dict[Annotated[str, Field(pattern=r"^N\d$")], UntestableRow] = Field(default_factory=dict)
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
            "monitor.watch": tuple(role for choice in self.monitor.watch for role in choice),
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
        for key, row in self.untestable.items():
            unknown = sorted(set(row.claims) - set(self.claims))
            if unknown:
                raise ValueError(f"untestable.{key}.claims: {', '.join(unknown)} is no claim of this study")
            unplanned = sorted({rule.window for rule in row.proxies} - set(self.windows))
            if unplanned:
                raise ValueError(f"untestable.{key}.proxies: {', '.join(unplanned)} is no window of this study")
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
