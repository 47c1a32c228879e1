/** The page: header, conversation, composer. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { AGENTS } from "./answer.js";
import { Chart } from "./chart.js";
import { useConversation } from "./conversation.js";
import { EvidencePanel, Sources } from "./evidence.js";
import { Feedback } from "./feedback.js";
import { age } from "./format.js";
import { html, unbroken } from "./html.js";
import { Alert, Arrow, Check, Cross, Info, Plus, Pulse, Send, Stop } from "./icons.js";
import { toHtml } from "./markdown.js";
import { useHealth, useSuggestions } from "./plant.js";

export function App() {
  const { answers, isWaiting, send, retry, stop, begin } = useConversation();
  const health = useHealth();
  const running = answers.find((answer) => answer.status === "running");
  const last = answers.at(-1);
  useQuestionOnTop(answers.length);
  return html`
    <a class="skip" href="#question">Skip to the question</a>
    <${Header} health=${health} canBegin=${answers.length > 0} begin=${begin} />
    <main id="conversation" role="log" aria-label="Conversation" aria-live="polite" aria-relevant="additions">
      ${answers.length === 0 ? html`<${Welcome} send=${send} />` : answers.map((answer) => html`<${Exchange} key=${answer.runId} answer=${answer} retry=${retry} />`)}
    </main>
    <footer>
      ${isWaiting && html`<p class="notice" role="status"><${Alert} />No connection. Reading on as soon as it is back.</p>`}
      <${Composer} send=${send} running=${running} stop=${stop} />
      <p class="sr" role="status">${spokenState(last)}</p>
    </footer>`;
}

function Header({ health, canBegin, begin }) {
  const dialog = useRef(null);
  const [label, tone] = freshness(health);
  return html`<header>
    <span class="brand"><span class="logo"><${Pulse} /></span><span class="name">Manufacturing <b>Copilot</b></span></span>
    <button class="state ${tone}" onClick=${() => dialog.current.showModal()} aria-label="State of the plant data: ${label}"><i></i><span>${label}</span></button>
    ${canBegin && html`<button class="new" onClick=${begin} aria-label="New conversation"><${Plus} /><span>New</span></button>`}
    <dialog ref=${dialog} aria-label="State of the copilot">
      <h2>What stands behind the answers</h2>
      <ul>${(health?.ports ?? []).map((port) => html`<li key=${port.port} class=${port.state}><i></i><div><b>${port.port}</b> <span>${["-", "none"].includes(port.adapter) ? "" : `${port.adapter} ${port.version}`}</span><p>${port.detail}${port.state !== "ok" && port.change ? ` To change it: ${port.change}` : ""}</p></div></li>`)}</ul>
      ${health?.status === "unreachable" && html`<p>The copilot does not answer. Check the connection.</p>`}
      <form method="dialog"><button class="plain">Close</button></form>
    </dialog>
  </header>`;
}

function freshness(health) {
  if (!health) return ["Checking", "unknown"];
  if (health.status === "unreachable") return ["Not reachable", "down"];
  if (!health.data) return ["No data yet", "down"];
  if (health.data.age_seconds === null) return ["No readings", "degraded"];
  return [`Data ${age(health.data.age_seconds)}`, health.data.is_stale ? "degraded" : "ok"];
}

function Welcome({ send }) {
  const { machines, questions, problem } = useSuggestions();
  return html`<section class="welcome">
    <h1>Ask about a machine.</h1>
    <p class="lead">Every number comes from your plant's readings, models and manuals, and each answer shows which.</p>
    ${problem && html`<p class="notice bad"><${Alert} /><span>${problem.message} ${problem.remedy}</span></p>`}
    ${machines === 0 && html`<p class="notice"><${Alert} /><span>No machines yet. Import some with copilot import.</span></p>`}
    ${questions.length > 0 && html`<h2>${machines} machines. For example:</h2>`}
    <ul class="suggestions">${questions.map((question) => html`<li key=${question}><button onClick=${() => send(question)}><span>${unbroken(question)}</span><${Arrow} /></button></li>`)}</ul>
  </section>`;
}

function Exchange({ answer, retry }) {
  const scope = `a${answer.runId}`;
  const isOver = answer.status !== "running";
  const isStale = answer.evidence.some((item) => item.is_stale);
  return html`<article class="exchange">
    <p class="question"><span class="sr">You asked: </span>${unbroken(answer.question)}</p>
    <div class="answer" aria-busy=${!isOver}>
      <${Agents} answer=${answer} />
      <${Text} text=${answer.text} scope=${scope} isOver=${isOver} />
      ${answer.charts.map((chart, index) => html`<${Chart} key=${index} chart=${chart} />`)}
      ${isOver && answer.notes.filter((note) => !answer.text.includes(note)).map((note) => html`<p key=${note} class="notice ${isStale ? "" : "calm"}"><${isStale ? Alert : Info} /><span>${unbroken(note)}</span></p>`)}
      <${Sources} citations=${answer.citations} scope=${scope} />
      <${EvidencePanel} answer=${answer} />
      ${answer.status === "stopped" && html`<p class="notice">Stopped.</p>`}
      ${answer.status === "failed" && html`<${Failure} answer=${answer} retry=${retry} />`}
      ${answer.status === "finished" && html`<${Feedback} answer=${answer} />`}
    </div>
  </article>`;
}

function Text({ text, scope, isOver }) {
  const rendered = useMemo(() => ({ __html: toHtml(text, scope) }), [text, scope]);
  if (!text) return null;
  return html`<div class="text ${isOver ? "" : "growing"}" onClick=${openSource} dangerouslySetInnerHTML=${rendered}></div>`;
}

/** A citation mark opens its source where it stands. */
function openSource(event) {
  const mark = event.target.closest("a.mark");
  if (!mark) return;
  event.preventDefault();
  const source = document.getElementById(mark.getAttribute("href").slice(1));
  if (!source) return;
  source.open = true;
  source.scrollIntoView({ block: "nearest", behavior: "smooth" });
  source.querySelector("summary").focus({ preventScroll: true });
}

