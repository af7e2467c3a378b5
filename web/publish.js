// /publish/{liveId}: a camera or a test picture, out by WHIP: the host's, or with seat=number a guest's on that seat.
//
// In the address: token=JWT; source=test|camera picks at once; go=1 goes live at once;
// hue=degrees, tone=Hz, size=WxH shape the test picture.

import { $, figure, showState } from "./page.js";
import { admission, liveIdOfPage, seatLost, takenOver } from "./server.js";
import { testPicture } from "./testpicture.js";
import { play } from "./whep.js";
import { publish } from "./whip.js";

const STATS_MS = 1000;
const liveId = liveIdOfPage();
const wish = new URLSearchParams(location.search);
const seat = Number(wish.get("seat") ?? 0); // 0 is the host's
const place = seat > 0 ? `${liveId}, seat ${seat}` : liveId;
const video = $("#video");

let source = null; // {stream, stop}
let session = null;
let listening = null; // to the others
let facing = "user";
const toggles = [
  toggle($("#microphone"), "audio", ["Unmute microphone", "Mute microphone"]),
  toggle($("#picture"), "video", ["Show picture", "Hide picture"]),
];

$("#live").textContent = place;
document.title = `${place} · publish · costage`;
const playAddress = `/play/${encodeURIComponent(liveId)}`;
$("#play").href = playAddress;
$("#play").textContent = location.origin + playAddress;

function trouble(words) {
  $("#trouble").hidden = !words;
  $("#trouble").textContent = words;
}

/** A hue and a pitch of its own for each live, so that two test pictures are told apart. */
function ownNumber(text, modulus) {
  let sum = 7;
  for (const char of text) sum = (sum * 31 + char.codePointAt(0)) % 9973;
  return sum % modulus;
}

function pickTest() {
  const [width, height] = (wish.get("size") ?? "540x960").split("x").map(Number);
  return testPicture({
    hue: Number(wish.get("hue") ?? ownNumber(place, 360)),
    toneHz: Number(wish.get("tone") ?? 220 + 20 * ownNumber(place, 30)),
    label: place,
    width,
    height,
  });
}

async function pickCamera() {
  if (!navigator.mediaDevices) throw new Error("Browsers give cameras to https and localhost only. Open this page there, or take the test picture.");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: facing, aspectRatio: { ideal: 9 / 16 }, height: { ideal: 1280 }, frameRate: { ideal: 30 } },
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    return { stream, stop: () => stream.getTracks().forEach((track) => track.stop()) };
  } catch (error) {
    const words = { NotAllowedError: "The browser was not allowed to use camera and microphone.", NotFoundError: "No camera or no microphone was found.", NotReadableError: "Another program holds the camera." };
    throw new Error(words[error.name] ?? `The camera does not start (${error.message}).`);
  }
}

/** Picks so far: a camera may take long to open, and another pick may have been made meanwhile. */
let picks = 0;

async function pick(kind) {
  const own = ++picks;
  trouble("");
  source?.stop(); // a phone opens one camera at a time
  source = null;
  try {
    const picked = kind === "test" ? pickTest() : await pickCamera();
    if (own !== picks) return picked.stop();
    source = picked;
  } catch (error) {
    if (own !== picks) return;
    trouble(error.message);
    $("#go").disabled = !session;
    return;
  }
  video.srcObject = source.stream;
  video.classList.toggle("mirrored", kind === "camera" && facing === "user");
  $("#empty").hidden = true;
  $("#camera").setAttribute("aria-pressed", kind === "camera");
  $("#test").setAttribute("aria-pressed", kind === "test");
  $("#turn").hidden = kind !== "camera" || !matchMedia("(pointer: coarse)").matches;
  $("#toggles").hidden = false;
  $("#go").disabled = false;
  for (const toggle of toggles) toggle.show(false);
  // A live session keeps its place: only the tracks change.
  await send();
}

/** Has the session send what is chosen. A hidden picture is not sent at all: a disabled track would send black. */
async function send() {
  const hidden = $("#picture").getAttribute("aria-pressed") === "true";
  for (const { sender, receiver } of session?.connection?.getTransceivers() ?? []) {
    const { kind } = receiver.track;
    const track = source?.stream.getTracks().find((one) => one.kind === kind);
    await sender.replaceTrack(kind === "video" && hidden ? null : (track ?? null));
  }
}

function goLive() {
  trouble("");
  const endpoint = `/whip/${encodeURIComponent(liveId)}`;
  session = publish(seat > 0 ? `${endpoint}/seats/${seat}` : endpoint, {
    stream: () => source?.stream ?? new MediaStream(),
    authorise: () => admission(liveId, seat),
    whyEnded: () => (seat > 0 ? seatLost(liveId, seat) : takenOver(liveId)),
  });
  showState(session, $("#state"), $("#trouble"));
  session.addEventListener("state", ({ detail }) => {
    $("#watch").hidden = detail.state !== "connected";
    if (detail.state === "connected") $("#hear").hidden = false;
    if (detail.state === "connected") send();
    if (detail.state === "failed") stopped();
  });
  $("#go").textContent = "Stop";
  $("#go").className = "stop";
  $("#stats").hidden = false;
}

function stopped() {
  session = null;
  listen(false);
  $("#hear").hidden = true;
  $("#go").textContent = "Go live";
  $("#go").className = "main";
  $("#watch").hidden = true;
  $("#stats").hidden = true;
}

async function stop() {
  const ending = session;
  stopped();
  await ending.close();
}

/** Plays the stage without our own sound, or stops. Where nobody else is there, that is silence until somebody comes. */
function listen(on) {
  listening?.close();
  listening = on ? play(`/whep/${encodeURIComponent(liveId)}/return`, () => admission(liveId), $("#others")) : null;
  $("#hear").setAttribute("aria-pressed", on);
  $("#hear").textContent = on ? "Stop hearing the others" : "Hear the others";
}

/** A button that silences the tracks of one kind, and says what another tap does. */
function toggle(button, kind, [on, off]) {
  const show = (silent) => {
    button.setAttribute("aria-pressed", silent);
    button.textContent = silent ? on : off;
  };
  button.addEventListener("click", () => {
    const silent = button.getAttribute("aria-pressed") !== "true";
    for (const track of source?.stream.getTracks() ?? []) if (track.kind === kind) track.enabled = !silent;
    show(silent);
    send();
  });
  return { show };
}

let before = null;
setInterval(async () => {
  const stats = await session?.connection?.getStats();
  const sent = [...(stats?.values() ?? [])].find((entry) => entry.type === "outbound-rtp" && entry.kind === "video");
  if (sent && before && sent.id === before.id) {
    const seconds = (sent.timestamp - before.timestamp) / 1000;
    figure($('[data-figure="fps"]'), (sent.framesSent - before.framesSent) / seconds, "fps", 1);
    figure($('[data-figure="bitrate"]'), ((sent.bytesSent - before.bytesSent) * 8) / seconds / 1e6, "Mbit/s", 2);
    $('[data-figure="size"]').textContent = sent.frameWidth ? `${sent.frameWidth}×${sent.frameHeight}` : "–";
  }
  before = sent ?? null;
}, STATS_MS);

$("#camera").addEventListener("click", () => pick("camera"));
$("#test").addEventListener("click", () => pick("test"));
$("#turn").addEventListener("click", () => {
  facing = facing === "user" ? "environment" : "user";
  pick("camera");
});
$("#hear").addEventListener("click", () => listen(!listening));
$("#go").addEventListener("click", () => (session ? stop() : goLive()));

if (wish.has("source")) await pick(wish.get("source"));
if (wish.has("go") && source) goLive();
