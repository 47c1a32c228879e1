/** What the page asks of its server. Every failure is a Refusal: a sentence, what to do, whether trying again helps. */

export class Refusal extends Error {
  constructor({ detail, remedy = "", retriable = false, code = "" }) {
    super(detail);
    this.remedy = remedy;
    this.retriable = retriable;
    this.code = code;
  }
}

export const UNREACHABLE = { detail: "The copilot cannot be reached.", remedy: "Check the connection, then try again.", retriable: true, code: "unreachable" };

/** A response, or a Refusal. An aborted request stays an AbortError. */
export async function request(path, { body, ...options } = {}) {
  const json = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...options.headers } };
  let response;
  try {
    response = await fetch(path, { ...options, ...json });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(UNREACHABLE);
  }
  if (!response.ok) throw new Refusal(await problem(response));
  return response;
}

export const read = async (path) => (await request(path)).json();

export const rate = (runId, verdict, comment) => request("/v1/feedback", { body: { run_id: runId, verdict, ...(comment ? { comment } : {}) } });

export const cancel = (runId) => request(`/v1/chat/runs/${runId}/cancel`, { method: "POST" });

async function problem(response) {
  try {
    return await response.json();
  } catch {
    return { detail: `The server answered ${response.status}.`, remedy: "Try again in a moment.", retriable: response.status >= 500 };
  }
}
