// Events as sentences, and the names of things.

export const nameOf = (user) => user?.userName || user?.userId || "somebody";

/** A host with its live, where the two are not called the same. */
export const hostWords = (host) => `${nameOf(host)} (${host.liveId})`;

/** The templates of a live's seats: what it looks like while it is in no connection. */
export const SEAT_TEMPLATES = new Map([
  ["videoDynamicGrid9Seats", "a grid of who is there"],
  ["videoDynamicFloat7Seats", "the host, guests in windows above"],
  ["videoFixedGrid9Seats", "nine seats, empty ones too"],
  ["videoFixedFloat7Seats", "the host, six windows, empty ones too"],
  ["videoLandscape4Seats", "up to four in landscape"],
  ["audioSalon", "voices, without pictures"],
  ["karaoke", "karaoke, without pictures"],
]);

/** The layout templates of connections, by the interface's number. */
export const TEMPLATES = new Map([
  [600, "Grid (hostDynamicGrid)"],
  [601, "One large, windows above (hostDynamic1v6)"],
  [2, "Equal cells (hostVoiceConnection)"],
  [1, "Two teams of six voices (hostStaticVoice6v6)"],
  [400, "Two in landscape (HostVideoLandscapeFixed2Seats)"],
]);

export const templateWords = (id) => TEMPLATES.get(id) ?? `template ${id}`;

const LEFT = { exit: "has left", disconnected: "was gone for too long and has left", kicked: "was taken out by the backend", liveEnded: "has ended its live and left" };
const OVER = { timeOver: "The time is over", allMemberExit: "Everybody has left the battle", neverStarted: "The battle did not start: nobody accepted" };
const SEATS = { taken: "sat down", left: "stood up", kicked: "was removed from the seat", moved: "changed seats", replaced: "had to make room", layout: "had to leave: the layout has no such seat", locked: "was removed: the seat is locked", disconnected: "was gone for too long" };

/** Who won, in words; `userId` is the reader's own. */
export function outcome(last, userId) {
  const { winners, draw } = last.result;
  if (draw) return "A draw";
  if (winners.length === 0) return "Nobody has won";
  if (winners.includes(userId)) return "Victory";
  const names = winners.map((winner) => nameOf(last.users?.find((user) => user.userId === winner) ?? { userId: winner }));
  return `${names.join(" and ")} won`;
}

export const overWords = (reason) => OVER[reason] ?? reason;

const on = (seatIndex) => (seatIndex < 0 ? "any free seat" : `seat ${seatIndex}`);
const answer = (isAccept) => (isAccept ? "accepted" : "rejected");

/** One sentence for an event; null for what the panels show by themselves. */
export function sentence({ type, data }, own) {
  const mine = (host) => host.liveId === own;
  switch (type) {
    case "onCoHostRequestReceived":
      return `${hostWords(data.inviter)} invites to co-host.`;
    case "onCoHostRequestCancelled":
      return mine(data.inviter) ? `The invitation of ${hostWords(data.invitee)} was cancelled.` : `${hostWords(data.inviter)} has cancelled the invitation.`;
    case "onCoHostRequestAccepted":
      return `${hostWords(data.invitee)} has accepted the invitation.`;
    case "onCoHostRequestRejected":
      return mine(data.invitee) ? `The invitation of ${hostWords(data.inviter)} is rejected.` : `${hostWords(data.invitee)} has rejected the invitation.`;
    case "onCoHostRequestTimeout":
      return mine(data.inviter) ? `${hostWords(data.invitee)} did not answer the invitation in time.` : `The invitation of ${hostWords(data.inviter)} has timed out.`;
    case "onCoHostUserJoined":
      return `${hostWords(data.user)} is connected.`;
    case "onCoHostUserLeft":
      return `${hostWords(data.user)} ${LEFT[data.reason] ?? data.reason}.`;
    case "onSeatLayoutChanged":
      return null;
    case "onBattleRequestReceived":
      return `${hostWords(data.inviter)} asks for a battle of ${data.durationSeconds} seconds.`;
    case "onBattleRequestCancelled":
      return `${hostWords(data.inviter)} has cancelled the battle request to ${hostWords(data.invitee)}.`;
    case "onBattleRequestTimeout":
      return `${hostWords(data.invitee)} did not answer the battle request in time.`;
    case "onBattleRequestAccept":
      return `${hostWords(data.invitee)} has accepted the battle.`;
    case "onBattleRequestReject":
      return mine(data.invitee) ? `The battle request of ${hostWords(data.inviter)} is rejected.` : `${hostWords(data.invitee)} has rejected the battle.`;
    case "onBattleStarted":
      return `The battle has started: ${[data.inviter, ...data.invitees].map(nameOf).join(" against ")}.`;
    case "onBattleScoreChanged":
      return null;
    case "onUserJoinBattle":
      return `${hostWords(data.user)} will battle.`;
    case "onUserExitBattle":
      return `${hostWords(data.user)} has left the battle.`;
    case "onBattleEnded":
      return `${overWords(data.reason)}.`;
    case "onBattlePunishmentStarted":
      return `The punishment has begun: ${data.punishmentSeconds} seconds.`;
    case "onBattlePunishmentEnded":
      return "The punishment is over.";
    case "onLiveInfoChanged":
      return `The live has changed: ${data.changed.join(", ")}.`;
    case "onLiveEnded":
      return `The live ${data.liveId} has ended (${data.reason}).`;
    default:
      return seatSentence(type, data);
  }
}

function seatSentence(type, data) {
  const guest = nameOf(data.guest);
  switch (type) {
    case "onSeatListChanged": {
      const moved = [...data.seatedList.map((user) => `${nameOf(user)} sat down`), ...data.leftList.map((user) => `${nameOf(user)} ${SEATS[data.reason] ?? "left the seat"}`)];
      return moved.length ? `${moved.join("; ")} (${data.liveId}).` : null;
    }
    case "onGuestApplicationReceived":
      return `${guest} applies for ${on(data.guest.seatIndex)}.`;
    case "onGuestApplicationCancelled":
      return `${guest} has taken the application back.`;
    case "onGuestApplicationResponded":
    case "onGuestApplicationProcessedByOtherHost":
      return `The application of ${guest} was ${answer(data.isAccept)}.`;
    case "onGuestApplicationNoResponse":
      return `The application of ${guest} is over (${data.reason}).`;
    case "onHostInvitationReceived":
      return `${guest} is invited to ${on(data.guest.seatIndex)}.`;
    case "onHostInvitationCancelled":
      return `The invitation of ${guest} was cancelled.`;
    case "onHostInvitationResponded":
      return `${guest} has ${answer(data.isAccept)} the invitation.`;
    case "onHostInvitationNoResponse":
      return `The invitation of ${guest} is over (${data.reason}).`;
    case "onKickedOffSeat":
      return `${guest} was removed from seat ${data.seatIndex}.`;
    case "onLocalMicrophoneOpenedByAdmin":
      return `The microphone of ${guest} may be opened again.`;
    case "onLocalMicrophoneClosedByAdmin":
      return `The microphone of ${guest} was closed by the host.`;
    case "onLocalCameraOpenedByAdmin":
      return `The camera of ${guest} may be opened again.`;
    case "onLocalCameraClosedByAdmin":
      return `The camera of ${guest} was closed by the host.`;
    default:
      return `${type}.`; // a newer server's
  }
}
