/** One chart of a metric on the canvas: its line, the baseline band, the moments behind it. */
import uPlot from "../../vendor/uplot.esm.js";
import { metricText, minutes, short } from "../format.js";
import { faint } from "./palette.js";
import { toSeconds } from "./model.js";
/** @import { Metric, Moment } from "../types.js" */
/** @import { Palette } from "./palette.js" */
/** @import { Columns } from "./model.js" */
/** @import { Range } from "./range.js" */

export const AXIS_WIDTH = 52;
export const RIGHT_PAD = 14;
const AXIS_FONT = "11px Inter, system-ui, sans-serif";
const COLOURS = /** @type {const} */ ({ level: "series-1", rate: "series-2", score: "series-3", money: "series-4", price: "series-1", count: "series-4", top: "series-2" });

/** @param {Metric} metric @param {Palette} palette */
export const colourOf = (metric, palette) => palette[COLOURS[metric.form]];

/**
 * What a chart needs to draw and to tell.
 * @typedef {{
 *   metric: Metric, hasBand: boolean, isLast: boolean, palette: Palette, syncKey: string,
 *   state: { range: Range, moments: Moment[], selected: string | null, columns: Columns },
 *   onZoom: (range: Range) => void, onHover: (index: number | null) => void, onPick: (time: number) => void,
 * }} Options
 */

/** @param {HTMLElement} place @param {Options} options @param {number} width @param {number} height */
export function makeChart(place, options, width, height) {
  const { metric, hasBand, isLast, palette, syncKey, state } = options;
  const colour = colourOf(metric, palette);
  /** @type {uPlot.Series} */
  const line = { stroke: colour, width: 1.75, points: { show: false }, fill: fillOf(metric, colour) };
  if (metric.draw === "bars") Object.assign(line, { paths: bars(), fill: faint(colour, 0.75), width: 0 });
  /** @type {uPlot.Options} */
  const settings = {
    width,
    height,
    padding: [10, RIGHT_PAD, isLast ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: syncKey },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 8, width: 2, stroke: palette.surface, fill: colour },
      bind: {
        dblclick: () => () => {
          options.onZoom({ from: NaN, to: NaN });
          return null;
        },
      },
    },
    scales: { x: { time: true, range: () => [state.range.from, state.range.to] }, y: { range: (_, low, high) => yRange(metric, low, high) } },
    axes: [
      {
        stroke: palette.quiet,
        font: AXIS_FONT,
        size: isLast ? 28 : 0,
        space: 72,
        grid: { stroke: palette.line, width: 1 },
        ticks: { show: false },
        values: (_, splits) => (isLast ? splits.map((split) => minutes(split * 1000)) : []),
      },
      {
        stroke: palette.quiet,
        font: AXIS_FONT,
        size: AXIS_WIDTH,
        space: 34,
        gap: 8,
        grid: { stroke: palette.line, width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map((split) => (metric.form === "score" ? metricText(metric, split) : short(split))),
      },
    ],
    series: hasBand
      ? [{}, line, { stroke: faint(colour, 0.55), width: 1, dash: [4, 4], points: { show: false } }, { width: 0, points: { show: false } }, { width: 0, points: { show: false } }]
      : [{}, line],
    bands: hasBand ? [{ series: [4, 3], fill: palette.band }] : [],
    hooks: {
      drawAxes: [(chart) => drawBehind(chart, options)],
      draw: [(chart) => drawMarks(chart, options, colour)],
      setSelect: [
        (chart) => {
          if (chart.select.width < 8) return;
          const from = chart.posToVal(chart.select.left, "x");
          const to = chart.posToVal(chart.select.left + chart.select.width, "x");
          chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          options.onZoom({ from, to });
        },
      ],
      setCursor: [(chart) => options.onHover(chart.cursor.left !== undefined && chart.cursor.left >= 0 ? (chart.cursor.idx ?? null) : null)],
    },
  };
  const chart = new uPlot(settings, dataOf(options), place);
  chart.over.addEventListener("click", () => {
    if (chart.cursor.left !== undefined && chart.cursor.left >= 0) options.onPick(chart.posToVal(chart.cursor.left, "x"));
  });
  return chart;
}

/** @param {uPlot} chart @param {Options} options */
export function redraw(chart, options) {
  chart.batch(() => {
    chart.setData(dataOf(options), false);
    chart.setScale("x", { min: options.state.range.from, max: options.state.range.to });
  });
}

