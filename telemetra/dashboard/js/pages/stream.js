/** One stream of any kind: its numbers of now, its charts, its moments. */
import { ApiError, get, path, query } from "../api.js";
import { now as serverNow, useNow } from "../clock.js";
import { duration } from "../format.js";
import { useKinds } from "../kinds.js";
import { useEvery, useLoad } from "../load.js";
import { Badge, Empty, Problem, Skeleton, StateBadge, Time } from "../parts/basics.js";
import { OverlayBuilder } from "../overlay/builder.js";
import { stateOf } from "../overlay/view.js";
import { navigate, useAddress } from "../router.js";
import { announce } from "../status.js";
import { Charts } from "../stream/charts.js";
import { TopList } from "../stream/emotes.js";
import { MINUTE, StreamModel } from "../stream/model.js";
import { Moments } from "../stream/moments.js";
import { Quality } from "../stream/quality.js";
import { around, fromAddress, rangeOf, toAddress } from "../stream/range.js";
import { Tiles } from "../stream/tiles.js";
import { kindName, momentName } from "../strings.js";
import { useLive } from "../use_live.js";
import { html, useEffect, useMemo, useReducer, useRef, useState } from "../view.js";
import { Lost } from "./streams.js";
/** @import { Kind, Minute, Moment, Stream, StreamState } from "../types.js" */
/** @import { Choice } from "../stream/range.js" */

const PAGE_MINUTES = 1000;
const FIRST_MINUTES = 90;
/** Kept before what is drawn: for trends, and so that little is asked for again. */
const MARGIN_SECONDS = 30 * MINUTE;
const LEAST_KEPT_SECONDS = 60 * MINUTE + MARGIN_SECONDS;
const REFRESH_SECONDS = 10;
const STATE_SECONDS = 5;

/** @param {{ id: string }} properties */
export function StreamPage({ id }) {
  const root = path`/api/v1/streams/${id}`;
  const kinds = useKinds();
  const stream = useLoad(root, { everySeconds: STATE_SECONDS });
  const model = useMemo(() => new StreamModel(), [id]);
  const [version, changed] = useReducer((/** @type {number} */ n) => n + 1, 0);
  const [fresh, setFresh] = useState(/** @type {Set<string>} */ (new Set()));
  const [failed, setFailed] = useState(/** @type {Error | null} */ (null));
  const loaded = useRef(false);

  const load = async () => {
    try {
      const since = loaded.current ? model.changing() : null;
      const limit = since ? PAGE_MINUTES : FIRST_MINUTES;
      const [minutes, moments] = await Promise.all([
        get(`${root}/metrics${query({ limit, start_time: since })}`),
        get(`${root}/moments?limit=${loaded.current ? 20 : 200}`),
      ]);
      // After a very long sleep there would be a hole: then only the newest are kept.
      if (!since || minutes.length === limit) model.beginWith(minutes, limit);
      else model.addMinutes(minutes);
      model.addMoments(moments);
      loaded.current = true;
      setFailed(null);
      changed(0);
    } catch (error) {
      setFailed(/** @type {Error} */ (error));
    }
  };
  useEffect(() => void load(), [id]);
  useEvery(REFRESH_SECONDS, load);

  const live = useLive(path`/ws/live/${id}`, (message) => {
    if (message.type === "metrics") {
      model.setNow(message);
      // It has just begun: what REST says of it follows with the next checkpoint.
      if (!stream.data && typeof message.data_age_seconds === "number") {
        stream.reload();
        void load();
      }
      model.addMoments(message.recent_moments ?? []);
      changed(0);
    } else if (message.type === "moment") {
      const unknown = model.addMoments([message]);
      if (unknown.length && loaded.current) {
        announce(`${momentName(message.moment_type)}: ${message.description}`);
        setFresh((before) => new Set(before).add(message.moment_id));
      }
      changed(0);
    } else if (message.type === "resume_failed") {
      loaded.current = false;
      void load();
    }
  });
  const kind = stream.data && kinds ? kinds.get(/** @type {Stream} */ (stream.data).kind) : undefined;
  if (stream.error instanceof ApiError && stream.error.status === 404 && !stream.data) return html`<${NotYet} id=${id} />`;
  if (stream.error && !stream.data) return html`<${Problem} error=${stream.error} title="This stream cannot be shown" retry=${stream.reload} />`;
  if (!stream.data || !kinds || (!loaded.current && !failed)) return html`<${Skeleton} lines=${3} /><${Skeleton} lines=${6} class="rows" />`;
  return html`
    <${View} stream=${stream.data} kind=${kind} model=${model} version=${version} fresh=${fresh} lostAt=${live.connection === "lost" ? live.lostAt : null} root=${root} changed=${changed} />`;
}

