"""Judge a learner's answers, and put the verdicts on record: python -m tests NAME ...

`utils.answers.adopt` calls it for answers that have no verdict yet.
"""

import sys

from tests import checks, judging
from utils.course import records
from utils.course.exercises import exercises
from utils.course.notebooks import read_answer
from utils.course.programs import AnswerError

names = sys.argv[1:]
if not names or not set(names) <= set(exercises()):
    given = f" {' '.join(names)} are not all exercises." if names else ""
    raise ValueError(
        f"Give the names of exercises, which `python -m utils.progress` lists; `pytest tests` tests them all.{given}"
    )
for exercise in map(exercises().get, names):
    source, _ = read_answer(exercise)
    if source is None:
        raise ValueError(
            f"{exercise.name} is not attempted yet: write it in {exercise.notebook.name} first, and save the notebook."
        )
    passed, said = False, ""
    try:
        judging.judge_apart(exercise, source)
        passed = True
    except checks.WrongAnswer:
        pass
    except AnswerError as error:
        said = str(error)
    records.write(exercise, source, passed, said)
