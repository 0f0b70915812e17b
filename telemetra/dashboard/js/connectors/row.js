/** One connector of the list: how it is, and what can be done with it. */
import { path, post, remove } from "../api.js";
import { number } from "../format.js";
import { Ago, Badge } from "../parts/basics.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { announce } from "../status.js";
import { html, useState } from "../view.js";
import { Details } from "./details.js";
import { Probed, useProbe } from "./probe.js";
import { stateOf } from "./state.js";
/** @import { Connector } from "../types.js" */

/** @param {{ connector: Connector, open: boolean, fresh: boolean, onToggle: () => void, onChanged: () => void }} properties */
export function ConnectorRow({ connector, open, fresh, onToggle, onChanged }) {
  const { connector_id: id, name, desired_state: desired } = connector;
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const [asking, setAsking] = useState(false);
  const probe = useProbe();
  const wanted = desired === "running";
  /** @param {() => Promise<any>} action @param {string} done */
  const run = async (action, done) => {
    setBusy(true);
    setFailed("");
    try {
      await action();
      announce(done);
      onChanged();
      return true;
    } catch (error) {
      setFailed(/** @type {Error} */ (error).message);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const state = stateOf(connector);
  const trouble = state.name === "running" || state.tone === "neutral" ? null : connector.last_error;
  return html`
    <li class="connector ${open ? "is-open" : ""} ${fresh ? "is-new" : ""}" id=${id}>
      <div class="connector-line">
        <div class="connector-name">
          <button type="button" class="connector-open" aria-expanded=${open} onClick=${onToggle}>
            <${Icon} name="chevron" class="connector-chevron" /><strong>${name}</strong>
          </button>
          <span class="quiet clip" title=${connector.api_url}>${connector.exchange_name} · ${connector.protocol_type} · ${hostOf(connector.api_url)}</span>
        </div>
        <div class="connector-state">
          <span class="badge tone-${state.tone} ${state.name === "running" && !connector.stale ? "state-live" : ""}" title=${state.title}><span class="dot" aria-hidden="true"></span>${state.text}</span>
          ${connector.stale && html`<${Badge} tone="warn" title="The connection stands, and nothing comes">Stale</${Badge}>`}
        </div>
        <${Figure} label="Messages/s">${connector.messages_per_second === null ? html`<span class="quiet">–</span>` : number(connector.messages_per_second)}</${Figure}>
        <${Figure} label="Last message" class=${connector.stale ? "is-old" : ""}>${connector.last_message_timestamp ? html`<${Ago} at=${connector.last_message_timestamp} />` : html`<span class="quiet">none yet</span>`}</${Figure}>
        <${Figure} label="Messages">${number(connector.message_count)}</${Figure}>
        <div class="connector-actions">
          ${wanted
            ? html`<button type="button" class="button small" disabled=${busy} aria-label="Stop ${name}" onClick=${() => run(() => post(path`/api/connectors/${id}/stop`), `${name} is to stop`)}><${Icon} name="stop" size=${14} /> Stop</button>`
            : html`<button type="button" class="button small" disabled=${busy} aria-label="Start ${name}" onClick=${() => run(() => post(path`/api/connectors/${id}/start`), `${name} is to run`)}><${Icon} name="play" size=${14} /> Start</button>`}
          <button type="button" class="button small" disabled=${probe.state.running} aria-label="Test ${name}"
            onClick=${() => run(() => probe.run({ connector_id: id }), `${name} was tried out`)}>Test</button>
          <a class="tool" href="/connectors?edit=${id}" title="Edit" aria-label="Edit ${name}"><${Icon} name="edit" /></a>
          <button type="button" class="tool" title="Delete" aria-label="Delete ${name}" onClick=${() => setAsking(true)}><${Icon} name="trash" /></button>
        </div>
      </div>
      ${trouble && html`<p class="connector-trouble"><${Icon} name="warning" size=${14} /> ${trouble}</p>`}
      ${failed && html`<p class="connector-trouble" role="alert"><${Icon} name="warning" size=${14} /> ${failed}</p>`}
      <${Probed} state=${probe.state} />
      ${open && html`<${Details} id=${id} />`}
      ${asking && html`
        <${Dialog} title="Delete ${name}?" onClose=${() => setAsking(false)}>
          <p>It stops, and its declaration is gone with its credentials. What it fetched stays.</p>
          ${failed && html`<p class="probe-error" role="alert">${failed}</p>`}
          <div class="dialog-actions">
            <button type="button" class="button" onClick=${() => setAsking(false)}>Cancel</button>
            <button type="button" class="button danger primary" disabled=${busy} onClick=${() => run(() => remove(path`/api/connectors/${id}`), `${name} is deleted`)}>Delete</button>
          </div>
        </${Dialog}>`}
    </li>`;
}

/** @param {{ label: string, class?: string, children?: any }} properties */
const Figure = ({ label, class: style = "", children }) => html`
  <div class="connector-figure ${style}"><span class="figure">${children}</span><span class="caption quiet">${label}</span></div>`;

/** @param {string} address */
function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
