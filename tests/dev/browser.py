"""A JupyterLab on copies of the course, and a browser with hands, for whoever tests what only shows there.

Needs chromium (Debian's package of that name, or Chrome) and playwright. Every test that opens the page takes screenshots,
in the light and in the dark theme; PPO_COURSE_SCREENSHOTS names a folder for them.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest

from chapters import build
from tests.dev.screen import PATIENCE, until

ROOT = Path(__file__).resolve().parents[2]
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"adaptive-theme": True},
}
OPTIONS = [
    "--ip=127.0.0.1",
    "--no-browser",
    "--allow-root",
    "--ServerApp.port_retries=0",
    "--ServerApp.disable_check_xsrf=True",  # the test itself asks for kernels to be shut down
    "--IdentityProvider.token=",
    "--LabApp.extension_manager=readonly",
]
PARTING = (
    "tornado.iostream.StreamClosedError",
    "tornado.websocket.WebSocketClosedError",
    "zmq.error.ZMQError: Socket operation on non-socket",
)
"""What they say when a page closes while the server is talking to it, or when a kernel is ended while it computes."""


class Lab:
    """A JupyterLab without a token, which sees the temporary folders of the tests and no settings of whoever runs them."""

    def __init__(self, folder: Path, root: Path):
        self.root, self.log = root, folder / "log"
        for name, values in SETTINGS.items():
            plugin = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            plugin.parent.mkdir(parents=True, exist_ok=True)
            plugin.write_text(json.dumps(values))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data"}
        own = {name: str(folder / place) for name, place in (folders | {"IPYTHONDIR": "ipython"}).items()}
        env = {**os.environ, **own, "OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy"}
        env.pop("PPO_COURSE_ANSWERS", None)  # each copy of the course keeps its own
        command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--port={self.address.rsplit(':', 1)[1]}"]
        with self.log.open("w") as log:
            self.server = subprocess.Popen([*command, f"--ServerApp.root_dir={root}"], env=env, stdout=log, stderr=log)

    def ask(self, path: str, method: str = "GET"):
        """What the server answers, or None if it does not."""
        assert self.server.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.address}/api/{path}", method=method)) as answer:
                return json.loads(answer.read() or "{}")
        except OSError:
            return None

    def complaints(self, since: int) -> list[str]:
        """What the server's and the kernels' log tells of errors, from a byte on."""
        text = self.log.read_bytes()[since:].decode()
        lines = re.findall(r"^Traceback .*\n(?: .*\n)*(.*)", text, re.MULTILINE)
        lines += re.findall(r"^(?:\[[EC] |.*\bERROR\b).*$(?!\nTraceback)", text, re.MULTILINE)
        return [line for line in lines if not line.startswith(PARTING)]

    def close(self):
        self.server.terminate()
        try:
            self.server.wait(5)
        except subprocess.TimeoutExpired:  # it has been seen to wait for ever for a kernel; kernels end when it is gone
            self.server.kill()
            self.server.wait()


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"), tmp_path_factory.getbasetemp())
    try:
        until(lambda: lab.ask(""), "JupyterLab")
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="a notebook in a browser needs playwright: pip install playwright"
    )
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("a notebook in a browser needs one: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_context(viewport={"width": 1200, "height": 900})  # one, so that JupyterLab is fetched once
        browser.close()


class Notebook:
    """A notebook in JupyterLab, as its reader sees it."""

    def __init__(self, page, lab: Lab, path: Path):
        self.page, self.path = page, path
        self.cells = nbformat.read(path, as_version=4).cells
        page.goto(f"{lab.address}/lab/tree/{path.relative_to(lab.root)}?reset")
        self.wait_for_kernel()

    def wait_for_kernel(self):
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()

    def cell(self, text: str, after: int = 0):
        """The cell whose source, as the notebook was opened, contains a text; or one that comes after it."""
        (index,) = [index for index, cell in enumerate(self.cells) if text in cell.source]
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index + after}']")

    def run(self, text: str, wait: bool = True):
        """Run a cell with the keyboard; returns it."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        before = self.prompt(cell)
        self.page.keyboard.press("Shift+Enter")
        cell.locator(".jp-InputPrompt").filter(has_not_text=before).wait_for()
        if wait:
            self.wait_for(cell)
        return cell

    def prompt(self, cell) -> str:
        return cell.locator(".jp-InputPrompt").inner_text()

    def wait_for(self, cell, minutes: float = 2):
        """Wait until a cell has run."""
        cell.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[\d+\]:")).wait_for(timeout=60_000 * minutes)

    def stderr(self, part) -> list[str]:
        """What stands in red boxes that are no errors, in a cell or on the page."""
        return part.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()

    def menu(self, *path: str):
        """Choose from the menus."""
        self.page.get_by_role("menuitem", name=path[0], exact=True).click()
        for name in path[1:]:
            self.page.locator(".lm-Menu-item").get_by_text(name, exact=True).click()

    def restart(self):
        self.menu("Kernel", "Restart Kernel…")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self.wait_for_kernel()

    def close(self):
        """Close its tab, and do not save what JupyterLab may have noted in it, such as Python's version."""
        notebook, discard = self.page.locator(".jp-Notebook"), self.page.locator(".jp-Dialog button", has_text="Discard")
        self.menu("File", "Close Tab")
        until(lambda: discard.count() or not notebook.count(), "the question whether to save, or the end")
        if notebook.count():
            discard.click()
        notebook.wait_for(state="detached")
        self.page.get_by_text("Python 3 (ipykernel) |").wait_for(state="hidden")

    def type_body(self, cell, body: list[str], instead_of: int = 1) -> int:
        """Type lines in the place of the last ones of a cell, key by key; returns how many they are."""
        press = self.page.keyboard.press
        cell.locator(".cm-content").click()
        press("Control+End")
        for _ in range(instead_of - 1):
            press("Shift+ArrowUp")
        press("Shift+Home")
        press("Shift+Home")  # the first goes to the indentation only
        for number, line in enumerate(body):
            if number:
                press("Enter")
                press("Shift+Home")  # over the indentation that the editor has put there
            self.page.keyboard.type(line)
        return len(body)


