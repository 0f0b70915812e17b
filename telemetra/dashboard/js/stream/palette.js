/** The page's colours for a canvas, and when they change. */
import { usePrefs } from "../prefs.js";
import { useEffect, useState } from "../view.js";

const NAMES = /** @type {const} */ (["line", "line-strong", "quiet", "text", "band", "moment", "warn", "accent", "series-1", "series-2", "series-3", "series-4", "surface"]);

/** @typedef {Record<(typeof NAMES)[number], string>} Palette */

/** @returns {Palette} */
export function readPalette() {
  const probe = document.createElement("span");
  // Under reduced motion every element has a transition of nearly no time, and would tell the colour it had before.
  probe.style.setProperty("transition", "none", "important");
  document.body.append(probe);
  const colours = /** @type {Palette} */ ({});
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}

/** Changes its value whenever the colours may have: the reader's choice, or that of the system. */
export function useTheme() {
  const { theme } = usePrefs();
  const [isDark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const listener = () => setDark(media.matches);
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  }, []);
  return `${theme}:${isDark}`;
}

/** The same colour, lighter by its opacity. @param {string} colour `rgb(…)` or `color(…)` @param {number} alpha */
export function faint(colour, alpha) {
  return `color-mix(in srgb, ${colour} ${Math.round(alpha * 100)}%, transparent)`;
}
