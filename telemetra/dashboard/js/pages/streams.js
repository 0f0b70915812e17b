/** The list of streams, live. */
import { seconds, valueOf } from "../format.js";
import { headlines, useKinds } from "../kinds.js";
import { useEvery, useLoad } from "../load.js";
import { Empty, Problem, Segments, Skeleton } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { navigate, useAddress } from "../router.js";
import { useSignal } from "../signal.js";
import { StreamRow } from "../streams/row.js";
import { StreamStore } from "../streams/store.js";
import { kindName } from "../strings.js";
import { useLive } from "../use_live.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef } from "../view.js";
/** @import { Signal } from "../signal.js" */
/** @import { Kind, StreamOverview } from "../types.js" */
/** @import { Row } from "../streams/store.js" */

const REFRESH_SECONDS = 10;

export function StreamsPage() {
  const store = useMemo(() => new StreamStore(), []);
  const kinds = useKinds();
  const { data, error, loading, reload } = useLoad("/api/v1/overview?limit=500", { everySeconds: REFRESH_SECONDS });
  useEffect(() => {
    if (data) store.load(/** @type {StreamOverview[]} */ (data));
  }, [data]);
  const { connection, lostAt } = useLive("/ws/live", (message) => {
    if (message.type === "streams") store.push(message);
  });
  useEffect(() => store.unknown.follow(reload), [store]);
  useEvery(1, () => store.step());
  return html`
    <div class="page-head"><h1>Streams</h1><${Search} /></div>
    ${error && data && html`<${Problem} error=${error} title="The list could not be refreshed" retry=${reload} />`}
    ${connection === "lost" && lostAt && html`<${Lost} since=${lostAt} />`}
    ${error && !data
      ? html`<${Problem} error=${error} retry=${reload} />`
      : loading || kinds === null
        ? html`<${Skeleton} lines=${8} class="rows" />`
        : html`<${List} store=${store} kinds=${kinds} frozen=${connection === "lost"} />`}`;
}

/** @param {{ since: number }} properties */
export const Lost = ({ since }) => html`
  <div class="lost" role="status"><${Icon} name="warning" /> Not connected. What you see is as of ${seconds(since)}; reconnecting by itself.</div>`;

