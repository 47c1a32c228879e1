/** One run as AG-UI events, read to its end: a lost connection is taken up behind the last event seen. */

import { createParser } from "eventsource-parser";
import { Refusal, request } from "./server.js";

const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const TERMINAL = new Set(["RUN_FINISHED", "RUN_ERROR"]);

export async function ask({ threadId, runId, question }, { onEvent, onWaiting }) {
  const body = { threadId, runId, messages: [{ id: `${runId}-question`, role: "user", content: question }] };
  await readToEnd(runId, () => request("/v1/chat", { body }), { onEvent, onWaiting });
}

export async function follow(runId, handlers) {
  await readToEnd(runId, () => request(`/v1/chat/runs/${runId}/events`), handlers);
}

async function readToEnd(runId, open, { onEvent, onWaiting }) {
  let last = null;
  let misses = 0;
  for (;;) {
    try {
      const response = await (last === null ? open() : request(`/v1/chat/runs/${runId}/events`, { headers: { "Last-Event-ID": last } }));
      onWaiting?.(false);
      const ended = await readEvents(response, (event, id) => {
        if (id) last = id;
        misses = 0;
        onEvent(event);
      });
      if (ended) return;
    } catch (error) {
      if (error.code !== "unreachable") throw error;
    }
    if (misses === WAITS_MS.length) throw new Refusal({ detail: "The connection was lost and did not come back.", remedy: "Check the connection, then try again.", retriable: true });
    onWaiting?.(true);
    await pause(WAITS_MS[misses]);
    misses += 1;
  }
}

async function readEvents(response, onEvent) {
  let ended = false;
  const parser = createParser({
    onEvent: ({ data, id }) => {
      const event = JSON.parse(data);
      ended ||= TERMINAL.has(event.type);
      onEvent(event, id);
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) return ended;
    parser.feed(value);
  }
}

/** Waits, but not longer than until the connection is back. */
function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
