/** The charts of a stream on one time axis: hover, drag to zoom, keys, and the moments as buttons above them. */
import { metricText, minutes, NOTHING, seconds } from "../format.js";
import { isAudience } from "../kinds.js";
import { Segments } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { usePrefs } from "../prefs.js";
import { announce } from "../status.js";
import { momentName, momentShape } from "../strings.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../view.js";
import { AXIS_WIDTH, colourOf, makeChart, redraw, RIGHT_PAD } from "./chart.js";
import { nearest, toSeconds } from "./model.js";
import { readPalette, useTheme } from "./palette.js";
import { zoomed } from "./range.js";
/** @import uPlot from "../../vendor/uplot.esm.js" */
/** @import { Kind, Metric, Moment } from "../types.js" */
/** @import { Columns } from "./model.js" */
/** @import { Choice, Range } from "./range.js" */
/** @import { Options } from "./chart.js" */

const HEIGHTS = { first: 168, other: 116, axis: 28 };

/**
 * @param {{
 *   kind: Kind, columns: Columns, seen: Set<string>, moments: Moment[], choice: Choice, range: Range, selected: string | null, frozen: boolean,
 *   onChoice: (choice: Choice | null) => void, onMoment: (moment: Moment) => void,
 * }} properties `seen`: the metrics of which something has come; the others get a chart when it does
 */
