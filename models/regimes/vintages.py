"""What was knowable when: expanding re-estimation, each vintage started from the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import EstimationError
from models.regimes.markov_switching import MarkovSwitching, SwitchingResult

Array = NDArray[np.float64]

#: A refit that moves the last known filtered probability by more than this has to say why.
NOTABLE_REVISION = 0.05
#: Fresh starts beside the warm one in each vintage after the first.
FRESH_STARTS = 6


@dataclass(frozen=True)
class Revision:
    """What a re-estimation did to the probability of the last observation both vintages know.

    Attributes
    ----------
    date : object
        Label of the last observation of the new vintage.
    change : float
        Largest change, over the regimes, of P(s_t | F_t) at the last observation of the old vintage.
    log_likelihood_gain : float
        Log-likelihood of the new parameters minus that of the old ones, both on the new sample.
    reason : str
        Empty where the change is at most 0.05.
    """

    date: object
    change: float
    log_likelihood_gain: float
    reason: str


@dataclass(frozen=True, eq=False)
class Vintages:
    """Regime probabilities as they could be known, quasi-real-time.

    Attributes
    ----------
    filtered : DataFrame, shape (T', K)
        P(s_t | F_t) with the parameters of the last vintage that ends before t; begins with the first such t.
    predicted : DataFrame, shape (T', K)
        P(s_t | F_{t-1}) with the same parameters.
    smoothed : DataFrame, shape (T', K)
        P(s_t | F_T) with the parameters of the full sample: hindsight.
    ends : tuple
        Label of the last observation of each vintage.
    params : DataFrame, shape (vintages, P)
    revisions : tuple of Revision
        One for each re-estimation.
    last : SwitchingResult
        The fit on the full sample.
    """

    filtered: pd.DataFrame
    predicted: pd.DataFrame
    smoothed: pd.DataFrame
    ends: tuple[object, ...]
    params: pd.DataFrame
    revisions: tuple[Revision, ...]
    last: SwitchingResult

    @property
    def revision_panel(self) -> pd.DataFrame:
        """|smoothed - first filtered|, shape (T', K): how far hindsight moved what was known."""
        return (self.smoothed - self.filtered).abs()

    @property
    def mean_revision(self) -> float:
        """Mean of |smoothed - first filtered| of the most turbulent regime."""
        return float(self.revision_panel.iloc[:, -1].mean())

    @property
    def overturned(self) -> float:
        """Share of the observations whose likeliest regime in hindsight is another than it was at first."""
        first, last = self.filtered.to_numpy().argmax(axis=1), self.smoothed.to_numpy().argmax(axis=1)
        return float(np.mean(first != last))

    @property
    def notable(self) -> tuple[Revision, ...]:
        """Re-estimations that moved the last known probability by more than 0.05."""
        return tuple(revision for revision in self.revisions if revision.reason)


def year_ends(index: pd.DatetimeIndex, first: int) -> tuple[int, ...]:
    """Sample sizes at which a year is complete, not below `first`."""
    years = index.year.to_numpy()
    changes = np.flatnonzero(years[1:] != years[:-1]) + 1
    return tuple(int(size) for size in changes if size >= first)


def vintages(
    model: MarkovSwitching,
    y: pd.DataFrame | pd.Series,
    *,
    first: int = 750,
    sizes: Sequence[int] | None = None,
    starts: int = 30,
    seed: int = 0,
    last: SwitchingResult | None = None,
) -> Vintages:
    """Fit on expanding samples and filter each stretch with the parameters known before it.

    Parameters
    ----------
    model : MarkovSwitching
    y : DataFrame or Series, T observations
    first : int
        Observations of the first vintage at least.
    sizes : sequence of int, optional
        Sample sizes of the vintages, increasing; the year ends of a dated index from `first` on where None.
    starts : int
        Starts of the first vintage and of the full sample; later vintages take a warm start and six fresh ones.
    seed : int
    last : SwitchingResult, optional
        The fit to all of `y`, where it is there already.

    Raises
    ------
    EstimationError
        If no vintage fits into the sample, or the index has no dates and `sizes` is not given.
    """
    if sizes is None:
        if not isinstance(y.index, pd.DatetimeIndex):
            raise EstimationError("vintages", "the index has no dates", "Give the sample sizes of the vintages.")
        sizes = year_ends(y.index, first)
    cuts = [int(size) for size in sizes if size < len(y)]
    if not cuts:
        raise EstimationError(
            "vintages", f"{len(y)} observations hold no vintage of {first} or more", "Use a longer sample."
        )
    fits: list[SwitchingResult] = []
    revisions: list[Revision] = []
    for size in [*cuts, len(y)]:
        before = fits[-1] if fits else None
        if last is not None and size == len(y):
            fits.append(last)
        else:
            tries = starts if before is None or size == len(y) else FRESH_STARTS
            fits.append(model.fit(y.iloc[:size], starts=tries, seed=seed, warm=before))
        if before is not None:
            revisions.append(_revision(model, before, fits[-1], y.iloc[:size]))
    stretches = [model.filter(fit.params, y.iloc[:end]) for fit, end in zip(fits, [*cuts[1:], len(y)], strict=False)]
    return Vintages(
        filtered=pd.concat([part.filtered.iloc[begin:] for part, begin in zip(stretches, cuts, strict=True)]),
        predicted=pd.concat([part.predicted.iloc[begin:] for part, begin in zip(stretches, cuts, strict=True)]),
        smoothed=fits[-1].smoothed.iloc[cuts[0] :],
        ends=tuple(y.index[size - 1] for size in [*cuts, len(y)]),
        params=pd.DataFrame([fit.params for fit in fits], index=[y.index[size - 1] for size in [*cuts, len(y)]]),
        revisions=tuple(revisions),
        last=fits[-1],
    )


def _revision(
    model: MarkovSwitching, old: SwitchingResult, new: SwitchingResult, y: pd.DataFrame | pd.Series
) -> Revision:
    known = old.n - 1
    under_old = model.filter(old.params, y)
    change = float(np.max(np.abs(new.filtered.iloc[known].to_numpy() - under_old.filtered.iloc[known].to_numpy())))
    gain = new.loglik - under_old.loglik
    reason = ""
    if change > NOTABLE_REVISION:
        moved = ((new.params - old.params) / old.std_errors).dropna()
        largest = str(moved.abs().idxmax())
        reason = (
            f"the new parameters fit the longer sample better by {gain:.1f} log-likelihood points; "
            f"{largest} moved by {moved[largest]:.1f} of its standard errors"
        )
    return Revision(y.index[-1], change, gain, reason)
