"""Simulated worlds in which the truth is known."""

from models.simulate.simulation import Simulation, simulate
from models.simulate.structure import World, WorldName
from models.simulate.worlds import world

__all__ = ["Simulation", "World", "WorldName", "simulate", "world"]
