/** The form of a connector by hand: a new one, or one that is stored. What is wrong is said by the server, at its field. */
import { ApiError, path, post, put } from "../api.js";
import { Icon } from "../parts/icons.js";
import { focusFault } from "../parts/fields.js";
import { announce } from "../status.js";
import { html, useRef, useState } from "../view.js";
import { Control } from "./controls.js";
import { CREDENTIALS, sectionsOf } from "./fields.js";
import { bodyOf, credentialsFor, draftOf, faultsOf } from "./draft.js";
import { Probed, useProbe } from "./probe.js";
/** @import { Connector } from "../types.js" */
/** @import { Draft, Faults, Pair } from "./draft.js" */
/** @import { Field } from "./fields.js" */

/** @param {{ initial: Draft, connector: Connector | null, onDone: (connector: Connector) => void, onCancel: () => void }} properties */
export function Editor({ initial, connector, onDone, onCancel }) {
  const [draft, setDraft] = useState(initial);
  const stored = useRef(connector ? draftOf(connector) : null).current;
  const { refused, setRefused, busy, run, form } = useRefusal();
  const [startsNow, setStartsNow] = useState(true);
  const probe = useProbe();
  /** @param {Field} field @param {string | Pair[]} value */
  const change = (field, value) => {
    const next = { ...draft, [field.name]: value };
    if (field.name === "auth_type") next.credentials = credentialsFor(String(value), /** @type {Pair[]} */ (draft.credentials ?? []));
    setDraft(next);
    if (refused.faults[field.name]) setRefused({ ...refused, faults: { ...refused.faults, [field.name]: "" } });
  };
  const sections = sectionsOf(draft);
  const shown = sections.flatMap((section) => section.fields.map((field) => field.name));
  /** @param {(body: Record<string, unknown>) => Promise<any>} action */
  const send = (action) => {
    const { body, faults } = bodyOf(draft, stored);
    return run(shown, faults, () => action(body));
  };
  const save = async () => {
    const saved = await send((body) => (connector ? put(path`/api/connectors/${connector.connector_id}`, body) : post("/api/connectors", { ...body, desired_state: startsNow ? "running" : "stopped" })));
    if (saved) onDone(saved);
  };
  const test = () => void send((body) => probe.run(connector ? { ...body, connector_id: connector.connector_id } : body));
  return html`
    <form class="card form" ref=${form} novalidate onSubmit=${(/** @type {SubmitEvent} */ event) => (event.preventDefault(), void save())}>
      <${Refusal} ...${refused} />
      ${sections.map(({ title, folded, fields }) => {
        const inside = html`<div class="form-grid">${fields.map((field) => html`
          <${Control} key=${field.name} field=${field} value=${draft[field.name] ?? (field.form === "secrets" ? [] : "")} fault=${refused.faults[field.name]}
            fixed=${field.name === "credentials" ? (CREDENTIALS[String(draft.auth_type)] ?? null) : null}
            onChange=${(/** @type {string | Pair[]} */ value) => change(field, value)} />`)}</div>`;
        return folded
          ? html`<details class="form-part" key=${title} open=${fields.some((field) => refused.faults[field.name])}><summary><h2>${title}</h2></summary>${inside}</details>`
          : html`<section class="form-part" key=${title} aria-label=${title}><h2>${title}</h2>${inside}</section>`;
      })}
      ${!connector && html`<${StartsNow} value=${startsNow} onChange=${setStartsNow} />`}
      <${Probed} state=${probe.state} />
      <div class="form-actions">
        <button type="submit" class="button primary" disabled=${busy}>${connector ? "Save" : "Create"}</button>
        <button type="button" class="button" disabled=${busy || probe.state.running} onClick=${test}><${Icon} name="play" /> ${probe.state.running ? "Testing" : "Test"}</button>
        <button type="button" class="button plain" onClick=${onCancel}>Cancel</button>
        ${connector?.desired_state === "running" && html`<span class="quiet form-note">It begins anew when saved.</span>`}
      </div>
    </form>`;
}

/** @param {{ value: boolean, onChange: (value: boolean) => void }} properties */
export const StartsNow = ({ value, onChange }) => html`
  <label class="check"><input type="checkbox" checked=${value} onChange=${() => onChange(!value)} /> Start it at once</label>`;

/** What the server refuses. @typedef {{ faults: Faults, others: string[] }} Refused */
/** @type {Refused} */
const NONE = { faults: {}, others: [] };

/** Runs an action of a form; what is refused goes to its fields, with the focus on the first. */
export function useRefusal() {
  const [refused, setRefused] = useState(NONE);
  const [busy, setBusy] = useState(false);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  /** @param {Refused} next */
  const refuse = (next) => {
    setRefused(next);
    announce("Not accepted. See what the fields say.");
    setTimeout(() => focusFault(form.current), 50);
  };
  /**
   * @param {string[]} shown the names of the fields that the form shows
   * @param {Faults} faults what cannot even be sent
   * @param {() => Promise<any>} action @returns {Promise<any>} its answer, null when it was refused
   */
  const run = async (shown, faults, action) => {
    if (Object.keys(faults).length) return refuse({ faults, others: [] }), null;
    setBusy(true);
    setRefused(NONE);
    try {
      return await action();
    } catch (error) {
      const { fields, message } = /** @type {ApiError} */ (error);
      const found = faultsOf(fields ?? [], shown);
      refuse(fields?.length ? found : { faults: {}, others: [message] });
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { refused, setRefused, busy, run, form };
}

/** What belongs to no field, and how many fields are wrong. @param {Refused} properties */
export function Refusal({ faults, others }) {
  const count = Object.values(faults).filter(Boolean).length;
  if (count === 0 && others.length === 0) return null;
  return html`
    <div class="problem" role="alert">
      <${Icon} name="warning" size=${20} />
      <div>
        <strong>${count > 1 ? `${count} fields are not accepted` : count === 1 ? "A field is not accepted" : "Not accepted"}</strong>
        ${others.map((text) => html`<p key=${text}>${text}</p>`)}
      </div>
    </div>`;
}
