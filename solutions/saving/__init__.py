"""Keeping what was trained: checkpoints, agents, and the cards that say how well an agent plays."""
