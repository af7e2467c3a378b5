// What is true of a live, from its snapshot on, event by event. Plain data: no page, no network.
//
// A state: {live, coHost, layout, seatList, seatRequests, battle, request, last, punishment}: `battle` runs, `request` waits
// for answers, `last` is over and keeps its result, `punishment` goes on.

/** The state of a snapshot. What is over is not in it, so `before` lends its last battle. */
export function begin(data, before = null) {
  const { battle, battleRequest, ...rest } = data;
  const running = battle?.status === "started" ? battle : null;
  const over = battle?.status === "ended" ? battle : null;
  const same = before?.live.createTime === data.live.createTime;
  const punishment = over?.punishmentEndTime ? { battleId: over.battleId, endTime: over.punishmentEndTime } : null;
  return { ...structuredClone(rest), battle: running, request: battleRequest, last: over ?? (same ? before.last : null), punishment };
}

/** Whether a battle that ran before a snapshot is over, and its result is to be asked for. */
export function missedEnd(before, now) {
  const was = before?.live.createTime === now.live.createTime ? before.battle?.battleId : null;
  return was && was !== now.battle?.battleId && was !== now.last?.battleId ? was : null;
}

/**
 * Changes the state by one event. Returns what the event does not say and must be read: any of "coHost", "battle",
 * "request", "seats".
 */
export function apply(state, { type, data }) {
  return CHANGES[type]?.(state, data, state.live.liveId) ?? [];
}

const without = (list, liveId) => list.filter((host) => host.liveId !== liveId);
const withoutUser = (list, { userId }) => list.filter((one) => one.userId !== userId);

function inviteeGone(state, { invitee }, own) {
  if (invitee.liveId === own) state.coHost.applicant = null;
  else state.coHost.invitees = without(state.coHost.invitees, invitee.liveId);
}

function battleInviteeGone(state, { battleId, invitee }, own) {
  if (state.request?.battleId !== battleId) return;
  if (invitee.liveId === own) state.request = null;
  else state.request.users = without(state.request.users, invitee.liveId);
}

function applicantGone(state, { guest }) {
  state.seatRequests.applicants = withoutUser(state.seatRequests.applicants, guest);
}

function guestInviteeGone(state, { guest }) {
  state.seatRequests.invitees = withoutUser(state.seatRequests.invitees, guest);
}

/** Of the running battle, the pending one, or the one that is over. */
const battleOf = (state, battleId) => [state.battle, state.request, state.last].find((battle) => battle?.battleId === battleId);

