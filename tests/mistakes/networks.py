"""Known-wrong answers of chapters 02 and 08."""

from tests.mistakes import mistake

INIT, CLASSIC, ATARI = "layer_init", "get_actor_and_critic_classic", "get_actor_and_critic_atari"

MISTAKES = [
    mistake(INIT, "never returns", "the line `return layer` were missing.", ("    return layer", "    return None")),
    mistake(INIT, "ignores std", "`std` were never passed on.", ("(layer.weight, std)", "(layer.weight, sqrt(2))")),
    mistake(INIT, "no gain at all", "`std` were never passed on, so that the weights have the scale 1.", ("(layer.weight, std)", "(layer.weight)")),
    mistake(INIT, "ignores bias_const", "`bias_const` were ignored.", ("bias_const)", "0.0)")),
    mistake(INIT, "bias untouched", "the biases kept what PyTorch gave them.", ("    nn.init.constant_(layer.bias, bias_const)\n", "")),
    mistake(INIT, "normal", "the weights were drawn from a normal distribution instead of an orthogonal one.", ("nn.init.orthogonal_(layer.weight, std)", "nn.init.normal_(layer.weight, std=std)")),
    mistake(INIT, "a seed inside", "a seed were set inside, so that all layers are alike.", ("    nn.init.orthogonal_", "    torch.manual_seed(0)\n    nn.init.orthogonal_")),
    mistake(CLASSIC, "CartPole's sizes", "CartPole's sizes, 4 and 2, were written out.", ("num_obs, 64", "4, 64"), ("64, num_actions", "64, 2")),
    mistake(CLASSIC, "ReLU", "ReLU stood where Tanh belongs.", ("nn.Tanh()", "nn.ReLU()")),
    mistake(CLASSIC, "no activation", "the activations were missing: two linear layers in a row are only one.", ("        nn.Tanh(),\n", "")),
    mistake(CLASSIC, "actor head without its std", "the actor's last layer were not given std=0.01.", (", std=0.01", "")),
    mistake(CLASSIC, "critic head without its std", "the critic's last layer were not given std=1.", (", std=1.0", "")),
    mistake(CLASSIC, "softmax", "a softmax followed the actor's last layer: logits are wanted.", ("std=0.01),\n", "std=0.01),\n        nn.Softmax(dim=-1),\n")),
    mistake(
        CLASSIC, "PyTorch's default weights", "the layers did not go through layer_init.",
        ("layer_init(nn.Linear(num_obs, 64))", "nn.Linear(num_obs, 64)"), ("layer_init(nn.Linear(64, 64))", "nn.Linear(64, 64)"),
        ("layer_init(nn.Linear(64, num_actions), std=0.01)", "nn.Linear(64, num_actions)"), ("layer_init(nn.Linear(64, 1), std=1.0)", "nn.Linear(64, 1)"),
    ),
    mistake(
        CLASSIC, "default weights, zero biases", "the biases were zeroed, but the weights left as PyTorch made them.",
        ("    return actor, critic", "    for network in (actor, critic):\n        for layer in network[::2]:\n            layer.reset_parameters()\n            nn.init.zeros_(layer.bias)\n    return actor, critic"),
    ),
    mistake(
        CLASSIC, "shared trunk", "both networks were built on the same hidden layers.",
        ("    return actor, critic", "    critic = nn.Sequential(*actor[:4], layer_init(nn.Linear(64, 1), std=1.0))\n    return actor, critic"),
    ),
    mistake(CLASSIC, "critic for each action", "the critic gave one number for each action: V(s) is one number for each state.", ("nn.Linear(64, 1)", "nn.Linear(64, num_actions)")),
    mistake(CLASSIC, "order", "the critic were returned first.", ("return actor, critic", "return critic, actor")),
    mistake(CLASSIC, "tanh on the output", "a Tanh followed the last layer.", ("std=0.01),\n", "std=0.01),\n        nn.Tanh(),\n")),
    mistake(
        ATARI, "two trunks", "each network had a trunk of its own.",
        ("    actor = ", "    import copy\n    other = copy.deepcopy(trunk)\n    for layer in other:\n        if hasattr(layer, 'weight'):\n            layer_init(layer)\n    actor = "),
        ("critic = nn.Sequential(trunk", "critic = nn.Sequential(other"),
    ),
    mistake(ATARI, "a deep copy", "the critic had a copy of the trunk: they start alike and drift apart.", ("critic = nn.Sequential(trunk", "critic = nn.Sequential(__import__('copy').deepcopy(trunk)")),
    mistake(ATARI, "3136 written out", "the number of inputs were written as 3136, which is right for 84 x 84 only.", ("64 * side * side", "3136")),
    mistake(ATARI, "missing activation", "the activation after the last convolution were missing.", ("stride=1)),\n        nn.ReLU(),", "stride=1)),")),
    mistake(ATARI, "no activation after the linear layer", "the activation after Linear 512 were missing.", ("512)),\n        nn.ReLU(),", "512)),")),
    mistake(ATARI, "tanh", "Tanh stood where ReLU belongs.", ("nn.ReLU()", "nn.Tanh()")),
    mistake(ATARI, "padding", "the convolutions had padding.", ("kernel_size=3, stride=1", "kernel_size=3, stride=1, padding=1"), ("64 * side * side", "64 * (side + 2) ** 2")),
    mistake(ATARI, "actor head without its std", "the actor's head were not given std=0.01.", (", std=0.01", "")),
    mistake(ATARI, "critic head without its std", "the critic's head were not given std=1.", (", std=1.0", "")),
    mistake(ATARI, "softmax", "a softmax followed the actor's head.", ("std=0.01))", "std=0.01), nn.Softmax(dim=-1))")),
    mistake(ATARI, "layers not initialised", "the convolutions did not go through layer_init.", ("layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4))", "nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)")),
    mistake(ATARI, "trunk unpacked", "the trunk's layers were unpacked into both networks: its first layer alone is then the first child.",
            ("nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions)", "nn.Sequential(*trunk, layer_init(nn.Linear(512, num_actions)"), ("nn.Sequential(trunk, layer_init(nn.Linear(512, 1)", "nn.Sequential(*trunk, layer_init(nn.Linear(512, 1)")),
    mistake(ATARI, "scales the frames", "the frames were divided by 255 here too.", ("    trunk = nn.Sequential(\n", "    class Scale(nn.Module):\n        def forward(self, x):\n            return x / 255\n\n    trunk = nn.Sequential(\n        Scale(),\n")),
    mistake(ATARI, "too small is let through", "frames smaller than 36 x 36 were let through.", ("or height < 36 ", "")),
    mistake(ATARI, "another exception", "something else than a ValueError were raised.", ("raise ValueError(", "raise AssertionError(")),
    mistake(ATARI, "order", "the critic were returned first.", ("return actor, critic", "return critic, actor")),
    mistake(ATARI, "shared head too", "the critic were built on the actor's logits.", ("critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))", "critic = nn.Sequential(trunk, actor[1], layer_init(nn.Linear(num_actions, 1), std=1.0))")),
    mistake(ATARI, "channels swapped", "32 and 64 channels were swapped.", ("nn.Conv2d(num_frames, 32,", "nn.Conv2d(num_frames, 64,"), ("nn.Conv2d(32, 64,", "nn.Conv2d(64, 64,")),
]  # fmt: skip
