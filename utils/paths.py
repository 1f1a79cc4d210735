"""Where things lie: the course itself, its trained agents, and what is kept of a learner's work."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AGENTS = ROOT / "solutions" / "agents"
"""The agents that come with the course: NAME.safetensors and its card, NAME.json."""
DRIVE = Path("/content/drive/MyDrive")
"""Google Drive, where a learner in Colab has mounted it: what lies there outlives the runtime."""
RECORDS = Path(os.environ.get("PPO_COURSE_ANSWERS") or (DRIVE / "ppo-course-answers" if DRIVE.is_dir() else ROOT / ".answers"))
"""Where answers are recorded that were checked in a notebook."""
