/** What an overlay shows, from its address and into one. Whatever is wrong with an address is said, and the usual taken. */
/** @import { Kind, Metric } from "../types.js" */

/** `metrics`: names of the kind's metrics, null for the usual ones; `scale` in percent.
 * @typedef {{ metrics: string[] | null, emotes: number, moments: boolean, moment_seconds: number, corner: string, theme: string,
 *   background: boolean, scale: number }} OverlayOptions
 */

export const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"];
export const THEMES = ["dark", "light"];
export const MOST_EMOTES = 10;

/** @type {OverlayOptions} */
export const USUAL = { metrics: null, emotes: 5, moments: true, moment_seconds: 12, corner: "top-left", theme: "dark", background: true, scale: 100 };

/** How each parameter is read: its value, or null where it cannot be; and what it must be.
 * @type {Record<string, { read: (text: string) => any, must: string }>} */
const PARAMETERS = {
  metrics: { read: (text) => text.split(",").map((name) => name.trim()).filter(Boolean), must: "" },
  emotes: whole(0, MOST_EMOTES),
  moments: flag(),
  moment_seconds: whole(3, 120),
  corner: choice(CORNERS),
  theme: choice(THEMES),
  background: flag(),
  scale: whole(50, 300),
};

/** @param {URLSearchParams} query @returns {{ options: OverlayOptions, problems: string[] }} a problem names its parameter */
export function readOptions(query) {
  /** @type {Record<string, any>} */
  const options = { ...USUAL };
  const problems = [];
  for (const [name, text] of query) {
    const parameter = PARAMETERS[name];
    if (!parameter) {
      problems.push(`${name}: there is no such parameter; there are ${Object.keys(PARAMETERS).join(", ")}`);
      continue;
    }
    const value = parameter.read(text);
    if (value === null) problems.push(`${name}: must be ${parameter.must}`);
    else options[name] = value;
  }
  return { options: /** @type {OverlayOptions} */ (options), problems };
}

/** The query of an address, with a leading `?`; what is as usual is left out. @param {OverlayOptions} options */
export function writeOptions(options) {
  const parts = Object.keys(PARAMETERS).flatMap((name) => {
    const value = options[/** @type {keyof OverlayOptions} */ (name)];
    if (value === USUAL[/** @type {keyof OverlayOptions} */ (name)] || value === null) return [];
    return `${name}=${Array.isArray(value) ? value.map(encodeURIComponent).join(",") : typeof value === "boolean" ? Number(value) : value}`;
  });
  return parts.length ? `?${parts.join("&")}` : "";
}

/** Those that can be shown as a figure. @param {Kind} kind */
export const figures = (kind) => kind.metrics.filter((metric) => metric.form !== "top");

/** The headlines that are numbers of people or of events. @param {Kind} kind */
export const usualMetrics = (kind) => figures(kind).filter((metric) => metric.headline && metric.form !== "score");

/** Those that were asked for, by name or label, and what is wrong with the others.
 * @param {Kind} kind @param {OverlayOptions} options @returns {{ metrics: Metric[], problems: string[] }} */
export function chosenMetrics(kind, { metrics }) {
  if (metrics === null) return { metrics: usualMetrics(kind), problems: [] };
  const known = figures(kind);
  /** @type {Metric[]} */
  const found = [];
  const problems = [];
  for (const name of metrics) {
    const metric = known.find((each) => each.name === name || each.label.toLowerCase() === name.toLowerCase());
    if (metric) found.push(metric);
    else problems.push(`metrics: there is no ${name}; there are ${known.map((each) => each.name).join(", ")}`);
  }
  return { metrics: found, problems };
}

/** @param {number} least @param {number} most */
function whole(least, most) {
  /** @param {string} text */
  const read = (text) => (/^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null);
  return { read, must: `a whole number from ${least} to ${most}` };
}

/** @param {string[]} names */
function choice(names) {
  return { read: (/** @type {string} */ text) => (names.includes(text) ? text : null), must: names.join(", ").replace(/, ([^,]+)$/, " or $1") };
}

function flag() {
  return { read: (/** @type {string} */ text) => (text === "0" ? false : text === "1" ? true : null), must: "0 or 1" };
}
