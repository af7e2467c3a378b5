// What is kept and how far webhooks have got, for whoever runs the server: GET /v1/storage, which admins alone may read.
//
// Each figure has a grade, good, warn or bad, as README's alerts have it; what is not good is said in words at the top.

import { $, element } from "../page.js";
import { look } from "../server.js";
import { keyed, noneUnless, setText, span } from "./parts.js";

const LOOK_MS = 2_000;
/** Figures of webhooks are made every 2 s; older ones stand still. */
const STALE_MS = 10_000;
/** A failure is spoken of for so long after it. */
const REMEMBERED_MS = 3_600_000;
/** Looks in a row at which commands wait and nothing is committed: the disk hangs. */
const STUCK_LOOKS = 3;
const SLOW_SECONDS = 0.25;
const LATE_SECONDS = 300;
const COPIED_MS = 2_000;
const HASH_SHOWN = 12;

const GRADES = ["good", "warn", "bad"];
const worst = (grades) => GRADES[Math.max(0, ...grades.map((grade) => GRADES.indexOf(grade)))];

const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A length of time in the largest unit that says enough. */
function long(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

/** Milliseconds of a number of seconds: all of them below ten, whole ones above. */
const millis = (seconds) => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;

/** What is to be said of commits: [grade, words] each. */
function ofCommits({ serverTime, keptIn, commits, queue }, isStuck) {
  const said = [];
  const { lastFailure: failure, took } = commits;
  const fails = failure && failure.failureTime >= (commits.lastCommitTime ?? 0);
  if (fails) said.push(["bad", `Commits fail (${failure.reason}): what is asked is taken back and refused with 503.`]);
  else if (failure && serverTime - failure.failureTime < REMEMBERED_MS) said.push(["warn", `A commit has failed lately (${failure.reason}); those after it did not.`]);
  if (isStuck) said.push(["bad", "Commands wait and nothing is committed: the disk does not answer."]);
  else if (queue.waiting >= queue.max / 2) said.push(["bad", "The queue is half full: beyond it commands are refused with 503."]);
  if (took && took.p99Seconds > SLOW_SECONDS) said.push(["warn", "Commits are slow."]);
  if (keptIn === "memory") said.push(["warn", "Nothing is kept: lives, battles and scores end with the process."]);
  return said;
}

/** What is to be said of an endpoint. */
function ofEndpoint({ name, oldestSeconds, trouble, deadLetters }) {
  const said = [];
  if (deadLetters > 0) said.push(["bad", `${name} has dead letters.`]);
  if (oldestSeconds > LATE_SECONDS) said.push(["bad", `${name} is behind.`]);
  if (trouble) said.push(["warn", `${name} does not take what it is sent.`]);
  return said;
}

/** The panel; `me` is who the window is. */
export function storagePanel(me) {
  const panel = $("#storage");
  let [timer, before, stuck] = [null, null, 0];

  function figure(id, text, detail = "", grade = "good") {
    const node = $(`#${id}`);
    node.dataset.grade = grade;
    const value = node.querySelector("dd");
    if (value.dataset.said === `${text}|${detail}`) return;
    value.dataset.said = `${text}|${detail}`;
    value.replaceChildren(text, ...(detail ? [element("small", {}, detail)] : []));
  }

  function verdict(grade, words) {
    $("#storage-verdict").dataset.grade = grade;
    setText($("#storage-verdict"), words);
  }

  function showCommits({ commits, queue, serverTime, keptIn }) {
    // In memory nothing is committed.
    for (const id of ["last-commit", "commit-failures", "commit-took"]) $(`#${id}`).hidden = keptIn === "memory";
    const { took, lastFailure } = commits;
    const fails = lastFailure && lastFailure.failureTime >= (commits.lastCommitTime ?? 0);
    const last = commits.lastCommitTime === null ? "none yet" : `${long(serverTime - commits.lastCommitTime)} ago`;
    figure("last-commit", last, "", stuck >= STUCK_LOOKS || fails ? "bad" : "good");
    figure("commit-failures", String(commits.failures), `of ${commits.count + commits.failures}`, fails ? "bad" : commits.failures > 0 ? "warn" : "good");
    figure("commit-took", took ? millis(took.p99Seconds) : "–", "", took?.p99Seconds > SLOW_SECONDS ? "warn" : "good");
    figure("queue", String(queue.waiting), `of ${queue.max}`, queue.waiting >= queue.max / 2 ? "bad" : "good");
  }

  function showLedger(ledger) {
    $("#ledger").hidden = !ledger;
    if (!ledger) return;
    const head = `${ledger.seq}:${ledger.hash}`;
    const shown = $("#ledger-head");
    if (shown.title === head) return;
    shown.title = head;
    setText(shown, `${ledger.seq}:${ledger.hash.slice(0, HASH_SHOWN)}…`);
    $("#ledger-copy").hidden = false;
  }

  function showEndpoint(node, endpoint, serverTime) {
    const { trouble, backlog, oldestSeconds, deadLetters, replaying, delivered, name } = endpoint;
    const grade = worst(ofEndpoint(endpoint).map(([grade]) => grade));
    node.dataset.grade = grade;
    setText(node.querySelector("b"), name);
    setText(node.querySelector(".grade"), { good: backlog > 0 ? "sending" : "up to date", warn: "failing", bad: "needs you" }[grade]);
    const waits = backlog > 0 ? `${many(backlog, "event")} waiting, the oldest for ${long((oldestSeconds ?? 0) * 1000)}` : "nothing waits";
    setText(node.querySelector(".detail"), `${waits} · ${delivered} delivered`);
    const again = trouble && Math.max(0, trouble.nextTryTime - serverTime);
    setText(node.querySelector(".failing"), trouble ? `Tried ${trouble.attempts === 1 ? "once" : `${trouble.attempts} times`}: ${trouble.lastError}. Again ${again > 0 ? `in ${long(again)}` : "now"}.` : "");
    const replay = replaying > 0 ? `${replaying} being sent again` : `costage webhooks replay --endpoint ${name}`;
    setText(node.querySelector(".dead"), deadLetters > 0 ? `${many(deadLetters, "dead letter")}: ${replay}` : "");
  }

  function show(told) {
    const waits = told.queue.waiting > 0 && before?.commits.lastCommitTime === told.commits.lastCommitTime && told.keptIn === "disk";
    stuck = waits ? stuck + 1 : 0;
    before = told;
    const { lookTime, endpoints } = told.webhooks;
    const isStale = lookTime !== null && told.serverTime - lookTime > STALE_MS;
    const said = [...ofCommits(told, stuck >= STUCK_LOOKS), ...endpoints.flatMap(ofEndpoint), ...(isStale ? [["warn", "The figures of webhooks stand still: see the server's log."]] : [])];
    verdict(worst(said.map(([grade]) => grade)), said.map(([, words]) => words).join(" ") || "All is well.");
    $("#storage-known").hidden = false;
    showCommits(told);
    showLedger(told.ledger);
    noneUnless($("#no-endpoints"), endpoints);
    const create = () => element("li", {}, span("on"), element("span", { class: "who" }, element("b"), span("detail"), span("failing"), span("dead")), span("grade"));
    keyed($("#endpoints"), endpoints, ({ name }) => name, create, (node, endpoint) => showEndpoint(node, endpoint, told.serverTime));
  }

  async function refresh() {
    clearTimeout(timer);
    panel.hidden = !me.isAdmin;
    if (me.isAdmin && document.visibilityState === "visible") {
      try {
        show(await look("/v1/storage", me.token));
      } catch (error) {
        verdict("bad", error.status ? error.message : `The server does not answer (${error.message}).`);
      }
    }
    clearTimeout(timer); // another look may have begun meanwhile
    timer = setTimeout(refresh, LOOK_MS);
  }

  /** The whole head, for whoever notes it elsewhere: `costage ledger verify --head` takes it. */
  async function copy() {
    const shown = $("#ledger-head");
    try {
      await navigator.clipboard.writeText(shown.title);
      setText($("#ledger-copy"), "Copied");
      setTimeout(() => setText($("#ledger-copy"), "Copy"), COPIED_MS);
    } catch {
      // Over plain HTTP a page may not: then it is there to be marked.
      setText(shown, shown.title);
      $("#ledger-copy").hidden = true;
    }
  }

  $("#ledger-copy").addEventListener("click", copy);
  addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
  return { open: refresh };
}
