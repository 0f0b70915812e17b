/** What an overlay looks like: large figures on nothing. Without a word it is live; else it says what it is. */
import { duration, metricText, number, valueOf } from "../format.js";
import { Icon } from "../parts/icons.js";
import { momentName, momentShape } from "../strings.js";
import { html } from "../view.js";
import { chosenMetrics } from "./options.js";
/** @import { Kind, Minute, Moment } from "../types.js" */
/** @import { OverlayOptions } from "./options.js" */

/**
 * How the newest update is to be taken: `lost` without a connection, `waiting` while nothing has ever come, `stale` when the
 * server says that the stream should speak and does not.
 * @typedef {"live" | "stale" | "lost" | "waiting"} OverlayState
 */

/** @param {boolean} connected @param {Minute | null} update @returns {OverlayState} */
export function stateOf(connected, update) {
  if (!connected) return "lost";
  if (!update || update.data_age_seconds === null || update.data_age_seconds === undefined) return "waiting";
  return update.stale ? "stale" : "live";
}

/**
 * @param {{ kind: Kind | null, options: OverlayOptions, problems?: string[], state: OverlayState, age: number | null, update: Minute | null,
 *   moment: Moment | null }} properties `kind` null: not known yet; `age` of the newest data in seconds
 */
export function OverlayView({ kind, options, problems = [], state, age, update, moment }) {
  const chosen = kind ? chosenMetrics(kind, options) : { metrics: [], problems: [] };
  const top = kind?.metrics.find((metric) => metric.form === "top");
  const names = top && state === "live" ? (update?.[top.name] ?? []).slice(0, options.emotes) : [];
  const wrong = [...problems, ...chosen.problems];
  const said = sayState(state, age);
  return html`
    <div class="overlay-box corner-${options.corner} theme-${options.theme} ${options.background ? "" : "is-plain"} is-${state}">
      <div class="overlay-stack" style=${{ zoom: String(options.scale / 100) }}>
        ${(chosen.metrics.length > 0 || said) && html`
          <div class="overlay-metrics">
            ${chosen.metrics.map((metric) => html`
              <div key=${metric.name} class="overlay-metric">
                <strong>${metricText(metric, state === "live" && update?.has_data ? valueOf(metric, update) : null)}</strong>
                <span>${metric.label}${metric.form === "rate" ? " / min" : ""}</span>
              </div>`)}
            ${said && html`<div class="overlay-state" role="status">${said}</div>`}
          </div>`}
        ${names.length > 0 && html`
          <ol class="overlay-emotes">
            ${names.map((/** @type {{ name: string, count: number }} */ { name, count }) => html`<li key=${name}><strong>${name}</strong> ${number(count)}</li>`)}
          </ol>`}
        ${options.moments && moment && html`
          <div class="overlay-moment" role="status" key=${moment.moment_id}>
            <span class="overlay-mark"><${Icon} name=${momentShape(moment.moment_type)} size=${30} /></span>
            <span><strong>${momentName(moment.moment_type)}</strong><span>${moment.description}</span></span>
          </div>`}
        ${wrong.length > 0 && html`
          <div class="overlay-wrong" role="alert"><strong>The address of this overlay is not right</strong>${wrong.map((problem) => html`<span key=${problem}>${problem}</span>`)}</div>`}
      </div>
    </div>`;
}

/** Empty while all is well. @param {OverlayState} state @param {number | null} age */
function sayState(state, age) {
  if (state === "stale" && age !== null) return `No data for ${duration(age)}`;
  return { live: "", stale: "No data", lost: "Reconnecting", waiting: "Waiting for data" }[state];
}
