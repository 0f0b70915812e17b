/** For pages that ask again and again: how old what they show is, and whether the server still answers. */
import { ApiError } from "../api.js";
import { useNow } from "../clock.js";
import { ago, seconds } from "../format.js";
import { announce, connection } from "../status.js";
import { html, useEffect } from "../view.js";
import { Icon } from "./icons.js";

/** So many answers in a row may be missing before what is shown counts as old. */
const MISSED = 3;
const LEAST_SECONDS = 6;

/**
 * `lost`: a line that says so while the server does not answer, else null. The connection in the bar follows.
 * @param {{ at: number | null, error: Error | null, everySeconds: number }} properties `at`: when the last good answer came, by this clock
 * @returns {{ at: number | null, age: number, lost: any }}
 */
export function useReach({ at, error, everySeconds }) {
  useNow();
  const age = at === null ? 0 : Math.max(0, (Date.now() - at) / 1000);
  const unreachable = error instanceof ApiError && error.unreachable;
  const isLost = unreachable || (at !== null && document.visibilityState === "visible" && age > Math.max(LEAST_SECONDS, MISSED * everySeconds));
  useEffect(() => {
    connection.set(isLost ? "lost" : at === null ? "connecting" : "live");
    if (isLost) announce("The server does not answer. The numbers are not live.");
  }, [isLost, at === null]);
  useEffect(() => () => connection.set(null), []);
  const lost = isLost
    ? html`<div class="lost" role="status"><${Icon} name="warning" /> ${at === null ? "The server does not answer; asking again by itself." : `Not connected. What you see is as of ${seconds(at)}; asking again by itself.`}</div>`
    : null;
  return { at, age, lost };
}

/** How old what is shown is. @param {{ reach: { at: number | null, age: number, lost: any } }} properties */
export const AsOf = ({ reach }) => (reach.at === null ? null : html`<span class="as-of ${reach.lost ? "warn-text" : "quiet"} figure">as of ${ago(reach.age)}</span>`);
