"""What the environments promise: autoreset, final observations, true scores, and one pipeline for Atari."""

import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from ale_py.vector_env import AtariVectorEnv
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TransformObservation

from utils.atari_wrappers import prepare_atari_env, prepare_ram_env
from utils.envs import GameRecorder, SameStepCartPole, make_envs


def test_cartpole_is_gymnasiums_own():
    """The same states and actions give the same steps as CartPole-v1, resets apart."""
    envs = SameStepCartPole(3)
    rng = np.random.default_rng(0)
    obs, _ = envs.reset(seed=0)
    single = gym.make("CartPole-v1").unwrapped
    single.reset(seed=0)
    ended = 0
    for _ in range(200):
        state, actions = envs.state.copy(), rng.integers(2, size=3)
        obs, rewards, terminations, truncations, infos = envs.step(actions)
        led_to = infos.get("final_obs", obs)
        for n in range(3):
            single.state, single.steps_beyond_terminated = tuple(state[:, n]), None
            expected, reward, terminated, _, _ = single.step(int(actions[n]))
            np.testing.assert_allclose(led_to[n], expected, rtol=1e-5)
            assert (rewards[n], terminations[n]) == (reward, terminated)
            if terminations[n] or truncations[n]:
                ended += 1
                assert np.abs(obs[n]).max() <= 0.05  # a fresh start, in the same step
            else:
                np.testing.assert_array_equal(obs[n], led_to[n])
    assert ended > 5


def balance(obs):
    x, v, angle, spin = obs.T
    return (angle + 0.5 * spin + 0.05 * x + 0.1 * v > 0).astype(np.int64)


def test_cartpole_truncates_at_500_and_says_where_it_led():
    envs = make_envs("CartPole-v1", 4)
    obs, _ = envs.reset(seed=0)
    for _ in range(500):
        obs, _, terminations, truncations, infos = envs.step(balance(obs))
    assert truncations.all() and not terminations.any()
    assert infos["game_over"].all()
    np.testing.assert_array_equal(infos["episodic_return"], 500)
    np.testing.assert_array_equal(infos["episodic_length"], 500)
    assert (infos["final_obs"] != obs).any(axis=1).all()
    obs, _, _, _, infos = envs.step(balance(obs))
    np.testing.assert_array_equal(infos["episodic_length"], 1)
    assert infos["final_obs"] is obs or (infos["final_obs"] == obs).all()


def test_other_environments_go_through_gymnasiums_sync_vector():
    envs = make_envs("MountainCar-v0", 2)
    envs.reset(seed=0)
    for _ in range(200):
        obs, rewards, _, truncations, infos = envs.step(np.array([0, 2]))
    assert truncations.all()
    assert (infos["final_obs"] != obs).any()
    np.testing.assert_array_equal(infos["episodic_return"], -200)
    assert rewards.dtype == np.float32


def test_next_step_autoreset_is_refused():
    with pytest.raises(ValueError, match="SAME_STEP"):
        GameRecorder(SyncVectorEnv([lambda: gym.make("CartPole-v1")]), clip_rewards=False)


def test_readable_and_native_atari_give_the_same_frames():
    """The same actions through `prepare_atari_env` and through ALE's native environment; the reset frame apart."""
    native = AtariVectorEnv(
        "breakout",
        1,
        autoreset_mode=AutoresetMode.SAME_STEP,
        noop_max=0,
        use_fire_reset=False,
        reward_clipping=True,
        life_loss_info=True,
    )
    env = gym.make("ALE/Breakout-v5", frameskip=1, repeat_action_probability=0.0)
    readable = prepare_atari_env(env, noop_max=0, fire_on_reset=False)
    native.reset(seed=0)
    readable.reset(seed=0)
    rng = np.random.default_rng(0)
    lives_lost = scored = games = 0
    steps_since_reset = 0
    for _ in range(700):
        action = int(rng.choice([1, 2, 3]))
        frames, rewards, terminations, truncations, infos = native.step(np.array([action]))
        obs, reward, terminated, truncated, info = readable.step(action)
        steps_since_reset += 1
        assert (rewards[0], terminations[0], truncations[0]) == (reward, terminated, truncated)
        scored += reward
        if terminated:
            lives_lost += 1
            obs, info = readable.reset()
            if info["lives"] == 5:  # a new game: its first frame differs, and takes 4 steps to leave the stack
                games += 1
                steps_since_reset = 0
        assert infos["lives"][0] == info["lives"]
        if steps_since_reset >= 4:
            np.testing.assert_array_equal(frames[0], obs)
    assert lives_lost >= 5 and scored > 0 and games >= 1


