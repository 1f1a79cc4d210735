"""The machinery of a course: which exercises there are, and what a learner has written, run and passed."""
