"""Prices in at data, estimates here, judgements in `models.claims`."""
