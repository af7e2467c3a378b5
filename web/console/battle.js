// Battles: asked for, answered, running by the server's time, scored, over; what follows them.

import { $, element } from "../page.js";
import { act, ask, number, onSend, path, text } from "./ask.js";
import { countTo, keyed, noneUnless, setText, span } from "./parts.js";
import { hostWords, nameOf, outcome, overWords } from "./words.js";

/** A key that no other change has; browsers give randomUUID to https and localhost only. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `desk` is the console: {liveId, me, state, reread}. */
export function battlePanel(desk) {
  const { me } = desk;
  const post = (parts, body, more) => ask("POST", path(...parts), { token: me.token, body, ...more });
  // The backend says for which host it acts; a host always for itself.
  const step = (word) => (battleId) => post(["battles", battleId, word], me.isAdmin ? { userId: desk.state.live.owner.userId } : {});

  /** The form's wish. Who need not answer has no time to do it in. */
  function wish(fields, userIds, needResponse = fields.has("needResponse")) {
    return {
      userIds,
      durationSeconds: number(fields, "durationSeconds"),
      needResponse,
      timeoutSeconds: needResponse ? number(fields, "timeoutSeconds") : 0,
      punishmentSeconds: number(fields, "punishmentSeconds"),
      endConnectionAfter: fields.has("endConnectionAfter"),
    };
  }

  const request = async (body) => {
    const { battleId, status } = await post(["lives", desk.liveId, "battles"], body);
    if (status === "pending") desk.reread("request", battleId);
  };
  onSend($("#battle-form"), (fields) => request(wish(fields, fields.getAll("userIds"))));
  const onPress = (selector, job) => $(selector).addEventListener("click", () => act($(selector), job));
  onPress("#battle-accept", () => step("accept")(desk.state.request.battleId));
  onPress("#battle-reject", async () => {
    const { battleId } = desk.state.request;
    await step("reject")(battleId);
    desk.reread("request", battleId); // who rejects is told of it by nobody
  });
  onPress("#battle-cancel", () => post(["battles", desk.state.request.battleId, "cancel"], {}));
  onPress("#battle-exit", () => step("exit")(desk.state.battle.battleId));
  onPress("#rematch", async () => {
    const { battleId, status } = await step("rematch")(desk.state.last.battleId);
    if (status === "pending") desk.reread("request", battleId);
  });

  // Sent again after a cut, a change of scores keeps its key, so that it counts once.
  const change = (form, what, toBody) => {
    let unanswered = null;
    onSend(form, async (fields) => {
      const body = toBody(fields);
      const content = JSON.stringify(body);
      if (unanswered?.content !== content) unanswered = { content, key: newKey() };
      try {
        await post(["battles", desk.state.battle?.battleId ?? desk.state.last?.battleId ?? "none", what], body, { token: me.backend, key: unanswered.key });
        unanswered = null;
      } catch (error) {
        if (error.status) unanswered = null; // answered: it did not count
        throw error;
      }
    });
  };
  change($("#score-form"), "scores", (fields) => ({
    op: fields.get("op"),
    scores: [{ userId: fields.get("userId"), value: number(fields, "value") }],
    source: { giftId: text(fields, "giftId"), senderId: text(fields, "senderId") },
  }));
  change($("#gift-form"), "gifts", (fields) => ({
    receiver: fields.get("receiver"),
    giftId: text(fields, "giftId") ?? "",
    value: number(fields, "value"),
    count: number(fields, "count"),
    senderId: text(fields, "senderId"),
  }));

  function showRequest({ request }, mayHost, own) {
    const asked = mayHost && request;
    const mine = asked && request.users.some((user) => user.liveId === own && user.userId === request.inviter);
    const waiting = asked ? request.users.filter((user) => user.pending) : [];
    const answered = asked && !mine && !waiting.some((user) => user.liveId === own);
    $("#battle-incoming").hidden = !asked || mine;
    $("#battle-pending").hidden = !mine;
    if (!asked) return;
    const inviter = request.users.find((user) => user.userId === request.inviter) ?? { userId: request.inviter, liveId: "?" };
    setText($("#battle-incoming .words"), answered ? `You battle ${hostWords(inviter)} as soon as all have answered.` : `${hostWords(inviter)} asks you for a battle of ${request.durationSeconds} s${after(request)}.`);
    $("#battle-accept").hidden = Boolean(answered);
    setText($("#battle-pending .words"), `You have asked for a battle of ${request.durationSeconds} s${after(request)}. Waiting for ${waiting.map(hostWords).join(", ") || "nobody"}.`);
    for (const node of document.querySelectorAll("#battle-incoming .countdown, #battle-pending .countdown")) countTo(node, request.expireTime);
  }

  /** What follows a battle, as its request says. */
  function after({ punishmentSeconds, endConnectionAfter }) {
    return `${punishmentSeconds ? `, a punishment of ${punishmentSeconds} s` : ""}${endConnectionAfter ? ", and parting after it" : ""}`;
  }

  function showRunning({ battle }, mayHost, own) {
    $("#battle-running").hidden = !battle;
    countTo($("#battle-running .countdown"), battle?.endTime);
    if (!battle) return;
    const scores = battle.users.map((user) => ({ ...user, score: battle.scores?.[user.userId] ?? 0 }));
    const total = scores.reduce((sum, { score }) => sum + score, 0);
    const create = () => element("li", {}, element("i"), element("b"), span("detail"), span("score"));
    keyed($("#scores"), scores, (user) => user.userId, create, (node, user) => {
      setText(node.querySelector("b"), nameOf(user));
      setText(node.querySelector(".detail"), user.left ? "has left" : user.liveId);
      setText(node.querySelector(".score"), String(user.score));
      node.querySelector("i").style.width = `${total ? (100 * user.score) / total : 100 / scores.length}%`;
    });
    setText($("#battle-after"), after(battle).replace(/^, /, "Then: "));
    $("#battle-exit").hidden = !mayHost || !scores.some((user) => user.liveId === own && !user.left);
  }

  function showResult({ last, punishment }, mayHost, own) {
    $("#battle-punishment").hidden = !punishment;
    countTo($("#battle-punishment .countdown"), punishment?.endTime);
    $("#battle-result").hidden = !last?.result;
    if (!last?.result) return;
    setText($("#outcome"), outcome(last, me.isAdmin ? null : me.userId));
    setText($("#over"), `${overWords(last.reason)}.`);
    const user = (userId) => last.users?.find((one) => one.userId === userId) ?? { userId };
    const create = () => element("li", {}, span("rank"), element("span", { class: "who" }, element("b"), span("detail")), span("score"));
    keyed($("#ranking"), last.result.ranking, (row) => row.userId, create, (node, row) => {
      const senders = (last.result.bestSenders[row.userId] ?? []).map(({ senderId, value }) => `${senderId} ${value}`);
      setText(node.querySelector(".rank"), `${row.rank}.`);
      setText(node.querySelector("b"), nameOf(user(row.userId)));
      setText(node.querySelector(".detail"), [row.left && "left early", senders.length && `most from ${senders.join(", ")}`].filter(Boolean).join(" · "));
      setText(node.querySelector(".score"), String(row.score));
    });
    $("#rematch").hidden = !mayHost || !last.result.ranking.some((row) => row.liveId === own && row.userId === desk.state.live.owner.userId);
  }

  function showForms({ coHost, battle, request, last }, mayHost, own) {
    const others = coHost.hosts.filter((host) => host.liveId !== own);
    $("#battle-form").hidden = !mayHost;
    noneUnless($("#no-rivals"), others);
    const create = (host) => element("label", { class: "check" }, element("input", { type: "checkbox", name: "userIds", value: host.userId, checked: "" }), span("name"));
    keyed($("#rivals"), others, (host) => host.userId, create, (node, host) => setText(node.querySelector(".name"), hostWords(host)));
    const target = battle ?? last;
    $("#scoring").hidden = !me.backend || !target || Boolean(request && !battle);
    $("#no-backend").hidden = Boolean(me.backend) || !battle || !mayHost;
    for (const select of [$("#score-form [name=userId]"), $("#gift-form [name=receiver]")]) {
      keyed(select, target?.users ?? [], (user) => user.userId, (user) => element("option", { value: user.userId }), (node, user) => setText(node, nameOf(user)));
    }
  }

  return {
    /** Starts a battle at once with a host that has just connected: what its invitation promised (withPK). */
    async startWith(host) {
      const fields = new FormData($("#battle-form"));
      await act($("#battle-form button"), () => request(wish(fields, [host.userId], false)));
    },
    show(state, mayHost) {
      const own = state.live.liveId;
      $("#no-battle").hidden = Boolean(state.battle || state.last?.result || (mayHost && state.request));
      showRequest(state, mayHost, own);
      showRunning(state, mayHost, own);
      showResult(state, mayHost, own);
      showForms(state, mayHost, own);
    },
  };
}
