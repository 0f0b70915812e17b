/** The rows of the list of streams: what REST said of each, and what has changed since by push. */
import { now } from "../clock.js";
import { Signal } from "../signal.js";
/** @import { MomentInShort, StreamOverview, StreamState, StreamUpdate, Values } from "../types.js" */

/**
 * One row. `state` is judged anew every second; `metrics` are the newest known and null when nothing is (an ended
 * stream has no numbers of now); `dataAt` is the arrival of the newest event, in milliseconds of the server's clock.
 * @typedef {{
 *   stream: StreamOverview, state: StreamState, metrics: Values | null, dataAt: number, suspect: boolean,
 *   anomaly: boolean, moment: MomentInShort | null,
 * }} Row
 */

const STILL_LIVE_MS = 10_000;
/** Rows shown anew at a time, and the pause for the page between: hundreds at once would hold it up. */
const ROWS_AT_ONCE = 12;
const PAUSE_MS = 8;

export class StreamStore {
  constructor() {
    /** @type {Map<string, Signal<Row>>} */
    this.rows = new Map();
    /** Counts up when rows come or go, or REST has said everything anew. @type {Signal<number>} */
    this.version = new Signal(0);
    /** @type {Map<string, { update: StreamUpdate, dataAt: number }>} */
    this._pushed = new Map();
    /** Streams of which only push has told: the list is to be asked again. @type {Signal<number>} */
    this.unknown = new Signal(0);
    /** Counts up when a stream became live, stale or ended. @type {Signal<number>} */
    this.states = new Signal(0);
    /** What REST said last. @type {Map<string, StreamOverview>} */
    this._streams = new Map();
    /** Ids of rows that are to be shown anew. @type {Set<string>} */
    this._waiting = new Set();
    this._isDraining = false;
  }

  /** @param {StreamOverview[]} list */
  load(list) {
    const ids = new Set(list.map((stream) => stream.stream_id));
    for (const id of this.rows.keys()) if (!ids.has(id)) this.rows.delete(id);
    for (const id of this._pushed.keys()) if (this._streams.has(id) && !ids.has(id)) this._pushed.delete(id);
    for (const stream of list) keepLine(stream, this._streams.get(stream.stream_id));
    this._streams = new Map(list.map((stream) => [stream.stream_id, stream]));
    for (const id of ids) {
      if (this.rows.has(id)) this._later(id);
      else this._set(id);
    }
    this.version.set(this.version.value + 1);
  }

  /** @param {{ timestamp: string, complete: boolean, streams: StreamUpdate[] }} message */
  push(message) {
    const at = Date.parse(message.timestamp);
    let unknown = 0;
    for (const update of message.streams) {
      const before = this._pushed.get(update.stream_id);
      const dataAt = update.data_age_seconds === undefined ? (before?.dataAt ?? 0) : at - update.data_age_seconds * 1000;
      this._pushed.set(update.stream_id, { update: { ...before?.update, ...update }, dataAt });
      if (this.rows.has(update.stream_id)) this._later(update.stream_id);
      else if (!before) unknown += 1;
    }
    if (unknown) this.unknown.set(this.unknown.value + 1);
  }

  /** The clock alone makes streams stale; call it every second. */
  step() {
    for (const [id, row] of this.rows) {
      if (stateOf(row.value.stream, row.value.dataAt, this._pushed.get(id)?.update.stale ?? false) !== row.value.state) this._later(id);
    }
  }

  /** @param {string} id */
  _later(id) {
    this._waiting.add(id);
    if (this._isDraining) return;
    this._isDraining = true;
    setTimeout(() => this._drain());
  }

  _drain() {
    let left = ROWS_AT_ONCE;
    for (const id of this._waiting) {
      if (left-- === 0) break;
      this._waiting.delete(id);
      this._set(id);
    }
    this._isDraining = this._waiting.size > 0;
    if (this._isDraining) setTimeout(() => this._drain(), PAUSE_MS);
  }

  /** @param {string} id */
  _set(id) {
    const stream = this._streams.get(id);
    if (!stream) return;
    const pushed = this._pushed.get(id);
    const dataAt = Math.max(pushed?.dataAt ?? 0, stream.last_event_at ? Date.parse(stream.last_event_at) : 0);
    const update = pushed?.update;
    const state = stateOf(stream, dataAt, update?.stale ?? false);
    const isNewer = update?.timestamp !== undefined && (!stream.newest || update.timestamp >= stream.newest.timestamp);
    const row = {
      stream,
      state,
      metrics: state === "ended" ? null : isNewer ? (update.has_data ? (update.metrics ?? null) : null) : (stream.newest?.metrics ?? null),
      dataAt,
      suspect: stream.newest?.suspect ?? false,
      anomaly: (isNewer ? update.is_anomaly : stream.newest?.is_anomaly) ?? false,
      moment: newerMoment(stream.last_moment, update?.last_moment),
    };
    const known = this.rows.get(id);
    const before = known?.value.state;
    if (known) known.set(row);
    else this.rows.set(id, new Signal(row));
    if (before !== undefined && before !== state) this.states.set(this.states.value + 1);
  }
}

/** The same numbers stay the same array, so that nothing is drawn anew for them. @param {StreamOverview} stream @param {StreamOverview | undefined} before */
function keepLine(stream, before) {
  if (before && before.line.length === stream.line.length && before.line.every((value, n) => value === stream.line[n])) stream.line = before.line;
}

/** @param {StreamOverview} stream @param {number} dataAt @param {boolean} isStale what the newest push says @returns {StreamState} */
function stateOf(stream, dataAt, isStale) {
  const age = now() - dataAt;
  if (stream.state === "ended" && age > STILL_LIVE_MS) return "ended";
  if (isStale) return "stale";
  return age > (stream.stale_after_seconds ?? Infinity) * 1000 || (stream.state === "stale" && age > STILL_LIVE_MS) ? "stale" : "live";
}

/** @param {MomentInShort | null} one @param {MomentInShort | undefined} other */
function newerMoment(one, other) {
  if (!one || !other) return other ?? one;
  if (one.moment_id === other.moment_id) return one.version >= other.version ? one : other;
  return one.timestamp >= other.timestamp ? one : other;
}
