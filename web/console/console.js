// /console: one live from its host's side, or the backend's: what is true of it, and everything that may be done.
//
// snapshot, events ──▶ state ──▶ panels ──▶ commands over REST ──▶ events
//
// The event socket of the host itself is one half of its being there: with this window open a host whose media is lost has
// not left.
//
// In the address: live=ID; token, backend and as, see identity.js; picture=1 shows the picture at once.

import { $, element, showState, soundButtons } from "../page.js";
import { look } from "../server.js";
import { play } from "../whep.js";
import { act, ask, number, onSend, path, text } from "./ask.js";
import { battlePanel } from "./battle.js";
import { ServerClock } from "./clock.js";
import { coHostPanel } from "./cohost.js";
import { Feed } from "./events.js";
import { Identity } from "./identity.js";
import { livesPanel } from "./lives.js";
import { runCountdowns, setText } from "./parts.js";
import { seatsPanel } from "./seats.js";
import { apply, begin, missedEnd } from "./state.js";
import { storagePanel } from "./storage.js";
import { SEAT_TEMPLATES, nameOf, sentence } from "./words.js";

const LOG_LINES_MAX = 60;
/** A re-read that events overtook is done again, but not for ever. */
const REREADS_MAX = 5;
const SECOND_PRESS_MS = 4_000;
/** The end of a request is told by then. */
const LATE_MS = 1_000;

const me = new Identity();
const clock = new ServerClock();
const { liveId } = me;
let events = 0; // heard so far: what a re-read may be older than
let linked = "idle";
let onAir = new Set();

/** What the panels know of the page. */
const desk = { liveId, me, clock, state: null, candidates: [], isOnAir: (id) => onAir.has(id), reread, looked };

/** Lives that were invited with “battle at once”. */
const battleWishes = new Set();
const coHost = coHostPanel(desk, { battleAfter: (id, wanted) => (wanted ? battleWishes.add(id) : battleWishes.delete(id)) });
const battle = battlePanel(desk);
const seats = seatsPanel(desk);
const lives = livesPanel(desk);
const storage = storagePanel(me);

/** Shows the state. Who has just pressed what is gone now keeps a place on the keyboard: the panel's heading. */
function show() {
  const panel = document.activeElement?.closest(".panel");
  showPanels();
  const held = document.activeElement;
  if (panel && (held === document.body || held.offsetParent === null)) panel.querySelector("h2")?.focus({ preventScroll: true });
}

function showPanels() {
  const { state } = desk;
  const there = Boolean(state) && linked !== "missing";
  $("#log").closest(".panel").hidden = !liveId;
  $("#missing").hidden = linked !== "missing";
  for (const node of document.querySelectorAll(".there")) node.hidden = !there;
  setText($("#me"), liveId ? `This window is ${me.words(state?.live.owner.userId)}.` : "Choose whom this window acts for.");
  if (linked === "missing") {
    $("#create").hidden = !me.token;
    $("#create .owner").hidden = !me.isAdmin;
  }
  if (!there) return;
  const mayHost = me.mayHost(state.live.owner.userId);
  for (const node of document.querySelectorAll(".host")) node.hidden = !mayHost;
  setText($("#live-name"), state.live.liveName || liveId);
  const air = onAir.has(liveId) ? "on air" : "not on air";
  setText($("#live-detail"), `${state.live.liveName === liveId ? "" : `${liveId} · `}of ${nameOf(state.live.owner)} · ${air} · ${state.live.isPublicVisible ? "public" : "not public"}`);
  const template = $("#seat-template select");
  const { seatTemplate } = state.live;
  if (template.dataset.shown !== seatTemplate) [template.value, template.dataset.shown] = [seatTemplate, seatTemplate];
  coHost.show(state, mayHost);
  battle.show(state, mayHost);
  seats.show(state, mayHost);
  lives.show();
}

function log(words, serverTime = clock.now()) {
  if (!words) return;
  const at = new Date(serverTime ?? Date.now());
  $("#log").prepend(element("li", {}, element("time", { datetime: at.toISOString() }, at.toLocaleTimeString()), words));
  while ($("#log").children.length > LOG_LINES_MAX) $("#log").lastChild.remove();
}

