/** What the page knows of the plant before anything is asked: how old the data is, and questions worth asking here. */

import { useEffect, useState } from "preact/hooks";
import { read } from "./server.js";

const REFRESH_MS = 60_000;
const PREFERRED = ["vibration", "temperature"];

/** /health, read every minute; `null` until known, `{status: "unreachable"}` when it does not answer. */
export function useHealth() {
  const [health, setHealth] = useState(null);
  useEffect(() => {
    const refresh = () => read("/health").then(setHealth).catch(() => setHealth({ status: "unreachable", ports: [], data: null }));
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    addEventListener("online", refresh);
    addEventListener("offline", refresh);
    return () => { clearInterval(timer); removeEventListener("online", refresh); removeEventListener("offline", refresh); };
  }, []);
  return health;
}

/** Questions about machines and measurements that exist here. */
export function useSuggestions() {
  const [known, setKnown] = useState({ machines: null, questions: [], problem: null });
  useEffect(() => {
    suggest().then((found) => setKnown({ ...found, problem: null })).catch((problem) => setKnown({ machines: null, questions: [], problem }));
  }, []);
  return known;
}

async function suggest() {
  const { equipment } = await read("/v1/equipment");
  const byType = new Map();
  for (const machine of equipment) if (!byType.has(machine.equipment_type)) byType.set(machine.equipment_type, machine);
  const [first, second = first] = byType.size > 1 ? byType.values() : equipment;
  if (!first) return { machines: 0, questions: [] };
  const state = async (machine) => read(`/v1/equipment/${encodeURIComponent(machine.equipment_id)}`).catch(() => null);
  const [one, two] = await Promise.all([state(first), state(second)]);
  const questions = ["Which machines are most likely to fail this week and why?", why(one), ahead(two, one), alarm(one) ?? alarm(two) ?? manual(first)];
  return { machines: equipment.length, questions: questions.filter(Boolean) };
}

const metricOf = (state, order) => order.map((name) => state.metrics.find((m) => m.metric.startsWith(name))).find(Boolean) ?? state.metrics[0];
const spoken = (metric) => metric.label.toLowerCase();

function why(state) {
  const metric = state && metricOf(state, PREFERRED);
  return metric ? `Why did the ${spoken(metric)} of ${state.equipment.equipment_id} change last week?` : null;
}

function ahead(state, other) {
  const source = state ?? other;
  const metric = source && metricOf(source, [...PREFERRED].reverse());
  return metric ? `What will the ${spoken(metric)} of ${source.equipment.equipment_id} do in the next 24 hours?` : null;
}

function alarm(state) {
  const code = state?.open_alarms.map((text) => /\b[A-Z]{1,3}-?\d{2,4}\b/.exec(text)?.[0]).find(Boolean);
  return code ? `What does ${code} mean on ${state.equipment.equipment_id} and what do I do?` : null;
}

const manual = (machine) => `What maintenance does a ${machine.equipment_type.replaceAll("_", " ")} need?`;
