/** Words of the page that follow from names of the API. Unknown names are shown as they are, so new kinds need nothing here. */

/** @type {Record<string, string>} */
const MOMENTS = {
  chat_spike: "Chat spike",
  chat_drop: "Chat drop",
  viewer_spike: "Viewer spike",
  viewer_drop: "Viewer drop",
  sentiment_shift: "Mood shift",
  revenue_spike: "Revenue spike",
  price_spike: "Price move",
  volume_spike: "Volume spike",
  error_spike: "Error spike",
  latency_spike: "Latency spike",
  cost_spike: "Cost spike",
};

/** @type {Record<string, string>} */
const CAUSES = {
  hype: "Hype",
  raid: "Raid",
  copypasta: "Copypasta",
  bot: "Bots",
  sentiment: "Mood",
  unknown: "Cause unknown",
};

/** @param {string} name */
export const words = (name) => {
  const text = name.replaceAll("_", " ").replaceAll(".", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
/** @param {string} type */
export const momentName = (type) => MOMENTS[type] ?? words(type);
/** @param {string} cause */
export const causeName = (cause) => CAUSES[cause] ?? words(cause);
/** @param {string} kind */
export const kindName = (kind) => words(kind);

/** The shape of its mark: up, down, or a turn. @param {string} type */
export const momentShape = (type) => (type.endsWith("_drop") ? "down" : type.endsWith("_shift") ? "turn" : "up");

/** How strong, in a word. @param {number} severity 0..1 */
export const strength = (severity) => (severity >= 0.75 ? "very strong" : severity >= 0.5 ? "strong" : severity >= 0.25 ? "clear" : "slight");
