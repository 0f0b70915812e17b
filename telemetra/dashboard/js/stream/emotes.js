/** What was used most in the time shown, by count. */
import { number } from "../format.js";
import { Card, Empty } from "../parts/basics.js";
import { html, useMemo } from "../view.js";
import { toSeconds } from "./model.js";
/** @import { Metric, Minute } from "../types.js" */
/** @import { Range } from "./range.js" */

const SHOWN = 10;

/** @param {{ metric: Metric, minutes: Minute[], range: Range }} properties */
export function TopList({ metric, minutes, range }) {
  const counts = useMemo(() => {
    /** @type {Map<string, number>} */
    const sums = new Map();
    for (const minute of minutes) {
      const end = toSeconds(minute.timestamp);
      if (end < range.from || end > range.to) continue;
      for (const { name, count } of minute[metric.name] ?? []) sums.set(name, (sums.get(name) ?? 0) + count);
    }
    return [...sums].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, SHOWN);
  }, [minutes, Math.floor(range.from / 60), Math.floor(range.to / 60)]);
  const most = counts[0]?.[1] ?? 1;
  return html`
    <${Card} title=${metric.label} aside=${html`<span title="Counted where they are among the ten most used of a minute">in the time shown</span>`} class="top-card">
      ${counts.length === 0
        ? html`<${Empty} title="None in this time" />`
        : html`<ol class="top-list">
            ${counts.map(([name, count]) => html`
              <li key=${name}>
                <span class="top-name clip" title=${name}>${name}</span>
                <span class="top-bar" aria-hidden="true"><span style=${{ width: `${(count / most) * 100}%` }}></span></span>
                <span class="top-count figure">${number(count)}</span>
              </li>`)}
          </ol>`}
    </${Card}>`;
}
