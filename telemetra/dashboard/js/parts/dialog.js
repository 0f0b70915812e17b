/** A modal dialog: the browser's own, so focus stays inside and Escape closes it. */
import { html, useEffect, useId, useRef } from "../view.js";
import { Icon } from "./icons.js";

/** @param {{ title: string, onClose: () => void, wide?: boolean, children?: any }} properties */
export function Dialog({ title, onClose, wide = false, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const name = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return html`
    <dialog ref=${dialog} class="dialog ${wide ? "is-wide" : ""}" aria-labelledby=${name}
      onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}
      onMouseDown=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && onClose()}>
      <div class="dialog-inner">
        <header><h2 id=${name}>${title}</h2><button type="button" class="tool" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button></header>
        ${children}
      </div>
    </dialog>`;
}

/** Asks before something that cannot be undone.
 * @param {{ title: string, action: string, busy?: boolean, onConfirm: () => void, onClose: () => void, children?: any }} properties */
export const Confirm = ({ title, action, busy = false, onConfirm, onClose, children }) => html`
  <${Dialog} title=${title} onClose=${onClose}>
    <div class="dialog-body">${children}</div>
    <footer>
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button danger primary" disabled=${busy} onClick=${onConfirm}>${action}</button>
    </footer>
  </${Dialog}>`;