@pytest.fixture
def page(chromium, lab, tmp_path):
    """A page on which nothing may go wrong that the reader does not see."""
    complaints = []
    page = chromium.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.emulate_media(color_scheme="light")
    allowed = (lab.address, lab.address.replace("http", "ws"), "data:", "blob:", BADGE)
    page.on("request", lambda request: request.url.startswith(allowed) or complaints.append(f"asks for {request.url}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def listen(message):
        if message.type == "error" and message.location["url"] != BADGE:  # which needs the network
            complaints.append(f"{message.text} {message.location}")

    page.on("console", listen)
    known = lab.log.stat().st_size
    yield page
    page.close()
    for kernel in lab.ask("kernels"):
        lab.ask(f"kernels/{kernel['id']}", "DELETE")
    complaints += lab.complaints(known)
    assert not complaints, complaints


@pytest.fixture
def open_notebook(page, lab, course):
    """Opens one of the course's notebooks, or another in its place."""
    (course / "solutions" / "agents").symlink_to(ROOT / "solutions" / "agents")

    def open_notebook(stem: str, instead=None) -> Notebook:
        path = course / "chapters" / f"{stem}.ipynb"
        if isinstance(instead, list):
            cells = [nbformat.v4.new_code_cell(cell) for cell in instead]
            instead = nbformat.v4.new_notebook(cells=cells, metadata=build.METADATA)
        if instead is not None:
            nbformat.write(instead, path)
        return Notebook(page, lab, path)

    return open_notebook


@pytest.fixture
def shoot(page, tmp_path):
    """Takes pictures of the page as it stands, or of parts of it, in both themes; the page stays in the second."""
    folder = Path(os.environ.get("PPO_COURSE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    schemes = ["light", "dark"]

    def shoot(name: str, *parts):
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            theme = f"body[data-jp-theme-light='{str(scheme == 'light').lower()}']"
            page.locator(theme).wait_for(state="attached")
            for number, part in enumerate(parts):
                for _ in range(2):  # the page moves while it is laid out
                    part.scroll_into_view_if_needed()
                    page.wait_for_timeout(300)
                page.screenshot(path=folder / f"{name}-{number}-{scheme}.png")
            if not parts:
                page.screenshot(path=folder / f"{name}-{scheme}.png")
        schemes.reverse()

    return shoot