/** @param {{ id: string }} properties */
const NotYet = ({ id }) => html`
  <div class="page-head"><div><p class="crumbs"><a href="/">Streams</a></p><h1>${id}</h1></div></div>
  <${Empty} title="This stream has not begun">There is no event of it yet. With the first one this page comes alive by itself.</${Empty}>`;

/**
 * @param {{ stream: Stream, kind: Kind | undefined, model: StreamModel, version: number, fresh: Set<string>, lostAt: number | null, root: string,
 *   changed: (n: number) => void }} properties
 */
function View({ stream, kind, model, version, fresh, lostAt, root, changed }) {
  const { query } = useAddress();
  const [selected, setSelected] = useState(query.get("moment"));
  const [building, setBuilding] = useState(false);
  const minutes = useMemo(() => model.minutes(), [version]);
  const moments = useMemo(() => model.moments(), [version]);
  const columns = useMemo(() => (kind ? model.columns(kind) : null), [version, kind]);
  const linked = useRef(query.get("moment"));
  const chosen = fromAddress(query);
  const first = columns?.times[0];
  const last = columns?.times.at(-1) ?? serverNow() / 1000;
  const isShort = stream.state === "ended" || (model.whole && first !== undefined && last - first < 60 * MINUTE);
  const choice = useMemo(
    () => chosen ?? linkedChoice(linked.current, moments) ?? /** @type {Choice} */ ({ name: isShort ? "all" : "1h" }),
    [query.toString(), linked.current && moments.length > 0, isShort],
  );
  const range = rangeOf(choice, first, last);
  // An ended stream grows no more, and its tiles tell of all that is loaded.
  const isAll = choice.name === "all" || stream.state === "ended";
  model.keepFrom(isAll ? -Infinity : Math.min(range.from - MARGIN_SECONDS, last - LEAST_KEPT_SECONDS));
  useOlder({ model, root, wanted: isAll ? -Infinity : range.from, changed });
  const state = useLiveness(stream, model.now);
  const ledger = useLoad(`${root}/ledger?limit=1`, { everySeconds: REFRESH_SECONDS });
  /** @param {Choice | null} next null: the usual one */
  const choose = (next) => {
    linked.current = null;
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(next ? toAddress(next) : {})) if (value) parameters.set(name, value);
    navigate(location.pathname + (parameters.size ? `?${parameters}` : ""), { replace: true });
  };
  /** @param {Moment} moment */
  const show = (moment) => {
    setSelected(moment.moment_id);
    choose(around(moment));
    document.querySelector(".charts")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  const old = state.name !== "live" || lostAt !== null;
  return html`
    <${Head} stream=${stream} state=${state.name} dataAt=${state.dataAt} suspect=${minutes.at(-1)?.suspect === true} onOverlay=${kind ? () => setBuilding(true) : null} />
    ${building && kind && html`<${Builder} kind=${kind} model=${model} stream=${stream} moment=${moments[0] ?? null} lost=${lostAt !== null} dataAt=${state.dataAt} onClose=${() => setBuilding(false)} />`}
    ${lostAt !== null && html`<${Lost} since=${lostAt} />`}
    ${!kind || !columns
      ? html`<${Problem} error=${new Error(`This process does not know the kind ${stream.kind}; its events are stored.`)} title="Nothing to draw" />`
      : html`
        <${Tiles} kind=${kind} seen=${model.seen} minutes=${minutes} now=${model.now} ended=${state.name === "ended"} old=${old} />
        <div class="stream-grid">
          <div class="stream-main">
            <${Charts} kind=${kind} columns=${columns} seen=${model.seen} moments=${moments} choice=${choice} range=${range} selected=${selected} frozen=${lostAt !== null}
              onChoice=${choose} onMoment=${(/** @type {Moment} */ moment) => setSelected(moment.moment_id)} />
            <div class="stream-pair">
              ${kind.metrics.filter((metric) => metric.form === "top").map((metric) => html`<${TopList} key=${metric.name} metric=${metric} minutes=${minutes} range=${range} />`)}
              <${Quality} stream=${stream} minutes=${minutes} range=${range} whole=${model.whole} dataAt=${state.dataAt} ledger=${ledger.data} />
            </div>
          </div>
          <${Moments} kind=${kind} moments=${moments} selected=${selected} fresh=${fresh}
            onSelect=${(/** @type {Moment | null} */ moment) => setSelected(moment ? moment.moment_id : null)} onShow=${show} />
        </div>`}`;
}