/** Ends the live at the second press: it takes everybody off the air, and nothing brings it back. */
function endAtSecondPress() {
  let armed = false;
  const arm = (on) => {
    armed = on;
    setText($("#end"), on ? "Press again to end it" : "End the live");
  };
  $("#end").addEventListener("click", () => {
    if (armed) act($("#end"), () => ask("DELETE", path("lives", liveId), { token: me.token }));
    else setTimeout(() => arm(false), SECOND_PRESS_MS);
    arm(!armed);
  });
}

/** Events whose sentence stays beside the controls until the next one. */
const NOTES = {
  "#co-host-note": ["onCoHostRequestCancelled", "onCoHostRequestRejected", "onCoHostRequestTimeout", "onCoHostUserLeft"],
  "#battle-note": ["onBattleRequestCancelled", "onBattleRequestReject", "onBattleRequestTimeout", "onUserExitBattle", "onBattlePunishmentEnded"],
};
/** Events after which a note is old. */
const CLEARS = { "#co-host-note": ["onCoHostRequestReceived", "onCoHostUserJoined"], "#battle-note": ["onBattleRequestReceived", "onBattleStarted", "onCoHostUserJoined"] };

function note(type, words) {
  for (const [place, types] of Object.entries(NOTES)) {
    if (types.includes(type)) [$(place).hidden, $(place).textContent] = [false, words];
    else if (CLEARS[place].includes(type)) $(place).hidden = true;
  }
}

/** Reads what an event has not said. The answer may be older than an event heard meanwhile: then it is read again. */
async function reread(what, battleId) {
  const { state } = desk;
  for (let time = 0; state && state === desk.state && time < REREADS_MAX; time += 1) {
    const before = events;
    const read = await READS[what](state, battleId).catch(() => null);
    if (events !== before && time + 1 < REREADS_MAX) continue;
    if (state === desk.state) read?.();
    break;
  }
  show();
}

const get = (...parts) => look(path(...parts), me.token);

/** Each gets, and gives a function that puts it in its place. */
const READS = {
  async coHost(state) {
    const fresh = await get("lives", liveId, "co-host");
    if (!fresh) return null; // ended meanwhile
    const { applicant } = state.coHost;
    return () => {
      // When the invitation expires only its event has said.
      if (fresh.applicant && fresh.applicant.liveId === applicant?.liveId) fresh.applicant = { ...applicant, ...fresh.applicant };
      state.coHost = fresh;
    };
  },
  async battle(state, battleId = state.battle?.battleId) {
    const fresh = await get("battles", battleId);
    return () => {
      if (fresh?.status === "started") state.battle = fresh;
      else if (fresh?.result && state.battle?.battleId !== battleId) state.last = fresh;
    };
  },
  async request(state, battleId = state.request?.battleId) {
    const fresh = await get("battles", battleId);
    return () => {
      // Who has rejected is not among its users any more.
      const stays = fresh?.status === "pending" && fresh.users.some((user) => user.liveId === liveId);
      if (stays) state.request = fresh;
      else if (state.request?.battleId === battleId) state.request = null;
    };
  },
  async seatRequests(state) {
    const [applications, invitations] = await Promise.all([get("lives", liveId, "seat-applications"), get("lives", liveId, "seat-invitations")]);
    return () => {
      state.seatRequests = { ...applications, ...invitations };
    };
  },
  async seats(state) {
    const { seatList } = (await get("lives", liveId, "seats")) ?? { seatList: [] };
    return () => {
      state.seatList = seatList;
    };
  },
};

function hear({ detail: message }) {
  const { state } = desk;
  const { type, data } = message;
  clock.hint(message.serverTime);
  if (!state) return;
  events += 1;
  const missing = apply(state, message);
  const words = sentence(message, liveId);
  log(words, message.serverTime);
  note(type, words);
  if (type === "onLiveEnded") setText($("#ended"), words);
  show();
  for (const what of missing) reread(what, data.battleId);
  // The product's way from a connection straight into a battle: the inviter's app starts it when the invitation is
  // accepted, and the connection exists by then.
  if (type === "onCoHostRequestAccepted" && battleWishes.delete(data.invitee.liveId)) battle.startWith(data.invitee);
}

