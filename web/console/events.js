// The event socket of one live, kept up: a snapshot first, then events by number; after a cut it goes on where it was.

import { look } from "../server.js";
import { Refused } from "../session.js";

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 8_000;
/** Close code of a socket whose live has ended (RFC 6455 §7.4.1: normal closure). */
const LIVE_ENDED = 1000;

/**
 * Events: "state" with detail {state: connecting|connected|waiting|missing|failed, words}, "snapshot" and "event" with the
 * message as sent.
 */
export class Feed extends EventTarget {
  #liveId;
  #authorise;
  #socket = null;
  #epoch = null;
  #seq = 0;
  #attempt = 0;
  #tries = 0;
  #timer = 0;
  #closed = false;

  /** `authorise()` gives the token, or null, anew for each attempt. */
  constructor(liveId, authorise) {
    super();
    this.#liveId = liveId;
    this.#authorise = authorise;
  }

  open() {
    queueMicrotask(() => this.#try()); // whoever opens may still add listeners
    return this;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** Looks at once, e.g. after the live was created. */
  hurry() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    if (!this.#closed && !this.#socket) this.#try();
  }

  #say(state, words) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent("state", { detail: { state, words } }));
  }

  #later(state, words) {
    const wait = Math.min(RETRY_MS_FIRST * 2 ** this.#attempt, RETRY_MS_MAX);
    this.#attempt += 1;
    this.#say(state, words);
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#try(), wait);
  }

  async #try() {
    clearTimeout(this.#timer);
    const own = ++this.#tries;
    const isOld = () => this.#closed || own !== this.#tries;
    this.#say("connecting", "Connecting …");
    let token;
    try {
      token = await this.#authorise();
      // A socket that is refused says only that it is: the live itself says why.
      const live = await look(`/v1/lives/${encodeURIComponent(this.#liveId)}`, token);
      if (isOld()) return;
      if (!live) return this.#later("missing", `There is no live ${this.#liveId}.`);
    } catch (error) {
      if (isOld()) return;
      if (error instanceof Refused && !error.mayPass) return this.#say("failed", error.message);
      return this.#later("waiting", error instanceof Refused ? error.message : "The server does not answer; trying again.");
    }
    this.#connect(token);
  }

  #connect(token) {
    const url = new URL(`/v1/lives/${encodeURIComponent(this.#liveId)}/events`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (this.#epoch) url.search = new URLSearchParams({ epoch: this.#epoch, after: this.#seq });
    const socket = new WebSocket(url, token ? [`bearer.${token}`] : []);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#attempt = 0;
      this.#say("connected", "Up to date.");
    });
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      this.#socket = null;
      if (this.#closed) return;
      if (code === LIVE_ENDED) [this.#epoch, this.#attempt] = [null, 1];
      this.#later("waiting", reason ? `The server has closed the events: ${reason}.` : "The connection was cut; going on where it was.");
    });
  }

  #hear(message) {
    if (message.type === "snapshot") {
      [this.#epoch, this.#seq] = [message.epoch, message.seq];
      this.dispatchEvent(new CustomEvent("snapshot", { detail: message }));
    } else if (message.seq > this.#seq) {
      this.#seq = message.seq;
      this.dispatchEvent(new CustomEvent("event", { detail: message }));
    }
  }
}