function Search() {
  const { query } = useAddress();
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  // As soon as the box is there: after the next paint, a key right behind the click on the link here would be lost.
  useLayoutEffect(() => {
    /** @param {KeyboardEvent} event */
    const onKey = (event) => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return html`
    <label class="search">
      <${Icon} name="search" /><span class="unseen">Search streams</span>
      <input ref=${input} type="search" placeholder="Search streams" value=${query.get("q") ?? ""} spellcheck=${false} autocomplete="off"
        onInput=${(/** @type {InputEvent & { currentTarget: HTMLInputElement }} */ event) => choose({ q: event.currentTarget.value })} />
      <kbd aria-hidden="true">/</kbd>
    </label>`;
}

/** Puts what was chosen into the address, so that it can be shared and survives reloading. @param {Record<string, string>} changes */
function choose(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
  navigate(location.pathname + (query.size ? `?${query}` : ""), { replace: true });
}

/** @param {{ store: StreamStore, kinds: Map<string, Kind>, frozen: boolean }} properties */
function List({ store, kinds, frozen }) {
  const version = useSignal(store.version);
  useSignal(store.states);
  const { query } = useAddress();
  const state = query.get("state") ?? "all";
  const kind = query.get("kind") ?? "";
  const sort = query.get("sort") ?? "";
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...store.rows.values()];
  const counts = { all: rows.length, live: 0, stale: 0, ended: 0 };
  for (const row of rows) counts[row.value.state] += 1;
  const kindNames = [...new Set(rows.map((row) => row.value.stream.kind))].sort();
  const usualKind = kind || mostFrequent(rows.map((row) => row.value.stream.kind));
  const shown = useMemo(() => {
    const found = rows.filter(({ value: { stream, state: its } }) => {
      if (state !== "all" && its !== state) return false;
      if (kind && stream.kind !== kind) return false;
      const text = `${stream.stream_id} ${stream.streamer_name} ${stream.title ?? ""} ${stream.game_category ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const metric = headlines(kinds.get(usualKind)).find(({ name }) => name === sort);
    if (!metric) return found;
    const rank = new Map(found.map((row) => [row, row.value.stream.kind === usualKind ? (valueOf(metric, row.value.metrics) ?? -Infinity) : -Infinity]));
    return found.sort((one, other) => /** @type {number} */ (rank.get(other)) - /** @type {number} */ (rank.get(one)));
  }, [version, state, kind, sort, words.join(" "), state === "all" ? 0 : counts[/** @type {"live"} */ (state)]]);
  // The same element again is not looked at again: the rows follow their own signals.
  const elements = useMemo(() => new WeakMap(), [kinds, usualKind]);
  /** @param {Signal<Row>} row */
  const elementOf = (row) => {
    if (!elements.has(row)) elements.set(row, html`<${StreamRow} key=${row.value.stream.stream_id} row=${row} kinds=${kinds} usualKind=${usualKind} />`);
    return elements.get(row);
  };
  if (rows.length === 0) return html`<${Nothing} />`;
  /** @param {string} name @param {string} text */
  const chip = (name, text) => html`${text} <span class="chip-count">${counts[/** @type {"all"} */ (name)]}</span>`;
  return html`
    <div class="filters">
      <${Segments} label="State" value=${state} onChange=${(/** @type {string} */ value) => choose({ state: value === "all" ? "" : value })}
        options=${[["all", chip("all", "All")], ["live", chip("live", "Live")], ["stale", chip("stale", "Stale")], ["ended", chip("ended", "Ended")]]} />
      ${kindNames.length > 1 &&
      html`<${Segments} label="Kind" value=${kind} onChange=${(/** @type {string} */ value) => choose({ kind: value })}
        options=${[["", "All kinds"], ...kindNames.map((name) => [name, kindName(name)])]} />`}
    </div>
    ${shown.length === 0
      ? html`<${Empty} title="No stream fits">Change the filter or the search.</${Empty}>`
      : html`
        <div class="stream-list ${frozen ? "is-frozen" : ""}" role="table" aria-label="Streams" aria-rowcount=${shown.length + 1}>
          <${Head} kind=${kinds.get(usualKind)} sort=${sort} />
          ${shown.map(elementOf)}
        </div>`}`;
}

/** @param {{ kind: Kind | undefined, sort: string }} properties */
function Head({ kind, sort }) {
  const shown = headlines(kind);
  return html`
    <div class="stream-row stream-head" role="row">
      <div role="columnheader">Stream</div>
      <div role="columnheader">State</div>
      ${[0, 1, 2].map((n) => {
        const metric = shown[n];
        if (!metric) return html`<div key=${n} role="columnheader"></div>`;
        const sorted = sort === metric.name;
        return html`
          <div key=${metric.name} role="columnheader" class="stream-value" aria-sort=${sorted ? "descending" : "none"}>
            <button type="button" class="sort" title=${metric.unit} onClick=${() => choose({ sort: sorted ? "" : metric.name })}>
              ${metric.label}${metric.form === "rate" ? html`<span class="quiet"> /min</span>` : ""}<span class="sort-mark" aria-hidden="true">↓</span>
            </button>
          </div>`;
      })}
      <div role="columnheader">Last 30 min</div>
      <div role="columnheader">Last moment</div>
    </div>`;
}

const Nothing = () => html`
  <${Empty} title="No stream yet">
    <p>Streams appear here with their first event. Post one, replay a recording, or connect a feed:</p>
    <pre><code>telemetra replay chat.csv</code></pre>
    <p><a href="/connectors">Connect a feed</a> · <a href="/docs">API reference</a></p>
  </${Empty}>`;

/** @param {string[]} names */
function mostFrequent(names) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? "";
}
