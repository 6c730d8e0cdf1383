"""Prices in, one clean panel out."""

from data.load import load_later, load_panel
from data.panel import Panel
from data.study import Study, load_study

__all__ = ["Panel", "Study", "load_later", "load_panel", "load_study"]
