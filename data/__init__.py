"""Prices in, one clean panel out."""

from data.study import Study, load_study

__all__ = ["Study", "load_study"]
