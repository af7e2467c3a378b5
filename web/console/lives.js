// All public lives, and what goes on in each: read from their own event sockets, as any viewer may.

import { $, element } from "../page.js";
import { look } from "../server.js";
import { Feed } from "./events.js";
import { countTo, keyed, noneUnless, setText, span } from "./parts.js";
import { apply, begin } from "./state.js";
import { nameOf } from "./words.js";

/** Who is on air and who has come, no event tells. */
const LOOK_MS = 2_000;
const LIVES_SHOWN_MAX = 50;
/** Sockets that this page opens beside its own live's. */
const FOLLOWED_MAX = 12;

/** `desk` is the console: {liveId, me, clock, refresh}. Keeps `lives` and `candidates`; tells `desk.looked` after each look. */
export function livesPanel(desk) {
  const followed = new Map(); // liveId → {feed, state}
  let lives = [];

  function follow(liveId) {
    const entry = { state: null, feed: new Feed(liveId, async () => desk.me.token) };
    entry.feed.addEventListener("snapshot", ({ detail }) => {
      entry.state = begin(detail.data);
      show();
    });
    entry.feed.addEventListener("event", async ({ detail }) => {
      if (!entry.state) return;
      if (apply(entry.state, detail).includes("coHost")) await reread(liveId, entry);
      show();
    });
    entry.feed.open();
    followed.set(liveId, entry);
  }

  async function reread(liveId, entry) {
    const coHost = await look(`/v1/lives/${encodeURIComponent(liveId)}/co-host`, desk.me.token).catch(() => null);
    if (coHost && entry.state) entry.state.coHost = coHost;
  }

  /** Follows the newest, and lets go of those that have ended. */
  function choose() {
    const wanted = new Set(lives.map(({ liveId }) => liveId).filter((liveId) => liveId !== desk.liveId).slice(0, FOLLOWED_MAX));
    for (const [liveId, { feed }] of followed) {
      if (wanted.has(liveId)) continue;
      feed.close();
      followed.delete(liveId);
    }
    for (const liveId of wanted) if (!followed.has(liveId)) follow(liveId);
  }

  const stateOf = (liveId) => (liveId === desk.liveId ? desk.state : followed.get(liveId)?.state);

  function show() {
    noneUnless($("#no-lives"), lives);
    const create = ({ liveId }) => element("li", {}, span("on"), element("span", { class: "who" }, element("b"), span("detail"), span("goes")), span("countdown"), element("a", { class: "button small", href: desk.me.addressOf(liveId), "aria-label": `Open the console of ${liveId}` }, "Open"));
    keyed($("#lives"), lives, (live) => live.liveId, create, (node, live) => {
      const state = stateOf(live.liveId);
      node.querySelector(".on").dataset.on = live.isPublishing;
      setText(node.querySelector("b"), live.liveName || live.liveId);
      setText(node.querySelector(".detail"), `${live.liveId} · ${nameOf(live.owner)} · ${live.isPublishing ? "on air" : "not on air"} · ${live.viewerCount} watching`);
      setText(node.querySelector(".goes"), goingOn(state, live.liveId));
      countTo(node.querySelector(".countdown"), state?.battle?.endTime);
      node.querySelector("a").hidden = live.liveId === desk.liveId;
    });
  }

  function goingOn(state, own) {
    if (!state) return "";
    const others = state.coHost.connected.filter((liveId) => liveId !== own);
    const { battle, punishment } = state;
    const fight = battle ? `battle ${battle.users.map((user) => `${nameOf(user)} ${battle.scores?.[user.userId] ?? 0}`).join(" : ")}` : punishment ? "punishment" : "";
    return [others.length && `with ${others.join(", ")}`, fight].filter(Boolean).join(" · ");
  }

  async function refresh() {
    try {
      lives = (await look(`/v1/lives?count=${LIVES_SHOWN_MAX}`, desk.me.token))?.lives ?? [];
      choose();
      await desk.looked(lives);
      $("#unreachable").hidden = true;
    } catch (error) {
      $("#unreachable").hidden = false;
      setText($("#unreachable"), error.status ? error.message : `The server does not answer (${error.message}).`);
    }
    show();
    setTimeout(refresh, LOOK_MS);
  }

  return { open: refresh, show };
}
