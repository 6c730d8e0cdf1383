"""Does a claim hold if its window moves? Its headline with base and end moved by a few sessions."""

from __future__ import annotations

from dataclasses import replace

from data.study import Window
from models.claims.claim import Case, Claim
from models.claims.facts import moves_of, window_span
from models.claims.verdict import MovedWindow
from models.estimate import NotDecidable, measured_or_reason

#: Resamples behind the interval over a moved window.
FEW = 199


def moved_windows(claim: Claim, case: Case) -> tuple[MovedWindow, ...]:
    """The headline over the claim's first dated window with its base, then its end, moved.

    Ends beyond the data are left out; claims without a dated window have none.
    """
    dated = claim.dated(case.study)
    if not dated or claim.gate(case) is not None:
        return ()
    span, clock = window_span(case, dated[0]), case.panel.levels.index
    first, last = (int(clock.searchsorted(day)) for day in (span.base, span.last))
    cheap = replace(case, replications=min(FEW, case.replications))
    shifts = [(by, 0) for by in moves_of(case)] + [(0, by) for by in moves_of(case)]
    return tuple(
        _moved(claim, cheap, dated[0], shift, (first + shift[0], last + shift[1]))
        for shift in shifts
        if 0 <= first + shift[0] < last + shift[1] < len(clock)
    )


def _moved(claim: Claim, case: Case, name: str, shift: tuple[int, int], at: tuple[int, int]) -> MovedWindow:
    base, last = (case.panel.levels.index[position].date() for position in at)
    found = measured_or_reason(claim.primary, case.moved(**{name: Window(base=base, last=last)}))
    if isinstance(found, NotDecidable):
        return MovedWindow(*shift, base, last, found, None)
    return MovedWindow(*shift, base, last, found.headline, found.holds)
