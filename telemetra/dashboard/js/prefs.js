/** What the reader chose, kept in the browser: theme, and whether viewer counts are hidden (calm mode). */
import { useLayoutEffect, useState } from "./view.js";

/** @typedef {{ theme: "auto" | "light" | "dark", calm: boolean }} Prefs */

const KEY = "telemetra.prefs";
/** @type {Set<(prefs: Prefs) => void>} */
const listeners = new Set();
/** @type {Prefs} */
let prefs = { theme: "auto", calm: false, ...stored() };

/** @returns {Partial<Prefs>} */
function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Partial<Prefs>} changes */
export function setPrefs(changes) {
  prefs = { ...prefs, ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs));
  } catch {
    // private mode: the choice then lasts as long as the page
  }
  document.documentElement.dataset.theme = prefs.theme;
  listeners.forEach((tell) => tell(prefs));
}

/** @returns {Prefs} */
export function usePrefs() {
  const [value, setValue] = useState(prefs);
  useLayoutEffect(() => {
    listeners.add(setValue);
    return () => void listeners.delete(setValue);
  }, []);
  return value;
}
