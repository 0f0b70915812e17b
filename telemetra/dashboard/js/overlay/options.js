/** What an overlay shows, from its address. Unknown values are passed over, so that a typing error never blanks a scene. */
/** @import { Kind, Metric } from "../types.js" */

/**
 * @typedef {{ metrics: string[] | null, emotes: number, moments: boolean, momentSeconds: number, align: "left" | "right" | "center",
 *   scale: number, plain: boolean }} OverlayOptions
 */

/** @param {URLSearchParams} query @returns {OverlayOptions} */
export function readOptions(query) {
  const align = query.get("align");
  return {
    metrics: query.has("metrics") ? (query.get("metrics") ?? "").split(",").filter(Boolean) : null,
    emotes: whole(query.get("emotes"), 5, 0, 10),
    moments: query.get("moments") !== "0",
    momentSeconds: whole(query.get("moment_seconds"), 12, 3, 120),
    align: align === "right" || align === "center" ? align : "left",
    scale: whole(query.get("scale"), 100, 50, 300) / 100,
    plain: query.get("background") === "0",
  };
}

/** Those that were asked for, by name or label; else the headlines that are numbers of people or of events.
 * @param {Kind} kind @param {OverlayOptions} options @returns {Metric[]} */
export function shownMetrics(kind, { metrics }) {
  if (metrics === null) return kind.metrics.filter((metric) => metric.headline && metric.form !== "score");
  const named = metrics.map((name) => kind.metrics.find((metric) => metric.name === name || metric.label.toLowerCase() === name.toLowerCase()));
  return named.filter((metric) => metric !== undefined);
}

/** @param {string | null} text @param {number} usual @param {number} least @param {number} most */
function whole(text, usual, least, most) {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? usual : Math.min(most, Math.max(least, value));
}
