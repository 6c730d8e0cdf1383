"""The sessions ahead: nowcast, regimes, tails, scenarios, what to watch."""

from models.outlook.outlook import FULL, QUICK, Effort, Outlook, look_ahead

__all__ = ["FULL", "QUICK", "Effort", "Outlook", "look_ahead"]
