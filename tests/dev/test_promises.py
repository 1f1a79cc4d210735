"""Every sentence of an exercise's contract stands beside known mistakes that break it; and no small mutant survives."""

import pytest

from tests import mistakes
from tests.dev import mutate, promises
from utils.course.exercises import exercises


@pytest.mark.parametrize("name", exercises())
def test_every_sentence_is_in_the_list(name):
    """A sentence that is new, or was changed, has to be looked at: does a check fail when it is broken?"""
    kept = promises.kept()[name]
    assert set(promises.sentences_of(exercises()[name])) == set(kept)
    known = {one.name for one in mistakes.of(name)}
    for sentence, entry in kept.items():
        assert entry, sentence
        if not isinstance(entry, str):
            assert set(entry) <= known, sentence


def test_promises_are_mostly_tested():
    entries = [entry for some in promises.kept().values() for entry in some.values() if entry != "explains"]
    assert sum(isinstance(entry, list) for entry in entries) > 0.9 * len(entries)


@pytest.mark.parametrize("name", mutate.SMALL)
def test_no_mutant_survives(name):
    known = mutate.survivors().get(name, {})
    _, tried, _, survivors, _ = mutate.judge(name)
    assert tried >= 5
    assert set(survivors) <= set(known)
