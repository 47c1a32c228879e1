/** An answer as it grows: a pure fold over AG-UI events. */

export const AGENTS = { ml: "Failure risk", analytics: "Performance", forecasting: "Forecast", rag: "Manuals", vision: "Photo", report: "Report" };

export const emptyAnswer = (runId, question) => ({
  runId, question, text: "", agents: [], tools: [], route: null, citations: [], charts: [], evidence: [], notes: [],
  status: "running", error: null, phrasedBy: null, verdict: null, step: null,
});

const custom = {
  "copilot.route": (answer, value) => ({ ...answer, route: value }),
  "copilot.citation": (answer, value) => ({ ...answer, citations: [...answer.citations, value] }),
  "copilot.chart": (answer, value) => ({ ...answer, charts: [...answer.charts, value] }),
  "copilot.evidence": (answer, value) => ({ ...answer, evidence: [...answer.evidence, value] }),
  "copilot.gap": (answer) => ({ ...emptyAnswer(answer.runId, answer.question), verdict: answer.verdict }),
};

const agentEnds = (answer, event, state, notes = []) => ({
  ...answer,
  agents: answer.agents.map((agent) => (agent.id === event.subagentRunId ? { ...agent, state, notes } : agent)),
});

const folds = {
  STEP_STARTED: (answer, event) => ({ ...answer, step: event.stepName }),
  SUBAGENT_STARTED: (answer, event) => ({ ...answer, agents: [...answer.agents, { id: event.subagentRunId, name: event.name, state: "working", notes: [] }] }),
  SUBAGENT_FINISHED: (answer, event) => agentEnds(answer, event, event.result?.status ?? "answered", event.result?.notes),
  SUBAGENT_ERROR: (answer, event) => agentEnds(answer, event, "failed", [event.message]),
  TOOL_CALL_START: (answer, event) => ({ ...answer, tools: [...answer.tools, { id: event.toolCallId, name: event.toolCallName }] }),
  TOOL_CALL_RESULT: (answer, event) => ({ ...answer, tools: answer.tools.map((tool) => (tool.id === event.toolCallId ? { ...tool, ...JSON.parse(event.content) } : tool)) }),
  TEXT_MESSAGE_CONTENT: (answer, event) => ({ ...answer, text: answer.text + event.delta }),
  CUSTOM: (answer, event) => custom[event.name]?.(answer, event.value) ?? answer,
  RUN_FINISHED: (answer, event) => ({
    ...answer,
    status: event.outcome?.type === "cancelled" ? "stopped" : "finished",
    phrasedBy: event.result?.phrased_by ?? null,
    notes: event.result?.notes ?? [],
  }),
  RUN_ERROR: (answer, event) => ({ ...answer, status: "failed", error: { detail: event.message, code: event.code, ...event.metadata } }),
};

export const fold = (answer, event) => folds[event.type]?.(answer, event) ?? answer;
