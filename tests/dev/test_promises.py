"""Every sentence of an exercise's contract stands beside known mistakes that break it; and no small mutant survives."""

import pytest

from tests.dev import mutate, promises
from utils.course.exercises import exercises


@pytest.mark.parametrize("name", exercises())
def test_every_sentence_is_in_the_list(name):
    """A sentence that is new, or was changed, has to be looked at: does a check fail when it is broken?"""
    assert set(promises.sentences_of(exercises()[name])) == set(promises.kept()[name])
    assert promises.wrong_entries(exercises()[name]) == {}


def test_an_entry_that_is_empty_or_names_no_mistake_is_found(monkeypatch):
    entries = {"A.": "explains", "B.": ["clips above only"], "C.": "", "D.": [], "E.": ["clips above only", "clips abov only"]}
    monkeypatch.setattr(promises, "kept", lambda: {"policy_loss": entries})
    assert promises.wrong_entries(exercises()["policy_loss"]) == {
        "C.": "nothing stands beside it",
        "D.": "nothing stands beside it",
        "E.": "no known mistake is named 'clips abov only'",
    }


def test_promises_are_mostly_tested():
    entries = [entry for some in promises.kept().values() for entry in some.values() if entry != "explains"]
    assert sum(isinstance(entry, list) for entry in entries) > 0.9 * len(entries)


@pytest.mark.parametrize("name", mutate.SMALL)
def test_no_mutant_survives(name):
    known = mutate.survivors().get(name, {})
    _, tried, _, survivors, _ = mutate.judge(name)
    assert tried >= 5
    assert set(survivors) <= set(known)
