/** Why a moment is one: the series that led to it, what was usual, what people wrote. */
import { duration, metricText, number, seconds } from "../format.js";
import { words } from "../strings.js";
import { html, useMemo } from "../view.js";
import { toSeconds } from "./model.js";
/** @import { Metric, Moment } from "../types.js" */

const WIDTH = 320;
const HEIGHT = 72;
const FACTS = 8;

/** @param {{ moment: Moment, metric: Metric | undefined }} properties */
export function Evidence({ moment, metric }) {
  const { baseline, top_messages: messages = [], top_emotes: emotes = [], facts = {}, confidence, stream_offset_seconds: offset } = moment.metadata;
  /** @param {number | null | undefined} value */
  const text = (value) => (value === null || value === undefined ? "–" : metric ? metricText({ ...metric, form: metric.form === "money" ? "money" : metric.form }, value) : number(value));
  const told = Object.entries(facts).filter(([, value]) => typeof value === "number").slice(0, FACTS);
  return html`
    <div class="evidence">
      <${SeriesPicture} moment=${moment} />
      <dl class="facts">
        <div><dt>Peak</dt><dd class="figure">${text(moment.metric_value)}</dd></div>
        ${baseline && html`<div><dt>Usual</dt><dd class="figure">${text(baseline.level)}</dd></div>`}
        ${moment.threshold !== null && html`<div><dt>Unusual from</dt><dd class="figure">${text(moment.threshold)}</dd></div>`}
        ${moment.z_score !== null && html`<div><dt>z-score</dt><dd class="figure">${number(moment.z_score)}</dd></div>`}
        ${offset !== undefined && offset !== null && html`<div><dt>Into the stream</dt><dd class="figure">${duration(offset)}</dd></div>`}
        ${confidence > 0 && html`<div><dt>Sure of the cause</dt><dd class="figure">${Math.round(confidence * 100)} %</dd></div>`}
      </dl>
      ${messages.length > 0 && html`
        <h4>What was written</h4>
        <ul class="quotes">
          ${messages.map((/** @type {{ text: string, count: number }} */ { text: line, count }) => html`<li key=${line}><q dir="auto">${line}</q>${count > 1 && html`<span class="times figure">×${number(count)}</span>`}</li>`)}
        </ul>`}
      ${emotes.length > 0 && html`
        <h4>Emotes</h4>
        <p class="emote-chips">${emotes.map((/** @type {{ name: string, count: number }} */ { name, count }) => html`<span key=${name}>${name} <span class="quiet figure">${number(count)}</span></span>`)}</p>`}
      ${told.length > 0 && html`
        <details><summary>All that was measured</summary>
          <dl class="facts">${told.map(([name, value]) => html`<div key=${name}><dt>${words(name)}</dt><dd class="figure">${number(/** @type {number} */ (value))}</dd></div>`)}</dl>
        </details>`}
    </div>`;
}

/** The series in ten-second steps, with the usual level, the threshold and the time of the moment. @param {{ moment: Moment }} properties */
function SeriesPicture({ moment }) {
  const points = /** @type {[string, number | null][]} */ (moment.metadata.series ?? []);
  const shape = useMemo(() => picture(points, moment), [moment]);
  if (!shape) return null;
  return html`
    <figure class="series-picture">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="The series around the moment">
        <rect class="series-time" x=${shape.from} y="0" width=${shape.length} height=${HEIGHT} />
        ${shape.level !== null && html`<line class="series-level" x1="0" x2=${WIDTH} y1=${shape.level} y2=${shape.level} />`}
        ${shape.threshold !== null && html`<line class="series-threshold" x1="0" x2=${WIDTH} y1=${shape.threshold} y2=${shape.threshold} />`}
        <path class="spark-line" d=${shape.line} />
      </svg>
      <figcaption class="quiet"><span>${seconds(shape.first)}</span><span>solid: usual · dashed: unusual from here</span><span>${seconds(shape.last)}</span></figcaption>
    </figure>`;
}

/** @param {[string, number | null][]} points @param {Moment} moment */
function picture(points, moment) {
  const known = points.filter((point) => point[1] !== null);
  if (known.length < 2) return null;
  const first = toSeconds(/** @type {string} */ (points[0]?.[0]));
  const last = toSeconds(/** @type {string} */ (points.at(-1)?.[0]));
  const lines = [moment.metadata.baseline?.level ?? null, moment.threshold].filter((each) => each !== null);
  const values = [...known.map((point) => /** @type {number} */ (point[1])), ...lines];
  const low = Math.min(0, ...values);
  const span = Math.max(...values) - low || 1;
  /** @param {number} time */
  const x = (time) => ((time - first) / (last - first || 1)) * WIDTH;
  /** @param {number} value */
  const y = (value) => HEIGHT - 4 - ((value - low) / span) * (HEIGHT - 8);
  const from = Math.max(0, x(toSeconds(moment.timestamp)));
  const to = Math.min(WIDTH, moment.ended_at ? x(toSeconds(moment.ended_at)) : WIDTH);
  return {
    line: known.map(([time, value], n) => `${n ? "L" : "M"}${x(toSeconds(time)).toFixed(1)},${y(/** @type {number} */ (value)).toFixed(1)}`).join(""),
    level: moment.metadata.baseline ? y(moment.metadata.baseline.level) : null,
    threshold: moment.threshold === null ? null : y(moment.threshold),
    from,
    length: Math.max(2, to - from),
    first: first * 1000,
    last: last * 1000,
  };
}
