/** Connectors. */
import { html } from "../view.js";
import { Empty } from "../parts/basics.js";

export function ConnectorsPage() {
  return html`<h1>Connectors</h1><${Empty} title="Being built"></${Empty}>`;
}
