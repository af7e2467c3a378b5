// Publishing by WHIP (RFC 9725).

import { Session } from "./session.js";

/** Enough for 720×1280 at 30 frames a second; the server mixes, so more is wasted. */
const VIDEO_BPS_MAX = 2_500_000;

/**
 * Publishes the tracks of `stream()` to `url` and keeps them up. `authorise` and `whyEnded` are the Session's. Returns the
 * open Session.
 */
export function publish(url, { stream, authorise, whyEnded }) {
  const prepare = (pc) => {
    const now = stream(); // another picture may have been picked since the last attempt
    for (const track of now.getTracks()) {
      const video = track.kind === "video";
      const transceiver = pc.addTransceiver(track, {
        direction: "sendonly",
        streams: [now], // RFC 9725 §4.4.2: one stream for all tracks
        sendEncodings: video ? [{ maxBitrate: VIDEO_BPS_MAX }] : undefined,
      });
      if (video) preferH264(transceiver);
    }
  };
  // A live that was there may come back, as its server or its backend does.
  const mayPass = ({ status }, was) => was && status === 404;
  return new Session(url, { prepare, authorise, mayPass, whyEnded }).open();
}

/** The server decodes H.264; offering it first lets it answer without a search. Others stay on offer. */
function preferH264(transceiver) {
  const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const h264 = (codec) => codec.mimeType.toLowerCase() === "video/h264";
  transceiver.setCodecPreferences([...codecs.filter(h264), ...codecs.filter((codec) => !h264(codec))]);
}
