// What a viewer's connection says about itself, once a second.

/**
 * Calls `tell` each second with {fps, bitrateBps, freezeCount, jitterBufferMs, framesDecoded, width, height, packetsLost}
 * of what `session` receives now. Rates are over the last second. Returns a function that stops it.
 */
export function watchPlayback(session, tell) {
  let before = null;
  const timer = setInterval(async () => {
    const pc = session.connection;
    if (!pc) {
      before = null;
      return;
    }
    const inbound = [...(await pc.getStats()).values()].filter((entry) => entry.type === "inbound-rtp");
    const video = inbound.find((entry) => entry.kind === "video");
    if (!video) return;
    const bytes = inbound.reduce((sum, entry) => sum + (entry.bytesReceived ?? 0), 0);
    const now = { id: video.id, at: video.timestamp, bytes, emitted: video.jitterBufferEmittedCount ?? 0, delay: video.jitterBufferDelay ?? 0, decoded: video.framesDecoded ?? 0 };
    const seconds = before && before.id === now.id ? (now.at - before.at) / 1000 : 0;
    const emitted = seconds ? now.emitted - before.emitted : 0;
    tell({
      fps: seconds ? (now.decoded - before.decoded) / seconds : NaN,
      bitrateBps: seconds ? ((now.bytes - before.bytes) * 8) / seconds : NaN,
      jitterBufferMs: emitted ? ((now.delay - before.delay) / emitted) * 1000 : NaN,
      freezeCount: video.freezeCount ?? 0,
      framesDecoded: now.decoded,
      packetsLost: video.packetsLost ?? 0,
      width: video.frameWidth ?? 0,
      height: video.frameHeight ?? 0,
    });
    before = now;
  }, 1000);
  return () => clearInterval(timer);
}
