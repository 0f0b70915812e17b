/** Time as the server tells it: the reader's clock may be wrong, and ages of data must not be. */
import { useEffect, useRef, useState } from "./view.js";

let offset = 0;
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/** Milliseconds since the epoch, by the server's clock. */
export const now = () => Date.now() + offset;

/** @param {string | number} timestamp of a message that has just arrived */
export function heard(timestamp) {
  const difference = new Date(timestamp).getTime() - Date.now();
  if (Number.isFinite(difference) && Math.abs(difference - offset) > 500) offset = difference;
}

/** The time, rendering the caller again every second. */
export const useNow = () => useClock((time) => time);

/**
 * What `compute` makes of the time, rendering the caller again when that changes; it is asked every second. All of them are on
 * one timer, so that ages on a page step together.
 * @template T @param {(time: number) => T} compute a plain value @returns {T}
 */
export function useClock(compute) {
  const latest = useRef(compute);
  latest.current = compute;
  const [, setValue] = useState(() => compute(now()));
  useEffect(() => {
    const listener = () => setValue(() => latest.current(now()));
    listeners.add(listener);
    timer ??= setInterval(() => listeners.forEach((tell) => tell()), 1000);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, []);
  return compute(now());
}
