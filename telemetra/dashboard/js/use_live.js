/** A component's live connection, shown in the bar while the component is there. */
import { announce, connection } from "./status.js";
import { LiveSocket } from "./live.js";
import { useEffect, useRef, useState } from "./view.js";
/** @import { Connection } from "./types.js" */

/**
 * @param {string} path
 * @param {(message: any) => void} onMessage
 * @returns {{ connection: Connection, lostAt: number | null }} `lostAt`: since when nothing is heard, by this clock
 */
export function useLive(path, onMessage) {
  const latest = useRef(onMessage);
  latest.current = onMessage;
  const [state, setState] = useState(/** @type {{ connection: Connection, lostAt: number | null }} */ ({ connection: "connecting", lostAt: null }));
  useEffect(() => {
    connection.set("connecting");
    let wasLost = false;
    const socket = new LiveSocket(path, {
      onMessage: (message) => latest.current(message),
      onConnection: (next) => {
        connection.set(next);
        setState({ connection: next, lostAt: next === "lost" ? Date.now() : null });
        if (next === "lost") announce("Connection lost. The numbers are not live.");
        else if (wasLost) announce("Connected again. The numbers are live.");
        wasLost = next === "lost";
      },
    });
    return () => {
      socket.close();
      connection.set(null);
    };
  }, [path]);
  return state;
}
