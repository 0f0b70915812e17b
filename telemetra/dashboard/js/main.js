/** The dashboard: one document, a page per path. */
import { Empty, Problem, Skeleton } from "./parts/basics.js";
import { Shell } from "./parts/shell.js";
import { StreamsPage } from "./pages/streams.js";
import { followLinks, useAddress } from "./router.js";
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "./view.js";

const PRODUCT = "Telemetra";

/** The other pages are fetched when they are opened. @type {Record<string, () => Promise<(properties: any) => any>>} */
const LATER = {
  stream: () => import("./pages/stream.js").then(({ StreamPage }) => StreamPage),
  connectors: () => import("./pages/connectors.js").then(({ ConnectorsPage }) => ConnectorsPage),
  trust: () => import("./pages/trust.js").then(({ TrustPage }) => TrustPage),
};

/** @param {{ name: string, [property: string]: any }} properties `name` of the page, and its own properties */
function Later({ name, ...properties }) {
  const [page, setPage] = useState(/** @type {((properties: any) => any) | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => {
    LATER[name]?.().then((found) => setPage(() => found), setError);
  }, [name]);
  if (error) return html`<${Problem} error=${error} retry=${() => location.reload()} />`;
  return page ? html`<${page} ...${properties} />` : html`<${Skeleton} lines=${6} class="rows" />`;
}

/** @param {string} path @returns {{ title: string, page: () => any }} */
function pageOf(path) {
  const stream = /^\/streams\/([^/]+)$/.exec(path);
  if (stream?.[1]) {
    const id = decodeURIComponent(stream[1]);
    return { title: id, page: () => html`<${Later} name="stream" key=${`stream ${id}`} id=${id} />` };
  }
  if (path === "/connectors") return { title: "Connectors", page: () => html`<${Later} name="connectors" key="connectors" />` };
  if (path === "/trust") return { title: "Trust", page: () => html`<${Later} name="trust" key="trust" />` };
  if (path === "/") return { title: "Streams", page: () => html`<${StreamsPage} />` };
  return { title: "Not found", page: () => html`<${Empty} title="There is no such page"><a href="/">All streams</a></${Empty}>` };
}

/** @param {string} path */
const isPage = (path) => path === "/" || path === "/connectors" || path === "/trust" || /^\/streams\/[^/]+$/.test(path);

function App() {
  const { path } = useAddress();
  const { title, page } = pageOf(path);
  const first = useRef(true);
  // Together with the page: after the next paint it would take the focus from where the reader has put it since.
  useLayoutEffect(() => {
    document.title = `${title} · ${PRODUCT}`;
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return html`<${Shell} path=${path}>${page()}</${Shell}>`;
}

const root = document.getElementById("app");
if (root) {
  followLinks(isPage);
  root.replaceChildren();
  render(html`<${App} />`, root);
}
