// The first page: plays the newest live on air, shows what the mix costs, lists the lives.

import { $, element, figure, showState, soundButtons } from "./page.js";
import { look } from "./server.js";
import { Refused } from "./session.js";
import { play } from "./whep.js";

const LOOK_MS = 1000;
const STAGES = ["reorder", "decode", "wait", "compose", "encode", "send"];

const video = $("#video");
soundButtons(video, $("#sound"), $("#mute"));
$("#sound").hidden = true; // nothing plays yet
video.addEventListener("playing", () => {
  $("#empty").hidden = true;
  $("#sound").hidden = !video.muted;
});

$("#start").addEventListener("submit", (event) => {
  event.preventDefault();
  location.href = `/publish/${encodeURIComponent(new FormData(event.target).get("live"))}`;
});

let playing = null; // {liveId, session}

/** Plays the newest live on air, and stays with it as long as it is. */
function choose(lives) {
  const onAir = lives.filter((live) => live.isPublishing);
  const live = onAir.find(({ liveId }) => liveId === playing?.liveId) ?? onAir[0];
  if (!live || live.liveId === playing?.liveId) return;
  playing?.session.close();
  $("#empty").replaceChildren("Joining …");
  $("#where").replaceChildren("watching ", element("b", {}, live.liveName || live.liveId));
  const session = play(`/whep/${encodeURIComponent(live.liveId)}`, null, video);
  showState(session, $("#state"), $("#trouble"));
  playing = { liveId: live.liveId, session };
}

function showLives(lives) {
  $("#no-lives").hidden = lives.length > 0;
  $("#lives").replaceChildren(
    ...lives.map((live) => {
      const id = encodeURIComponent(live.liveId);
      return element(
        "li",
        { "data-live": live.liveId },
        element("span", { class: "on", "data-on": String(Boolean(live.isPublishing)), title: live.isPublishing ? "on air" : "not on air" }),
        element("span", { class: "who" }, element("b", {}, live.liveName || live.liveId), element("span", {}, `${live.owner.userName || live.owner.userId} · ${live.viewerCount} watching`)),
        element("a", { class: "button small", href: `/play/${id}` }, "Play"),
        element("a", { class: "button small", href: `/publish/${id}` }, "Publish"),
        element("a", { class: "button small", href: `/console?live=${id}` }, "Console"),
      );
    }),
  );
}

function showFigures(figures) {
  $("#figures").hidden = !figures;
  if (!figures) return;
  const set = (name, ...value) => figure($(`[data-figure="${name}"]`), ...value);
  set("p50", figures.mixingMs?.p50, "ms", 1);
  set("p95", figures.mixingMs?.p95, "ms", 1);
  set("fps", figures.fps, "fps", 1);
  set("bitrate", figures.bitrateBps / 1e6, "Mbit/s", 2);
  set("viewers", figures.viewers);
  const known = STAGES.filter((stage) => Number.isFinite(figures.stagesMs?.[stage]));
  $("#way").replaceChildren(...known.map((stage) => {
    const part = element("i", { "data-stage": stage });
    part.style.flexGrow = figures.stagesMs[stage];
    return part;
  }));
  $("#legend").replaceChildren(...known.map((stage) => element("li", { "data-stage": stage }, element("i"), `${stage} ${figures.stagesMs[stage].toFixed(2)} ms`)));
  $("#machine").textContent = `SIMD ${figures.simd ?? "unknown"} · openh264 ${figures.openh264Assembly ? "with" : "WITHOUT"} its assembly`;
}

async function refresh() {
  try {
    const [page, figures] = await Promise.all([look("/v1/lives?count=50"), look("/demo/figures.json")]);
    const lives = page?.lives ?? [];
    showLives(lives);
    showFigures(figures);
    choose(lives);
    $("#unreachable").hidden = true;
  } catch (error) {
    $("#unreachable").hidden = false;
    $("#unreachable").textContent = error instanceof Refused ? error.message : `The server does not answer (${error.message}).`;
  }
  setTimeout(refresh, LOOK_MS);
}
refresh();
