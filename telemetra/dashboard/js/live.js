/**
 * A WebSocket that comes back by itself: after sleep, a restart of the server, a loss of the network.
 *
 * It resumes where it stopped (epoch and offset), so no moment is missed, and says `lost` as soon as it hears nothing,
 * so that nobody takes old numbers for live ones.
 */
import { heard } from "./clock.js";
/** @import { Connection } from "./types.js" */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Messages come every 1.5 s; the setting goes up to a minute, and pings come between. */
const SILENCE_MS = 6_000;
const CHECK_MS = 1_000;

export class LiveSocket {
  /**
   * @param {string} path
   * @param {{ onMessage: (message: any) => void, onConnection: (connection: Connection) => void }} callbacks
   */
  constructor(path, { onMessage, onConnection }) {
    this._url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this._onMessage = onMessage;
    this._onConnection = onConnection;
    /** @type {WebSocket | null} */
    this._socket = null;
    /** @type {{ epoch: string, offset: number } | null} */
    this._last = null;
    this._epoch = "";
    this._resuming = false;
    this._attempts = 0;
    this._heardAt = 0;
    this._silenceMs = SILENCE_MS;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._retry = undefined;
    /** @type {Connection} */
    this.connection = "connecting";
    this._check = setInterval(() => this._watch(), CHECK_MS);
    this._wake = () => this._hurry();
    for (const name of ["online", "pageshow", "focus"]) addEventListener(name, this._wake);
    document.addEventListener("visibilitychange", this._wake);
    this._open();
  }

  close() {
    clearInterval(this._check);
    clearTimeout(this._retry);
    for (const name of ["online", "pageshow", "focus"]) removeEventListener(name, this._wake);
    document.removeEventListener("visibilitychange", this._wake);
    this._drop();
  }

  _open() {
    clearTimeout(this._retry);
    this._retry = undefined;
    const socket = new WebSocket(this._url);
    this._socket = socket;
    this._heardAt = Date.now();
    this._resuming = this._last !== null;
    socket.onopen = () => {
      if (this._last === null) return;
      socket.send(JSON.stringify({ type: "resume", ...this._last }));
      socket.send(JSON.stringify({ type: "ping" })); // its answer shows the end of the resume
    };
    socket.onmessage = (event) => {
      if (socket === this._socket) this._take(event.data);
    };
    socket.onclose = () => {
      if (socket === this._socket) this._again();
    };
  }

  /** @param {string} text */
  _take(text) {
    const message = JSON.parse(text);
    this._heardAt = Date.now();
    this._attempts = 0;
    if (message.timestamp && message.type !== "moment" && message.type !== "metrics") heard(message.timestamp);
    if (message.type === "connected") {
      this._epoch = message.epoch;
      if (message.interval_seconds) this._silenceMs = Math.max(SILENCE_MS, message.interval_seconds * 4000);
    } else if (message.type === "pong") {
      this._resuming = false;
    }
    if (typeof message.offset === "number" && !this._resuming) this._last = { epoch: this._epoch, offset: message.offset };
    this._become("live");
    this._onMessage(message);
  }

  /** Nothing was heard for long: the connection may be dead without either side knowing. */
  _watch() {
    if (this._socket && Date.now() - this._heardAt > this._silenceMs) this._again();
  }

  _again() {
    this._drop();
    this._become("lost");
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this._attempts++) * (0.5 + Math.random() / 2);
    this._retry = setTimeout(() => this._open(), wait);
  }

  /** The reader is back, or the network is: do not wait any longer. */
  _hurry() {
    if (document.visibilityState === "hidden") return;
    if (this._retry !== undefined) this._open();
    else this._watch();
  }

  _drop() {
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  /** @param {Connection} connection */
  _become(connection) {
    if (connection === this.connection) return;
    this.connection = connection;
    this._onConnection(connection);
  }
}