@pytest.mark.parametrize("render", [False, True])
def test_breakout_counts_whole_games_and_true_scores(render):
    envs = make_envs("ALE/Breakout-v5", 2, "atari", render=render)
    raw = []
    inner_step = envs.env.step

    def step(actions):
        result = inner_step(actions)
        raw.append((result[1].copy(), result[4]["lives"].copy()))
        return result

    envs.env.step = step
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    games, lost, totals, lives = 0, 0, np.zeros(2), np.array([5, 5])
    for _ in range(500):
        _, rewards, terminations, _, infos = envs.step(rng.integers(0, 4, size=2))
        totals += raw[-1][0]
        assert set(np.unique(rewards)) <= {-1.0, 0.0, 1.0}
        np.testing.assert_array_equal(infos["episodic_return"], totals)
        np.testing.assert_array_equal(infos["game_over"], raw[-1][1] > lives)
        assert (terminations == (raw[-1][1] != lives)).all()
        lives = raw[-1][1]
        games += infos["game_over"].sum()
        lost += terminations.sum()
        totals[infos["game_over"]] = 0
    assert games >= 2
    assert lost > games


def test_scores_of_games_with_larger_rewards_are_not_clipped():
    envs = make_envs("ALE/SpaceInvaders-v5", 4, "atari")
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    largest = 0.0
    for _ in range(120):
        _, rewards, _, _, infos = envs.step(rng.integers(0, 6, size=4))
        largest = max(largest, infos["episodic_return"].max())
        assert rewards.max() <= 1
    assert largest >= 5


