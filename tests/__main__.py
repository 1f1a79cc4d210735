"""Judge a learner's answers, and put the verdicts on record: python -m tests NAME ...

`utils.answers.adopt` calls it for answers that have no verdict yet.
"""

import sys

from tests import checks, judging
from utils.course import records
from utils.course.exercises import exercises
from utils.course.notebooks import read_answer
from utils.course.programs import AnswerError

for exercise in map(exercises().get, sys.argv[1:]):
    source, _ = read_answer(exercise)
    passed, said = False, ""
    try:
        judging.judge_apart(exercise, source)
        passed = True
    except checks.WrongAnswer:
        pass
    except AnswerError as error:
        said = str(error)
    records.write(exercise, source, passed, said)
