/** The conversation: its thread, its answers, and what a person can do with them. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { emptyAnswer, fold } from "./answer.js";
import { cancel, read } from "./server.js";
import { ask, follow } from "./stream.js";

const THREAD = "copilot.thread";
const MOST_SHOWN = 20;
const newId = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`);

export function useConversation() {
  const [answers, setAnswers] = useState([]);
  const [isWaiting, setWaiting] = useState(false);
  const thread = useRef(localStorage.getItem(THREAD));
  const pending = useRef(new Map());

  const change = useCallback((runId, how) => setAnswers((all) => all.map((answer) => (answer.runId === runId ? how(answer) : answer))), []);

  /** Events are folded once a frame, however fast they come. */
  const onEvent = useCallback((runId) => (event) => {
    const queue = pending.current.get(runId);
    if (queue) { queue.push(event); return; }
    pending.current.set(runId, [event]);
    setTimeout(() => {
      const events = pending.current.get(runId);
      pending.current.delete(runId);
      change(runId, (answer) => events.reduce(fold, answer));
    }, 16);
  }, [change]);

  const play = useCallback(async (runId, start) => {
    try {
      await start({ onEvent: onEvent(runId), onWaiting: setWaiting });
    } catch (error) {
      change(runId, (answer) => ({ ...answer, status: "failed", error: { detail: error.message, remedy: error.remedy, retriable: error.retriable } }));
    } finally {
      setWaiting(false);
    }
  }, [change, onEvent]);

  const send = useCallback((question) => {
    thread.current ??= newId();
    localStorage.setItem(THREAD, thread.current);
    const runId = newId();
    setAnswers((all) => [...all, emptyAnswer(runId, question)]);
    return play(runId, (handlers) => ask({ threadId: thread.current, runId, question }, handlers));
  }, [play]);

  const retry = useCallback((answer) => {
    setAnswers((all) => all.filter((other) => other.runId !== answer.runId));
    return send(answer.question);
  }, [send]);

  const stop = useCallback((runId) => cancel(runId).catch(() => setWaiting(true)), []);

  const begin = useCallback(() => {
    thread.current = null;
    localStorage.removeItem(THREAD);
    setAnswers([]);
  }, []);

  useEffect(() => { if (thread.current) restore(thread.current, setAnswers, play).catch((error) => { if (error.code === "not_found") begin(); }); }, []);

  return { answers, isWaiting, send, retry, stop, begin };
}

/** Every run of the thread is read again from its log, so that an old answer looks as it did. */
async function restore(threadId, setAnswers, play) {
  const view = await read(`/v1/threads/${threadId}`);
  const runs = view.runs.slice(-MOST_SHOWN);
  setAnswers(runs.map((run) => ({ ...emptyAnswer(run.run_id, run.question), verdict: run.verdict })));
  for (const run of runs) await play(run.run_id, (handlers) => follow(run.run_id, handlers));
}
