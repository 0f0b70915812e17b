/** Creating and changing a connector: from a preset or by hand, checked and tried out by the server. */
import { path, post, put } from "../api.js";
import { number } from "../format.js";
import { useLoad } from "../load.js";
import { Skeleton } from "../parts/basics.js";
import { Dialog } from "../parts/dialog.js";
import { Field } from "../parts/field.js";
import { Icon } from "../parts/icons.js";
import { html, useState } from "../view.js";
import { bodyOf, CREDENTIALS, draftOf, MASK, MORE_FIELDS, presetBody } from "./draft.js";
/** @import { Connector, Preset, ProbeResult } from "../types.js" */
/** @import { Draft } from "./draft.js" */

const FORMATS = /** @type {[string, string][]} */ (["auto", "okx", "binance", "twitch", "generic", "csv", "text"].map((name) => [name, name === "auto" ? "Recognise by itself" : name]));

/** @param {{ connector: Connector | null, onClose: () => void, onSaved: () => void }} properties `connector` null: a new one */
export function Editor({ connector, onClose, onSaved }) {
  const presets = useLoad(connector ? null : "/api/connectors/presets");
  const [preset, setPreset] = useState(/** @type {Preset | null | undefined} */ (connector ? null : undefined));
  const [draft, setDraft] = useState(() => draftOf(connector));
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [probe, setProbe] = useState(/** @type {ProbeResult | null} */ (null));
  /** @param {string} field */
  const set = (field) => (/** @type {string} */ value) => setDraft((before) => ({ ...before, [field]: value }));
  /** What the server says of a field or of what is in it. @param {string} field */
  const wrong = (field) => {
    const found = problem?.fields?.find((/** @type {{ field: string }} */ each) => each.field === field || each.field?.startsWith(`${field}.`) || each.field?.startsWith(`${field}[`));
    return found?.detail.replace(/^[\w.[\]]+: /, "");
  };
  /** @param {string} what @param {() => Promise<any>} action */
  const run = async (what, action) => {
    setBusy(what);
    setProblem(null);
    try {
      return await action();
    } catch (error) {
      setProblem(error);
      return undefined;
    } finally {
      setBusy("");
    }
  };
  const body = () => (preset ? presetBody(preset, draft) : bodyOf(draft, connector));
  const test = () => run("test", async () => setProbe(await post("/api/connectors/test", connector ? { ...body(), connector_id: connector.connector_id } : body())));
  /** @param {Event} event */
  const save = (event) => {
    event.preventDefault();
    void run("save", async () => {
      if (connector) await put(path`/api/connectors/${connector.connector_id}`, body());
      else await post("/api/connectors", { ...body(), desired_state: "running" });
      onSaved();
    });
  };
  const title = connector ? `Edit ${connector.name}` : preset ? preset.title : preset === null ? "A connector by hand" : "New connector";
  if (preset === undefined) {
    return html`
      <${Dialog} title=${title} onClose=${onClose} wide=${true}>
        ${presets.loading ? html`<${Skeleton} lines=${4} />` : html`
          <div class="preset-grid">
            ${(/** @type {Preset[]} */ (presets.data ?? [])).map((each) => html`
              <button type="button" key=${each.name} class="preset" onClick=${() => setPreset(each)}><strong>${each.title}</strong><span class="quiet">${each.description}</span></button>`)}
            <button type="button" class="preset by-hand" onClick=${() => setPreset(null)}><strong>By hand</strong><span class="quiet">Any REST or WebSocket address, with its format and credentials.</span></button>
          </div>`}
      </${Dialog}>`;
  }
  const unplaced = problem && !(problem.fields ?? []).some((/** @type {{ field: string }} */ { field }) => isShown(field, preset));
  return html`
    <${Dialog} title=${title} onClose=${onClose} wide=${true}>
      <form class="dialog-body" onSubmit=${save} noValidate>
        ${preset ? html`<${PresetForm} preset=${preset} draft=${draft} set=${set} wrong=${wrong} />` : html`<${HandForm} draft=${draft} set=${set} wrong=${wrong} />`}
        ${problem && unplaced && html`<div class="problem" role="alert"><${Icon} name="warning" /><p>${problem.message}</p></div>`}
        ${probe && html`<${Probe} result=${probe} />`}
        <footer>
          <button type="button" class="button" disabled=${busy !== ""} onClick=${test}>${busy === "test" ? "Trying…" : "Try it out"}</button>
          <span class="spacer"></span>
          ${!connector && html`<button type="button" class="button plain" onClick=${() => { setPreset(undefined); setProblem(null); setProbe(null); }}>Back</button>`}
          <button type="submit" class="button primary" disabled=${busy !== ""}>${busy === "save" ? "Saving…" : connector ? "Save" : "Create and start"}</button>
        </footer>
      </form>
    </${Dialog}>`;
}

