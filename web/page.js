// Small things that all pages do.

export const $ = (selector) => document.querySelector(selector);

/** An element with text, attributes and children. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** The session that a chip speaks of: an earlier one's goodbye is not shown over the next one's greeting. */
const shown = new WeakMap();

/** Shows a session's state in the chip over the stage, and its trouble in words below. */
export function showState(session, chip, trouble) {
  shown.set(chip, session);
  session.addEventListener("state", ({ detail: { state, words } }) => {
    if (shown.get(chip) !== session) return;
    chip.dataset.state = state;
    chip.textContent = { connecting: "Connecting …", connected: "Live", waiting: "Waiting", failed: "Not possible", closed: "Ended" }[state];
    chip.title = words;
    trouble.hidden = state !== "failed" && state !== "waiting";
    trouble.textContent = words;
  });
}

/** A figure as `12.3` with its unit small behind it; an en dash while unknown. */
export function figure(node, value, unit = "", digits = 0) {
  const known = typeof value === "number" && Number.isFinite(value);
  node.textContent = known ? value.toFixed(digits) : "–";
  if (known && unit) node.append(element("small", {}, unit));
}

/** The button that turns muted autoplay into sound, and the mute toggle after it. */
export function soundButtons(video, tap, mute) {
  const show = () => {
    tap.hidden = !video.muted;
    mute.hidden = video.muted;
  };
  tap.addEventListener("click", () => {
    video.muted = false;
    video.play();
  });
  mute.addEventListener("click", () => {
    video.muted = true;
  });
  video.addEventListener("volumechange", show);
  show();
}
