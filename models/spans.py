"""Changes over the spans between sessions on which every series has a value."""

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
