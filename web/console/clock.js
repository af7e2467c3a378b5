// The server's time. Battles and requests end by it, whatever the clock of this machine says.

import { look } from "../server.js";

/** Each asking is wrong by half of its way there and back at most; the quickest of so many counts. */
const SAMPLES = 4;
/** Clocks drift, and a machine that slept has stood still. */
const AGAIN_MS = 60_000;

/** Server time in ms since 1970 UTC, counted on by a clock that nobody sets. */
export class ServerClock {
  #ahead = null; // server time less performance.now(), ms

  /** Asks the server, and goes on asking now and then; true when it has answered. */
  async keep() {
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#ask());
    setInterval(() => this.#ask(), AGAIN_MS);
    await this.#ask();
  }

  /** The time now; null before the server has told it. */
  now() {
    return this.#ahead === null ? null : this.#ahead + performance.now();
  }

  /** What an event or a snapshot says is a first guess: it was true when it was sent. */
  hint(serverTime) {
    this.#ahead ??= serverTime - performance.now();
  }

  async #ask() {
    let best = null;
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const asked = performance.now();
      const answer = await look("/v1/time").catch(() => null); // asked again later
      const took = performance.now() - asked;
      if (answer && took < (best?.took ?? Infinity)) best = { took, ahead: answer.serverTime + took / 2 - performance.now() };
    }
    if (best) this.#ahead = best.ahead;
  }
}

/** Seconds left as m:ss, rounded up, so that 0:00 is the end. */
export function minutes(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
