"""Changes over longer spans than a session: sums that lose nothing and do not overlap."""

from __future__ import annotations

import pandas as pd


def common_spans(changes: pd.DataFrame) -> pd.DataFrame:
    """Join sessions until every series has a value again.

    A series without a value on a session (a bond holiday) gives its next change over both sessions; the changes of
    the others are summed over the same span, so that nothing is filled and nothing is lost.

    Parameters
    ----------
    changes : DataFrame, (T, N)
        Changes since the last available value, NaN where a session has none.

    Returns
    -------
    DataFrame, (n, N)
        Without missing values; each row is dated at the session on which its span ends.
    """
    complete = changes.notna().all(axis=1)
    span = complete.shift(1, fill_value=True).cumsum()
    summed = changes.groupby(span).sum(min_count=1)
    ends = changes.index.to_series().groupby(span).last()
    return summed.set_axis(pd.DatetimeIndex(ends), axis=0)[complete.groupby(span).last().to_numpy()]


def summed(changes: pd.DataFrame, sessions: int) -> pd.DataFrame:
    """Changes over consecutive stretches of `sessions` that do not overlap; an incomplete last stretch is left out.

    Parameters
    ----------
    changes : DataFrame, (T, N)
        Without missing values.
    sessions : int

    Returns
    -------
    DataFrame, (T // sessions, N)
        Each row is dated at its last session.
    """
    whole = len(changes) // sessions * sessions
    sums = changes.iloc[:whole].to_numpy().reshape(-1, sessions, changes.shape[1]).sum(axis=1)
    return pd.DataFrame(sums, index=changes.index[sessions - 1 : whole : sessions], columns=changes.columns)
