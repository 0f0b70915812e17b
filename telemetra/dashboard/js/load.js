/** Asking the API from a component: the answer, the error, and asking again. */
import { get } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./view.js";

/**
 * The answer of a path. Keeps the last answer while it asks again, also when that fails: then `error` says so.
 * @template T
 * @param {string | null} address null: nothing to ask
 * @param {{ everySeconds?: number }} [options] asks again so often while the page is visible
 * @returns {{ data: T | null, error: Error | null, loading: boolean, at: number | null, reload: () => void }} `at`: when `data` came, by this clock
 */
export function useLoad(address, { everySeconds = 0 } = {}) {
  const [state, setState] = useState(/** @type {{ address: string | null, data: T | null, error: Error | null, at: number | null }} */ ({ address, data: null, error: null, at: null }));
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    if (address === null) return undefined;
    const ending = new AbortController();
    get(address, ending.signal).then(
      (data) => setState({ address, data, error: null, at: Date.now() }),
      (error) => {
        if (!ending.signal.aborted) setState((old) => ({ address, data: old.address === address ? old.data : null, error, at: old.address === address ? old.at : null }));
      },
    );
    return () => ending.abort();
  }, [address, turn]);
  useEvery(everySeconds, reload);
  const own = state.address === address;
  const data = own ? state.data : null;
  const error = own ? state.error : null;
  const at = own ? state.at : null;
  return { data, error, loading: data === null && error === null && address !== null, at, reload };
}

/** Calls `action` every so many seconds while the page is visible, and when it becomes visible again.
 * @param {number} seconds 0: never @param {() => void} action */
export function useEvery(seconds, action) {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    if (!seconds) return undefined;
    const run = () => {
      if (document.visibilityState === "visible") latest.current();
    };
    const timer = setInterval(run, seconds * 1000);
    document.addEventListener("visibilitychange", run);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", run);
    };
  }, [seconds]);
}
