/** The overlay for OBS: one stream, live. It comes back by itself, for ever, and never shows an old number as live. */
import { get, path } from "../api.js";
import { now, useNow } from "../clock.js";
import { LiveSocket } from "../live.js";
import { html, render, useEffect, useMemo, useRef, useState } from "../view.js";
import { readOptions } from "./options.js";
import { OverlayView, stateOf } from "./view.js";
/** @import { Kind, Minute, Moment } from "../types.js" */

const RETRY_MS = 3000;
/** A moment that is older than this is no news when it arrives. */
const NEWS_SECONDS = 120;

/** @param {{ id: string }} properties */
function Overlay({ id }) {
  const { options, problems } = useMemo(() => readOptions(new URLSearchParams(location.search)), []);
  const kind = useKind(id);
  const [update, setUpdate] = useState(/** @type {Minute | null} */ (null));
  const [heardAt, setHeardAt] = useState(0);
  const [connected, setConnected] = useState(false);
  const [moment, setMoment] = useState(/** @type {Moment | null} */ (null));
  const known = useRef(/** @type {Set<string>} */ (new Set()));
  useEffect(() => {
    /** @param {Moment} met */
    const meet = (met) => {
      if (known.current.has(met.moment_id)) return;
      known.current.add(met.moment_id);
      if (now() - Date.parse(met.ended_at ?? met.timestamp) < NEWS_SECONDS * 1000) setMoment(met);
    };
    const socket = new LiveSocket(path`/ws/live/${id}`, {
      onMessage: (message) => {
        if (message.type === "metrics") {
          setUpdate(message);
          setHeardAt(now());
          // Pushed before this overlay was there, but still going on; the newest is met last and shown.
          for (const recent of [...(message.recent_moments ?? [])].reverse()) if (recent.ended_at === null) meet(recent);
        } else if (message.type === "moment") {
          meet(message);
        }
      },
      onConnection: (state) => setConnected(state === "live"),
    });
    return () => socket.close();
  }, [id]);
  useEffect(() => {
    if (!moment) return undefined;
    const timer = setTimeout(() => setMoment(null), options.moment_seconds * 1000);
    return () => clearTimeout(timer);
  }, [moment]);
  const time = useNow();
  const age = typeof update?.data_age_seconds === "number" ? update.data_age_seconds + Math.max(0, time - heardAt) / 1000 : null;
  return html`<${OverlayView} kind=${kind} options=${options} problems=${problems} state=${stateOf(connected, update)} age=${age} update=${update} moment=${moment} />`;
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
