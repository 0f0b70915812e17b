/** A labelled field with its help, and what the server says is wrong with it. */
import { html, useId } from "../view.js";

/**
 * @param {{ label: string, value: string, onValue: (value: string) => void, problem?: string | undefined, help?: any, kind?: "text" | "password" | "number" | "area" | "select",
 *   options?: [string, string][], required?: boolean, placeholder?: string | undefined }} properties
 */
export function Field({ label, value, onValue, problem, help, kind = "text", options = [], required = false, placeholder }) {
  const name = useId();
  const shared = {
    id: name,
    value,
    placeholder,
    required,
    "aria-invalid": problem ? "true" : undefined,
    "aria-describedby": `${name}-note`,
    spellcheck: false,
    autocomplete: "off",
    onInput: (/** @type {Event & { currentTarget: HTMLInputElement }} */ event) => onValue(event.currentTarget.value),
  };
  return html`
    <div class="field ${problem ? "is-wrong" : ""}">
      <label for=${name}>${label}${required && html` <span class="quiet" aria-hidden="true">required</span>`}</label>
      ${kind === "area"
        ? html`<textarea rows="4" ...${shared}></textarea>`
        : kind === "select"
          ? html`<select ...${shared}>${options.map(([option, text]) => html`<option key=${option} value=${option} selected=${option === value}>${text}</option>`)}</select>`
          : html`<input type=${kind} ...${shared} autocomplete=${kind === "password" ? "new-password" : "off"} />`}
      <p class="field-note" id="${name}-note">${problem ? html`<span class="field-problem" role="alert">${problem}</span>` : help ? html`<span class="quiet">${help}</span>` : ""}</p>
    </div>`;
}
