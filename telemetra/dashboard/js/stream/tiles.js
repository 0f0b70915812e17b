/** The numbers of now with their trend; of an ended stream what they were. */
import { change, metricText, NOTHING, valueOf } from "../format.js";
import { isAudience } from "../kinds.js";
import { usePrefs } from "../prefs.js";
import { html } from "../view.js";
import { toSeconds } from "./model.js";
/** @import { Kind, Metric, Minute } from "../types.js" */

const COMPARED_FROM = 15 * 60;
const COMPARED_TO = 5 * 60;

/**
 * @param {{ kind: Kind, seen: Set<string>, minutes: Minute[], now: Minute | null, ended: boolean, old: boolean }} properties
 * `seen`: the metrics of which something has come; `old`: these are no numbers of now
 */
export function Tiles({ kind, seen, minutes, now, ended, old }) {
  const { calm } = usePrefs();
  const metrics = kind.metrics.filter((metric) => metric.form !== "top" && seen.has(metric.name)).slice(0, 6);
  return html`
    <section class="tiles ${old ? "is-old" : ""}" aria-label=${ended ? "The stream as a whole" : "Now"}>
      ${metrics.map((metric) =>
        calm && isAudience(metric)
          ? html`<div class="tile" key=${metric.name}><span class="tile-label">${metric.label}</span><span class="tile-value">•••</span><span class="quiet">hidden in calm mode</span></div>`
          : ended
            ? html`<${Whole} key=${metric.name} metric=${metric} minutes=${minutes} />`
            : html`<${Now} key=${metric.name} metric=${metric} minutes=${minutes} now=${now} old=${old} />`,
      )}
    </section>`;
}

/** @param {{ metric: Metric, minutes: Minute[], now: Minute | null, old: boolean }} properties */
function Now({ metric, minutes, now, old }) {
  const source = now ?? minutes.at(-1) ?? null;
  const value = source?.has_data === false ? null : valueOf(metric, source);
  return html`
    <div class="tile">
      <span class="tile-label">${metric.label}</span>
      <span class="tile-value figure">${metricText(metric, value)}</span>
      <span class="tile-note">${old ? html`<span class="quiet">${value === null ? "no data" : "last known"}</span>` : html`<${Trend} metric=${metric} minutes=${minutes} value=${value} />`}</span>
    </div>`;
}

/** Against the mean of the ten minutes that ended five minutes ago. @param {{ metric: Metric, minutes: Minute[], value: number | null }} properties */
function Trend({ metric, minutes, value }) {
  const newest = minutes.at(-1);
  const unit = metric.form === "score" || metric.form === "money" || metric.form === "price" ? "" : metric.unit;
  if (!newest || value === null) return html`<span class="quiet">${value === null ? "nothing in the last minute" : unit}</span>`;
  const end = toSeconds(newest.timestamp);
  const before = minutes
    .filter((minute) => end - toSeconds(minute.timestamp) < COMPARED_FROM && end - toSeconds(minute.timestamp) >= COMPARED_TO)
    .map((minute) => valueOf(metric, minute))
    .filter((each) => each !== null);
  if (before.length < 3) return html`<span class="quiet">${unit}</span>`;
  const usual = before.reduce((sum, each) => sum + each, 0) / before.length;
  const text = metric.form === "score" ? scoreChange(value - usual) : usual === 0 ? null : change(Math.abs(value / usual - 1));
  if (text === null) return html`<span class="quiet">${unit}</span>`;
  const share = metric.form === "score" ? value - usual : value / usual - 1;
  const way = Math.abs(share) < 0.03 ? "flat" : share > 0 ? "up" : "down";
  return html`
    <span class="trend trend-${way}" title="Against the mean of minutes 5 to 15 before: ${metricText(metric, usual)}">
      ${way === "flat" ? "steady" : html`<span aria-hidden="true">${way === "up" ? "▲" : "▼"}</span><span class="unseen">${way}</span> ${text}`}
    </span>
    <span class="quiet">in 10 min</span>`;
}

/** @param {number} difference */
const scoreChange = (difference) => (Math.abs(difference) < 0.005 ? "0.00" : Math.abs(difference).toFixed(2));

/** @param {{ metric: Metric, minutes: Minute[] }} properties */
function Whole({ metric, minutes }) {
  const values = minutes.map((minute) => valueOf(metric, minute)).filter((value) => value !== null);
  const sum = values.reduce((total, value) => total + value, 0);
  const peak = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const [value, text] = values.length === 0 ? [null, NOTHING] : metric.form === "money" ? [sum, "in total"] : metric.form === "score" || metric.form === "price" ? [sum / values.length, "on average"] : [peak, "at its peak"];
  return html`
    <div class="tile">
      <span class="tile-label">${metric.label}</span>
      <span class="tile-value figure">${metricText(metric, value)}</span>
      <span class="tile-note quiet">${text}</span>
    </div>`;
}
