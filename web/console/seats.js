// Seats: who sits where in all connected lives, and who asks to.

import { $, element } from "../page.js";
import { ask, number, onSend, path, text } from "./ask.js";
import { button, countTo, keyed, noneUnless, setText, span } from "./parts.js";
import { nameOf } from "./words.js";

const CLOSED = { closedBySelf: "closed", closedByAdmin: "closed by the host" };

/** `desk` is the console: {liveId, me, reread}. */
export function seatsPanel(desk) {
  const { me } = desk;
  const post = (...parts) => ask("POST", path("lives", desk.liveId, ...parts), { token: me.token, body: {} });
  const withBody = (body, ...parts) => ask("POST", path("lives", desk.liveId, ...parts), { token: me.token, body });
  const guest = (fields) => ({ userId: text(fields, "userId"), userName: text(fields, "userName") });

  // A guest is told of what others do about its requests, not of what it did itself.
  const asking = async (command) => {
    await command;
    desk.reread("seatRequests");
  };
  onSend($("#seat-invite"), (fields) => asking(withBody({ ...guest(fields), seatIndex: number(fields, "seatIndex"), timeoutSeconds: number(fields, "timeoutSeconds") }, "seat-invitations")));
  onSend($("#seat-apply"), (fields) => asking(withBody({ ...guest(fields), seatIndex: number(fields, "seatIndex"), timeoutSeconds: number(fields, "timeoutSeconds") }, "seat-applications")));
  // Guests move themselves only.
  onSend($("#seat-move"), (fields) => withBody({ userId: text(fields, "userId") ?? me.userId ?? "", seatIndex: number(fields, "seatIndex"), policy: fields.get("policy") }, "seats", "move"));

  /** Takes a seat: oneself, or as the backend the guest whom the form of applications names. */
  const take = (index) => withBody(me.isAdmin ? guest(new FormData($("#seat-apply"))) : {}, "seats", index, "take");

  /** A guest's page to publish from the seat. A token of this page's address goes along. */
  const publishLink = (index) => {
    const token = new URLSearchParams(location.search).get("token");
    const query = new URLSearchParams({ seat: index, ...(token && { token }) });
    const href = `/publish/${encodeURIComponent(desk.liveId)}?${query}`;
    return element("a", { class: "button small", "data-do": "publish", href, target: "_blank", "aria-label": `Publish from seat ${index}` }, "Publish");
  };

  function createSeat({ index, liveId }) {
    const does = (name, words, job = () => post("seats", index, name)) => button(words, job, { name, label: `${words}: seat ${index}` });
    const buttons = liveId !== desk.liveId ? [] : [does("take", "Sit down", () => take(index)), does("leave", "Stand up"), does("lock", "Lock"), does("unlock", "Unlock"), does("kick", "Remove"), does("mute", "Mute"), does("unmute", "Unmute"), does("camera-off", "Camera off"), does("camera-on", "Camera on"), publishLink(index)];
    return element("li", {}, span("number"), element("span", { class: "who" }, element("b"), span("detail")), element("span", { class: "does" }, ...buttons));
  }

  /** What one may do with a seat now; the server has the last word. */
  function may(seat, mayHost, sits) {
    const user = seat.userInfo;
    const self = user && !me.isAdmin && user.userId === me.userId;
    const touch = mayHost || self;
    return {
      take: !user && !seat.isLocked && !sits && me.maySit,
      leave: self && user.role !== "owner",
      publish: (self || me.isAdmin) && user && user.role !== "owner",
      lock: mayHost && !seat.isLocked && seat.index > 0,
      unlock: mayHost && seat.isLocked,
      kick: mayHost && user && user.role !== "owner",
      mute: touch && user?.microphoneStatus === "opened",
      unmute: touch && user && user.microphoneStatus !== "opened",
      "camera-off": touch && user?.cameraStatus === "opened",
      "camera-on": touch && user && user.cameraStatus !== "opened",
    };
  }

  function updateSeat(node, seat, mayHost, sits) {
    const user = seat.userInfo;
    setText(node.querySelector(".number"), `${seat.liveId} ${seat.index}`);
    setText(node.querySelector("b"), user ? nameOf(user) : seat.isLocked ? "locked" : "free");
    node.dataset.taken = Boolean(user);
    const device = (name, status) => CLOSED[status] && `${name} ${CLOSED[status]}`;
    const words = user ? [user.role, device("microphone", user.microphoneStatus), device("camera", user.cameraStatus)] : [];
    setText(node.querySelector(".detail"), words.filter(Boolean).join(" · "));
    const allowed = may(seat, mayHost, sits);
    for (const one of node.querySelectorAll("[data-do]")) one.hidden = !allowed[one.dataset.do];
  }

  /** Applications (the host answers) and invitations (the guest answers): the asking side cancels. */
  function showRequests(list, folder, requests, mayHost, hostAnswers) {
    const own = (request) => !me.isAdmin && request.userId === me.userId;
    const create = ({ userId }) => {
      const does = (word, words) => button(words, () => asking(post(folder, userId, word)), { name: word, label: `${words}: ${userId}` });
      return element("li", {}, element("span", { class: "who" }, element("b"), span("detail")), span("countdown"), element("span", { class: "does" }, does("accept", "Accept"), does("reject", "Reject"), does("cancel", "Cancel")));
    };
    keyed(list, requests, (request) => request.userId, create, (node, request) => {
      setText(node.querySelector("b"), nameOf(request));
      setText(node.querySelector(".detail"), `${hostAnswers ? "applies for" : "is invited to"} ${request.seatIndex < 0 ? "any free seat" : `seat ${request.seatIndex}`}`);
      countTo(node.querySelector(".countdown"), request.expireTime);
      const answers = me.isAdmin || (hostAnswers ? mayHost : own(request));
      const cancels = me.isAdmin || (hostAnswers ? own(request) : mayHost);
      for (const one of node.querySelectorAll("[data-do]")) one.hidden = !(one.dataset.do === "cancel" ? cancels : answers);
    });
  }

  return {
    show(state, mayHost) {
      const sits = !me.isAdmin && state.seatList.some((seat) => seat.liveId === desk.liveId && seat.userInfo?.userId === me.userId);
      noneUnless($("#no-seats"), state.seatList);
      // Of the others' seats those that are anything: nine lives of fifty seats are a long list.
      const shown = state.seatList.filter((seat) => seat.liveId === desk.liveId || seat.userInfo || seat.isLocked);
      keyed($("#seats"), shown, (seat) => `${seat.liveId} ${seat.index}`, createSeat, (node, seat) => updateSeat(node, seat, mayHost, sits));
      const { applicants, invitees } = state.seatRequests;
      showRequests($("#applicants"), "seat-applications", applicants, mayHost, true);
      showRequests($("#seat-invitees"), "seat-invitations", invitees, mayHost, false);
      $("#seat-requests").hidden = applicants.length + invitees.length === 0;
      $("#seat-invite").hidden = !mayHost;
      $("#seat-move").hidden = !mayHost && !sits;
      $("#seat-move .mover").hidden = !mayHost;
      $("#seat-apply").hidden = !me.token || sits;
      for (const field of document.querySelectorAll("#seat-apply .whom")) field.hidden = !me.isAdmin;
    },
  };
}
