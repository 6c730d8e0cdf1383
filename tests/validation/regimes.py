"""Recovery and coverage of the regime engine: two regimes, three series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.errors import EstimationError
from models.regimes import MarkovSwitching

SESSIONS = 2000
Z = 1.959964
TRANSITION = np.array([[0.97, 0.03], [0.10, 0.90]])
MEANS = np.array([[0.08, 0.05, 0.03], [-0.15, -0.05, 0.10]])
VOLATILITIES = np.array([[0.7, 1.0, 0.5], [1.8, 2.2, 1.1]])
CORRELATION = np.array([[1.0, 0.4, 0.2], [0.4, 1.0, 0.3], [0.2, 0.3, 1.0]])


def replicate(number: int) -> dict[str, float]:
    """Fit one sample; hits of the intervals and the share of days classified rightly."""
    generator = np.random.default_rng(number)
    states = np.zeros(SESSIONS, dtype=int)
    for t in range(1, SESSIONS):
        states[t] = int(generator.random() < TRANSITION[states[t - 1], 1])
    shocks = generator.standard_normal((SESSIONS, 3)) @ np.linalg.cholesky(CORRELATION).T
    rows = pd.DataFrame(MEANS[states] + VOLATILITIES[states] * shocks, columns=["x", "y", "z"])
    try:
        result = MarkovSwitching(2).fit(rows, starts=6, seed=number)
    except EstimationError:
        return {"failed": 1.0}
    errors = result.std_errors
    means, variances = [], []
    for regime in (0, 1):
        for column, name in enumerate(rows.columns):
            key = f"mean[{regime},{name}]"
            means.append(abs(result.params[key] - MEANS[regime, column]) <= Z * errors[key])
            key = f"cov[{regime},{name},{name}]"
            value = result.params[key]
            on_log = abs(np.log(value / VOLATILITIES[regime, column] ** 2))
            variances.append(on_log <= Z * errors[key] / value)
    chain = []
    for key, truth in (("p[0->0]", 0.97), ("p[1->0]", 0.10)):
        value = result.params[key]
        slope = 1.0 / (value * (1.0 - value))
        distance = abs(np.log(value / (1 - value)) - np.log(truth / (1 - truth)))
        chain.append(distance <= Z * errors[key] * slope)
    right = np.mean(result.smoothed.to_numpy().argmax(axis=1) == states)
    return {
        "failed": 0.0,
        "means": float(np.mean(means)),
        "volatilities": float(np.mean(variances)),
        "transitions": float(np.mean(chain)),
        "classified": float(right),
    }


def summary(records: list[dict[str, float]]) -> dict[str, float]:
    """Percent, averaged over samples and parameters of a kind."""
    fitted = [record for record in records if not record["failed"]]
    row = {"samples": float(len(records)), "failed": float(len(records) - len(fitted))}
    for name in ("means", "volatilities", "transitions", "classified"):
        row[name] = 100 * float(np.mean([record[name] for record in fitted]))
    return row
