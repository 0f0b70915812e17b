/** One stream. */
import { html } from "../view.js";
import { Empty } from "../parts/basics.js";

/** @param {{ id: string }} properties */
export function StreamPage({ id }) {
  return html`<h1>${id}</h1><${Empty} title="Being built"></${Empty}>`;
}
