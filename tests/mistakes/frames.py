"""Known-wrong answers of chapter 08; `tests/mistakes/__init__.py` says how an entry works."""

from tests.mistakes import mistake

STACK = "FrameStack"
EMPTY = "self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])"
SHIFT = "self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)"
CLEAR = "        self.stack[masks == 0, :-1] = 0\n"
RETURN = "return self.stack.clone()"

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
]  # fmt: skip
