/** The minutes and moments of one stream, as columns for the charts. Times are seconds since the epoch here. */
import { valueOf } from "../format.js";
/** @import { Kind, Metric, Minute, Moment } from "../types.js" */

export const MINUTE = 60;
/** A longer silence breaks a line; in a shorter one nothing happened, which for counts is a zero. */
const LONGEST_ZERO_MINUTES = 10;
/** Of what is drawn at most so much is kept: two days. */
export const MOST_MINUTES = 2880;
const MOST_MOMENTS = 200;

/** @param {string} timestamp */
export const toSeconds = (timestamp) => Date.parse(timestamp) / 1000;

/**
 * What the charts draw: a column of times and one of values per metric, with the band of the primary one. `ends` are the
 * minutes themselves at the same places, null where a place stands for a silence.
 * @typedef {{
 *   times: number[], values: Map<string, (number | null)[]>, level: (number | null)[], low: (number | null)[],
 *   high: (number | null)[], rows: (Minute | null)[],
 * }} Columns
 */

export class StreamModel {
  constructor() {
    /** @type {Map<string, Minute>} by end */
    this._minutes = new Map();
    /** @type {Minute | null} the provisional last minute */
    this.now = null;
    /** @type {Map<string, Moment>} */
    this._moments = new Map();
    /** Names of metrics of which something has come, a count of nothing but zeros being nothing. @type {Set<string>} */
    this.seen = new Set();
    /** From when on every minute is here, in seconds; -Infinity: nothing was before. */
    this.knownFrom = Infinity;
    /** What is before is forgotten, in seconds. */
    this._keptFrom = -Infinity;
  }

  /** Whether the stream has nothing before what is here. */
  get whole() {
    return this.knownFrom === -Infinity;
  }

  /** Whether no earlier minute finds a place. */
  get isFull() {
    return this._minutes.size >= MOST_MINUTES;
  }

  /** Adds the newest minutes in place of all others. @param {Minute[]} rows @param {number} limit how many were asked for */
  beginWith(rows, limit) {
    this._minutes.clear();
    this.knownFrom = Infinity;
    this.addOlder(rows, limit);
  }

  /** Adds the minutes before those that are here. @param {Minute[]} rows newest first @param {number} limit how many were asked for */
  addOlder(rows, limit) {
    this.knownFrom = rows.length < limit ? -Infinity : toSeconds(/** @type {Minute} */ (rows.at(-1)).timestamp);
    this.addMinutes(rows);
  }

  /** @param {Minute[]} rows */
  addMinutes(rows) {
    for (const row of rows) this._minutes.set(row.timestamp, row);
    this._forget();
  }

  /** Forgets what stands before a time (seconds), now and later; about once a minute, as time goes by. @param {number} from */
  keepFrom(from) {
    const more = from - this._keptFrom;
    if (more > 0 && more < MINUTE) return;
    this._keptFrom = from;
    if (more > 0) this._forget();
  }

  _forget() {
    const ends = [...this._minutes.keys()].sort();
    const before = ends.findIndex((end, n) => n >= ends.length - MOST_MINUTES && toSeconds(end) >= this._keptFrom);
    const forgotten = ends.slice(0, before === -1 ? ends.length : before);
    for (const end of forgotten) this._minutes.delete(end);
    if (forgotten.length) this.knownFrom = before === -1 || ends.length - before < MOST_MINUTES ? this._keptFrom : toSeconds(/** @type {string} */ (ends[before]));
  }

  /** @param {Minute} update */
  setNow(update) {
    this.now = update;
  }

  /** @param {Moment[]} moments @returns {Moment[]} those that were not known at all */
  addMoments(moments) {
    const fresh = [];
    for (const moment of moments) {
      const known = this._moments.get(moment.moment_id);
      if (!known) fresh.push(moment);
      // In `recent_moments` the lists of the evidence are left out: never replace a whole moment by such a one.
      if (!known || moment.version > known.version || (moment.version === known.version && moment.metadata.series)) {
        this._moments.set(moment.moment_id, moment);
      }
    }
    if (this._moments.size > MOST_MOMENTS) {
      for (const moment of this.moments().slice(MOST_MOMENTS)) this._moments.delete(moment.moment_id);
    }
    return fresh;
  }

  /** Newest first. @returns {Moment[]} */
  moments() {
    return [...this._moments.values()].sort((one, other) => (one.timestamp < other.timestamp ? 1 : -1));
  }

  /** Stored minutes, oldest first. @returns {Minute[]} */
  minutes() {
    return [...this._minutes.values()].sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1));
  }

  /** The earliest minute, for asking what was before it. @returns {string | null} */
  first() {
    let first = null;
    for (const timestamp of this._minutes.keys()) if (first === null || timestamp < first) first = timestamp;
    return first;
  }

  /** From when on minutes may have changed since they were asked for: all after the last final one. @returns {string | null} */
  changing() {
    const rows = this.minutes();
    return (rows.find((row) => !row.final) ?? rows.at(-1))?.timestamp ?? null;
  }

  /** @param {Kind} kind @returns {Columns} */
  columns(kind) {
    const metrics = kind.metrics.filter((metric) => metric.draw !== "none");
    const rows = this.minutes();
    const last = rows.at(-1);
    if (this.now?.has_data && (!last || this.now.timestamp > last.timestamp)) rows.push(this.now);
    /** @type {Columns} */
    const columns = { times: [], values: new Map(metrics.map((metric) => [metric.name, []])), level: [], low: [], high: [], rows: [] };
    let before = NaN;
    for (const row of rows) {
      const time = toSeconds(row.timestamp);
      const missing = Math.round((time - before) / MINUTE) - 1;
      for (let n = 1; n <= Math.min(missing, LONGEST_ZERO_MINUTES); n++) {
        add(columns, metrics, before + n * MINUTE, null, missing > LONGEST_ZERO_MINUTES);
      }
      add(columns, metrics, time, row, false);
      for (const metric of kind.metrics) if (!this.seen.has(metric.name) && isSomething(metric, row)) this.seen.add(metric.name);
      before = row.complete === false ? NaN : time;
    }
    return columns;
  }
}

/** Whether silence counts as zero. @param {Metric} metric */
const isCount = (metric) => metric.form === "count" || metric.form === "rate" || metric.form === "money";

/** @param {Metric} metric @param {Minute} row */
function isSomething(metric, row) {
  const value = valueOf(metric, row);
  return value !== null && (value !== 0 || !isCount(metric));
}

/** @param {Columns} columns @param {Metric[]} metrics @param {number} time @param {Minute | null} row @param {boolean} broken */
function add(columns, metrics, time, row, broken) {
  columns.times.push(time);
  columns.rows.push(row);
  for (const metric of metrics) {
    columns.values.get(metric.name)?.push(row ? valueOf(metric, row) : isCount(metric) && !broken ? 0 : null);
  }
  columns.level.push(row?.baseline?.level ?? null);
  columns.low.push(row?.baseline?.low ?? null);
  columns.high.push(row?.baseline?.high ?? null);
}

/** The place whose time is nearest. @param {number[]} times @param {number} time @returns {number} -1: there is none */
export function nearest(times, time) {
  let low = 0;
  let high = times.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (times[middle]) < time) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  return before !== undefined && time - before < /** @type {number} */ (times[low]) - time ? low - 1 : low;
}
