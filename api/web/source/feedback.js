/** Thumbs on an answer, stored at once; a reason may follow. */

import { useState } from "preact/hooks";
import { html } from "./html.js";
import { Down, Up } from "./icons.js";
import { rate } from "./server.js";

export function Feedback({ answer }) {
  const [verdict, setVerdict] = useState(answer.verdict);
  const [stage, setStage] = useState("rest");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState(null);
  const save = async (given, comment) => {
    setProblem(null);
    try {
      await rate(answer.runId, given, comment);
      setVerdict(given);
      setStage(comment ? "thanked" : "asking");
    } catch (error) {
      setProblem(error);
    }
  };
  return html`<div class="feedback">
    <div class="thumbs" role="group" aria-label="Was this right?">
      <span class="ask">Was this right?</span>
      <button class="quiet" aria-pressed=${verdict === "up"} aria-label="Yes, helpful" onClick=${() => save("up")}><${Up} /></button>
      <button class="quiet" aria-pressed=${verdict === "down"} aria-label="No, not right" onClick=${() => save("down")}><${Down} /></button>
    </div>
    ${stage === "asking" && html`<form class="reason" onSubmit=${(event) => { event.preventDefault(); if (reason.trim()) save(verdict, reason.trim()); }}>
      <label>${verdict === "down" ? "What was wrong?" : "What helped?"} <span>(if you like)</span>
        <input value=${reason} maxlength="2000" enterkeyhint="send" onInput=${(event) => setReason(event.target.value)} /></label>
      <button class="plain" disabled=${!reason.trim()}>Save</button>
    </form>`}
    <p role="status" class="thanks">${stage === "thanked" ? "Saved. Thank you." : stage === "asking" ? "Saved." : ""}</p>
    ${problem && html`<p class="notice bad" role="alert">${problem.message} ${problem.remedy}</p>`}
  </div>`;
}
