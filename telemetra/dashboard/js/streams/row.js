/** One stream of the list. */
import { Ago, StateBadge } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { Spark } from "../parts/spark.js";
import { inUtc, metricText, NOTHING, valueOf } from "../format.js";
import { headlines, isAudience } from "../kinds.js";
import { usePrefs } from "../prefs.js";
import { useSignal } from "../signal.js";
import { kindName, momentName, momentShape, strength } from "../strings.js";
import { html } from "../view.js";
/** @import { Signal } from "../signal.js" */
/** @import { Kind, Metric, Values } from "../types.js" */
/** @import { Row } from "./store.js" */

/** @param {{ row: Signal<Row>, kinds: Map<string, Kind>, usualKind: string }} properties */
export function StreamRow({ row, kinds, usualKind }) {
  const { stream, state, metrics, dataAt, suspect, anomaly, moment } = useSignal(row);
  const { calm } = usePrefs();
  const kind = kinds.get(stream.kind);
  const shown = headlines(kind);
  const rate = shown.find((metric) => metric.form === "rate") ?? shown[0];
  return html`
    <div class="stream-row is-${state}" role="row">
      <div role="cell" class="stream-name">
        <a href=${`/streams/${encodeURIComponent(stream.stream_id)}`}>${stream.streamer_name}</a>
        <span class="quiet">${subtitle(stream, usualKind)}</span>
      </div>
      <div role="cell" class="stream-state">
        <${StateBadge} state=${state} title="Last data: ${inUtc(dataAt)}" />
        ${suspect && html`<span class="badge tone-warn" title="The last minute lies over a gap of the feed">Suspect</span>`}
        ${state !== "live" && html`<${Ago} at=${dataAt} class="quiet" />`}
      </div>
      ${[0, 1, 2].map((n) => html`<${Cell} key=${n} metric=${shown[n]} metrics=${metrics} named=${stream.kind !== usualKind} calm=${calm} anomaly=${anomaly} />`)}
      <div role="cell" class="stream-spark">
        <${Spark} points=${stream.line} label=${`${rate?.label ?? "Events"}, last 30 minutes`} fromZero=${rate?.form === "rate"} />
      </div>
      <div role="cell" class="stream-moment">
        ${moment
          ? html`<span class="moment-mark shape-${momentShape(moment.moment_type)}" title="Severity ${moment.severity.toFixed(2)}: ${strength(moment.severity)}">
                <${Icon} name=${momentShape(moment.moment_type)} />
              </span>
              <span class="moment-text">
                <span><strong>${momentName(moment.moment_type)}</strong> <${Ago} at=${moment.timestamp} class="quiet" /></span>
                <span class="quiet clip" title=${hides(calm, moment.moment_type) ? undefined : moment.description}>${hides(calm, moment.moment_type) ? "Hidden in calm mode" : moment.description}</span>
              </span>`
          : html`<span class="quiet">${NOTHING}</span>`}
      </div>
    </div>`;
}

/** @param {{ metric: Metric | undefined, metrics: Values | null, named: boolean, calm: boolean, anomaly: boolean }} properties */
function Cell({ metric, metrics, named, calm, anomaly }) {
  if (!metric) return html`<div role="cell" class="stream-value"></div>`;
  const value = valueOf(metric, metrics);
  const hidden = calm && isAudience(metric);
  return html`
    <div role="cell" class="stream-value ${metric.form === "rate" && anomaly ? "is-unusual" : ""}">
      <span class="figure">${hidden ? html`<span class="quiet" title="Hidden in calm mode">•••</span>` : metricText(metric, value)}</span>
      ${metric.form === "score" && value !== null && html`<${Lean} value=${value} />`}
      <span class="caption ${named ? "" : "on-phone"}">${metric.label}</span>
    </div>`;
}

/** A score as a bar to either side of its middle. @param {{ value: number }} properties */
const Lean = ({ value }) => html`
  <span class="lean ${value < 0 ? "is-low" : ""}" aria-hidden="true"><span style=${{ width: `${Math.min(50, Math.abs(value) * 50)}%` }}></span></span>`;

/** @param {boolean} calm @param {string} type */
const hides = (calm, type) => calm && type.startsWith("viewer_");

/** @param {Row["stream"]} stream @param {string} usualKind */
function subtitle(stream, usualKind) {
  const parts = [stream.game_category, stream.title].filter(Boolean);
  if (stream.kind !== usualKind) parts.unshift(kindName(stream.kind));
  if (parts.length === 0 && stream.streamer_name !== stream.stream_id) parts.push(stream.stream_id);
  return parts.join(" · ") || kindName(stream.kind);
}
