// Co-hosting: who is connected, invitations both ways, the layout.

import { $, element } from "../page.js";
import { act, ask, number, onSend, path, text } from "./ask.js";
import { button, countTo, keyed, noneUnless, setText, span } from "./parts.js";
import { TEMPLATES, hostWords, nameOf, templateWords } from "./words.js";

/** What an invitation says when acceptance is to start a battle: the product's own word for it. */
export const WITH_BATTLE = JSON.stringify({ withPK: true });

const asksForBattle = (extensionInfo) => (extensionInfo ?? "").includes("withPK");

/** `desk` is the console: {liveId, me, reread, candidates}. `battleAfter(liveId)` remembers whom to battle on acceptance. */
export function coHostPanel(desk, { battleAfter }) {
  const base = () => ["lives", desk.liveId, "co-host"];
  const command = (method, parts, body) => ask(method, path(...parts), { token: desk.me.token, body });
  // Of its own answer a live is told nothing: it reads what has become of it.
  const answerTo = async (other, word) => {
    await command("POST", [...base(), "requests", other, word], {});
    desk.reread("coHost");
  };

  for (const select of [$("#invite [name=layoutTemplate]"), $("#layout [name=layoutTemplate]")]) {
    for (const [id, words] of TEMPLATES) select.append(element("option", { value: id }, words));
  }

  const invite = async (liveId) => {
    const fields = new FormData($("#invite"));
    const withBattle = fields.has("withBattle");
    const body = { targetLiveIds: [liveId], layoutTemplate: number(fields, "layoutTemplate"), timeoutSeconds: number(fields, "timeoutSeconds") };
    if (withBattle) body.extensionInfo = WITH_BATTLE;
    battleAfter(liveId, withBattle); // before the answer: the acceptance may overtake it
    await command("POST", [...base(), "requests"], body);
    desk.reread("coHost");
  };
  onSend($("#invite"), (fields) => invite(text(fields, "target") ?? ""));
  onSend($("#layout"), (fields) => command("PUT", ["lives", desk.liveId, "layout"], { layoutTemplate: number(fields, "layoutTemplate") }));
  $("#leave").addEventListener("click", () => act($("#leave"), () => command("DELETE", base())));
  $("#accept").addEventListener("click", () => act($("#accept"), () => answerTo($("#incoming").dataset.from, "accept")));
  $("#reject").addEventListener("click", () => act($("#reject"), () => answerTo($("#incoming").dataset.from, "reject")));

  function showIncoming({ applicant }) {
    $("#incoming").hidden = !applicant;
    if (!applicant) return $("#incoming .refused")?.remove();
    $("#incoming").dataset.from = applicant.liveId;
    const wish = asksForBattle(applicant.extensionInfo) ? " A battle starts as soon as you accept." : "";
    setText($("#incoming .words"), `${hostWords(applicant)} invites you to co-host.${wish}`);
    countTo($("#incoming .countdown"), applicant.expireTime);
  }

  function showHosts({ coHost, live }) {
    const { hosts, templateId } = coHost;
    noneUnless($("#alone"), hosts);
    const create = (host) => element("li", {}, span("on"), element("span", { class: "who" }, element("b", {}, nameOf(host)), span("detail")));
    keyed($("#connected"), hosts, (host) => host.liveId, create, (node, host) => {
      const onAir = desk.isOnAir(host.liveId);
      node.querySelector(".on").dataset.on = onAir;
      setText(node.querySelector("b"), nameOf(host));
      setText(node.querySelector(".detail"), `${host.liveId}${host.liveId === live.liveId ? " · this live" : ""}${onAir ? " · on air" : ""}`);
    });
    $("#connection-controls").hidden = hosts.length === 0;
    setText($("#template"), hosts.length ? `Layout: ${templateWords(templateId)}` : "");
    const select = $("#layout [name=layoutTemplate]");
    if (select.dataset.shown !== String(templateId)) [select.value, select.dataset.shown] = [templateId, templateId];
  }

  const createInvited = ({ liveId }) => element("li", {}, element("span", { class: "who" }, element("b"), span("detail", "has not answered yet")), button("Cancel", () => answerTo(liveId, "cancel"), { label: `Cancel the invitation of ${liveId}`, name: "cancel" }));
  const createCandidate = ({ liveId }) => element("li", {}, element("span", { class: "who" }, element("b"), span("detail")), button("Invite", () => invite(liveId), { label: `Invite ${liveId}`, name: "invite" }));

  return {
    show(state, mayHost) {
      showIncoming(mayHost ? state.coHost : {});
      showHosts(state);
      keyed($("#invited"), state.coHost.invitees, (host) => host.liveId, createInvited, (node, host) => setText(node.querySelector("b"), hostWords(host)));
      $("#invited-part").hidden = state.coHost.invitees.length === 0;
      const invited = new Set(state.coHost.invitees.map(({ liveId }) => liveId));
      const candidates = desk.candidates.filter(({ liveId }) => !invited.has(liveId));
      noneUnless($("#no-candidates"), candidates);
      keyed($("#candidates"), candidates, (live) => live.liveId, createCandidate, (node, live) => {
        setText(node.querySelector("b"), live.liveName || live.liveId);
        setText(node.querySelector(".detail"), `${live.liveId} · ${nameOf(live.owner)}`);
      });
    },
  };
}
