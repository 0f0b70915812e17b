/** The kinds of streams, asked once. A kind that this process does not know is shown with what every stream has. */
import { get } from "./api.js";
import { useEffect, useState } from "./view.js";
/** @import { Kind, Metric } from "./types.js" */

/** @type {Promise<Map<string, Kind>> | null} */
let asked = null;

/** @returns {Promise<Map<string, Kind>>} */
function kinds() {
  asked ??= get("/api/v1/kinds").then(
    (/** @type {Kind[]} */ list) => new Map(list.map((kind) => [kind.name, kind])),
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/** All kinds by name; null until they are known. @returns {Map<string, Kind> | null} */
export function useKinds() {
  const [known, setKnown] = useState(/** @type {Map<string, Kind> | null} */ (null));
  useEffect(() => {
    let wanted = true;
    const ask = () =>
      void kinds().then(
        (found) => wanted && setKnown(found),
        () => wanted && setTimeout(ask, 2000),
      );
    ask();
    return () => void (wanted = false);
  }, []);
  return known;
}

/** The metrics that a list shows, three at most. @param {Kind | undefined} kind */
export const headlines = (kind) => kind?.metrics.filter((metric) => metric.headline).slice(0, 3) ?? [];

/** Whether calm mode hides it. @param {Metric} metric */
export const isAudience = (metric) => metric.unit === "viewers";
