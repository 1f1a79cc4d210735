"""Watching a run: its log, curves, health, live figure, and Weights & Biases."""
