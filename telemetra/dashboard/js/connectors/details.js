/** How a connector runs: its streams, what was measured, what it missed, its newest errors. */
import { path } from "../api.js";
import { duration, number } from "../format.js";
import { useLoad } from "../load.js";
import { Problem, Skeleton, Time } from "../parts/basics.js";
import { words } from "../strings.js";
import { Gaps } from "../trust/gaps.js";
import { html } from "../view.js";
/** @import { ConnectorStatus } from "../types.js" */

const REFRESH_SECONDS = 3;

/** @param {{ id: string }} properties */
export function Details({ id }) {
  const { data, error, reload } = useLoad(path`/api/connectors/${id}/status`, { everySeconds: REFRESH_SECONDS });
  const status = /** @type {ConnectorStatus | null} */ (data);
  if (!status) return error ? html`<${Problem} error=${error} retry=${reload} />` : html`<${Skeleton} lines=${3} />`;
  const errors = [...status.error_log].reverse();
  return html`
    <div class="connector-more">
      <dl class="facts">${factsOf(status).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd class="figure">${value}</dd></div>`)}</dl>
      <section aria-label="Streams">
        <h3>Streams</h3>
        ${status.streams.length === 0
          ? html`<p class="quiet">None yet: streams begin with the first event.</p>`
          : html`<ul class="chips">${status.streams.map((stream) => html`<li key=${stream}><a href=${path`/streams/${stream}`}>${stream}</a></li>`)}</ul>`}
      </section>
      <section aria-label="Gaps"><h3>Gaps</h3><${Gaps} gaps=${status.gaps} none="Nothing was missed." /></section>
      <section aria-label="Newest errors">
        <h3>Newest errors</h3>
        ${errors.length === 0
          ? html`<p class="quiet">None.</p>`
          : html`<ul class="errors">${errors.map((each, n) => html`
              <li key=${n}><${Time} at=${each.timestamp} class="quiet" /> <span>${each.error}</span>${each.count > 1 && html` <span class="quiet">${number(each.count)} times</span>`}</li>`)}</ul>`}
      </section>
    </div>`;
}

/** @param {ConnectorStatus} status @returns {[string, string][]} */
function factsOf({ performance_metrics: measured, reconnect_attempts: attempts, owner }) {
  /** @type {[string, string][]} */
  const facts = [];
  const latency = measured.latency_ms ?? {};
  /** @param {string} name @param {unknown} value @param {(value: number) => string} [text] */
  const add = (name, value, text = number) => {
    if (typeof value === "number") facts.push([name, text(value)]);
  };
  add("Events/s", measured.events_per_second);
  add("Stored within, p95", latency.p95, (value) => `${number(value)} ms`);
  add("Received", measured.bytes, bytes);
  add("Connected for", measured.connected_seconds, duration);
  add("Reconnects", measured.reconnects);
  add("Attempts now", attempts || undefined);
  add("Duplicates", measured.duplicates);
  for (const [reason, count] of Object.entries(measured.rejected ?? {})) add(`Refused: ${words(reason)}`, count);
  if (owner) facts.push(["Runs in", owner]);
  return facts;
}

/** @param {number} size */
const bytes = (size) => (size >= 1e9 ? `${number(size / 1e9)} GB` : size >= 1e6 ? `${number(size / 1e6)} MB` : `${number(size / 1e3)} kB`);
