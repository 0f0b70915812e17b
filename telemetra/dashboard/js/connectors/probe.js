/** Trying a connector out: one connection, and what it would store. Nothing is stored. */
import { post } from "../api.js";
import { number, seconds } from "../format.js";
import { Badge, Time } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { announce } from "../status.js";
import { html, useState } from "../view.js";
/** @import { Probe, ProbedEvent } from "../types.js" */

/** What the other columns say, or what would be the same again. */
const PASSED_OVER = new Set(["raw", "exchange", "instrument"]);

/** @typedef {{ running: boolean, result: Probe | null }} Probing */

export function useProbe() {
  const [state, setState] = useState(/** @type {Probing} */ ({ running: false, result: null }));
  /** Raises as `post` does. @param {Record<string, unknown>} body */
  const run = async (body) => {
    setState({ running: true, result: null });
    try {
      const result = /** @type {Probe} */ (await post("/api/connectors/test", body));
      setState({ running: false, result });
      announce(result.ok ? `The test brought ${result.event_count} events` : `The test failed: ${result.error}`);
      return result;
    } catch (error) {
      setState({ running: false, result: null });
      throw error;
    }
  };
  return { state, run };
}

/** @param {{ state: Probing }} properties */
export function Probed({ state: { running, result } }) {
  if (running) return html`<div class="probe" role="status"><p class="quiet">Connecting once, for at most ten seconds…</p></div>`;
  if (!result) return null;
  const refused = result.events.filter((event) => event.problem).length;
  return html`
    <div class="probe" role="region" aria-label="Result of the test">
      <p class="probe-head">
        <${Badge} tone=${result.ok ? (refused ? "warn" : "good") : "bad"}><${Icon} name=${result.ok ? "check" : "warning"} size=${13} /> ${result.ok ? "It works" : "It does not work"}</${Badge}>
        <span>${result.ok || result.messages ? `${number(result.messages)} messages in ${number(result.seconds)} s would make ${number(result.event_count)} events.` : ""} Nothing was stored.</span>
      </p>
      ${result.error && html`<p class="probe-error">${result.error}</p>`}
      ${result.controls.length > 0 && html`<ul class="probe-controls">${result.controls.map((each, n) => html`<li key=${n}><code>${each.control}</code> <span class="quiet">${each.detail}</span></li>`)}</ul>`}
      ${result.events.length > 0 && html`
        <div class="table-wrap" tabindex="0" role="region" aria-label="Events that would be stored">
          <table class="table probe-table">
            <thead><tr><th scope="col">Stream</th><th scope="col">Type</th><th scope="col">Time</th><th scope="col">Data</th></tr></thead>
            <tbody>${result.events.map((event) => html`<${Row} key=${event.event_id} event=${event} />`)}</tbody>
          </table>
        </div>
        ${result.event_count > result.events.length && html`<p class="quiet">The first ${result.events.length} of ${number(result.event_count)}.</p>`}`}
    </div>`;
}

/** @param {{ event: ProbedEvent }} properties */
function Row({ event }) {
  return html`
    <tr>
      <th scope="row">${event.stream_id}</th>
      <td>${event.type}</td>
      <td>${event.timestamp ? html`<${Time} at=${event.timestamp} text=${seconds(event.timestamp)} />` : "–"}</td>
      <td class="probe-data">
        ${event.problem && html`<p class="probe-error">Would be refused: ${event.problem}</p>`}
        <code>${dataOf(event)}</code>
      </td>
    </tr>`;
}

/** @param {ProbedEvent} event */
const dataOf = ({ data }) =>
  Object.entries(data ?? {})
    .filter(([name, value]) => value !== null && !PASSED_OVER.has(name))
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
