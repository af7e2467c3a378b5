// What the pages ask of the server, beside WHIP and WHEP.
//
//   GET  /v1/lives               → {lives: [{liveId, liveName, owner: {userId, userName}, isPublishing, viewerCount}], cursor}
//   POST /v1/lives               ← {liveId, liveName, owner}
//   GET  /demo/figures.json      → live figures of the mix (dev mode and demo)
//   GET  /demo/tokens.json?live= → {host, admin}: tokens of dev mode; "host" may publish that live. 404 otherwise

import { ANSWER_MS_MAX, Refused, refusal } from "./session.js";

/** JSON of a GET, or null where the server has no such thing. Other trouble is thrown as words. */
export async function look(path, token) {
  const response = await fetch(path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  if (response.status === 404 || response.status === 501) return null;
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/**
 * The token to publish with: the address's own, or the one that a server in dev mode gives away, which also gets the live
 * if there is none yet; for a `seat` of a guest the admin's, which acts for whoever sits there. Asked anew for each attempt: such
 * a server forgets both when it restarts.
 */
export async function admission(liveId, seat = 0) {
  const given = new URLSearchParams(location.search).get("token");
  if (given) return given;
  const tokens = await look(`/demo/tokens.json?live=${encodeURIComponent(liveId)}`);
  if (!tokens) throw new Refused(401, "Publishing needs a token: add ?token=… to the address.", 0);
  await ensureLive(liveId, tokens.host);
  return seat > 0 ? tokens.admin : tokens.host;
}

/** Creates the live for the token's own user if there is none yet. */
async function ensureLive(liveId, token) {
  if (await look(livePath(liveId), token)) return;
  const claims = claimsOf(token);
  const userId = claims.sub ?? liveId;
  const response = await fetch("/v1/lives", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ liveId, liveName: liveId, owner: { userId, userName: claims.name ?? userId }, isPublicVisible: true }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  // 409: somebody created it in the meantime.
  if (!response.ok && response.status !== 409) throw await refusal(response);
}

/** Words when somebody publishes the live although the server has just ended our session: the same user, elsewhere. */
export async function takenOver(liveId) {
  const given = new URLSearchParams(location.search).get("token");
  const live = await look(livePath(liveId), given);
  return live?.isPublishing ? "This live is published from another place now: a second page or app of yours took over." : null;
}

/** The same words for a guest, who may also have left the seat, or have been moved to another. */
export async function seatLost(liveId, seat) {
  const given = new URLSearchParams(location.search).get("token");
  const { seatList } = (await look(`${livePath(liveId)}/seats`, given)) ?? { seatList: [] };
  const own = (one) => (given ? one.userInfo?.userId === claimsOf(given).sub : one.index === seat && one.userInfo);
  const sits = seatList.some((one) => one.liveId === liveId && own(one));
  return sits ? "This seat is published from another place now: a second page or app of yours took over." : "You are not on this seat any more.";
}

const livePath = (liveId) => `/v1/lives/${encodeURIComponent(liveId)}`;

/** What a JWT says; nothing is verified here, the server does that. */
export function claimsOf(token) {
  try {
    const [, payload] = token.split(".");
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

/** The last part of /publish/{liveId} and /play/{liveId}. */
export function liveIdOfPage() {
  return decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
}
