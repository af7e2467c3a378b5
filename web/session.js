// One WHIP or WHEP session: an offer out, an answer back, candidates by PATCH, an end by DELETE.
// RFC 9725 (WHIP); draft-ietf-wish-whep. What both share stands here; whip.js and whep.js say what they send or receive.

/** Candidates are worth this much waiting before the POST; later ones follow by PATCH. */
const GATHERING_MS_MAX = 500;
/** Back-off between attempts: doubled from the first to the last, never faster than the server's Retry-After. */
const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 15_000;
/** A connection that says "disconnected" often comes back by itself; after this long we start anew. */
const DISCONNECTED_MS_MAX = 6_000;
/** The server reports every second: when nothing arrives for this long, it is asked whether the session still is. */
const PULSE_MS = 1_000;
const SILENT_PULSES_MAX = 2;
/** A server that takes requests but answers none within this counts as gone. */
export const ANSWER_MS_MAX = 10_000;
/** A session that ends waits so long for the answer to its DELETE before it closes the connection all the same. */
const GOODBYE_MS_MAX = 1_000;

/** The server said no: its status, and its words (RFC 9457) where it gave some. */
export class Refused extends Error {
  constructor(status, words, retryAfterMs) {
    super(words);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Would the same request succeed later? The server says so by Retry-After; a wrong token or offer stays wrong. */
  get mayPass() {
    return this.retryAfterMs > 0 || this.status === 429 || this.status >= 500;
  }
}

/** A session that was there and is not any more; the words say how it ended. */
class Lost extends Error {}

/** What a refusal means to the person in front of the page, where the server gave no words. */
const IN_WORDS = {
  400: "The server could not read the request.",
  401: "The server wants a valid token: add ?token=… to the address.",
  403: "This token may not do that.",
  404: "There is no such live.",
  406: "The server and this browser found no common way.",
  409: "The live is not on air yet, or another user publishes it.",
  415: "The server does not know this kind of request.",
  422: "The server and this browser have no codec in common.",
  429: "Too many attempts; please wait a little.",
  503: "The server is closing or full; trying again.",
};

/** Reads a failed response into a Refused. */
export async function refusal(response) {
  let words = IN_WORDS[response.status] ?? `The server answered ${response.status}.`;
  if ((response.headers.get("content-type") ?? "").includes("json")) {
    const problem = await response.json().catch(() => ({}));
    words = [problem.title, problem.detail].filter(Boolean).join(": ").replace(/([^.!?])$/, "$1.") || words;
  }
  const seconds = Number(response.headers.get("retry-after"));
  return new Refused(response.status, words, Number.isFinite(seconds) ? seconds * 1000 : 0);
}

/**
 * A session that keeps itself up: opens, and opens anew with back-off until `close()`.
 * Events: "state" with detail {state: connecting|connected|waiting|failed|closed, words}, "track" with the RTCTrackEvent.
 */
export class Session extends EventTarget {
  #url;
  #way;
  #token = null;
  #pc = null;
  #resource = null;
  #attempt = 0;
  #was = false;
  #timer = 0;
  #pulse = 0;
  #closed = false;

  /**
   * `way` is what differs between WHIP and WHEP:
   * `prepare(pc)` adds what is sent or received to a new RTCPeerConnection;
   * `authorise()` gives the token, or null, anew for each attempt (a server in dev mode makes new keys when it restarts);
   * `mayPass(refused, was)` says whether a refusal may pass where the server does not say so itself; `was`: there has been
   * a session before;
   * `whyEnded()` gives words when a session that the server has ended should stay ended, else null.
   */
  constructor(url, { prepare, authorise = async () => null, mayPass = () => false, whyEnded = async () => null }) {
    super();
    this.#url = new URL(url, location.href);
    this.#way = { prepare, authorise, mayPass, whyEnded };
    addEventListener("pagehide", this.#leave);
  }

  /** The RTCPeerConnection of now, for statistics; null before the first attempt. */
  get connection() {
    return this.#pc;
  }

  open() {
    queueMicrotask(() => this.#try()); // whoever opens may still add listeners
    return this;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.#leave);
    this.#drop();
    this.#say("closed", "Ended.");
  }

  #leave = () => {
    this.#drop();
  };

  #say(state, words) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, words } }));
  }

