/** A new connector: of a venue that is known, or by hand. */
import { post } from "../api.js";
import { useLoad } from "../load.js";
import { Problem, Skeleton } from "../parts/basics.js";
import { Field } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { html, useState } from "../view.js";
import { Refusal, StartsNow, useRefusal } from "./editor.js";
import { Probed, useProbe } from "./probe.js";
/** @import { Connector, Preset, PresetParameter } from "../types.js" */
/** @import { Typed } from "./controls.js" */

export const usePresets = () => {
  const { data, error, reload } = useLoad("/api/connectors/presets");
  return { presets: /** @type {Preset[] | null} */ (data), error, reload };
};

const BY_HAND = [
  { name: "websocket", title: "Any WebSocket", description: "Its address, what to send at connect, and how its messages are read." },
  { name: "rest", title: "Any REST API", description: "Asked again and again, by cursor or time window; repeats count once." },
];

/** The ways to make one. */
export function Ways() {
  const { presets, error, reload } = usePresets();
  if (error && !presets) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!presets) return html`<${Skeleton} lines=${4} class="rows" />`;
  return html`
    <ul class="ways">
      ${[...presets, ...BY_HAND].map(({ name, title, description }) => html`
        <li key=${name}><a class="card way" href="/connectors?add=${name}"><strong>${title}</strong><span class="quiet">${description}</span><${Icon} name="chevron" class="way-mark" /></a></li>`)}
    </ul>`;
}

/** @param {{ preset: Preset, onDone: (connector: Connector) => void, onCancel: () => void }} properties */
export function PresetForm({ preset, onDone, onCancel }) {
  const [values, setValues] = useState(/** @type {Record<string, string>} */ (Object.fromEntries(preset.parameters.map((each) => [each.name, textOf(each.default)]))));
  const [name, setName] = useState("");
  const [startsNow, setStartsNow] = useState(true);
  const { refused, busy, run, form } = useRefusal();
  const probe = useProbe();
  const shown = [...preset.parameters.map((each) => `parameters.${each.name}`), "name"];
  const fields = () => ({ preset: preset.name, parameters: parametersOf(preset, values), ...(name.trim() ? { name: name.trim() } : {}) });
  const create = async () => {
    const made = await run(shown, {}, () => post("/api/connectors", { ...fields(), desired_state: startsNow ? "running" : "stopped" }));
    if (made) onDone(made);
  };
  return html`
    <form class="card form" ref=${form} novalidate onSubmit=${(/** @type {SubmitEvent} */ event) => (event.preventDefault(), void create())}>
      <${Refusal} ...${refused} />
      <section class="form-part" aria-label=${preset.title}>
        <p class="quiet">${preset.description}</p>
        <div class="form-grid">
          ${preset.parameters.map((each) => html`
            <${Field} key=${each.name} label=${label(each.name)} optional=${!each.required} wide=${each.form === "list"} fault=${refused.faults[`parameters.${each.name}`]}
              help=${each.form === "list" ? `${each.description}; commas between` : each.description}
              control=${(/** @type {Record<string, any>} */ attributes) => html`
                <input ...${attributes} class="input" type="text" value=${values[each.name]} placeholder=${each.example ?? ""} spellcheck=${false} autocomplete="off"
                  onInput=${(/** @type {Typed} */ event) => setValues({ ...values, [each.name]: event.currentTarget.value })} />`} />`)}
          <${Field} label="Name" optional fault=${refused.faults.name}
            control=${(/** @type {Record<string, any>} */ attributes) => html`<input ...${attributes} class="input" type="text" value=${name} autocomplete="off" onInput=${(/** @type {Typed} */ event) => setName(event.currentTarget.value)} />`} />
        </div>
      </section>
      <${StartsNow} value=${startsNow} onChange=${setStartsNow} />
      <${Probed} state=${probe.state} />
      <div class="form-actions">
        <button type="submit" class="button primary" disabled=${busy}>Create</button>
        <button type="button" class="button" disabled=${busy || probe.state.running} onClick=${() => void run(shown, {}, () => probe.run(fields()))}><${Icon} name="play" /> ${probe.state.running ? "Testing" : "Test"}</button>
        <button type="button" class="button plain" onClick=${onCancel}>Cancel</button>
        <span class="quiet form-note">All else can be changed afterwards.</span>
      </div>
    </form>`;
}

/** @param {PresetParameter["default"]} value */
const textOf = (value) => (Array.isArray(value) ? value.join(", ") : (value ?? ""));

/** @param {string} name */
const label = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** Empty ones are left out, so that the server names those that are missing. @param {Preset} preset @param {Record<string, string>} values */
function parametersOf(preset, values) {
  /** @type {Record<string, string | string[]>} */
  const given = {};
  for (const { name, form } of preset.parameters) {
    const text = values[name]?.trim() ?? "";
    if (text) given[name] = form === "list" ? text.split(",").map((part) => part.trim()).filter(Boolean) : text;
  }
  return given;
}
