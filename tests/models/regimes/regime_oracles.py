"""Slow, plain answers to hold the regime engine against, and a simulator of switching series."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats


def enumerate_paths(log_densities, transition, initial):
    """Likelihood, smoothed probabilities and expected transitions by adding up every path of the chain."""
    length, states = log_densities.shape
    total = 0.0
    smoothed = np.zeros((length, states))
    transitions = np.zeros((states, states))
    filtered = np.zeros((length, states))
    for path in itertools.product(range(states), repeat=length):
        weight = initial[path[0]] * np.exp(log_densities[0, path[0]])
        for t in range(1, length):
            matrix = transition[t if len(transition) > 1 else 0]
            weight *= matrix[path[t - 1], path[t]] * np.exp(log_densities[t, path[t]])
        total += weight
        for t in range(length):
            smoothed[t, path[t]] += weight
        for t in range(1, length):
            transitions[path[t - 1], path[t]] += weight
    for t in range(length):
        if t + 1 == length:
            filtered[t] = smoothed[t] / total
        else:
            filtered[t] = enumerate_paths(log_densities[: t + 1], transition, initial)[1][-1]
    return np.log(total), smoothed / total, transitions / total, filtered


def simulate_switching(transition, means, covariances, length, seed, nu=None):
    """Draw from a Markov switching model; returns the series, shape (T, N), and the regimes, shape (T,)."""
    generator = np.random.default_rng(seed)
    cumulated = np.cumsum(transition, axis=1)
    uniforms = generator.random(length)
    regimes = np.zeros(length, dtype=int)
    for t in range(1, length):
        regimes[t] = np.searchsorted(cumulated[regimes[t - 1]], uniforms[t])
    shocks = generator.standard_normal((length, means.shape[1]))
    if nu is not None:
        shocks *= np.sqrt((nu - 2.0) / generator.chisquare(nu, length))[:, None]
    return means[regimes] + np.einsum("tij,tj->ti", np.linalg.cholesky(covariances)[regimes], shocks), regimes


def two_regimes(length=1000, seed=0, nu=None):
    """Three series with a calm and a turbulent regime."""
    transition = np.array([[0.97, 0.03], [0.10, 0.90]])
    means = np.array([[0.08, -0.3, 0.03], [-0.15, 1.0, -0.1]])
    correlation = np.array(
        [[[1, -0.7, 0.5], [-0.7, 1, -0.4], [0.5, -0.4, 1]], [[1, -0.8, 0.7], [-0.8, 1, -0.6], [0.7, -0.6, 1]]]
    )
    scale = np.array([[0.6, 5.0, 0.3], [1.6, 9.0, 0.9]])
    covariances = correlation * scale[:, :, None] * scale[:, None, :]
    values, regimes = simulate_switching(transition, means, covariances, length, seed, nu)
    dates = pd.bdate_range("2012-01-02", periods=length)
    return pd.DataFrame(values, index=dates, columns=["market", "fear", "credit"]), regimes


def central_differences(function, theta, step=1e-5):
    """Slope of a scalar function by four-point differences."""
    slope = np.empty(len(theta))
    for index in range(len(theta)):
        values = []
        for multiple in (-2, -1, 1, 2):
            moved = theta.copy()
            moved[index] += multiple * step
            values.append(function(moved))
        slope[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return slope


def installed_array(module, name):
    """A data array that stands as a literal in a test module of statsmodels."""
    found = importlib.util.find_spec("statsmodels.tsa.regime_switching")
    source = Path(next(iter(found.submodule_search_locations))) / "tests" / f"{module}.py"
    if not source.exists():
        pytest.skip("statsmodels is installed without its tests", allow_module_level=True)
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return np.array(ast.literal_eval(node.value))
    raise LookupError(name)


def peers():
    """The Markov-switching case of the peers' reference file, or a skip."""
    path = os.environ.get("STUDY_PEERS")
    if not path:
        pytest.skip("STUDY_PEERS is not set: no reference estimates of peer packages")
    return json.loads(Path(path).read_text())["cases"]["markov_switching_case_A"]


def peer_returns():
    """The data of that case, or a skip."""
    folder = os.environ.get("STUDY_REFERENCE_DATA")
    if not folder:
        pytest.skip("STUDY_REFERENCE_DATA is not set: no reference data")
    return pd.read_csv(Path(folder) / "arch_panel_returns.csv", index_col=0)


def market_returns(*files, end="2026-02-06"):
    """Log returns in percent of real instruments on common dates, or a skip."""
    folder = os.environ.get("STUDY_MARKET_DATA")
    if not folder:
        pytest.skip("STUDY_MARKET_DATA is not set: no market data")
    columns = {}
    for name in files:
        frame = pd.read_csv(Path(folder) / f"{name}.csv", index_col=0, parse_dates=True, comment="#")
        column = "adj_close" if "adj_close" in frame else "close" if "close" in frame else frame.columns[-1]
        columns[name] = frame[column].astype(float)
    prices = pd.DataFrame(columns).dropna()
    return (100.0 * np.log(prices).diff()).dropna().loc[:end]


def normal_log_density(y, mean, covariance):
    """Multivariate normal log density by scipy."""
    return stats.multivariate_normal(mean, covariance).logpdf(y)


def student_log_density(y, mean, covariance, nu):
    """Multivariate t log density by scipy, from its covariance."""
    return stats.multivariate_t(mean, np.asarray(covariance) * (nu - 2.0) / nu, df=nu).logpdf(y)
