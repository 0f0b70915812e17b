/** Connectors: what fetches feeds by itself, how it runs, and the forms to make and change one. */
import { path } from "../api.js";
import { Ways, PresetForm, usePresets } from "../connectors/preset.js";
import { Editor } from "../connectors/editor.js";
import { draftOf, newDraft } from "../connectors/draft.js";
import { ConnectorRow } from "../connectors/row.js";
import { useLoad } from "../load.js";
import { Empty, Problem, Skeleton } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { AsOf, useReach } from "../parts/reach.js";
import { navigate, useAddress } from "../router.js";
import { announce } from "../status.js";
import { html, useState } from "../view.js";
/** @import { Connector } from "../types.js" */

const REFRESH_SECONDS = 2;
const ADDRESSES = { websocket: "wss://", rest: "https://" };

export function ConnectorsPage() {
  const { query } = useAddress();
  const [fresh, setFresh] = useState("");
  const adding = query.get("add");
  const editing = query.get("edit");
  const back = () => navigate("/connectors");
  /** @param {Connector} connector */
  const done = (connector) => {
    announce(`${connector.name} is stored`);
    setFresh(connector.connector_id);
    back();
  };
  if (adding !== null) return html`<${Add} way=${adding} onDone=${done} onCancel=${back} />`;
  if (editing !== null) return html`<${Edit} key=${editing} id=${editing} onDone=${done} onCancel=${back} />`;
  return html`<${List} fresh=${fresh} />`;
}

/** @param {{ fresh: string }} properties `fresh`: the id of the one that was just stored */
function List({ fresh }) {
  const { data, error, loading, at, reload } = useLoad("/api/connectors?limit=1000", { everySeconds: REFRESH_SECONDS });
  const [open, setOpen] = useState(/** @type {Set<string>} */ (new Set()));
  const reach = useReach({ at, error, everySeconds: REFRESH_SECONDS });
  const connectors = /** @type {Connector[]} */ (data ?? []);
  /** @param {string} id */
  const toggle = (id) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return html`
    <div class="page-head">
      <h1>Connectors</h1>
      <div class="page-tools"><${AsOf} reach=${reach} /><a class="button primary" href="/connectors?add"><${Icon} name="plus" /> Add a connector</a></div>
    </div>
    ${reach.lost}
    ${error && !reach.lost && html`<${Problem} error=${error} title="The list could not be refreshed" retry=${reload} />`}
    ${loading
      ? html`<${Skeleton} lines=${4} class="rows" />`
      : connectors.length === 0
        ? data && html`<${Empty} title="No connector yet" class="connectors-none">Connectors fetch a chat or a market feed by themselves. Choose one:</${Empty}><${Ways} />`
        : html`
          <ul class="connectors ${reach.lost ? "is-frozen" : ""}">
            ${connectors.map((connector) => html`
              <${ConnectorRow} key=${connector.connector_id} connector=${connector} open=${open.has(connector.connector_id)} fresh=${fresh === connector.connector_id}
                onToggle=${() => toggle(connector.connector_id)} onChanged=${reload} />`)}
          </ul>`}`;
}

/** @param {{ way: string, onDone: (connector: Connector) => void, onCancel: () => void }} properties */
function Add({ way, onDone, onCancel }) {
  const { presets, error, reload } = usePresets();
  const preset = presets?.find(({ name }) => name === way);
  const address = ADDRESSES[/** @type {"rest"} */ (way)];
  const title = preset ? preset.title : way === "rest" ? "A REST API" : way === "websocket" ? "A WebSocket" : "Add a connector";
  return html`
    <${Crumbs} title=${title} inside=${way ? html`<a href="/connectors?add">Add</a>` : null} />
    ${way === ""
      ? html`<${Ways} />`
      : address
        ? html`<${Editor} key=${way} initial=${newDraft(address)} connector=${null} onDone=${onDone} onCancel=${onCancel} />`
        : preset
          ? html`<${PresetForm} key=${way} preset=${preset} onDone=${onDone} onCancel=${onCancel} />`
          : error
            ? html`<${Problem} error=${error} retry=${reload} />`
            : presets
              ? html`<${Empty} title="There is no such preset"><a href="/connectors?add">All ways</a></${Empty}>`
              : html`<${Skeleton} lines=${4} />`}`;
}

/** @param {{ id: string, onDone: (connector: Connector) => void, onCancel: () => void }} properties */
function Edit({ id, onDone, onCancel }) {
  const { data, error, reload } = useLoad(path`/api/connectors/${id}`);
  const connector = /** @type {Connector | null} */ (data);
  return html`
    <${Crumbs} title=${connector?.name ?? "Edit"} inside=${null} />
    ${connector
      ? html`<${Editor} initial=${draftOf(connector)} connector=${connector} onDone=${onDone} onCancel=${onCancel} />`
      : error
        ? html`<${Problem} error=${error} title="This connector cannot be shown" retry=${reload} />`
        : html`<${Skeleton} lines=${6} />`}`;
}

/** @param {{ title: string, inside: any }} properties */
const Crumbs = ({ title, inside }) => html`
  <div class="page-head"><div>
    <p class="crumbs"><a href="/connectors">Connectors</a> <span aria-hidden="true">/</span>${inside && html` ${inside} <span aria-hidden="true">/</span>`}</p>
    <h1>${title}</h1>
  </div></div>`;