/** @param {{ stream: Stream, state: StreamState, dataAt: number, suspect: boolean, onOverlay: (() => void) | null }} properties */
function Head({ stream, state, dataAt, suspect, onOverlay }) {
  const time = useNow();
  const started = stream.started_at ? Date.parse(stream.started_at) : null;
  const subtitle = [stream.game_category, stream.title].filter(Boolean).join(" · ");
  return html`
    <div class="stream-head-line">
      <div>
        <p class="crumbs"><a href="/">Streams</a> <span aria-hidden="true">/</span> ${kindName(stream.kind)}</p>
        <h1>${stream.streamer_name} <${StateBadge} state=${state} />${suspect && html` <${Badge} tone="warn" title="The newest minute lies over a gap of the feed">Suspect</${Badge}>`}</h1>
        ${subtitle && html`<p class="quiet">${subtitle}</p>`}
      </div>
      <p class="stream-since quiet">
        ${state === "stale" && html`<strong class="warn-text">Nothing has come for ${duration((time - dataAt) / 1000)}</strong>`}
        ${state === "live" && started && html`<span>live for ${duration((time - started) / 1000)}</span>`}
        ${state === "ended" && html`<span>ended <${Time} at=${stream.ended_at ?? dataAt} /></span>`}
        <span>${onOverlay && html`<button type="button" class="link" onClick=${onOverlay}>Overlay for OBS</button> · `}<a href=${path`/api/v1/streams/${stream.stream_id}/moments/export?format=csv`}>Export moments</a></span>
      </p>
    </div>`;
}

/** With the numbers that this page hears. @param {{ kind: Kind, model: StreamModel, stream: Stream, moment: Moment | null, lost: boolean, dataAt: number, onClose: () => void }} properties */
function Builder({ kind, model, stream, moment, lost, dataAt, onClose }) {
  const age = (useNow() - dataAt) / 1000;
  return html`<${OverlayBuilder} streamId=${stream.stream_id} kind=${kind} update=${model.now} state=${stateOf(!lost, model.now)} age=${age} moment=${moment} onClose=${onClose} />`;
}

/** As the newest update says, else as the server judged it when it was last asked. @param {Stream} stream @param {Minute | null} update @returns {{ name: StreamState, dataAt: number }} */
function useLiveness(stream, update) {
  const time = useNow();
  const heard = useMemo(() => (typeof update?.data_age_seconds === "number" ? serverNow() - update.data_age_seconds * 1000 : 0), [update]);
  const dataAt = Math.max(heard, stream.last_event_at ? Date.parse(stream.last_event_at) : 0);
  const isEnded = stream.state === "ended" && time - dataAt > STATE_SECONDS * 2000;
  const state = update?.stale === undefined || !heard ? stream.state : update.stale ? "stale" : "live";
  return { name: isEnded ? "ended" : state, dataAt };
}

/** The time around the moment that the address names, once it is known. @param {string | null} id @param {Moment[]} moments */
function linkedChoice(id, moments) {
  const moment = id ? moments.find(({ moment_id: its }) => its === id) : undefined;
  return moment ? around(moment) : null;
}

/** Asks for what was before the first minute while it is to be shown. @param {{ model: StreamModel, root: string, wanted: number, changed: (n: number) => void }} properties */
function useOlder({ model, root, wanted, changed }) {
  const first = model.first();
  const asking = useRef(false);
  useEffect(() => {
    if (asking.current || first === null || model.isFull || wanted >= model.knownFrom) return;
    asking.current = true;
    const before = new Date(Date.parse(first) - 1000).toISOString();
    get(`${root}/metrics?limit=${PAGE_MINUTES}&end_time=${encodeURIComponent(before)}`)
      .then((/** @type {Minute[]} */ rows) => {
        model.addOlder(rows, PAGE_MINUTES);
        changed(0);
      })
      .catch(() => undefined)
      .finally(() => (asking.current = false));
  });
}