/** @param {Options} options @returns {uPlot.AlignedData} */
function dataOf({ metric, hasBand, state: { columns } }) {
  const own = columns.values.get(metric.name) ?? [];
  return hasBand ? [columns.times, own, columns.level, columns.low, columns.high] : [columns.times, own];
}

/** @returns {uPlot.Series.PathBuilder} */
function bars() {
  const build = uPlot.paths.bars;
  if (!build) throw new Error("uPlot has no bars");
  return build({ size: [0.7, 14], align: -1 });
}

/** @param {Metric} metric @param {string} colour */
function fillOf(metric, colour) {
  if (metric.form === "score") return faint(colour, 0.1);
  return faint(colour, metric.draw === "area" ? 0.16 : 0.06);
}

/** Counts and rates from zero; levels and prices near their values, since their zero is far away; scores around theirs.
 * @param {Metric} metric @param {number | null} low @param {number | null} high @returns {[number, number]} */
function yRange(metric, low, high) {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return metric.form === "score" ? [-0.5, 0.5] : [0, 1];
  if (metric.form === "score") {
    const reach = Math.min(1, Math.max(0.3, Math.abs(low) * 1.15, Math.abs(high) * 1.15));
    return [-reach, reach];
  }
  if (metric.form === "level" || metric.form === "price") {
    const pad = (high - low || Math.abs(high) * 0.05 || 1) * 0.15;
    return [metric.form === "level" ? Math.max(0, low - pad) : low - pad, high + pad];
  }
  return [0, high > 0 ? high * 1.18 : 1];
}

/** The time of moments and of minutes over a gap, behind the lines. @param {uPlot} chart @param {Options} options */
function drawBehind(chart, { metric, palette, state }) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const moment of state.moments) {
    const from = chart.valToPos(toSeconds(moment.timestamp), "x", true);
    const to = chart.valToPos(moment.ended_at ? toSeconds(moment.ended_at) : state.range.to, "x", true);
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    const isSelected = moment.moment_id === state.selected;
    const isOwn = moment.metric_name === metric.name;
    ctx.fillStyle = faint(palette.moment, isSelected ? 0.2 : isOwn ? 0.05 + 0.07 * moment.severity : 0.035);
    ctx.fillRect(from, bbox.top, Math.max(2 * devicePixelRatio, to - from), bbox.height);
    if (!isSelected) continue;
    ctx.fillStyle = faint(palette.moment, 0.8);
    ctx.fillRect(from - devicePixelRatio / 2, bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.fillStyle = faint(palette.warn, 0.18);
  state.columns.rows.forEach((row, n) => {
    if (!row?.suspect) return;
    const end = chart.valToPos(/** @type {number} */ (state.columns.times[n]), "x", true);
    const start = chart.valToPos(/** @type {number} */ (state.columns.times[n]) - 60, "x", true);
    ctx.fillRect(start, bbox.top, end - start, bbox.height);
  });
  ctx.restore();
}

/** A mark on the line at the peak of each moment of this metric. @param {uPlot} chart @param {Options} options @param {string} colour */
function drawMarks(chart, { metric, palette, state }, colour) {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  for (const moment of state.moments) {
    if (moment.metric_name !== metric.name) continue;
    const at = toSeconds(moment.metadata.peak_at ?? moment.timestamp);
    if (at < state.range.from || at > state.range.to) continue;
    const x = chart.valToPos(at, "x", true);
    const y = Math.min(bbox.top + bbox.height - 5 * ratio, Math.max(bbox.top + 5 * ratio, chart.valToPos(moment.metric_value, "y", true)));
    const size = (3 + 2.5 * moment.severity) * ratio;
    ctx.beginPath();
    ctx.arc(x, y, size, 0, 2 * Math.PI);
    ctx.fillStyle = palette.moment;
    ctx.fill();
    ctx.lineWidth = 2 * ratio;
    ctx.strokeStyle = palette.surface;
    ctx.stroke();
  }
  const last = state.columns.rows.at(-1);
  const value = state.columns.values.get(metric.name)?.at(-1);
  const time = state.columns.times.at(-1);
  if (last?.complete === false && value !== null && value !== undefined && time !== undefined && time <= state.range.to && metric.draw !== "bars") {
    ctx.beginPath();
    ctx.arc(chart.valToPos(time, "x", true), chart.valToPos(value, "y", true), 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = palette.surface;
    ctx.fill();
    ctx.lineWidth = 2 * ratio;
    ctx.strokeStyle = colour;
    ctx.stroke();
  }
  ctx.restore();
}
