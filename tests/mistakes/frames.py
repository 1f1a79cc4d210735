"""Known-wrong answers of chapter 08; `tests/mistakes/__init__.py` says how an entry works."""

from tests.mistakes import mistake

STACK = "FrameStack"
EMPTY = "self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])"
SHIFT = "self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)"
CLEAR = "        self.stack[masks == 0, :-1] = 0\n"
RETURN = "return self.stack.clone()"

SCORE = "TrueScore"
NONE_YET = "self.points = np.zeros(num_envs)"
ADD = "self.points += rewards"
SCORES = "scores = np.where(game_over, self.points, np.nan)"
RESET = "        self.points[game_over] = 0\n"
ENDED = "return scores"

MISTAKES = [
    mistake(STACK, "times the masks", "the history were multiplied by the masks: where these are not bytes, the product is not bytes either.", ("self.stack[:, 1:]", "self.stack[:, 1:] * masks[:, None, None, None]"), (CLEAR, "")),
    mistake(STACK, "cleared one update late", "a history were cleared one update late: the mask says that this frame is the first of a new game.", (CLEAR, "        self.stack[self.late if hasattr(self, 'late') else [], :-1] = 0\n        self.late = masks == 0\n")),
    mistake(STACK, "ring unordered", "the newest frame were written over the oldest, and the places handed out in their fixed order: from the oldest to the newest is wanted.", (SHIFT, "self.place = (getattr(self, 'place', -1) + 1) % self.num_frames\n        self.stack[masks == 0] = 0\n        self.stack[:, self.place] = frames"), (CLEAR, "")),
    mistake(STACK, "~masks", "~masks were the index: of numbers, ~ makes other numbers, -1 and -2, and these are rows.", ("masks == 0", "~masks")),
    mistake(STACK, "forgets the masks", "the masks were ignored: a new game begins with frames of the one before.", (CLEAR, "")),
    mistake(STACK, "clears what it hands out", "only what is handed out were zeroed, not the history: the old frames come back with the next update.", (CLEAR, ""), (RETURN, "handed = self.stack.clone()\n        handed[masks == 0, :-1] = 0\n        return handed")),
    mistake(STACK, "inverted masks", "the masks were read the wrong way round: 1 says that the game goes on, and its history is to be kept.", ("masks == 0", "masks == 1")),
    mistake(STACK, "clears the new frame", "the new frame were zeroed too: it is the first of the new game, and the only one there is.", ("masks == 0, :-1", "masks == 0")),
    mistake(STACK, "clears before the shift", "the history were zeroed before the shift, but for its newest frame: that is of the old game as well.", (CLEAR, ""), (SHIFT, f"self.stack[masks == 0, :-1] = 0\n        {SHIFT}")),
    mistake(STACK, "clears one update late", "the history were zeroed only after the stack had been handed out.", (CLEAR, ""), (RETURN, "stacked = self.stack.clone()\n        self.stack[masks == 0, :-1] = 0\n        return stacked")),
    mistake(STACK, "clears the oldest only", "only the oldest frame were zeroed: all but the new one are of the old game.", ("masks == 0, :-1", "masks == 0, 0")),
    mistake(STACK, "clears all environments", "the end of a game in one environment zeroed the history of all.", (CLEAR, "        if (masks == 0).any():\n            self.stack[:, :-1] = 0\n")),
    mistake(STACK, "masks the wrong axis", "the masks were laid along the axis of the frames instead of that of the environments.", (CLEAR, "        self.stack[:, masks == 0] = 0\n")),
    mistake(STACK, "repeats the first frame", "a new game began with copies of its first frame: here it begins with black ones.", (CLEAR, "        self.stack[masks == 0] = frames[masks == 0][:, None]\n")),
    mistake(STACK, "begins with copies", "the first stack ever were filled with copies of the first frame: what was before it is black.", (EMPTY, "self.stack = frames[:, None].repeat(1, self.num_frames, 1, 1)")),
    mistake(STACK, "newest first", "the new frame were put at the front: the order is from the oldest to the newest.", (SHIFT, "self.stack = torch.cat([frames[:, None], self.stack[:, :-1]], dim=1)"), ("masks == 0, :-1", "masks == 0, 1:")),
    mistake(STACK, "shifts the wrong way", "the history were shifted the wrong way before the new frame came in at the end.", (SHIFT, "self.stack = self.stack.roll(1, dims=1)\n        self.stack[:, -1] = frames")),
    mistake(STACK, "no shift", "nothing but the newest frame were kept: those before it must move up by one place, along the axis of the frames.", (SHIFT, "self.stack[:, -1] = frames")),
    mistake(STACK, "rolls and never writes", "the stack were rolled, but the new frame never put in: the oldest comes round again in its place.", (SHIFT, "self.stack = self.stack.roll(-1, dims=1)")),
    mistake(STACK, "rolls and overwrites the oldest", "the new frame went to the front after the roll: there is the oldest but one, at the end the one to be dropped.", (SHIFT, "self.stack = self.stack.roll(-1, dims=1)\n        self.stack[:, 0] = frames")),
    mistake(STACK, "rolls the environments", "nothing but the newest frame were kept: those before it must move up by one place, along the axis of the frames.", (SHIFT, "self.stack = self.stack.roll(-1, dims=0)\n        self.stack[:, -1] = frames")),
    mistake(STACK, "drops nothing", "the oldest frame were never dropped.", (SHIFT, "self.stack = torch.cat([self.stack, frames[:, None]], dim=1)")),
    mistake(STACK, "always four", "four frames were kept whatever `num_frames` is.", ("self.num_frames, *", "4, *")),
    mistake(STACK, "one game for all", "every environment were shown the frames of environment 0.", ("frames[:, None]]", "frames[:1, None].expand_as(frames[:, None])]")),
    mistake(STACK, "one history for all", "the history belonged to the class: each object needs its own, `self....`.", ("self.stack", "FrameStack.stack")),
    mistake(STACK, "no history", "nothing but the newest frame were kept: those before it must move up by one place, along the axis of the frames.", (EMPTY, f"pass\n        {EMPTY}")),
    mistake(STACK, "floats", "the history were floats, four times the memory: torch.zeros makes floats unless it is told a dtype.", ("frames.new_zeros(", "torch.zeros(")),
    mistake(STACK, "hands out its own", "the history itself were handed out: whoever writes into the stack writes into it.", (RETURN, "return self.stack")),
    mistake(
        STACK, "hands out its own, shifted in place", "the history itself were handed out: whoever keeps the stack sees it change with the next update.",
        (SHIFT, "self.stack[:, :-1] = self.stack[:, 1:].clone()\n        self.stack[:, -1] = frames"), (RETURN, "return self.stack"),
    ),
    mistake(
        STACK, "keeps the caller's frames", "the frames themselves were kept in a list, not copies: environments may write the next ones into the same array.",
        (EMPTY, "self.stack = [torch.zeros_like(frames)] * self.num_frames"), (SHIFT, "self.stack = [*self.stack[1:], frames]"),
        (CLEAR, "        self.stack[:-1] = [old * (masks != 0)[:, None, None] for old in self.stack[:-1]]\n"), (RETURN, "return torch.stack(self.stack, dim=1)"),
    ),
    mistake(STACK, "zeroes the caller's frames", "the frames that were given were zeroed: work on a copy.", (CLEAR, "        self.stack[masks == 0, :-1] = 0\n        frames[masks == 0] = 0\n")),
    mistake(STACK, "84 x 84 written out", "the size of the frames were written out as 84 x 84: the first frames show it.", (EMPTY, "self.stack = frames.new_zeros(self.num_envs, self.num_frames, 84, 84)")),
    mistake(STACK, "frames without an axis", "the new frames lacked an axis: frames[:, None] makes (N, 1, H, W) of them, and only then do they fit behind the stack.", ("frames[:, None]]", "frames]")),
    mistake(STACK, "joined along the environments", "the new frames were joined to the stack along the environments, dim=0: the frames of a stack lie along dim=1.", ("], dim=1)", "], dim=0)")),
    mistake(STACK, "frames before environments", "the history had the shape (num_frames, N, H, W): the environments come first.", ("frames.new_zeros(self.num_envs, self.num_frames,", "frames.new_zeros(self.num_frames, self.num_envs,")),
    mistake(SCORE, "resets before it adds", "a game's points were set to 0 before its last reward was added: the score lacks all that came before.", (ADD, f"self.points[game_over] = 0\n        {ADD}"), (RESET, "")),
    mistake(SCORE, "adds after it reports", "the last reward of a game were added only after its score had been reported: the score lacks it, and the next game begins with it.", (f"        {ADD}\n", ""), (RESET, f"{RESET}        {ADD}\n")),
    mistake(SCORE, "resets before it reports", "the points were set to 0 before the score was read from them, or the score were a second name for the same array: `scores = self.points` copies nothing.", (f"        {SCORES}\n", ""), (ENDED, "return np.where(game_over, self.points, np.nan)")),
    mistake(SCORE, "NaN in its own points", "NaN were written into the points themselves, through a second name for the same array: `scores = self.points` copies nothing.", (SCORES, "scores = self.points\n        scores[~game_over] = np.nan")),
    mistake(SCORE, "loses the last reward", "the reward of the step that ends a game were counted for no game: it belongs to the one that ends.", (ADD, "self.points += np.where(game_over, 0, rewards)")),
    mistake(SCORE, "loses the first reward", "the points were set to 0 one step late: the first reward of the new game is lost.", (RESET, "        self.over = game_over.copy()\n"), (ADD, f"{ADD}\n        self.points[getattr(self, 'over', [])] = 0")),
    mistake(SCORE, "never resets", "the points were never set to 0: a game's score contains all the games before it.", (RESET, "")),
    mistake(SCORE, "resets all environments", "the end of a game in one environment set the points of all to 0.", (RESET, "        if game_over.any():\n            self.points[:] = 0\n")),
    mistake(SCORE, "resets only if all are over", "the points were set to 0 only where all games end in the same step.", (RESET, "        if game_over.all():\n            self.points[:] = 0\n")),
    mistake(SCORE, "resets at every step", "the points were set to 0 in every step: the score is the last reward alone.", (RESET, "        self.points[:] = 0\n")),
    mistake(SCORE, "last reward only", "the score were the reward of the last step: it is the sum of all rewards of the game.", (ADD, "self.points = rewards.astype(float)")),
    mistake(SCORE, "inverted flags", "game_over were read the wrong way round: it is true where a game has ended.", ("(game_over, self", "(~game_over, self"), ("[game_over]", "[~game_over]")),
    mistake(SCORE, "reports those that go on", "the scores and NaN had changed places: the score belongs where a game has ended, NaN where it goes on.", ("self.points, np.nan)", "np.nan, self.points)")),
    mistake(SCORE, "resets those that go on", "the points of the games that go on were set to 0.", ("self.points[game_over]", "self.points[~game_over]")),
    mistake(SCORE, "reports every step", "the points so far were reported in every step: a game that goes on has no score yet, so its entry is NaN.", (SCORES, "scores = self.points.copy()")),
    mistake(SCORE, "0 where none has ended", "0 stood where no game has ended: that is a score which a game can have, NaN is not.", ("np.nan", "0.0")),
    mistake(SCORE, "repeats the last score", "the score of the last game were reported again in the steps after it: NaN belongs there.", (SCORES, "self.last = np.where(game_over, self.points, getattr(self, 'last', np.full(len(rewards), np.nan)))\n        scores = self.last.copy()")),
    mistake(SCORE, "no score without points", "a game without a point had no score: its score is 0.", (SCORES, "scores = np.where(game_over & (self.points != 0), self.points, np.nan)")),
    mistake(SCORE, "no negative score", "a negative score were reported as 0, or not at all.", (SCORES, "scores = np.where(game_over, np.maximum(self.points, 0), np.nan)")),
    mistake(SCORE, "clips the rewards", "the rewards were clipped to their sign before they were added: that is what the agent is paid, not its score.", (ADD, "self.points += np.sign(rewards)")),
    mistake(SCORE, "clips the score", "the score were clipped to its sign.", (SCORES, "scores = np.where(game_over, np.sign(self.points), np.nan)")),
    mistake(SCORE, "no penalties", "negative rewards were left out: a penalty is part of the score.", (ADD, "self.points += np.maximum(rewards, 0)")),
    mistake(SCORE, "counts the steps with a reward", "the steps with a reward were counted, not their points.", (ADD, "self.points += rewards != 0")),
    mistake(SCORE, "counts the steps", "the steps were counted, not the points.", (ADD, "self.points += 1")),
    mistake(SCORE, "mean of the rewards", "the score were the mean of a game's rewards: it is their sum.", (SCORES, "self.steps = getattr(self, 'steps', np.zeros(len(rewards))) + 1\n        scores = np.where(game_over, self.points / self.steps, np.nan)\n        self.steps[game_over] = 0")),
    mistake(SCORE, "keeps the largest reward", "the score were the largest reward of the game: it is the sum of all.", (ADD, "self.points = np.maximum(self.points, rewards)")),
    mistake(SCORE, "adds every reward to all", "the rewards of all environments were added to the points of each.", (ADD, "self.points += rewards.sum()")),
    mistake(SCORE, "whole points", "the points were whole numbers, so that half a point is lost.", (ADD, "self.points += rewards.astype(int)")),
    mistake(SCORE, "one count for all", "the points belonged to the class: each object needs its own, `self....`.", ("self.points", "TrueScore.points")),
    mistake(SCORE, "adds into the rewards", "the points were added into the array `rewards`, which is the caller's: work on your own.", (ADD, "rewards += self.points\n        self.points = rewards.copy()")),
    mistake(SCORE, "keeps the rewards as its points", "the array of rewards itself became the points: the environments write their next rewards into it, and it is the caller's.", (ADD, "self.points = rewards if not self.points.any() else self.points + rewards")),
    mistake(SCORE, "keeps the arrays in a list", "the arrays themselves were kept in a list, not copies: environments may write the next step into the same ones.", (ADD, "self.steps = [*getattr(self, 'steps', []), rewards]\n        self.points = np.sum(self.steps, axis=0)"), (RESET, "        self.steps = [np.where(game_over, 0, old) if old is not rewards or game_over.any() else old for old in self.steps]\n")),
    mistake(SCORE, "hands out its own", "the points themselves were handed out: they change with the next update, and whoever writes into them changes the score.", (f"        {SCORES}\n", ""), (RESET, "        self.points[~game_over & np.isnan(self.points)] = 0\n"), (ENDED, "return self.points")),
    mistake(SCORE, "one array for all updates", "the scores were written into the same array in every update: what was returned before changes with it.", (SCORES, "self.scores = getattr(self, 'scores', np.zeros(len(rewards)))\n        self.scores[:] = np.where(game_over, self.points, np.nan)"), (ENDED, "return self.scores")),
    mistake(SCORE, "only the games that ended", "only the scores of the games that have ended were returned: one entry for each environment is wanted, so that one knows whose score it is.", (SCORES, "scores = self.points[game_over]")),
    mistake(SCORE, "pairs in a list", "a list of the games that have ended were returned: one entry for each environment is wanted, in an array.", (SCORES, "scores = [(i, self.points[i]) for i in np.flatnonzero(game_over)]")),
    mistake(SCORE, "returns nothing", "nothing were returned.", (f"        {ENDED}", "        self.scores = scores")),
    mistake(SCORE, "one step of the games in environment 0", "the end of environment 0's game were taken for the end of every game.", (SCORES, "game_over = np.repeat(game_over[0], len(rewards))\n        scores = np.where(game_over, self.points, np.nan)")),
    mistake(SCORE, "marks the ended ones and never starts again", "the points of a game that has ended became NaN, and NaN they stay: the next game begins with 0.", ("[game_over] = 0", "[game_over] = np.nan")),
]  # fmt: skip