  #headers(more) {
    return this.#token ? { ...more, Authorization: `Bearer ${this.#token}` } : more;
  }

  async #try() {
    this.#say("connecting", "Connecting …");
    try {
      await this.#negotiate();
    } catch (error) {
      this.#drop();
      if (!this.#closed) this.#stumble(error);
    }
  }

  /** Gives up with words, or waits for the next attempt with words. */
  #stumble(error) {
    const refused = error instanceof Refused;
    if (refused && !error.mayPass && !this.#way.mayPass(error, this.#was)) {
      this.#say("failed", error.message);
      return;
    }
    const own = Math.min(RETRY_MS_FIRST * 2 ** this.#attempt, RETRY_MS_MAX);
    const wait = Math.max(own, refused ? error.retryAfterMs : 0);
    this.#attempt += 1;
    const words = refused || error instanceof Lost ? error.message : `No connection to the server (${error.message}).`;
    this.#say("waiting", `${words} Next try in ${Math.round(wait / 1000)} s.`);
    this.#timer = setTimeout(() => this.#try(), wait);
  }

  async #negotiate() {
    this.#token = await this.#way.authorise();
    if (this.#closed) return;
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.#pc = pc;
    this.#way.prepare(pc);
    pc.addEventListener("track", (event) => this.dispatchEvent(Object.assign(new Event("track"), { track: event.track, streams: event.streams, receiver: event.receiver })));
    pc.addEventListener("connectionstatechange", () => this.#watch(pc));

    await pc.setLocalDescription();
    await gathered(pc);
    const known = candidatesOf(pc.localDescription.sdp);
    const response = await fetch(this.#url, {
      method: "POST",
      headers: this.#headers({ "Content-Type": "application/sdp" }),
      body: pc.localDescription.sdp,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    if (response.status !== 201) throw await refusal(response);
    const place = response.headers.get("location");
    if (!place) throw new Error("the answer names no session");
    // Location may be relative to the address that answered, after redirects.
    this.#resource = { url: new URL(place, response.url), etag: response.headers.get("etag") };
    const sdp = await response.text();
    if (this.#closed) return this.#drop();
    this.#trickle(pc, known);
    await pc.setRemoteDescription({ type: "answer", sdp });
    // The server's goodbye (close_notify) shows here long before the connection as a whole counts as failed.
    const transports = new Set(pc.getTransceivers().map(({ receiver }) => receiver.transport).filter(Boolean));
    for (const dtls of transports) dtls.addEventListener("statechange", () => dtls.state === "closed" && this.#ended(pc));
  }

  #watch(pc) {
    if (pc !== this.#pc || this.#closed) return;
    clearTimeout(this.#timer);
    switch (pc.connectionState) {
      case "connected":
        this.#attempt = 0;
        this.#was = true;
        this.#say("connected", "Connected.");
        this.#listen(pc);
        break;
      case "disconnected":
        this.#say("connecting", "The connection is shaky …");
        this.#timer = setTimeout(() => this.#anew(pc, "The connection was lost."), DISCONNECTED_MS_MAX);
        break;
      case "failed":
        this.#anew(pc, "The connection has failed.");
        break;
      case "closed":
        this.#ended(pc);
        break;
    }
  }

  #anew(pc, words) {
    if (pc !== this.#pc || this.#closed) return;
    this.#drop();
    this.#stumble(new Lost(words));
  }

  /** The server has ended the session: for good, or because it restarts or the live begins again. */
  async #ended(pc) {
    if (pc !== this.#pc || this.#closed) return;
    this.#say("connecting", "The server has ended the session …");
    this.#resource = null; // nothing is left to DELETE
    this.#drop();
    const words = await this.#way.whyEnded().catch(() => null);
    if (this.#closed) return;
    if (words) this.#say("failed", words);
    else this.#stumble(new Lost("The server has ended the session."));
  }

  /** A server that was killed says no goodbye: its silence is noticed here, and asked about. */
  #listen(pc) {
    let [before, silent, asking] = [-1, 0, false];
    clearInterval(this.#pulse);
    this.#pulse = setInterval(async () => {
      if (asking) return;
      const transport = [...(await pc.getStats()).values()].find((entry) => entry.type === "transport");
      if (pc !== this.#pc || transport?.bytesReceived === undefined) return;
      silent = transport.bytesReceived === before ? silent + 1 : 0;
      before = transport.bytesReceived;
      if (silent < SILENT_PULSES_MAX) return;
      silent = 0;
      asking = true;
      const ask = { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) };
      const there = await fetch(this.#resource.url, ask).then((response) => response.ok, () => false);
      asking = false;
      if (!there) this.#anew(pc, "The server does not answer any more.");
    }, PULSE_MS);
  }

  /** Sends what was gathered after the POST. A server that does not trickle says so once, and that is fine. */
  #trickle(pc, known) {
    const tell = async () => {
      const resource = this.#resource;
      const fresh = candidatesOf(pc.localDescription.sdp).filter((line) => !known.includes(line));
      if (pc !== this.#pc || !resource || fresh.length === 0) return;
      known.push(...fresh);
      const headers = this.#headers({ "Content-Type": "application/trickle-ice-sdpfrag" });
      if (resource.etag) headers["If-Match"] = resource.etag;
      const done = pc.iceGatheringState === "complete";
      await fetch(resource.url, { method: "PATCH", headers, body: fragment(pc.localDescription.sdp, fresh, done), signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(() => {});
    };
    if (pc.iceGatheringState === "complete") return;
    let timer = 0;
    pc.addEventListener("icecandidate", () => {
      clearTimeout(timer);
      timer = setTimeout(tell, 20); // candidates come in bursts: one PATCH each
    });
  }

  /**
   * Ends what there is, without making anybody wait: a server that is stuck must not hold up the next attempt. The DELETE
   * goes first, because a closed connection says goodbye too (close_notify) and would leave the DELETE nothing to end.
   */
  #drop() {
    const [pc, resource] = [this.#pc, this.#resource];
    this.#pc = null;
    this.#resource = null;
    clearInterval(this.#pulse);
    if (!resource) return pc?.close();
    const close = () => pc?.close();
    setTimeout(close, GOODBYE_MS_MAX);
    // keepalive: the request outlives the page.
    const goodbye = { method: "DELETE", headers: this.#headers({}), keepalive: true, signal: AbortSignal.timeout(ANSWER_MS_MAX) };
    fetch(resource.url, goodbye).then(close, close);
  }
}

function gathered(pc) {
  return new Promise((resolve) => {
    const check = () => pc.iceGatheringState === "complete" && resolve();
    pc.addEventListener("icegatheringstatechange", check);
    setTimeout(resolve, GATHERING_MS_MAX);
    check();
  });
}

function candidatesOf(sdp) {
  return [...new Set(sdp.split("\r\n").filter((line) => line.startsWith("a=candidate:")))];
}

/** RFC 8840 §9: the offerer-tagged section of the bundle with its credentials and the new candidates. */
function fragment(sdp, candidates, complete) {
  const lines = sdp.split("\r\n");
  const first = (start) => lines.find((line) => line.startsWith(start)) ?? "";
  const parts = [first("a=group:"), first("a=ice-ufrag:"), first("a=ice-pwd:"), first("m="), first("a=mid:"), ...candidates];
  if (complete) parts.push("a=end-of-candidates");
  return parts.filter(Boolean).join("\r\n") + "\r\n";
}
