"""What the course gives its learners: environments, pictures, probes, progress.

Around these: `course/` reads what a learner has written, `watching/` watches a training, `playing/` is for people who play.
"""

import sys

from utils import words

if sys.argv[:1] == ["-m"]:  # so it is while Python looks for the module of a command, such as `python -m solutions.train`
    words.guard()

from utils.course import old_names  # noqa: F401  # a learner's cells may use the names of an earlier version
