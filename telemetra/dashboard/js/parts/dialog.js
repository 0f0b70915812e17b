/** A question in front of the page. The browser keeps the focus in it and gives it back; Escape is the way out. */
import { html, useId, useLayoutEffect, useRef } from "../view.js";

/** @param {{ title: string, wide?: boolean, onClose: () => void, children?: any }} properties */
export function Dialog({ title, wide = false, onClose, children }) {
  const id = useId();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // Before the next key or click is handled: after the next paint, an Escape right behind the click would be lost.
  useLayoutEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  return html`
    <dialog ref=${dialog} class="dialog ${wide ? "is-wide" : ""}" aria-labelledby=${id} onClose=${onClose}
      onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && onClose()}>
      <div class="dialog-inner"><h2 id=${id}>${title}</h2>${children}</div>
    </dialog>`;
}
