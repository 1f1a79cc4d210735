"""The reference: every part of PPO that the chapters teach, and the trainer made of them."""
