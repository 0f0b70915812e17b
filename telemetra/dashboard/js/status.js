/** What all parts of the page share: how the live connection is, and what screen readers are told. */
import { Signal } from "./signal.js";
/** @import { Connection } from "./types.js" */

/** Of the page that is open; null where a page has no live connection. @type {Signal<Connection | null>} */
export const connection = new Signal(/** @type {Connection | null} */ (null));

/** Read out by screen readers, politely. */
export const announcement = new Signal("");

/** @param {string} text */
export function announce(text) {
  announcement.set(text === announcement.value ? `${text}\u00a0` : text);
}