function begun({ detail: message }) {
  clock.hint(message.serverTime);
  events += 1;
  const before = desk.state;
  desk.state = begin(message.data, before);
  const missed = missedEnd(before, desk.state);
  if (missed) reread("battle", missed);
  $("#ended").textContent = "";
  show();
}

function state({ detail: { state: now, words } }) {
  // A live that is looked for again and again is still missing meanwhile.
  if (!(linked === "missing" && now === "connecting")) linked = now;
  $("#link").dataset.state = linked;
  setText($("#link"), { connecting: "Connecting …", connected: "Up to date", waiting: "Reconnecting …", missing: "No such live", failed: "Not possible" }[linked]);
  $("#trouble").hidden = now !== "failed" && now !== "waiting";
  setText($("#trouble"), words);
  $("#ended").hidden = !$("#ended").textContent;
  if (linked === "missing") desk.state = null;
  show();
}

/** After each look at all lives: who is on air, and whom this live may invite. */
async function looked(found) {
  onAir = new Set(found.filter((live) => live.isPublishing).map((live) => live.liveId));
  const { state } = desk;
  if (!state || linked !== "connected") return;
  // A request that another window of this host has answered: no event says so.
  const isOver = (request) => request?.expireTime && clock.now() > request.expireTime + LATE_MS;
  if (isOver(state.coHost.applicant)) reread("coHost");
  if (isOver(state.request)) reread("request", state.request.battleId);
  if (!state.live.isPublicVisible && (await get("lives", liveId))?.isPublishing) onAir.add(liveId);
  if (me.mayHost(state.live.owner.userId)) desk.candidates = (await get("lives", liveId, "co-host", "candidates"))?.candidates ?? [];
  show();
}

let watching = null;
function picture(on) {
  $("#picture").setAttribute("aria-pressed", on);
  setText($("#picture"), on ? "Hide the picture" : "Show the picture");
  $("#stage").hidden = !on;
  watching?.close();
  watching = on ? play(`/whep/${encodeURIComponent(liveId)}`, me.token, $("#video")) : null;
  if (watching) showState(watching, $("#state"), $("#trouble"));
}

function enter() {
  $("#enter").open = !liveId;
  const form = $("#become");
  if (liveId) form.elements.live.value = liveId;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    Identity.become(Object.fromEntries(new FormData(form)));
  });
}

async function start() {
  soundButtons($("#video"), $("#sound"), $("#mute"));
  enter();
  runCountdowns(clock);
  clock.keep();
  show();
  await me.renew().catch(() => {}); // said by whatever is asked next
  lives.open();
  storage.open();
  if (!liveId) return;
  $("#live").textContent = liveId;
  document.title = `${liveId} · console · costage`;
  $("#publish").href = `/publish/${encodeURIComponent(liveId)}`;
  $("#play").href = `/play/${encodeURIComponent(liveId)}`;
  $("#picture").addEventListener("click", () => picture($("#stage").hidden));
  endAtSecondPress();
  const feed = new Feed(liveId, () => me.renew());
  for (const select of document.querySelectorAll("[name=seatTemplate]")) {
    for (const [name, words] of SEAT_TEMPLATES) select.append(element("option", { value: name }, words));
  }
  onSend($("#seat-template"), (fields) => ask("PATCH", path("lives", liveId), { token: me.token, body: { seatTemplate: fields.get("seatTemplate") } }));
  onSend($("#create"), async (fields) => {
    const owner = me.isAdmin ? { userId: text(fields, "ownerId") ?? "" } : { userId: me.userId, userName: me.userName };
    const live = { liveId, liveName: text(fields, "liveName"), owner, isPublicVisible: fields.has("isPublicVisible"), maxSeatCount: number(fields, "maxSeatCount"), seatMode: fields.get("seatMode"), seatTemplate: fields.get("seatTemplate") };
    await ask("POST", path("lives"), { token: me.token, body: live });
    feed.hurry();
  });
  feed.addEventListener("snapshot", begun);
  feed.addEventListener("event", hear);
  feed.addEventListener("state", state);
  feed.open();
  if (new URLSearchParams(location.search).get("picture") === "1") picture(true);
}
start();
