"""Markov switching: kernels, search, the models, the number of regimes, breaks and diagnostics."""

from models.regimes.markov_switching import MarkovSwitching, SwitchingResult

__all__ = ["MarkovSwitching", "SwitchingResult"]
