// Playing by WHEP (draft-ietf-wish-whep).

import { Session } from "./session.js";

/**
 * Plays `url` with `token` (or what gets one) into `video` and keeps it up: a live that is not on air yet (409) or not there (404: not yet, or its server
 * has restarted) is tried again with back-off. Returns the open Session.
 */
export function play(url, token, video) {
  const session = new Session(url, {
    prepare(pc) {
      for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
    },
    authorise: async () => (typeof token === "function" ? token() : token),
    mayPass: ({ status }) => status === 404 || status === 409,
  });
  session.addEventListener("track", ({ track, streams }) => {
    // Both kinds share a stream where the answer says so; that is what keeps lips and voice together.
    const stream = streams[0] ?? (video.srcObject instanceof MediaStream ? video.srcObject : new MediaStream());
    if (!stream.getTracks().includes(track)) stream.addTrack(track);
    if (video.srcObject !== stream) video.srcObject = stream;
    start(video);
  });
  return session.open();
}

/** Plays with sound where the browser lets us; else muted, and the page offers a tap. */
async function start(video) {
  try {
    await video.play();
  } catch {
    video.muted = true;
    await video.play().catch(() => {}); // a newer stream replaced this one: its own start plays
  }
}
