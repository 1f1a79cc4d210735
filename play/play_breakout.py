"""Play Breakout, or another Atari game, with the keyboard: `python play/play_breakout.py --env-id ALE/Pong-v5`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keyboard import GAME_KEYS, make, play, run

from utils.envs import find_spec


def main(env_id: str = "ALE/Breakout-v5", zoom: float = 3.0, fps: int = 60):
    """Play an Atari game with the keyboard, as on the console: every frame, without sticky actions.

    Args:
        env_id: the game's Gymnasium id, for example ALE/Pong-v5.
        zoom: how many times larger than the game's 160 x 210 pixels the window is.
        fps: frames in a second; the console shows 60.
    """
    if not str(find_spec(env_id).entry_point).startswith("ale_py"):
        raise ValueError(f"{env_id} is not an Atari game: choose an id such as ALE/Breakout-v5 or ALE/Pong-v5.")
    env = make(env_id, frameskip=1, repeat_action_probability=0.0, full_action_space=True)
    # A game's own actions, such as RIGHTFIRE, say which keys it knows; the full action space has all their combinations.
    own_actions = [action.name for action in env.unwrapped.ale.getMinimalActionSet()]
    controls = {key: key for key in GAME_KEYS if any(key in action for action in own_actions)}
    actions = {
        frozenset(key for key in GAME_KEYS if key in meaning): action
        for action, meaning in enumerate(env.unwrapped.get_action_meanings())
    }
    play(env, controls, lambda held: actions[held], zoom=zoom, fps=fps)


if __name__ == "__main__":
    run(main)
