"""What the course gives its learners: environments, pictures, probes, progress.

Around these: `course/` reads what a learner has written, `run/` watches a training, `playing/` is for people who play.
"""

import sys

from utils import words
from utils.course import old_names  # noqa: F401  # a learner's cells may use the names of an earlier version

if sys.argv[:1] == [
    "-m"
]:  # so Python calls a command that it still looks for: `python -m solutions.train`, tests, utils.progress
    words.guard()
