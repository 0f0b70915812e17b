/** A value that components follow. */
import { useEffect, useState } from "./view.js";

/** @template T */
export class Signal {
  /** @param {T} value */
  constructor(value) {
    this.value = value;
    /** @type {Set<(value: T) => void>} */
    this._listeners = new Set();
  }

  /** @param {T} value */
  set(value) {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this._listeners.forEach((tell) => tell(value));
  }

  /** @param {(value: T) => void} listener @returns {() => void} ends it */
  follow(listener) {
    this._listeners.add(listener);
    return () => void this._listeners.delete(listener);
  }
}

/** The value of a signal, rendering the caller again when it changes.
 * @template T @param {Signal<T>} signal @returns {T} */
export function useSignal(signal) {
  const [value, setValue] = useState(() => signal.value);
  useEffect(() => {
    setValue(() => signal.value);
    return signal.follow((next) => setValue(() => next));
  }, [signal]);
  return value;
}
