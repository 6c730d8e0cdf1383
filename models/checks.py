"""Checks of the fitted models, each with the target it should meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from statsmodels.stats.diagnostic import acorr_ljungbox

from models.correlation import CorrelationResult
from models.margins import Margins
from models.regimes import SwitchingResult
from models.suite import Check

#: Lags of the portmanteau tests.
LAGS = 10
#: Smallest share of the sample a regime must have, fewest spells, largest classification measure.
MINIMUM_SHARE, MINIMUM_SPELLS, LARGEST_RCM = 0.05, 3, 50.0
#: Significance at which a portmanteau test counts as failed.
ALPHA = 0.01


def margin_checks(margins: Margins) -> Iterator[Check]:
    """Ljung-Box p-values of residuals and their squares, and the persistence, for each series."""
    for margin in margins.fitted:
        model = f"margin of {margin.name}"
        for what, series in (("z", margin.std_residuals), ("z²", margin.std_residuals**2)):
            p_value = float(acorr_ljungbox(series, lags=[LAGS])["lb_pvalue"].iloc[0])
            yield Check(model, f"Ljung–Box p of {what}, {LAGS} lags", p_value, f"> {ALPHA}", p_value > ALPHA)
        yield Check(model, "persistence", margin.persistence, "< 0.9999", margin.persistence < 0.9999, True)


def printed_name(model: str) -> str:
    """A model's name as the literature writes it."""
    return {"CDCC": "cDCC"}.get(model, model)


def correlation_checks(result: CorrelationResult) -> Iterator[Check]:
    """Convergence, smallest eigenvalue of R_t, persistence and remaining dependence of the whitened residuals."""
    model = printed_name(result.model)
    smallest = float(np.linalg.eigvalsh(result.correlations).min())
    yield Check(model, "smallest eigenvalue of any R_t", smallest, "> 0.000001", smallest > 1e-6, True)
    gradient = result.convergence.gradient_norm
    yield Check(model, "gradient per observation", gradient, "< 0.0001", result.convergence.converged, True)
    persistence = float(result.psi[:2].sum())
    yield Check(model, "a + b", persistence, "< 0.9995", persistence < 0.9995)
    z = result.margins.std_residuals.to_numpy()
    whitened = np.linalg.solve(np.linalg.cholesky(result.correlations), z[:, :, None])[:, :, 0]
    rows, columns = np.tril_indices(z.shape[1], -1)
    p_values = [
        float(acorr_ljungbox(whitened[:, i] * whitened[:, j], lags=[LAGS])["lb_pvalue"].iloc[0])
        for i, j in zip(rows, columns, strict=True)
    ]
    failing = float(np.mean(np.array(p_values) < ALPHA))
    yield Check(
        model, f"share of pairs whose whitened product fails Ljung–Box at {ALPHA}", failing, "< 0.2", failing < 0.2
    )


def regime_checks(result: SwitchingResult) -> Iterator[Check]:
    """Agreement of the starts, size and number of spells of each regime, and how sharply days are classified."""
    model = f"Markov switching, {result.k_regimes} regimes"
    share = result.convergence.share_at_best
    yield Check(model, "share of starts at the best optimum", share, "> 0.2", share > 0.2)
    lost = len(result.degenerate)
    yield Check(model, "regimes at which the likelihood is unbounded", float(lost), "= 0", lost == 0, True)
    smallest = float(result.regime_shares.min())
    yield Check(model, "smallest share of a regime", smallest, f"> {MINIMUM_SHARE}", smallest > MINIMUM_SHARE, True)
    spells = int(result.regime_spells.min())
    yield Check(
        model, "fewest spells of a regime", float(spells), f"≥ {MINIMUM_SPELLS}", spells >= MINIMUM_SPELLS, True
    )
    probabilities = result.smoothed.to_numpy()
    measure = float(100.0 * result.k_regimes**2 * np.mean(np.prod(probabilities, axis=1)))
    yield Check(
        model, "regime classification measure (Ang and Bekaert)", measure, f"< {LARGEST_RCM:.0f}", measure < LARGEST_RCM
    )
