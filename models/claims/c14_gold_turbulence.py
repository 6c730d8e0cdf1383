"""C14: turbulence in precious metals spreads to the miners.

Question   Does a shock to gold's variance raise the miners' variance more than the other way round, and the next day?
Trap       Variances rise together; a common shock is no spread. What gold gives is set against what it receives, and
           the next day's variance against the miners' own of the day, week and month before. Ranges are those of the
           trading hours, in which both funds trade at the same time.
Criteria   Both parts must hold. Net: the general rule on theta = share of the miners' forecast errors due to gold less
           the reverse. Next day: the slope of the miners' log variance on gold's of the session before is above zero
           (sign only).
Thresholds sesoi (percentage points), horizon (sessions of the forecast).
Statistic  Generalised connectedness of log variances from daily ranges, corrected for its bias, residual block
           bootstrap; heterogeneous autoregression with the other's variance, serial-dependence robust.
Secondary  The same towards Bitcoin; gold's variance in the window among all; the dollar's variance in gold's place.
Literature Parkinson (1980); Diebold and Yilmaz (2012); Corsi (2009).
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import observed, percentile_among
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, SpecificationResult
from models.connectedness import Connectedness, connectedness, heterogeneous_autoregression, rolling_connectedness
from models.estimate import Estimate, NotDecidable, TestResult
from models.inference.hac import cosine_degrees_of_freedom
from models.inference.intervals import student_p_value
from models.inference.resampling import bootstrap_p_value
from models.liquidity import garman_klass_variance, parkinson_variance

SOURCE, TARGET = "metal", "miners"
NETWORK = (SOURCE, TARGET, "crypto", "market")
SMALL = (SOURCE, TARGET)
MEASURES = {"range": parkinson_variance, "range and close": garman_klass_variance}
SAMPLES = ("full", "post_2020", "bitcoin_fund_era")
HORIZONS = (5, 21)
LAGS = (1, 5)
#: Resamples of specifications, and of each window of the rolling figure.
FEW, FEWER = 199, 99
WIDTH, STEP = 252, 42


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge net connectedness and the next day's slope."""
    absent = [role for role in SMALL if role not in case.panel.bars]
    if absent:
        return NotDecidable(f"{case.panel.names[absent[0]]} has no daily ranges")
    variances = log_variances(case, "full")
    network = connectedness(variances, case.resampling(case.replications), horizon=_horizon(case))
    if isinstance(network, NotDecidable):
        return network
    net, sesoi = network.pairwise(SOURCE, TARGET), case.thresholds["sesoi"]
    specifications = _specifications(case)
    slope = heterogeneous_autoregression(variances[TARGET], variances[SOURCE], level=case.level)
    names = case.panel.names
    return Measurement(
        legs=(
            Leg("gold's variance gives the miners more than it takes", net, sesoi, _p_value(network), specifications),
            _next_day_leg(case, slope),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=net,
        headline_label=f"net spread of variance from {names[SOURCE]} to {names[TARGET]}",
        n=network.n,
        window=case.describe("full"),
        secondary=_readings(case, variances, network),
        exhibits=_exhibits(case, variances, network),
    )


def _horizon(case: Case) -> int:
    return int(case.thresholds["horizon"])


def log_variances(
    case: Case, window: str, measure_name: str = "range", roles: tuple[str, ...] = NETWORK
) -> pd.DataFrame:
    """Log variances from daily ranges on the sessions of a window; columns are the roles that have ranges."""
    sessions = case.sessions(window)
    columns = {}
    for role in roles:
        if role in case.panel.bars:
            variance = MEASURES[measure_name](case.panel.bars[role]).reindex(sessions)
            columns[role] = pd.Series(np.log(variance.to_numpy(dtype=np.float64)), index=sessions)
    return pd.DataFrame(columns)


def _p_value(network: Connectedness) -> float:
    """Inverts the basic interval of the net share at zero."""
    names = list(network.shares.columns)
    source, target = names.index(SOURCE), names.index(TARGET)
    draws = network.draws[:, target, source] - network.draws[:, source, target]
    plug_in = network.plug_in.to_numpy()
    plain = float(plug_in[target, source] - plug_in[source, target])
    return bootstrap_p_value(draws, 2.0 * plain)


def _next_day_leg(case: Case, slope: Estimate | NotDecidable) -> Leg:
    label = "gold's variance raises the miners' the next day"
    if isinstance(slope, NotDecidable):
        return Leg(label, slope, 0.0)
    p_value = student_p_value(slope.value, slope.std_error or 0.0, cosine_degrees_of_freedom(slope.n))
    return Leg(label, slope, 0.0, p_value, _next_day_specifications(case))


def _next_day_specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Measure of variance x miners x sample."""

    def specified(measure_name: str, target: str, window: str) -> Estimate | NotDecidable:
        if target not in case.panel.bars:
            return NotDecidable(f"no daily ranges of {target}")
        frame = log_variances(case, window, measure_name, (SOURCE, target))
        return heterogeneous_autoregression(frame[target], frame[SOURCE], level=case.level)

    grid = product(MEASURES, (TARGET, "junior_miners"), case.open_windows(*SAMPLES))
    listed = {", ".join(one).replace("_", " "): partial(specified, *one) for one in grid}
    return tuple(attempted(label, one) for label, one in listed.items())


def _specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Measure of variance x network x sample, then horizons and lags; gold's implied volatility where it is there."""

    def specified(
        measure_name: str,
        roles: tuple[str, ...],
        window: str,
        horizon: int = _horizon(case),
        lags: int | None = None,
    ) -> Estimate | NotDecidable:
        frame = log_variances(case, window, measure_name, roles)
        found = connectedness(frame, case.resampling(FEW), lags=lags, horizon=horizon)
        return found if isinstance(found, NotDecidable) else found.pairwise(SOURCE, TARGET)

    networks = {"four series": NETWORK, "gold and miners alone": SMALL}
    results = [
        attempted(f"{name}, {of}, {window.replace('_', ' ')}", partial(specified, name, roles, window))
        for name, (of, roles), window in product(MEASURES, networks.items(), case.open_windows(*SAMPLES))
    ]
    results += [
        attempted(f"{horizon} sessions ahead", partial(specified, "range", NETWORK, "full", horizon))
        for horizon in HORIZONS
    ]
    results += [attempted(f"order {lags}", partial(specified, "range", NETWORK, "full", lags=lags)) for lags in LAGS]
    results.append(
        SpecificationResult("gold's implied volatility", NotDecidable("no series gives gold's implied volatility"))
    )
    return tuple(results)


def _readings(
    case: Case, variances: pd.DataFrame, network: Connectedness
) -> dict[str, Estimate | TestResult | NotDecidable]:
    names = case.panel.names
    readings: dict[str, Estimate | TestResult | NotDecidable] = {"total connectedness of variances": network.total}
    reverse = heterogeneous_autoregression(variances[SOURCE], variances[TARGET], level=case.level)
    readings[f"{names[SOURCE]}'s variance on {names[TARGET]}' of the session before"] = reverse
    if "crypto" in variances.columns:
        readings[f"net spread of variance from {names[SOURCE]} to {names['crypto']}"] = network.pairwise(
            SOURCE, "crypto"
        )
        readings[f"{names['crypto']}'s variance on {names[SOURCE]}'s of the session before"] = (
            heterogeneous_autoregression(variances["crypto"], variances[SOURCE], level=case.level)
        )
    if "dollar" in case.panel.returns.columns:
        squares = (case.panel.returns["dollar"].reindex(variances.index) ** 2).rolling(5).mean()
        placebo = pd.Series(np.log(squares.where(squares > 0.0).to_numpy()), index=variances.index)
        readings[f"{names[TARGET]}' variance on {names['dollar']}'s of the week before"] = heterogeneous_autoregression(
            variances[TARGET], placebo, level=case.level
        )
    if "short" in case.study.windows and case.window_gate("short") is None:
        inside = variances[SOURCE].reindex(case.sessions("short")).dropna()
        if len(inside):
            weekly = variances[SOURCE].rolling(len(inside)).mean()
            readings[f"percentile of {names[SOURCE]}'s mean log variance in the short window"] = observed(
                percentile_among(float(inside.mean()), weekly), "percentile", int(weekly.count()), case.level
            )
    return readings


def _exhibits(case: Case, variances: pd.DataFrame, network: Connectedness) -> tuple[Exhibit, ...]:
    names = dict(case.panel.names)
    shares = network.table.rename(index=names, columns=names)
    note = "Percent of a row's forecast errors due to shocks of a column; log variances from daily ranges, not causal"
    exhibits = (Exhibit("connectedness of variances", shares, "%", note),)
    path = rolling_connectedness(variances, case.resampling(FEWER), width=WIDTH, step=STEP, horizon=_horizon(case))
    if isinstance(path, NotDecidable):
        return exhibits
    note = f"Windows of {WIDTH} sessions; pointwise bootstrap band"
    return (*exhibits, Exhibit("net spread from gold to miners", path.pairwise[SOURCE, TARGET], "%", note))


def primary(case: Case) -> Primary | NotDecidable:
    """Net connectedness from gold to the miners."""
    variances = log_variances(case, "full")
    network = connectedness(variances, case.resampling(case.replications), horizon=_horizon(case))
    if isinstance(network, NotDecidable):
        return network
    return reaching(network.pairwise(SOURCE, TARGET), case.thresholds["sesoi"])


CLAIM = Claim(
    id="C14",
    needs=SMALL,
    windows=("full",),
    thresholds=("sesoi", "horizon"),
    measure=measure,
    primary=primary,
)