def test_sticky_actions_reach_the_console():
    scores = []
    for sticky in [False, True]:
        envs = make_envs("ALE/Breakout-v5", 1, "atari", sticky_actions=sticky)
        envs.reset(seed=3)
        scores.append(np.stack([envs.step(np.array([1 + t // 7 % 3]))[0][0, -1] for t in range(60)]))
    assert (scores[0] != scores[1]).any()


@pytest.mark.parametrize(
    ("env_id", "mode", "said"),
    [
        ("Nope-v0", "classic-control", "There is no environment 'Nope-v0'"),
        ("ALE/Brekout-v5", "atari", "Breakout"),
        ("ALE/Breakout-v5", "classic-control", "use mode='atari'"),
        ("CartPole-v1", "atari", "use mode='classic-control'"),
        ("CartPole-v1", "pixels", "you gave 'pixels'"),
        ("Pendulum-v1", "classic-control", "Discrete"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(env_id, mode, said):
    with pytest.raises(ValueError, match=said) as error:
        make_envs(env_id, 2, mode)
    assert "\n" not in str(error.value)


def make_breakout(**options):
    return gym.make("ALE/Breakout-v5", **options)


def inverted(env):
    return TransformObservation(env, lambda obs: 255 - obs, gym.spaces.Box(0, 254, env.observation_space.shape, np.uint8))


@pytest.mark.parametrize(
    ("prepare", "make", "said"),
    [
        (prepare_atari_env, make_breakout, "frameskip=1"),
        (prepare_atari_env, lambda: gym.make("CartPole-v1"), "shows its screen"),
        (prepare_atari_env, lambda: make_breakout(frameskip=1, obs_type="ram"), "shows its screen"),
        (prepare_atari_env, lambda: prepare_atari_env(make_breakout(frameskip=1)), "shows its screen"),
        (prepare_atari_env, lambda: AtariVectorEnv("breakout", 1), "shows its screen"),
        (prepare_atari_env, lambda: "ALE/Breakout-v5", "shows its screen"),
        (prepare_ram_env, lambda: gym.make("CartPole-v1"), "shows its memory"),
        (prepare_ram_env, make_breakout, "shows its memory"),
        (prepare_ram_env, lambda: make_breakout(obs_type="ram", sound_obs=True), "shows its memory"),
        (prepare_ram_env, lambda: inverted(make_breakout(obs_type="ram")), "shows its memory"),
    ],
)
def test_what_cannot_be_wrapped_is_one_sentence(prepare, make, said):
    with pytest.raises(ValueError, match=f"{said}.*\\.$") as error:
        prepare(make())
    assert "\n" not in str(error.value)


def play(env, num_steps=150):
    """What an environment returns for the same seed and actions, as bytes; past the first lost life of Breakout."""
    returned = [env.reset(seed=3)]
    rng = np.random.default_rng(0)
    for _ in range(num_steps):
        returned.append(env.step(int(rng.integers(4))))
        if returned[-1][2]:
            returned.append(env.reset())
    return [(obs.tobytes(), *map(str, others[:-1])) for obs, *others in returned]


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
@pytest.mark.parametrize(
    ("prepare", "options"), [(prepare_atari_env, {"frameskip": 1}), (prepare_ram_env, {"obs_type": "ram"})]
)
def test_prepared_environments_keep_gymnasiums_contract_and_can_be_made_again(prepare, options, game, monkeypatch):
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")  # the check asks for a window with sound
    env = prepare(gym.make(f"ALE/{game}-v5", **options), noop_max=9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*is different from the unwrapped version")  # said of every wrapped environment
        check_env(env)
    played = play(env)
    for copy in (gym.make(pickle.loads(pickle.dumps(env.spec))), pickle.loads(pickle.dumps(env))):
        assert play(copy) == played


def test_what_a_lost_life_returns_twice_may_be_changed():
    env = prepare_atari_env(make_breakout(frameskip=1))
    env.reset(seed=0)
    terminated = False
    while not terminated:
        obs, _, terminated, _, info = env.step(0)
    again, info_again = env.reset()
    np.testing.assert_array_equal(again, obs)
    assert not np.shares_memory(again, obs) and info_again == info and info_again is not info


def test_memory_comes_with_its_past():
    """The three snapshots: the first of the game, the one before, the newest; and a new game has a new first."""
    envs = make_envs("ALE/Pong-v5", 2, "ram")
    obs, _ = envs.reset(seed=0)
    assert obs.shape == (2, 3, 128) and obs.dtype == np.uint8 == envs.single_observation_space.dtype
    assert envs.single_observation_space.contains(obs[0])
    np.testing.assert_array_equal(obs, np.repeat(obs[:, :1], 3, axis=1))
    first, latest = obs[:, 0].copy(), obs[:, 2].copy()
    for _ in range(1_200):
        obs, _, terminations, _, infos = envs.step(np.zeros(2, dtype=np.int64))  # doing nothing loses 0 : 21
        if terminations.any():
            break
        np.testing.assert_array_equal(obs[:, 0], first)
        np.testing.assert_array_equal(obs[:, 1], latest)
        latest = obs[:, 2].copy()
    assert terminations.any()
    n = int(terminations.argmax())
    assert infos["game_over"][n] and infos["episodic_return"][n] == -21
    np.testing.assert_array_equal(obs[n], np.repeat(obs[n, :1], 3, axis=0))


def test_games_from_memory_begin_differently():
    envs = make_envs("ALE/Pong-v5", 8, "ram")
    starts = {row.tobytes() for seed in range(2) for row in envs.reset(seed=100 * seed)[0][:, 0]}
    assert len(starts) > 5
    again, _ = envs.reset(seed=0)
    np.testing.assert_array_equal(again, envs.reset(seed=0)[0])
