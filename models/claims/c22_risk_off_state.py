"""C22: markets were in a risk-off phase whose volatility persists.

Question   Was the short window a turbulent state by series that no claim is about, and does turbulence last?
Trap       A regime model fitted to the falling assets would call their fall a regime. The state comes from market, fear
           index and high-yield bonds alone, and from filtered probabilities: what was knowable at each close.
Criteria   All parts must hold. State: mean filtered probability of the turbulent regime above one half by
           `state_margin`; it fails as far below one half and is open in between. Fear index and credit spread in the
           upper part of their history (`fear_percentile`, `credit_percentile`), not testable where they end before the
           window. Persistence: half-life of a variance shock above `half_life_days` sessions.
Thresholds state_margin (probability), fear_percentile, credit_percentile (percent), half_life_days (sessions).
Statistic  Mean filtered probability minus one half, with parameter draws; percentiles; GJR half-life of the market.
Premise    If the state part fails, the premise of the article fails, and page one says so.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.facts import ended, moved_spans, observed
from models.claims.primary import Primary
from models.claims.rule import Ruling, conjunction
from models.claims.specifications import attempted
from models.claims.verdict import Exhibit, Outcome, SpecificationResult
from models.estimate import Estimate, NotDecidable
from models.margins.types import Volatility
from models.persistence import variance_half_life
from models.regimes.uncertainty import filtered_draws, mean_filtered

#: Parameter draws behind the interval of the state probability.
DRAWS = 400


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge state and persistence."""
    window = case.sessions("short")
    state = _state(case, window)
    margin = case.margins(case.panel.complete_returns(("market",)), volatility="gjr").fitted[0]
    half_life = variance_half_life(margin, level=case.level)
    durations = case.suite.regimes.durations(case.level)
    return Measurement(
        legs=(
            _state_leg(case, state, window),
            _percentile_leg(case, window, "fear", case.thresholds["fear_percentile"]),
            _percentile_leg(case, window, "credit", case.thresholds["credit_percentile"]),
            _persistence_leg(case, half_life),
        ),
        combine=conjunction,
        kind="conjunctive",
        headline=state,
        headline_label="filtered probability of the turbulent state, mean over the short window",
        n=case.suite.regimes.n,
        n_events=window.size,
        window=case.describe("short"),
        secondary={
            "the same probability with parameters known then": _known_then(case, window),
            "expected duration of the turbulent state, sessions": durations[-1],
            "half-life of a variance shock, sessions": half_life,
        },
        exhibits=(
            Exhibit(
                "probability",
                case.suite.stress_probability[["filtered"]],
                "probability",
                "Markov switching on reference series only; data to each close, parameters of the whole sample.",
            ),
        ),
    )


def _state(case: Case, window: pd.DatetimeIndex) -> Estimate | NotDecidable:
    result = case.suite.regimes
    end = pd.Timestamp(result.index[-1])
    if end < window[-1]:
        return NotDecidable(f"the reference series end on {end.date()}, before the window's last session")
    number = min(DRAWS, case.replications)
    paths = filtered_draws(result, draws=number, seed=case.seed)
    value, draws = mean_filtered(result, result.k_regimes - 1, window, paths)
    low, high = np.quantile(draws, [(1 - case.level) / 2, (1 + case.level) / 2])
    return Estimate(
        value,
        float(draws.std()),
        min(float(low), value),
        max(float(high), value),
        case.level,
        result.n,
        "probability",
        f"mean filtered probability, Markov switching with {result.k_regimes} states; {number} parameter draws",
    )


def _known_then(case: Case, window: pd.DatetimeIndex) -> Estimate | NotDecidable:
    """Mean probability by the last estimation before the window's sessions: quasi-real-time."""
    found = case.suite.vintages
    if isinstance(found, NotDecidable):
        return found
    inside = found.filtered.loc[found.filtered.index.isin(window)].iloc[:, -1]
    if len(inside) < window.size:
        return NotDecidable("the estimations do not cover the window")
    return observed(inside.mean(), "probability", len(inside), case.level, "parameters of the last full year before")


def _state_specifications(case: Case, window: pd.DatetimeIndex) -> tuple[SpecificationResult, ...]:
    """What was known then, before each close and in hindsight; other sessions around the window."""
    regimes = case.suite.regimes
    paths = {"filtered": regimes.filtered, "before each close": regimes.predicted, "in hindsight": regimes.smoothed}

    def mean(path: str, sessions: pd.DatetimeIndex) -> Estimate | NotDecidable:
        inside = paths[path].loc[paths[path].index.isin(sessions)].iloc[:, -1]
        if inside.empty:
            return NotDecidable("no session with a probability")
        return observed(inside.mean() - 0.5, "probability", len(inside), case.level, f"{path}, less one half")

    known = _known_then(case, window)
    results = [
        SpecificationResult(
            "parameters known then", known if isinstance(known, NotDecidable) else _shifted(known, -0.5)
        ),
        *(SpecificationResult(path, mean(path, window)) for path in list(paths)[1:]),
    ]
    for span in moved_spans(case, "short"):
        sessions = paths["filtered"].loc[span.base : span.last].index[1:]
        results.append(SpecificationResult(span.label, mean("filtered", pd.DatetimeIndex(sessions))))
    return tuple(results)


