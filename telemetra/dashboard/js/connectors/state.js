/** The state of a connector in words: what is, beside what is wanted. */
/** @import { Connector } from "../types.js" */

const TEXTS = { inactive: "Stopped", starting: "Starting", running: "Running", reconnecting: "Reconnecting", stopped: "Stopped", error: "Error" };
const TONES = /** @type {const} */ ({ inactive: "neutral", starting: "warn", running: "good", reconnecting: "warn", stopped: "neutral", error: "bad" });
const REST = new Set(["inactive", "stopped", "error"]);

/** @param {Connector} connector @returns {{ name: Connector["status"], text: string, tone: string, title: string }} */
export function stateOf({ status, desired_state: desired }) {
  const isResting = REST.has(status);
  if (desired === "running" && isResting && status !== "error") return { name: "starting", text: "Starting", tone: "warn", title: "It is to run; no process has taken it yet" };
  if (desired === "stopped" && !isResting) return { name: status, text: "Stopping", tone: "warn", title: "It is to stop" };
  return { name: status, text: TEXTS[status], tone: TONES[status], title: status === "error" ? "It has stopped by itself; start it once the reason is gone" : "" };
}
