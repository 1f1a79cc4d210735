// The browser's side of notebook_play.py: draws the game, listens to keys and buttons, and asks for one picture after another.

const MAX_UNANSWERED = 4; // pictures asked for and on their way: more would help a far kernel, but let a slow one lag behind
const PATIENCE = 2000; // milliseconds without an answer before the player is told

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const setup = model.get("setup");
  const names = new Map(setup.controls.map(([name, key]) => [key, name]));
  const help = setup.controls.map(([, , label, meaning]) => `${label}: ${meaning.toLowerCase()}`).join(", ");

  const canvas = make("canvas", { className: "play-here-canvas" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The picture of ${setup.env_id}`);
  const overlay = make("div", { className: "play-here-overlay" });
  const stage = make("div", { className: "play-here-stage" }, canvas, overlay);
  const figures = make("div", { className: "play-here-figures" });
  const status = make("div", { className: "play-here-status" });
  status.setAttribute("role", "status");
  const newGame = make("button", { type: "button", textContent: "New game (R)" });
  const pause = make("button", { type: "button", textContent: "Pause (Esc)" });
  const holds = setup.controls.map(([name, , label, meaning]) => {
    const sign = { LEFT: "◀ left", RIGHT: "right ▶", UP: "▲ up", DOWN: "▼ down", FIRE: "● fire" }[name];
    const button = make("button", { type: "button", textContent: sign, className: "play-here-hold", tabIndex: -1 });
    button.setAttribute("aria-label", `${meaning}, key ${label}`);
    button.dataset.control = name;
    return button;
  });
  const root = make(
    "div",
    { className: "play-here", tabIndex: 0 },
    figures,
    stage,
    make("div", { className: "play-here-buttons" }, ...holds),
    make("div", { className: "play-here-buttons" }, newGame, pause),
    status,
  );
  root.setAttribute("role", "application");
  root.setAttribute("aria-label", `${setup.env_id}, a game to play with the keyboard. ${help}, R: new game, Escape: pause.`);
  // Where this widget is alive, the still picture below it is not needed.
  el.append(make("style", { textContent: `[id="${setup.still}"] { display: none }` }), root);

  const view = Math.random().toString(36).slice(2);
  const pressed = new Map(); // what holds a control down, a key or a pointer: the control
  const tapped = new Set(); // pressed since the last step, and perhaps released again already
  let state = setup.state;
  let focused = false;
  let paused = false;
  let sent = 0;
  let answered = 0;
  let drawn = 0;
  let waitingSince = null; // since when the kernel owes an answer

  function send(message) {
    waitingSince ??= performance.now();
    try {
      model.send({ ...message, view, number: ++sent });
    } catch {
      waitingSince = -Infinity; // there is no way to the kernel any more
    }
    show();
  }

  function isPlaying() {
    return focused && !paused && !document.hidden && !state.over;
  }

  function show() {
    const silent = waitingSince !== null && performance.now() - waitingSince > PATIENCE;
    const points = (number) => number.toFixed(0);
    figures.textContent = [
      `Score ${points(state.score)}`,
      state.lives > 0 && `Lives ${state.lives}`,
      state.best !== null && `Your best ${points(state.best)}`,
      state.agent !== null && `Agent ${points(state.agent)}`,
    ].filter(Boolean).join(" · ");
    let sentence = "";
    if (silent) {
      sentence = "No answer from Python. While another cell runs, the game waits. After a restart, run this cell again.";
    } else if (state.over) {
      sentence = "Game over. New game: R";
    } else if (!focused || document.hidden) {
      sentence = state.started ? "Paused. Click here to go on." : "Click here to play. The game then takes your keys.";
    } else if (paused) {
      sentence = "Paused. Click here to go on.";
    } else if (!state.started) {
      sentence = `Press a key to start. ${help}.`;
    }
    overlay.textContent = sentence;
    overlay.hidden = sentence === "";
    const said = state.note || (focused ? "The game has the keyboard: Escape gives it back." : "");
    if (status.textContent !== said) status.textContent = said; // else a screen reader would read it out again and again
    pause.textContent = paused ? "Go on" : "Pause (Esc)";
    Object.assign(root.dataset, {
      score: state.score, steps: state.steps, lives: state.lives,
      state: silent ? "silent" : state.over ? "over" : isPlaying() ? (state.started ? "playing" : "ready") : "paused",
    });
  }

  async function draw(number) {
    const image = new Image();
    image.src = state.picture;
    await image.decode();
    if (number < drawn) return; // a later picture was ready earlier
    drawn = number;
    if (canvas.width !== image.width || canvas.height !== image.height) {
      Object.assign(canvas, { width: image.width, height: image.height });
      canvas.classList.toggle("play-here-small", image.width < 320);
    }
    canvas.getContext("2d").drawImage(image, 0, 0);
  }

  function receive(message) {
    if (message.view === view) {
      answered = Math.max(answered, message.number);
      waitingSince = answered < sent ? performance.now() : null;
    }
    state = message;
    draw(answered);
    show();
  }

  function tick() {
    if (waitingSince !== null) show();
    const held = [...new Set([...pressed.values(), ...tapped])];
    if (!isPlaying() || sent - answered >= MAX_UNANSWERED || !(state.started || held.length)) return;
    tapped.clear();
    send({ kind: "step", held });
  }

  function press(source, control) {
    pressed.set(source, control);
    tapped.add(control);
  }

  function letGo() {
    pressed.clear();
    tapped.clear();
  }

  function setPaused(value) {
    paused = value;
    letGo();
    show();
  }

  root.addEventListener("focusin", () => {
    focused = true;
    show();
  });
  root.addEventListener("focusout", (event) => {
    if (root.contains(event.relatedTarget)) return;
    focused = false;
    letGo();
    show();
  });
  root.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("button")) {
      event.preventDefault();
      root.focus({ preventScroll: true });
      if (paused) setPaused(false);
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
    event.stopPropagation(); // JupyterLab has a shortcut for nearly every key
    if (event.target.closest("button") && [" ", "Enter"].includes(event.key)) return;
    event.preventDefault(); // arrows and space would scroll the page
    if (event.repeat) return;
    if (event.key === "Escape") {
      root.blur();
    } else if (event.key.toLowerCase() === "r") {
      begin();
    } else if (names.has(event.key)) {
      if (paused) setPaused(false);
      press(event.key, names.get(event.key));
    }
  });
  root.addEventListener("keyup", (event) => {
    pressed.delete(event.key);
    event.stopPropagation();
  });

  function begin() {
    setPaused(false);
    root.focus({ preventScroll: true });
    send({ kind: "new" });
  }
  newGame.addEventListener("click", begin);
  pause.addEventListener("click", () => {
    const goOn = paused;
    root.focus({ preventScroll: true });
    setPaused(!goOn);
  });
  for (const button of holds) {
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      root.focus({ preventScroll: true });
      if (paused) setPaused(false);
      button.setPointerCapture(event.pointerId);
      press(event.pointerId, button.dataset.control);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      button.addEventListener(end, (event) => pressed.delete(event.pointerId));
    }
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  }

  function onVisibility() {
    letGo();
    show();
  }
  document.addEventListener("visibilitychange", onVisibility);
  model.on("msg:custom", receive);
  const timer = setInterval(tick, 1000 / setup.pictures_per_second);
  draw(0);
  send({ kind: "look" }); // after a reload of the page the game may be further on than `setup` says
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    model.off("msg:custom", receive);
  };
}

export default { render };
