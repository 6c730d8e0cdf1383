"""Is a margin well specified? Each measure with the target it should meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox

from models.margins.distributions import SHAPES
from models.margins.estimation import FittedMargin
from models.margins.model import INTEGRATED
from models.margins.types import Array

#: Significance at which a test counts as failed.
ALPHA = 0.01
LAGS = (5, 10, 22)
#: Five per cent critical values of Nyblom's joint statistic by number of parameters (Hansen 1992, table 1).
NYBLOM = {1: 0.470, 2: 0.749, 3: 1.01, 4: 1.24, 5: 1.47, 6: 1.68, 7: 1.90, 8: 2.11, 9: 2.32}
#: Samples behind the p-value of the distribution test.
SIMULATIONS = 199


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A measure with its target.

    Attributes
    ----------
    subject : str
        Series or model.
    measure : str
    value : float
    target : str
        What the value should be, e.g. "> 0.01".
    met : bool
    """

    subject: str
    measure: str
    value: float
    target: str
    met: bool


def margin_diagnostics(margin: FittedMargin, seed: int = 0) -> tuple[Diagnostic, ...]:
    """Measures of one margin.

    Ljung-Box of z_t and, with the degrees of freedom reduced by the two slopes of the variance, of z_t^2; Engle's ARCH
    test; the joint sign bias test (Engle and Ng 1993); stability of the parameters (Nyblom 1989); the
    Kolmogorov-Smirnov distance of the probability transforms with a simulated p-value that allows for the estimated
    mean and variance; and the persistence.
    """
    z = margin.std_residuals
    name = margin.name
    found = []
    for lags in LAGS:
        for what, series, taken in (("z", z, 0), ("z squared", z**2, 2)):
            p_value = float(acorr_ljungbox(series, lags=[lags], model_df=taken)["lb_pvalue"].iloc[0])
            found.append(_p(name, f"Ljung-Box p of {what}, {lags} lags", p_value))
    found.append(_p(name, "ARCH test p, 5 lags", arch_test(z, 5)))
    found.append(_p(name, "sign bias p", sign_bias(z)))
    statistic, critical = nyblom(margin)
    found.append(Diagnostic(name, "Nyblom statistic", statistic, f"< {critical:g}", statistic < critical))
    found.append(_p(name, f"distribution p ({margin.model.distribution})", distribution_p_value(margin, seed)))
    persistence = margin.persistence
    found.append(Diagnostic(name, "persistence", persistence, f"< {INTEGRATED}", persistence < INTEGRATED))
    return tuple(found)


def arch_test(z: Array, lags: int) -> float:
    """p-value of Engle (1982): z_t^2 on its own lags."""
    squares = z**2
    return _multiplier(squares[lags:], [squares[lags - lag : -lag] for lag in range(1, lags + 1)])


def sign_bias(z: Array) -> float:
    """Joint p-value of Engle and Ng (1993): z_t^2 on signs and signed sizes of z_{t-1}."""
    before = z[:-1]
    negative = (before < 0.0).astype(float)
    return _multiplier(z[1:] ** 2, [negative, negative * before, (1.0 - negative) * before])


def nyblom(margin: FittedMargin) -> tuple[float, float]:
    """Nyblom's (1989) joint statistic against parameters that wander, and its five per cent critical value."""
    moving = margin.influence.any(axis=0)
    scores = margin.scores[:, moving]
    partial = np.cumsum(scores - scores.mean(axis=0), axis=0)
    periods = scores.shape[0]
    statistic = float(np.trace(np.linalg.solve(scores.T @ scores, partial.T @ partial)) / periods)
    return statistic, NYBLOM[scores.shape[1]]


def distribution_p_value(margin: FittedMargin, seed: int = 0) -> float:
    """Kolmogorov-Smirnov p-value of the probability transforms, simulated with mean and variance re-estimated."""
    shape = SHAPES[margin.model.distribution]
    own = margin.model.split(margin.params)[2]
    grid = np.linspace(-12.0, 12.0, 4801)
    cumulative = shape.pit(grid, own)
    distance = _distance(np.interp(margin.std_residuals, grid, cumulative))
    rng = np.random.default_rng(seed)
    exceed = 0
    for _ in range(SIMULATIONS):
        draw = np.interp(rng.random(margin.std_residuals.size), cumulative, grid)
        draw = (draw - draw.mean()) / draw.std()
        exceed += _distance(np.interp(draw, grid, cumulative)) >= distance
    return (1.0 + exceed) / (1.0 + SIMULATIONS)


def _distance(transforms: Array) -> float:
    ordered, n = np.sort(transforms), transforms.size
    return float(max((np.arange(1, n + 1) / n - ordered).max(), (ordered - np.arange(n) / n).max()))


def _multiplier(y: Array, regressors: list[Array]) -> float:
    """p-value of T R^2 of a regression with a constant."""
    x = np.column_stack([np.ones(y.size), *regressors])
    residuals = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    explained = 1.0 - residuals @ residuals / ((y - y.mean()) ** 2).sum()
    return float(stats.chi2.sf(y.size * explained, len(regressors)))


def _p(subject: str, measure: str, p_value: float) -> Diagnostic:
    return Diagnostic(subject, measure, p_value, f"> {ALPHA}", p_value > ALPHA)
