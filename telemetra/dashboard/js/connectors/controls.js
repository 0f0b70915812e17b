/** The inputs of a connector's form: one for each form of a field. */
import { Field, described } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { html, useId } from "../view.js";
import { MASK } from "./draft.js";
/** @import { Pair } from "./draft.js" */
/** @import { Field as Declared } from "./fields.js" */

/** @typedef {InputEvent & { currentTarget: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement }} Typed */

/** @param {{ field: Declared, value: string | Pair[], fault?: string, fixed?: string[] | null, onChange: (value: string | Pair[]) => void }} properties
 * `fixed`: the names of pairs that cannot be chosen */
export function Control({ field, value, fault, fixed = null, onChange }) {
  const { label, help, wide } = field;
  if (typeof value !== "string") {
    return html`<${Field} label=${label} help=${help} fault=${fault} wide group control=${() => html`<${Pairs} label=${label} pairs=${value} fixed=${fixed} onChange=${onChange} />`} />`;
  }
  const onInput = (/** @type {Typed} */ event) => onChange(event.currentTarget.value);
  /** @param {Record<string, any>} attributes */
  const control = (attributes) => {
    if (field.form === "choice") {
      return html`<select class="input" ...${attributes} value=${value} onChange=${onInput}>${field.choices?.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}</select>`;
    }
    const common = { ...attributes, class: "input", value, placeholder: field.example, spellcheck: false, autocomplete: "off", onInput };
    if (field.form === "text") return html`<input ...${common} type="text" />`;
    if (field.form === "number") return html`<span class="input-unit"><input ...${common} type="text" inputmode="decimal" /><span class="quiet">${field.unit}</span></span>`;
    return html`<textarea ...${common} class="input is-code" rows=${field.lines ?? 2}></textarea>`;
  };
  return html`<${Field} label=${label} help=${help} fault=${fault} wide=${wide} control=${control} />`;
}

/** Names with values that are typed in and never shown again.
 * @param {{ label: string, pairs: Pair[], fixed: string[] | null, onChange: (pairs: Pair[]) => void }} properties */
function Pairs({ label, pairs, fixed, onChange }) {
  /** @param {number} place @param {Partial<Pair>} changes */
  const change = (place, changes) => onChange(pairs.map((pair, n) => (n === place ? { ...pair, ...changes } : pair)));
  return html`
    <div class="pairs">
      ${pairs.map((pair, n) => html`
        <div class="pair" key=${fixed ? pair.name : n}>
          ${fixed
            ? html`<span class="pair-name">${pair.name}</span>`
            : html`<input class="input" type="text" aria-label="${label}: name ${n + 1}" placeholder="Name" value=${pair.name} spellcheck=${false} autocomplete="off"
                readonly=${pair.stored && pair.value === MASK}
                onInput=${(/** @type {Typed} */ event) => change(n, { name: event.currentTarget.value })} />`}
          <${Secret} label="${label}: ${pair.name || `value ${n + 1}`}" pair=${pair} optional=${fixed?.includes(`${pair.name}?`) ?? false}
            onChange=${(/** @type {string} */ value) => change(n, { value })} />
          ${!fixed && html`<button type="button" class="tool" title="Remove" aria-label="Remove ${pair.name || `row ${n + 1}`}"
            onClick=${() => onChange(pairs.filter((_, place) => place !== n))}><${Icon} name="close" /></button>`}
        </div>`)}
      ${!fixed && html`<button type="button" class="button small" onClick=${() => onChange([...pairs, { name: "", value: "", stored: false }])}><${Icon} name="plus" size=${14} /> Add</button>`}
    </div>`;
}

/** @param {{ label: string, pair: Pair, optional: boolean, onChange: (value: string) => void }} properties */
function Secret({ label, pair, optional, onChange }) {
  const kept = pair.stored && pair.value === MASK;
  const id = useId();
  return html`
    <input ...${described(id, undefined, undefined)} class="input" type="password" aria-label=${label} autocomplete="new-password"
      placeholder=${pair.stored ? `${MASK} kept unless you type` : optional ? "not needed" : "Value"} value=${kept ? "" : pair.value}
      onInput=${(/** @type {Typed} */ event) => onChange(event.currentTarget.value || (pair.stored ? MASK : ""))} />`;
}
