"""The reference: every part of PPO that the chapters teach, and the trainer made of them. Read first:

1. `trainer.py`: the algorithm, on one page;
2. `losses.py` and `advantages.py`: the equations that it calls;
3. `rollout.py`: how a step of the environments becomes a row to learn from.

`saving/` keeps runs and agents, `fast/` does the same training faster, `agents/` holds trained ones. `train.py` is
the command.
"""

from utils.course import old_names  # noqa: F401  # a learner's cells may use the names of an earlier version
