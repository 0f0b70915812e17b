/** Trust. */
import { html } from "../view.js";
import { Empty } from "../parts/basics.js";

export function TrustPage() {
  return html`<h1>Trust</h1><${Empty} title="Being built"></${Empty}>`;
}
