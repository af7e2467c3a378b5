// Who this window is: a live's own host, the backend (admin), a guest, or somebody who only looks.
//
// In the address: live=ID; token=JWT acts by that token; backend=JWT posts scores; as=admin acts as the backend where a
// server in dev mode gives the tokens. A pasted token stays in this window (sessionStorage) and out of its address.

import { claimsOf, look } from "../server.js";

const PASTED = "costage.console.token";

export class Identity {
  #wish = new URLSearchParams(location.search);
  #token = null;
  #backend = null;
  #claims = {};

  /** The live that this window acts for; null: none chosen. */
  get liveId() {
    return this.#wish.get("live");
  }

  get token() {
    return this.#token;
  }

  /** The token that may change scores; null: none. */
  get backend() {
    return this.#backend;
  }

  get userId() {
    return this.#claims.sub ?? null;
  }

  get userName() {
    return this.#claims.name || this.userId;
  }

  get isAdmin() {
    return this.#claims.role === "admin";
  }

  /** Whether it may sit on a seat, where the live and its owner let it. */
  get maySit() {
    return ["admin", "host", "guest"].includes(this.#claims.role);
  }

  /** Whether the commands of a live's host are this window's: its owner's, or the backend's. */
  mayHost(ownerId) {
    return this.isAdmin || (this.#claims.role === "host" && this.userId === ownerId);
  }

  /** What this window is, in words. */
  words(ownerId) {
    if (!this.#token) return "looking on without a token";
    if (this.isAdmin) return "the backend (admin)";
    const { role } = this.#claims;
    const elsewhere = role === "host" && ownerId && this.userId !== ownerId;
    return `${this.userName} (${elsewhere ? "host of another live" : role === "audience" ? "viewer" : role})`;
  }

  /** Gets the tokens; anew before each connection, since a server in dev mode forgets its keys when it restarts. */
  async renew() {
    const given = this.#wish.get("token") ?? sessionStorage.getItem(PASTED);
    // Who brought a token of its own gets no other's.
    const dev = given ? null : await look(`/demo/tokens.json?live=${encodeURIComponent(this.liveId ?? "none")}`);
    this.#token = given ?? (this.#wish.get("as") === "admin" ? dev?.admin : dev?.host) ?? null;
    this.#claims = this.#token ? claimsOf(this.#token) : {};
    this.#backend = this.isAdmin ? this.#token : (this.#wish.get("backend") ?? dev?.admin ?? null);
    return this.#token;
  }

  /** Goes on as another: the page begins anew. */
  static become({ live, token, as }) {
    if (token) sessionStorage.setItem(PASTED, token);
    else sessionStorage.removeItem(PASTED);
    location.search = new URLSearchParams({ live, ...(as === "admin" && { as }) }).toString();
  }

  /** The console of another live, as the same person where that is the backend. */
  addressOf(liveId) {
    return `/console?${new URLSearchParams({ live: liveId, ...(this.isAdmin && { as: "admin" }) })}`;
  }
}
