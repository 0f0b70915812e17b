/** The connectors: what fetches feeds by itself. */
import { Editor } from "../connectors/editor.js";
import { ConnectorRow } from "../connectors/row.js";
import { useLoad } from "../load.js";
import { Empty, Problem, Skeleton } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { html, useState } from "../view.js";
/** @import { Connector } from "../types.js" */

export function ConnectorsPage() {
  const { data, error, loading, reload } = useLoad("/api/connectors", { everySeconds: 5 });
  const [edited, setEdited] = useState(/** @type {Connector | null | undefined} */ (undefined));
  const connectors = /** @type {Connector[]} */ (data ?? []);
  const create = html`<button type="button" class="button primary" onClick=${() => setEdited(null)}><${Icon} name="plus" /> New connector</button>`;
  return html`
    <div class="page-head"><h1>Connectors</h1>${connectors.length > 0 && create}</div>
    ${error && html`<${Problem} error=${error} retry=${reload} />`}
    ${loading
      ? html`<${Skeleton} lines=${4} class="rows" />`
      : connectors.length === 0
        ? !error && html`<${Empty} title="Nothing is connected yet"><p>A connector fetches a feed by itself: a Twitch chat, an exchange, any REST or WebSocket address.</p><p class="empty-action">${create}</p></${Empty}>`
        : html`<ul class="card connector-list">${connectors.map((connector) => html`
            <${ConnectorRow} key=${connector.connector_id} connector=${connector} onEdit=${() => setEdited(connector)} onChanged=${reload} />`)}</ul>`}
    ${edited !== undefined && html`
      <${Editor} connector=${edited} onClose=${() => setEdited(undefined)} onSaved=${() => { setEdited(undefined); reload(); }} />`}`;
}
