/** Pages by path, without reloading: links of the page's own are followed in place. */
import { useLayoutEffect, useState } from "./view.js";

/** @type {Set<() => void>} */
const listeners = new Set();
const tell = () => listeners.forEach((listener) => listener());

/** @param {string} address a path with or without a query @param {{ replace?: boolean }} [how] */
export function navigate(address, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  if (!replace) scrollTo(0, 0);
  tell();
}

/** The path and the query of the page, rendering the caller again when they change. */
export function useAddress() {
  const [address, setAddress] = useState(() => location.pathname + location.search);
  // Before anything else can change the address: what changed it before the next paint would be missed.
  useLayoutEffect(() => {
    const listener = () => setAddress(location.pathname + location.search);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  const url = new URL(address, location.href);
  return { path: url.pathname, query: url.searchParams };
}

/** Follow links to our own pages in place; call it once. @param {(path: string) => boolean} isPage */
export function followLinks(isPage) {
  addEventListener("popstate", tell);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin || !isPage(link.pathname)) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