const STATES = { working: "working", answered: "done", refused: "no answer", failed: "failed" };

function Agents({ answer }) {
  if (!answer.agents.length) return answer.status === "running" ? html`<p class="agents"><span class="agent working"><i></i>Reading the question</span></p>` : null;
  return html`<ul class="agents" aria-label="Agents">${answer.agents.map((agent) => html`<li key=${agent.id} class="agent ${agent.state}">
    ${agent.state === "working" && answer.status === "running" ? html`<i></i>` : agent.state === "answered" ? html`<${Check} />` : html`<${Cross} />`}
    ${AGENTS[agent.name] ?? agent.name}<span class="sr">: ${STATES[agent.state] ?? agent.state}</span></li>`)}</ul>`;
}

function Failure({ answer, retry }) {
  const { detail, remedy, retriable, reference } = answer.error;
  return html`<div class="notice bad" role="alert"><${Alert} /><div><b>${detail}</b>${remedy && html`<p>${remedy}</p>`}${reference && html`<p>Reference ${reference}</p>`}
    ${retriable !== false && html`<button class="plain" onClick=${() => retry(answer)}>Try again</button>`}</div></div>`;
}

function Composer({ send, running, stop }) {
  const [question, setQuestion] = useState("");
  const field = useRef(null);
  const submit = (event) => {
    event?.preventDefault();
    if (running) { stop(running.runId); return; }
    if (!question.trim()) { field.current.focus(); return; }
    send(question.trim());
    setQuestion("");
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    if (event.key === "Escape" && running) stop(running.runId);
  };
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [question]);
  useEffect(() => {
    const focus = (event) => { if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); field.current.focus(); } };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  return html`<form class="composer" onSubmit=${submit}>
    <label class="sr" for="question">Your question</label>
    <textarea id="question" ref=${field} rows="1" value=${question} placeholder="Ask about a machine" enterkeyhint="send" autocomplete="off"
      onInput=${(event) => setQuestion(event.target.value)} onKeyDown=${onKeyDown}></textarea>
    <button class=${running ? "stop" : "send"} aria-label=${running ? "Stop" : "Send"}>${running ? html`<${Stop} />` : html`<${Send} />`}</button>
  </form>`;
}

function spokenState(answer) {
  if (!answer) return "";
  if (answer.status === "running") return { understand: "Reading the question", work: "Working on it", answer: "Answering" }[answer.step] ?? "Asking";
  return { finished: "The answer is complete.", stopped: "Stopped.", failed: "The answer failed." }[answer.status];
}

/** A new question goes to the top of the screen; its answer then grows below it and nothing moves under the reader. */
function useQuestionOnTop(count) {
  useLayoutEffect(() => { document.querySelector(".exchange:last-child")?.scrollIntoView({ block: "start" }); }, [count]);
}
