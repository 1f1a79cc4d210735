"""What chapters 11 and 12 take for the truth, the console's memory, agrees with the pixels."""

import pytest
import torch

from solutions import ages
from solutions.networks import prepare_obs


@pytest.fixture(scope="module")
def seen():
    with torch.no_grad():
        return ages.watch(ages.load_agents()["1 million"][0], steps=400, num_envs=2)


def test_every_age_is_there_and_differs():
    with torch.no_grad():
        values = {age: critic(torch.full((1, 4, 84, 84), 0.5)).item() for age, (_, critic) in ages.load_agents().items()}
    assert list(values) == ["untrained", *ages.AGES]
    assert len(set(values.values())) == len(values)


def test_the_ball_and_the_paddle_are_where_the_memory_says(seen):
    frames, ram = prepare_obs(seen["obs"].flatten(0, 1))[:, -1], seen["ram"][::2].flatten(0, 1)
    (columns, rows), paddles = ages.ball_in_pixels(ram), ages.paddle_in_pixels(ram)
    free = (rows > 45) & (rows < 70) & (columns > 9) & (columns < 75)  # there is nothing else there
    assert free.sum() > 20
    for k in free.nonzero().flatten():
        row, column = (frames[k, 44:72, 6:78] > 0.15).nonzero().float().mean(dim=0)
        assert abs(row + 44 - rows[k]) < 2 and abs(column + 6 - columns[k]) < 2
        if 12 < paddles[k] < 72:  # near a wall a part of it is hidden
            assert abs((frames[k, 76, 6:78] > 0.15).nonzero().float().mean() + 6 - paddles[k]) < 3  # a moving paddle is blurred


def test_no_ball_has_a_row_below_0():
    ram = torch.zeros(128, dtype=torch.uint8)
    assert ages.ball_in_pixels(ram)[1] < 0


def test_observations_are_of_every_second_step(seen):
    assert seen["obs"].shape == (200, 2, 4, 84, 84) and seen["ram"].shape == (400, 2, 128)
    assert seen["ball_lost"].shape == (400, 2) and seen["ball_lost"].any()