export function Charts({ kind, columns, seen, moments, choice, range, selected, frozen, onChoice, onMoment }) {
  const { calm } = usePrefs();
  const theme = useTheme();
  const palette = useMemo(readPalette, [theme]);
  const [hovered, setHovered] = useState(/** @type {number | null} */ (null));
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const charts = useRef(/** @type {uPlot[]} */ ([]));
  const drawn = kind.metrics.filter((metric) => metric.draw !== "none" && !(calm && isAudience(metric)));
  const metrics = drawn.filter((metric) => seen.has(metric.name));
  const without = drawn.filter((metric) => !seen.has(metric.name));
  const primary = kind.series.find((series) => series.primary)?.metric_name;
  const shown = calm ? moments.filter((moment) => !moment.moment_type.startsWith("viewer_")) : moments;
  const state = useRef({ range, moments: shown, selected, columns });
  Object.assign(state.current, { range, moments: shown, selected, columns });
  const calls = useRef({ onChoice, onMoment });
  calls.current = { onChoice, onMoment };

  useEffect(() => {
    const root = place.current;
    if (!root) return undefined;
    /** @type {Options[]} */
    const options = metrics.map((metric, n) => ({
      metric,
      hasBand: metric.name === primary,
      isLast: n === metrics.length - 1,
      palette,
      syncKey: "stream",
      state: state.current,
      onHover: setHovered,
      onZoom: (part) => calls.current.onChoice(Number.isNaN(part.from) ? null : { name: "part", ...part }),
      onPick: (time) => pick(state.current.moments, time, state.current.range, calls.current.onMoment),
    }));
    const places = [...root.querySelectorAll(".chart-canvas")];
    const width = () => Math.max(240, root.clientWidth);
    charts.current = options.map((each, n) =>
      makeChart(/** @type {HTMLElement} */ (places[n]), each, width(), (n === 0 ? HEIGHTS.first : HEIGHTS.other) + (each.isLast ? HEIGHTS.axis : 0)),
    );
    const made = charts.current;
    const observer = new ResizeObserver(() => made.forEach((chart) => chart.width !== width() && chart.setSize({ width: width(), height: chart.height })));
    observer.observe(root);
    void document.fonts.ready.then(() => made === charts.current && made.forEach((chart) => chart.redraw(false, true)));
    redraws.set(made, () => made.forEach((chart, n) => redraw(chart, /** @type {Options} */ (options[n]))));
    return () => {
      observer.disconnect();
      redraws.delete(made);
      charts.current = [];
      made.forEach((chart) => chart.destroy());
    };
  }, [kind, palette, metrics.map(({ name }) => name).join()]);
  useLayoutEffect(() => redraws.get(charts.current)?.(), [columns, range.from, range.to, shown.length, moments, selected]);

  /** @param {number} index */
  const moveTo = (index) => {
    const time = columns.times[index];
    if (time === undefined) return;
    charts.current.forEach((chart) => chart.setCursor({ left: chart.valToPos(time, "x"), top: 10 }, false));
    setHovered(index);
    announce(`${minutes(time * 1000)}: ${metrics.map((metric) => `${metric.label} ${readout(metric, columns, index)}`).join(", ")}`);
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const last = columns.times.length - 1;
    const here = hovered ?? nearest(columns.times, range.to);
    const middle = columns.times[hovered ?? -1] ?? (range.from + range.to) / 2;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => moveTo(Math.max(0, here - (event.shiftKey ? 10 : 1))),
      ArrowRight: () => moveTo(Math.min(last, here + (event.shiftKey ? 10 : 1))),
      Home: () => moveTo(nearest(columns.times, range.from)),
      End: () => moveTo(nearest(columns.times, range.to)),
      "+": () => onChoice(zoomed(range, 0.5, middle)),
      "-": () => onChoice(zoomed(range, 2, middle)),
      Escape: () => onChoice(null),
      "[": () => step(shown, columns.times[here] ?? range.to, -1, onMoment),
      "]": () => step(shown, columns.times[here] ?? range.from, 1, onMoment),
    };
    const action = keys[event.key === "=" ? "+" : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const told = hovered ?? nearest(columns.times, range.to);
  const at = hovered === null ? undefined : columns.times[hovered];
  return html`
    <section class="card charts ${frozen ? "is-frozen" : ""}" aria-label="Charts">
      <header class="charts-head">
        <${Segments} label="Time shown" value=${choice.name} onChange=${(/** @type {"15m" | "1h" | "all"} */ name) => onChoice({ name })}
          options=${[["15m", "15 min"], ["1h", "1 hour"], ["all", "Whole stream"]]} />
        ${choice.name === "part" && html`
          <button type="button" class="button small" onClick=${() => onChoice(null)}><${Icon} name="reset" size=${14} /> Back to now</button>`}
        <span class="charts-time figure">${at === undefined ? html`<span class="quiet">${span(range)}</span>` : seconds(at * 1000)}</span>
      </header>
      <div class="charts-body" ref=${place} tabindex="0" role="group" aria-describedby="chart-keys"
        aria-label="Charts of ${metrics.map((metric) => metric.label).join(", ")}" onKeyDown=${onKey}>
        <${Lane} moments=${shown} range=${range} selected=${selected} onMoment=${onMoment} />
        ${metrics.map((metric) => html`
          <div class="chart" key=${metric.name}>
            <div class="chart-title">
              <span class="swatch" style=${{ background: colourOf(metric, palette) }}></span>${metric.label}
              <strong class="figure">${readout(metric, columns, told)}</strong>
              <span class="quiet">${metric.form === "money" || metric.form === "score" ? "" : metric.unit}</span>
              ${metric.name === primary && html`<span class="quiet usual">${usual(metric, columns, told)}</span>`}
            </div>
            <div class="chart-canvas"></div>
          </div>`)}
      </div>
      ${without.length > 0 && html`<p class="charts-without quiet">No data has come for ${without.map((metric) => metric.label.toLowerCase()).join(" and ")}.</p>`}
      <p class="unseen" id="chart-keys">Arrow keys move by a minute, with shift by ten; plus and minus zoom; brackets go from moment to moment; Escape goes back to now.</p>
    </section>`;
}

/** How to draw a set of charts again. @type {WeakMap<uPlot[], () => void>} */
const redraws = new WeakMap();

/** Moments as buttons at their time. @param {{ moments: Moment[], range: Range, selected: string | null, onMoment: (moment: Moment) => void }} properties */
function Lane({ moments, range, selected, onMoment }) {
  const length = range.to - range.from;
  const inside = moments.filter((moment) => toSeconds(moment.timestamp) >= range.from && toSeconds(moment.timestamp) <= range.to);
  return html`
    <div class="lane" style=${{ marginLeft: `${AXIS_WIDTH}px`, marginRight: `${RIGHT_PAD}px` }}>
      ${inside.map((moment) => html`
        <button type="button" key=${moment.moment_id} class="lane-mark shape-${momentShape(moment.moment_type)}" aria-pressed=${moment.moment_id === selected}
          style=${{ left: `${((toSeconds(moment.timestamp) - range.from) / length) * 100}%` }} onClick=${() => onMoment(moment)}
          aria-label="${momentName(moment.moment_type)} at ${minutes(moment.timestamp)}" title="${minutes(moment.timestamp)} ${momentName(moment.moment_type)}">
          <${Icon} name=${momentShape(moment.moment_type)} size=${12} />
        </button>`)}
    </div>`;
}

/** @param {Metric} metric @param {Columns} columns @param {number} index */
function readout(metric, columns, index) {
  return metricText(metric, columns.values.get(metric.name)?.[index] ?? null);
}

/** @param {Metric} metric @param {Columns} columns @param {number} index */
function usual(metric, columns, index) {
  const level = columns.level[index];
  return level === null || level === undefined ? "" : `usual ${metricText(metric, level)}`;
}

/** @param {Range} range */
const span = (range) => (Number.isFinite(range.from) ? `${minutes(range.from * 1000)} to ${minutes(range.to * 1000)}` : NOTHING);

/** The moment whose time was clicked. @param {Moment[]} moments @param {number} time @param {Range} range @param {(moment: Moment) => void} onMoment */
function pick(moments, time, range, onMoment) {
  const reach = (range.to - range.from) / 100;
  const hit = moments.find((moment) => {
    const onset = toSeconds(moment.timestamp);
    return time >= onset - reach && time <= (moment.ended_at ? toSeconds(moment.ended_at) : range.to) + reach;
  });
  if (hit) onMoment(hit);
}

/** @param {Moment[]} moments newest first @param {number} from @param {-1 | 1} way @param {(moment: Moment) => void} onMoment */
function step(moments, from, way, onMoment) {
  const ordered = way > 0 ? [...moments].reverse() : moments;
  const next = ordered.find((moment) => (way > 0 ? toSeconds(moment.timestamp) > from + 1 : toSeconds(moment.timestamp) < from - 1));
  if (next) onMoment(next);
}
