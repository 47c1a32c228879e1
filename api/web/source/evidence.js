/** What an answer stands on: passages of manuals, and rows, windows, models. */

import { html } from "./html.js";
import { Book, Chevron } from "./icons.js";
import { moment, number } from "./format.js";

const TOOL_NAMES = { search_manuals: "Manual search" };
const toolName = (tool) => TOOL_NAMES[tool] ?? tool.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());

export function Sources({ citations, scope }) {
  if (!citations.length) return null;
  return html`<section class="sources" aria-label="Sources">
    <h3>Sources</h3>
    ${citations.map((source) => html`<details key=${source.number} id="${scope}-source-${source.number}" class="row">
      <summary><span class="mark">${source.number}</span><span class="grow"><b>${source.title}</b><small>${[source.section, source.page && `p. ${source.page}`].filter(Boolean).join(", ")}</small></span><${Chevron} /></summary>
      <blockquote>${source.quote}</blockquote>
      <p class="file"><${Book} />${source.document}${source.page ? `, page ${source.page}` : ""}</p>
    </details>`)}
  </section>`;
}

export function EvidencePanel({ answer }) {
  const { evidence, tools, route } = answer;
  if (!evidence.length) return null;
  return html`<details class="row evidence">
    <summary><span class="from">From</span><span class="grow">${headline(evidence)}</span><${Chevron} /></summary>
    ${evidence.map((item, index) => html`<div class="proof" key=${index}>
      <h4>${toolName(item.tool)}${item.is_stale && html` <span class="tag stale">stale</span>`}</h4>
      <dl>${facts(item).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    </div>`)}
    <div class="proof"><h4>How it was answered</h4><dl>${workings(tools, route, answer.phrasedBy).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>
  </details>`;
}

function headline(evidence) {
  const models = [...new Set(evidence.filter((e) => e.model_name).map((e) => `model ${e.model_name} ${e.model_version ?? ""}`.trim()))];
  const rows = evidence.reduce((sum, e) => sum + (e.source === "documents" ? 0 : e.rows ?? 0), 0);
  const documents = evidence.flatMap((e) => e.documents ?? []).length;
  const until = evidence.map((e) => e.data_until).filter(Boolean).sort().at(-1);
  const parts = [...models];
  if (rows) parts.push(`${number(rows, 0)} rows`);
  if (documents) parts.push(`${documents} ${documents === 1 ? "passage" : "passages"}`);
  if (until) parts.push(`until ${moment(until)}`);
  return parts.join(" · ") || "tools of this plant";
}

function facts(item) {
  const rows = [
    ["Model", item.model_name && `${item.model_name}, version ${item.model_version}`],
    ["Trained until", item.trained_until && moment(item.trained_until)],
    ["Query", item.query],
    ["Asked for", parameters(item.parameters)],
    ["Window", item.window && `${moment(item.window.start)} to ${moment(item.window.end)}`],
    [item.source === "documents" ? "Passages" : "Rows", item.rows !== null && item.rows !== undefined ? number(item.rows, 0) : null],
    ["Newest row", item.data_until && moment(item.data_until)],
    ["Snapshot", item.snapshot],
    ["Passages cited", item.documents?.length ? item.documents.join("; ") : null],
  ];
  return rows.filter(([, value]) => value);
}

const parameters = (values) => Object.entries(values ?? {}).filter(([, v]) => v !== null && v !== "").map(([k, v]) => `${k.replaceAll("_", " ")}: ${Array.isArray(v) ? v.slice(0, 4).join(", ") + (v.length > 4 ? ` and ${v.length - 4} more` : "") : v}`).join(", ");

function workings(tools, route, phrasedBy) {
  const rows = [];
  if (route) rows.push(["Understood by", `${route.path}, confidence ${number(route.confidence * 100, 0)} %`]);
  for (const tool of tools) rows.push([toolName(tool.name), tool.ok === undefined ? "working" : tool.ok ? [tool.rows != null && `${number(tool.rows, 0)} rows`, tool.milliseconds != null && `${number(tool.milliseconds, 0)} ms`].filter(Boolean).join(", ") || "done" : "failed"]);
  if (phrasedBy) rows.push(["Phrased by", phrasedBy === "llm" ? "language model, numbers checked" : "templates"]);
  return rows;
}
