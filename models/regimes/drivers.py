"""The chain a model asks for: constant, or driven by predetermined variables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from data.errors import EstimationError
from models.regimes.chain import Chain, ConstantChain, CovariateChain
from models.regimes.sample import Sample, as_sample

CONSTANT = "const"


def chain_of(
    k_regimes: int,
    initial: tuple[float, ...] | None,
    drivers: pd.DataFrame | pd.Series | ArrayLike | None,
    sample: Sample,
) -> Chain:
    """A constant chain without drivers, else one whose log-odds are linear in them.

    Parameters
    ----------
    drivers : DataFrame, Series or array, shape (T, Q), optional
        Row t moves the transition from t - 1 into t and must be known at t - 1; a constant is put in front unless
        there is one.
    sample : Sample
        The dependent series, T rows.

    Raises
    ------
    EstimationError
        If the rows differ, a driver is missing a value, or the drivers are linearly dependent.
    """
    if initial is not None and (len(initial) != k_regimes or not np.isclose(sum(initial), 1.0) or min(initial) < 0.0):
        raise EstimationError("initial", f"{initial} is not a distribution", f"Give {k_regimes} probabilities.")
    if drivers is None:
        return ConstantChain(k_regimes, initial)
    if initial is not None:
        raise EstimationError("initial", "cannot be given with drivers", "Leave it out: the start is ergodic.")
    given = as_sample(drivers, "driver")
    if given.length != sample.length:
        raise EstimationError("drivers", f"{given.length} rows for {sample.length} of y", "Align them with y.")
    labelled = isinstance(drivers, pd.Series | pd.DataFrame)
    names = [str(name) if labelled else f"z{i + 1}" for i, name in enumerate(given.names)]
    covariates = given.observations
    if not (np.ptp(covariates, axis=0) == 0.0).any():
        covariates, names = np.column_stack([np.ones(len(covariates)), covariates]), [CONSTANT, *names]
    scale = np.sqrt(np.mean(np.square(covariates), axis=0))
    if not scale.all() or np.linalg.svd(covariates / scale, compute_uv=False)[-1] < 1e-8 * np.sqrt(len(covariates)):
        raise EstimationError("drivers", "are linearly dependent", "Leave one of them out.")
    return CovariateChain(k_regimes, np.ascontiguousarray(covariates), tuple(names))
