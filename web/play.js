// /play/{liveId}: one live, and what its connection says about itself. `?token=` for lives that ask for one.

import { $, figure, showState, soundButtons } from "./page.js";
import { liveIdOfPage } from "./server.js";
import { watchPlayback } from "./stats.js";
import { play } from "./whep.js";

const liveId = liveIdOfPage();
const token = new URLSearchParams(location.search).get("token");
const video = $("#video");
$("#live").textContent = liveId;
document.title = `${liveId} · costage`;

soundButtons(video, $("#sound"), $("#mute"));
const session = play(`/whep/${encodeURIComponent(liveId)}`, token, video);
showState(session, $("#state"), $("#trouble"));

const panel = $("#stats");
let connections = 0;
let last = null;
watchPlayback(session, (stats) => {
  const set = (name, ...value) => figure($(`[data-figure="${name}"]`), ...value);
  set("fps", stats.fps, "fps", 1);
  set("bitrate", stats.bitrateBps / 1e6, "Mbit/s", 2);
  set("freezes", stats.freezeCount);
  set("buffer", stats.jitterBufferMs, "ms");
  set("lost", stats.packetsLost);
  $('[data-figure="size"]').textContent = stats.width ? `${stats.width}×${stats.height}` : "–";
  // The same figures for scripts and tests.
  Object.assign(panel.dataset, { fps: stats.fps, freezes: stats.freezeCount, frames: stats.framesDecoded, lost: stats.packetsLost });
  if (session.connection !== last) {
    last = session.connection;
    connections += 1;
    panel.dataset.connections = connections;
  }
});
