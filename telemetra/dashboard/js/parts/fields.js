/** Labelled inputs that say what is wrong with them. */
import { html, useId } from "../view.js";
import { Icon } from "./icons.js";

/** The attributes of an input that has a help or a fault. @param {string} id @param {string | undefined} help @param {string | undefined} fault */
export const described = (id, help, fault) => ({
  id,
  "aria-describedby": [fault && `${id}-fault`, help && `${id}-help`].filter(Boolean).join(" ") || undefined,
  "aria-invalid": fault ? "true" : undefined,
});

/** A label, what `control` makes, a help and a fault. A group of inputs has a legend instead.
 * @param {{ label: any, help?: string, fault?: string, wide?: boolean, optional?: boolean, group?: boolean, control: (attributes: Record<string, any>) => any }} properties */
export function Field({ label, help, fault, wide = false, optional = false, group = false, control }) {
  const id = useId();
  const name = html`${label}${optional && html` <span class="quiet">optional</span>`}`;
  const rest = html`
    ${fault && html`<p class="field-fault" id="${id}-fault"><${Icon} name="warning" size=${14} /> ${fault}</p>`}
    ${help && html`<p class="field-help quiet" id="${id}-help">${help}</p>`}`;
  const style = `field ${wide ? "is-wide" : ""} ${fault ? "is-wrong" : ""}`;
  if (group) return html`<fieldset class=${style} aria-describedby=${described(id, help, fault)["aria-describedby"]}><legend>${name}</legend>${control({})}${rest}</fieldset>`;
  return html`<div class=${style}><label for=${id}>${name}</label>${control(described(id, help, fault))}${rest}</div>`;
}

/** Puts the focus where the first fault is. @param {Element | null} form */
export function focusFault(form) {
  const wrong = form?.querySelector("[aria-invalid=true], .is-wrong input, .is-wrong textarea");
  wrong?.closest("details")?.setAttribute("open", "");
  if (wrong instanceof HTMLElement) wrong.focus();
}