/** @typedef {{ draft: Draft, set: (field: string) => (value: string) => void, wrong: (field: string) => string | undefined }} FormProperties */

/** @param {FormProperties & { preset: Preset }} properties */
const PresetForm = ({ preset, draft, set, wrong }) => html`
  <p class="quiet">${preset.description}</p>
  ${preset.parameters.map(({ name, description, required, default: usual, example }) => html`
    <${Field} key=${name} label=${name.charAt(0).toUpperCase() + name.slice(1)} required=${required} value=${draft[`parameters.${name}`] ?? ""} onValue=${set(`parameters.${name}`)}
      placeholder=${example ?? (Array.isArray(usual) ? usual.join(", ") : (usual ?? ""))} help=${description} problem=${wrong(`parameters.${name}`)} />`)}
  <${Field} label="Name" value=${draft.name ?? ""} onValue=${set("name")} help="Left empty, it is named after what it fetches" problem=${wrong("name")} />`;

/** @param {FormProperties} properties */
function HandForm({ draft, set, wrong }) {
  const isSocket = /^wss?:/.test(draft.api_url ?? "");
  const auth = draft.auth_type ?? "None";
  return html`
    <${Field} label="Name" required=${true} value=${draft.name ?? ""} onValue=${set("name")} problem=${wrong("name")} />
    <${Field} label="Address" required=${true} value=${draft.api_url ?? ""} onValue=${set("api_url")} placeholder="wss://… or https://…" problem=${wrong("api_url") ?? wrong("protocol_type")}
      help="ws and wss are listened to, http and https are asked again and again" />
    <div class="field-row">
      <${Field} label="Format" kind="select" options=${FORMATS} value=${draft.format ?? "auto"} onValue=${set("format")} problem=${wrong("format")} />
      <${Field} label="Exchange" value=${draft.exchange_name ?? ""} onValue=${set("exchange_name")} help="First part of the names of its streams" problem=${wrong("exchange_name")} />
      ${!isSocket && html`<${Field} label="Every (ms)" kind="number" value=${draft.polling_interval ?? ""} onValue=${set("polling_interval")} problem=${wrong("polling_interval")} />`}
    </div>
    <${Field} label="Credentials" kind="select" options=${Object.keys(CREDENTIALS).map((name) => [name, name])} value=${auth} onValue=${set("auth_type")} problem=${wrong("auth_type") ?? wrong("credentials")} />
    ${(CREDENTIALS[auth] ?? []).map(([name, label, required]) => html`
      <${Field} key=${name} label=${label} kind=${name === "username" || name === "header" ? "text" : "password"} required=${required} value=${draft[`credentials.${name}`] ?? ""}
        onValue=${set(`credentials.${name}`)} help=${draft[`credentials.${name}`] === MASK ? "Stored and never shown; type to replace it" : "Stored encrypted and never shown again"} problem=${wrong(`credentials.${name}`)} />`)}
    <details class="more-fields" open=${MORE_FIELDS.some(([name]) => wrong(name))}>
      <summary>More: messages, headers, mapping, back-fill</summary>
      ${MORE_FIELDS.map(([name, label, help]) => html`<${Field} key=${name} label=${label} kind="area" value=${draft[name] ?? ""} onValue=${set(name)} help=${help} problem=${wrong(name)} />`)}
    </details>`;
}

/** Whether a field has a place in the form at which its problem stands. @param {string} field @param {Preset | null} preset */
function isShown(field, preset) {
  const [first = ""] = (field ?? "").split(/[.[]/);
  if (preset) return first === "parameters" || first === "name";
  return ["name", "api_url", "protocol_type", "format", "exchange_name", "polling_interval", "auth_type", "credentials"].includes(first) || MORE_FIELDS.some(([name]) => name === first);
}

/** What one connection brought. @param {{ result: ProbeResult }} properties */
const Probe = ({ result }) => html`
  <section class="probe ${result.ok ? "is-ok" : "is-failed"}" role="status">
    <strong><${Icon} name=${result.ok ? "check" : "warning"} /> ${result.ok ? `${number(result.messages)} messages with ${number(result.event_count)} events in ${number(result.seconds)} s` : (result.error ?? "Nothing was understood")}</strong>
    ${result.events.slice(0, 3).map((event, n) => html`<pre key=${n} tabindex="0">${event.problem ? `refused: ${event.problem}\n` : ""}${event.stream_id}  ${event.type}  ${JSON.stringify({ ...event.data, raw: undefined })}</pre>`)}
    ${result.controls.slice(0, 2).map(({ control, detail }, n) => html`<p key=${`c${n}`} class="quiet">${control}${detail ? `: ${detail}` : ""}</p>`)}
  </section>`;
