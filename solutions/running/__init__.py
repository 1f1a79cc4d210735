"""Keeping a run, and judging its agent: checkpoints, agents on disk, and their cards."""
