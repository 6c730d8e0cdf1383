"""Markov switching: kernels, search, the models, the number of regimes, breaks and diagnostics."""

from models.regimes.autoregression import AutoregressionResult, MarkovAutoregression
from models.regimes.markov_switching import MarkovSwitching, SwitchingResult
from models.regimes.msgarch import MSGARCH, MSGARCHResult
from models.regimes.regression import MarkovRegression, RegressionResult
from models.regimes.rsdc import RSDC, RSDCResult
from models.regimes.vintages import Vintages, vintages

__all__ = [
    "MSGARCH",
    "RSDC",
    "AutoregressionResult",
    "MSGARCHResult",
    "MarkovAutoregression",
    "MarkovRegression",
    "MarkovSwitching",
    "RSDCResult",
    "RegressionResult",
    "SwitchingResult",
    "Vintages",
    "vintages",
]
