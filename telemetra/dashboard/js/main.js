/** The dashboard: one document, a page per path. */
import { Empty } from "./parts/basics.js";
import { Shell } from "./parts/shell.js";
import { ConnectorsPage } from "./pages/connectors.js";
import { StreamPage } from "./pages/stream.js";
import { StreamsPage } from "./pages/streams.js";
import { TrustPage } from "./pages/trust.js";
import { followLinks, useAddress } from "./router.js";
import { html, render, useEffect, useRef } from "./view.js";

const PRODUCT = "Telemetra";

/** @param {string} path @returns {{ title: string, page: () => any }} */
function pageOf(path) {
  const stream = /^\/streams\/([^/]+)$/.exec(path);
  if (stream?.[1]) {
    const id = decodeURIComponent(stream[1]);
    return { title: id, page: () => html`<${StreamPage} key=${id} id=${id} />` };
  }
  if (path === "/connectors") return { title: "Connectors", page: () => html`<${ConnectorsPage} />` };
  if (path === "/trust") return { title: "Trust", page: () => html`<${TrustPage} />` };
  if (path === "/") return { title: "Streams", page: () => html`<${StreamsPage} />` };
  return { title: "Not found", page: () => html`<${Empty} title="There is no such page"><a href="/">All streams</a></${Empty}>` };
}

/** @param {string} path */
const isPage = (path) => path === "/" || path === "/connectors" || path === "/trust" || /^\/streams\/[^/]+$/.test(path);

function App() {
  const { path } = useAddress();
  const { title, page } = pageOf(path);
  const first = useRef(true);
  useEffect(() => {
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
