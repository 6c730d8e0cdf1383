"""Simulated worlds in which the truth is known."""

from models.simulate.simulation import Simulation, simulate
from models.simulate.worlds import World, WorldName, world

__all__ = ["Simulation", "World", "WorldName", "simulate", "world"]