def _half_life_specifications(case: Case) -> tuple[SpecificationResult, ...]:
    """Series x volatility model x sample, less the sessions asked for."""

    def specified(role: str, volatility: Volatility, window: str) -> Estimate | NotDecidable:
        if role not in case.panel.returns.columns:
            return NotDecidable(f"no series plays the role {role}")
        returns = case.panel.complete_returns((role,))
        inside = returns.loc[returns.index.isin(case.sessions(window))]
        margin = case.margins(inside, volatility=volatility).fitted[0]
        found = variance_half_life(margin, level=case.level)
        return found if isinstance(found, NotDecidable) else _shifted(found, -case.thresholds["half_life_days"])

    models: tuple[Volatility, ...] = ("garch", "gjr")
    grid = product(("market", "growth"), models, ("full", *case.open_windows("post_2020")))
    return tuple(
        attempted(f"{role}, {volatility}, {window.replace('_', ' ')}", partial(specified, role, volatility, window))
        for role, volatility, window in grid
    )


def _state_leg(case: Case, state: Estimate | NotDecidable, window: pd.DatetimeIndex) -> Leg:
    margin = case.thresholds["state_margin"]
    label = "the reference series were turbulent"
    if isinstance(state, NotDecidable):
        return Leg(label, state, margin)
    return Leg(
        f"{label} (probability {state.value:.2f})",
        _shifted(state, -0.5),
        margin,
        None,
        _state_specifications(case, window),
        _open_state(state, margin),
    )


def _open_state(state: Estimate, margin: float) -> Ruling | None:
    """A probability as far from calm as from turbulent tells neither, however well the model's parameters are known."""
    calm, turbulent = 0.5 - margin, 0.5 + margin
    if state.upper < calm or state.value >= turbulent:
        return None
    return Ruling(
        Outcome.INCONCLUSIVE,
        f"the model leaves the state open between a probability of {calm:.2g} and one of {turbulent:.2g}",
    )


def _shifted(estimate: Estimate, by: float) -> Estimate:
    return Estimate(
        estimate.value + by,
        estimate.std_error,
        estimate.lower + by,
        estimate.upper + by,
        estimate.level,
        estimate.n,
        estimate.unit,
        estimate.method,
    )


def _percentile_leg(case: Case, window: pd.DatetimeIndex, role: str, wanted: float) -> Leg:
    """Percentile of the window's mean level among all levels of the window "full"."""
    label = "the fear index stood high" if role == "fear" else "the credit spread stood high"
    if role not in case.panel.levels.columns:
        return Leg(label, NotDecidable(f"no series plays the role {role}"), wanted)
    gone = ended(case, role, window[-1])
    if gone is not None:
        return Leg(label, gone, wanted)
    levels = case.panel.levels.loc[case.sessions("full"), role].dropna()
    mean = float(levels[levels.index.isin(window)].mean())
    percentile = 100.0 * float((levels <= mean).mean())
    label = f"{label} (percentile {percentile:.0f})"
    effect = Estimate(
        percentile,
        None,
        percentile,
        percentile,
        case.level,
        len(levels),
        "percentile",
        "observed, without sampling error",
    )
    high = percentile >= wanted
    outcome = Outcome.SUPPORTED if high else Outcome.NOT_SUPPORTED
    word = "at or above" if high else "below"
    name = case.panel.names[role]
    return Leg(
        label, effect, wanted, ruling=Ruling(outcome, f"{name} stood {word} percentile {wanted:.0f} of its history")
    )


def _persistence_leg(case: Case, half_life: Estimate | NotDecidable) -> Leg:
    """Half-life beyond the wanted one, in sessions; the test is on the log, as the interval is."""
    wanted = case.thresholds["half_life_days"]
    label = f"a variance shock takes more than {wanted:.0f} sessions to halve"
    if isinstance(half_life, NotDecidable):
        return Leg(label, half_life, 0.0)
    label = f"{label} (half-life {half_life.value:.0f} sessions)"
    on_log = float(half_life.std_error or 0.0) / half_life.value
    p_value = float(2.0 * stats.norm.sf(abs(np.log(half_life.value / wanted)) / on_log))
    return Leg(label, _shifted(half_life, -wanted), 0.0, p_value, _half_life_specifications(case))


def primary(case: Case) -> Primary | NotDecidable:
    """Mean filtered probability of the turbulent state."""
    state = _state(case, case.sessions("short"))
    if isinstance(state, NotDecidable):
        return state
    return Primary(state, state.value > 0.5, state.value - 0.5 >= case.thresholds["state_margin"])


CLAIM = Claim(
    id="C22",
    needs=("market", "fear"),
    windows=("short", "full"),
    thresholds=("state_margin", "fear_percentile", "credit_percentile", "half_life_days"),
    measure=measure,
    primary=primary,
    rests_on=("Markov switching",),
)
