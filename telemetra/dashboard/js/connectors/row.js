/** One connector of the list, with what it does now. */
import { path, post, remove } from "../api.js";
import { number } from "../format.js";
import { useLoad } from "../load.js";
import { Ago, Badge, Time } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { announce } from "../status.js";
import { words } from "../strings.js";
import { html, useState } from "../view.js";
/** @import { Connector, ConnectorStatus } from "../types.js" */

const TONES = /** @type {const} */ ({ inactive: "neutral", starting: "accent", running: "good", reconnecting: "warn", stopped: "neutral", error: "bad" });
const STATUS_SECONDS = 2;

/** @param {{ connector: Connector, onEdit: () => void, onChanged: () => void }} properties */
export function ConnectorRow({ connector, onEdit, onChanged }) {
  const root = path`/api/connectors/${connector.connector_id}`;
  const { data, reload } = useLoad(`${root}/status`, { everySeconds: STATUS_SECONDS });
  const status = /** @type {ConnectorStatus | null} */ (data);
  const [busy, setBusy] = useState("");
  const [failed, setFailed] = useState("");
  const [asking, setAsking] = useState(false);
  /** @param {string} what @param {() => Promise<any>} action */
  const run = async (what, action) => {
    setBusy(what);
    setFailed("");
    try {
      await action();
      if (what !== "delete") reload();
      onChanged();
    } catch (error) {
      setFailed(/** @type {Error} */ (error).message);
    } finally {
      setBusy("");
    }
  };
  const state = status?.status ?? connector.status;
  const wanted = (status ?? connector).desired_state === "running";
  const stale = status?.stale ?? connector.stale;
  const problem = failed || (state === "error" || state === "reconnecting" ? (status?.last_error ?? connector.last_error) : null);
  return html`
    <li class="connector">
      <div class="connector-name">
        <strong>${connector.name}</strong>
        <span class="quiet clip">${connector.exchange_name} · ${connector.protocol_type} · ${hostOf(connector.api_url)}</span>
      </div>
      <div class="connector-state">
        <${Badge} tone=${TONES[state]}><span class="dot" aria-hidden="true"></span>${words(state)}</${Badge}>
        ${stale && html`<${Badge} tone="warn" title="The connection stands and nothing comes">Stale</${Badge}>`}
      </div>
      <${Numbers} status=${status} running=${state === "running"} />
      <div class="connector-actions">
        ${wanted
          ? html`<button type="button" class="button small" disabled=${busy !== ""} onClick=${() => run("stop", () => post(`${root}/stop`).then(() => announce(`${connector.name} is to stop`)))}><${Icon} name="stop" size=${14} /> Stop</button>`
          : html`<button type="button" class="button small" disabled=${busy !== ""} onClick=${() => run("start", () => post(`${root}/start`).then(() => announce(`${connector.name} is to run`)))}><${Icon} name="play" size=${14} /> Start</button>`}
        <button type="button" class="tool" aria-label="Edit ${connector.name}" title="Edit" onClick=${onEdit}><${Icon} name="edit" /></button>
        <button type="button" class="tool" aria-label="Delete ${connector.name}" title="Delete" onClick=${() => setAsking(true)}><${Icon} name="trash" /></button>
      </div>
      ${problem && html`<p class="connector-problem" role="status"><${Icon} name="warning" size=${14} /> ${problem}</p>`}
      ${status && (status.streams.length > 0 || status.gaps.length > 0) && html`<${Feeds} status=${status} />`}
      ${asking && html`
        <${Confirm} title="Delete ${connector.name}?" action="Delete" busy=${busy !== ""} onClose=${() => setAsking(false)}
          onConfirm=${() => run("delete", () => remove(root).then(() => setAsking(false)))}>
          <p>It is stopped and its declaration and credentials are removed. What it has fetched stays.</p>
          ${failed && html`<p class="field-problem" role="alert">${failed}</p>`}
        </${Confirm}>`}
    </li>`;
}

/** @param {{ status: ConnectorStatus | null, running: boolean }} properties */
function Numbers({ status, running }) {
  const measured = status?.performance_metrics ?? {};
  const rate = running ? measured.messages_per_second : null;
  const errors = measured.error_rate;
  return html`
    <dl class="connector-numbers">
      <div><dt>Messages/s</dt><dd class="figure">${typeof rate === "number" ? number(rate) : "–"}</dd></div>
      <div><dt>Received</dt><dd class="figure">${status ? number(status.message_count) : "–"}</dd></div>
      <div><dt>Last message</dt><dd>${status?.last_message_timestamp ? html`<${Ago} at=${status.last_message_timestamp} />` : "–"}</dd></div>
      <div><dt>Errors</dt><dd class="figure ${errors > 0 ? "is-odd" : ""}">${typeof errors === "number" ? `${number(errors * 100)} %` : "–"}</dd></div>
      <div><dt>Reconnects</dt><dd class="figure">${number(measured.reconnects ?? status?.reconnect_attempts ?? 0)}</dd></div>
    </dl>`;
}

/** Its streams, and what it has missed. @param {{ status: ConnectorStatus }} properties */
function Feeds({ status }) {
  const open = status.gaps.filter((gap) => !gap.filled_at);
  return html`
    <p class="connector-feeds quiet">
      ${status.streams.map((id) => html`<a key=${id} href=${path`/streams/${id}`}>${id}</a>`)}
      ${status.gaps.length > 0 && html`
        <span class=${open.length ? "warn-text" : ""} title=${status.gaps.map((gap) => gap.reason).join(", ")}>
          ${open.length ? `${number(open.length)} gaps not filled` : `${number(status.gaps.length)} gaps, all filled`}, the newest at <${Time} at=${status.gaps[0]?.start ?? ""} />
        </span>`}
    </p>`;
}

/** @param {string} address */
function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