const CHANGES = {
  onCoHostRequestReceived(state, { inviter, ...rest }) {
    state.coHost.applicant = { ...inviter, ...rest };
  },
  onCoHostRequestCancelled: inviteeGone,
  onCoHostRequestRejected: inviteeGone,
  onCoHostRequestTimeout: inviteeGone,
  onCoHostRequestAccepted: inviteeGone,
  onCoHostUserJoined(state, { user }, own) {
    const { coHost } = state;
    coHost.invitees = without(coHost.invitees, user.liveId);
    if (user.liveId === own) coHost.applicant = null;
    coHost.hosts = [...without(coHost.hosts, user.liveId), user];
    coHost.connected = coHost.hosts.map(({ liveId }) => liveId);
    // Who was there already, and in which order, only the connection itself says; its template and its free seats too.
    return ["coHost", "seats"];
  },
  onCoHostUserLeft(state, { user }, own) {
    const { coHost } = state;
    coHost.hosts = without(coHost.hosts, user.liveId);
    if (user.liveId === own || coHost.hosts.length < 2) coHost.hosts = [];
    coHost.connected = coHost.hosts.map(({ liveId }) => liveId);
    state.seatList = state.seatList.filter(({ liveId }) => liveId === own || coHost.connected.includes(liveId));
    if (coHost.hosts.length === 0) [state.battle, state.punishment] = [null, null];
  },
  onSeatLayoutChanged(state, layout) {
    const changed = state.layout.templateId !== layout.templateId;
    state.layout = layout;
    return changed ? ["coHost"] : [];
  },
  onBattleRequestReceived(state, { battleId, inviter, invitee, ...rest }) {
    state.request = { battleId, status: "pending", inviter: inviter.userId, users: [{ ...inviter }, { ...invitee, pending: true }], ...rest };
    return ["request"];
  },
  onBattleRequestCancelled: battleInviteeGone,
  onBattleRequestTimeout: battleInviteeGone,
  onBattleRequestReject: battleInviteeGone,
  onBattleRequestAccept(state, { battleId, invitee }) {
    const user = state.request?.battleId === battleId && state.request.users.find(({ liveId }) => liveId === invitee.liveId);
    if (user) user.pending = false;
  },
  onUserJoinBattle(state, { battleId, user }) {
    const known = state.request?.battleId === battleId && state.request.users.find(({ liveId }) => liveId === user.liveId);
    if (known) known.pending = false;
  },
  onBattleStarted(state, { inviter, invitees, ...rest }, own) {
    if (state.request?.battleId === rest.battleId) state.request = null;
    const users = [inviter, ...invitees].map((host) => ({ ...host, left: false }));
    const isIn = (battle) => battle?.users.some((user) => user.liveId === own && !user.left);
    // Others of the connection may battle beside this live's own battle.
    if (isIn(state.battle) && !isIn({ users })) return [];
    state.battle = { ...rest, status: "started", inviter: inviter.userId, users };
    state.last = null;
    return ["battle"]; // the punishment and what comes after it
  },
  onBattleScoreChanged(state, { battleId, scores }) {
    if (state.battle?.battleId === battleId) state.battle.scores = scores;
  },
  onUserExitBattle(state, { battleId, user }) {
    const battle = battleOf(state, battleId);
    const left = battle?.users.find(({ liveId }) => liveId === user.liveId);
    if (left) left.left = true;
  },
  onBattleEnded(state, { battleId, reason, endTime, result }) {
    const battle = battleOf(state, battleId);
    if (state.request?.battleId === battleId) state.request = null;
    if (state.battle?.battleId === battleId) state.battle = null;
    if (result && battle) state.last = { ...battle, battleId, status: "ended", reason, endTime, result, scores: result.scores };
  },
  onBattlePunishmentStarted(state, { battleId, endTime }) {
    if (state.last?.battleId === battleId) state.punishment = { battleId, endTime };
  },
  onBattlePunishmentEnded(state, { battleId }) {
    if (state.punishment?.battleId === battleId) state.punishment = null;
  },
  onLiveInfoChanged(state, { live, changed }) {
    Object.assign(state.live, live);
    return changed.some((field) => ["maxSeatCount", "isSeatEnabled", "keepOwnerOnSeat", "seatTemplate"].includes(field)) ? ["seats"] : [];
  },
  onSeatListChanged(state, { liveId, reason, seatList }) {
    const fresh = new Map(seatList.map((seat) => [seat.index, seat]));
    const stays = (seat) => seat.liveId !== liveId || (reason !== "joined" && !fresh.has(seat.index));
    const own = state.live.liveId;
    const order = [own, ...state.coHost.connected.filter((other) => other !== own)];
    const place = (seat) => (order.includes(seat.liveId) ? order.indexOf(seat.liveId) : order.length);
    const all = [...state.seatList.filter(stays), ...seatList];
    state.seatList = all.sort((one, other) => place(one) - place(other) || one.liveId.localeCompare(other.liveId) || one.index - other.index);
  },
  onGuestApplicationReceived(state, { guest }) {
    state.seatRequests.applicants = [...withoutUser(state.seatRequests.applicants, guest), guest];
  },
  onGuestApplicationCancelled: applicantGone,
  onGuestApplicationProcessedByOtherHost: applicantGone,
  onGuestApplicationResponded: applicantGone,
  onGuestApplicationNoResponse: applicantGone,
  onHostInvitationReceived(state, { guest }) {
    state.seatRequests.invitees = [...withoutUser(state.seatRequests.invitees, guest), guest];
  },
  onHostInvitationCancelled: guestInviteeGone,
  onHostInvitationResponded: guestInviteeGone,
  onHostInvitationNoResponse: guestInviteeGone,
};
