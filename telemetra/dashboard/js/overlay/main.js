/** The overlay for OBS: large numbers on nothing. It comes back by itself, for ever, and never shows an old number as live. */
import { get, path } from "../api.js";
import { now, useNow } from "../clock.js";
import { duration, metricText, number, valueOf } from "../format.js";
import { Icon } from "../parts/icons.js";
import { momentName, momentShape } from "../strings.js";
import { LiveSocket } from "../live.js";
import { html, render, useEffect, useMemo, useRef, useState } from "../view.js";
import { readOptions, shownMetrics } from "./options.js";
/** @import { Kind, Minute, Moment } from "../types.js" */

const STALE_SECONDS = 30;
const RETRY_MS = 3000;
/** A moment that is older than this is no news when it arrives. */
const NEWS_SECONDS = 120;

/** @param {{ id: string }} properties */
function Overlay({ id }) {
  const options = useMemo(() => readOptions(new URLSearchParams(location.search)), []);
  const kind = useKind(id);
  const [update, setUpdate] = useState(/** @type {Minute | null} */ (null));
  const [heardAt, setHeardAt] = useState(0);
  const [connected, setConnected] = useState(false);
  const [moment, setMoment] = useState(/** @type {Moment | null} */ (null));
  const known = useRef(/** @type {Set<string>} */ (new Set()));
  useEffect(() => {
    const socket = new LiveSocket(path`/ws/live/${id}`, {
      onMessage: (message) => {
        if (message.type === "metrics") {
          setUpdate(message);
          setHeardAt(now());
        } else if (message.type === "moment" && !known.current.has(message.moment_id)) {
          known.current.add(message.moment_id);
          if (now() - Date.parse(message.ended_at ?? message.timestamp) < NEWS_SECONDS * 1000) setMoment(message);
        }
      },
      onConnection: (state) => setConnected(state === "live"),
    });
    return () => socket.close();
  }, [id]);
  useEffect(() => {
    if (!moment) return undefined;
    const timer = setTimeout(() => setMoment(null), options.momentSeconds * 1000);
    return () => clearTimeout(timer);
  }, [moment]);
  const time = useNow();
  const age = update?.data_age_seconds === null || update?.data_age_seconds === undefined ? null : update.data_age_seconds + Math.max(0, time - heardAt) / 1000;
  const state = !connected ? "lost" : age === null ? "waiting" : age > STALE_SECONDS ? "stale" : "live";
  if (!kind) return html`<div class="overlay-box align-${options.align}"><${State} state=${connected ? "waiting" : "lost"} age=${null} /></div>`;
  const top = kind.metrics.find((metric) => metric.form === "top");
  const names = top && state === "live" ? (update?.[top.name] ?? []).slice(0, options.emotes) : [];
  return html`
    <div class="overlay-box align-${options.align} ${options.plain ? "is-plain" : ""} is-${state}" style=${{ zoom: String(options.scale) }}>
      ${options.moments && moment && html`
        <div class="overlay-moment" role="status" key=${moment.moment_id}>
          <span class="overlay-mark"><${Icon} name=${momentShape(moment.moment_type)} size=${30} /></span>
          <span><strong>${momentName(moment.moment_type)}</strong><span>${moment.description}</span></span>
        </div>`}
      <div class="overlay-metrics">
        ${shownMetrics(kind, options).map((metric) => html`
          <div key=${metric.name} class="overlay-metric">
            <strong>${metricText(metric, state === "live" && update?.has_data ? valueOf(metric, update) : null)}</strong>
            <span>${metric.label}${metric.form === "rate" ? " / min" : ""}</span>
          </div>`)}
        <${State} state=${state} age=${age} />
      </div>
      ${names.length > 0 && html`
        <ol class="overlay-emotes">
          ${names.map((/** @type {{ name: string, count: number }} */ { name, count }) => html`<li key=${name}><strong>${name}</strong> ${number(count)}</li>`)}
        </ol>`}
    </div>`;
}

/** Nothing while all is well. @param {{ state: "live" | "stale" | "lost" | "waiting", age: number | null }} properties */
function State({ state, age }) {
  if (state === "live") return null;
  const text = state === "stale" && age !== null ? `No data for ${duration(age)}` : state === "lost" ? "Reconnecting" : "Waiting for data";
  return html`<div class="overlay-state" role="status">${text}</div>`;
}

/** The kind of the stream, asked until it is known: the stream may begin later. @param {string} id @returns {Kind | null} */
function useKind(id) {
  const [kind, setKind] = useState(/** @type {Kind | null} */ (null));
  useEffect(() => {
    let wanted = true;
    const ask = async () => {
      try {
        const [stream, kinds] = await Promise.all([get(path`/api/v1/streams/${id}`), get("/api/v1/kinds")]);
        const found = /** @type {Kind[]} */ (kinds).find(({ name }) => name === stream.kind);
        if (wanted && found) return setKind(found);
      } catch {
        // not there yet, or the server is not: ask again
      }
      if (wanted) setTimeout(ask, RETRY_MS);
      return undefined;
    };
    void ask();
    return () => void (wanted = false);
  }, [id]);
  return kind;
}

const root = document.getElementById("app");
const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
if (root) render(html`<${Overlay} id=${id} />`, root);
