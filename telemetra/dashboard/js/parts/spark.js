/** A line without axes. */
import { html, useMemo } from "../view.js";

const WIDTH = 120;
const HEIGHT = 32;
const PAD = 2;

/** `points` one per minute, null without events; the newest is right. It fills its width even with few points.
 * @param {{ points: (number | null)[], slots?: number, label: string, fromZero?: boolean }} properties */
export function Spark({ points, slots = 30, label, fromZero = true }) {
  const shape = useMemo(() => outline(points, slots, fromZero), [points, slots, fromZero]);
  if (shape === null) return html`<span class="spark-none">${"–"}</span>`;
  return html`
    <svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}>
      <path class="spark-area" d=${`${shape.line}L${shape.end},${HEIGHT}L${shape.start},${HEIGHT}Z`} />
      <path class="spark-line" d=${shape.line} />
    </svg>`;
}

/** @param {(number | null)[]} points @param {number} slots @param {boolean} fromZero */
function outline(points, slots, fromZero) {
  const values = points.slice(-slots).map((value) => value ?? (fromZero ? 0 : null));
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const low = fromZero ? Math.min(0, ...known) : Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const step = WIDTH / (slots - 1);
  const first = slots - values.length;
  let line = "";
  values.forEach((value, n) => {
    if (value === null) return;
    const y = HEIGHT - PAD - ((value - low) / span) * (HEIGHT - 2 * PAD);
    line += `${line ? "L" : "M"}${((first + n) * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return { line, start: (first * step).toFixed(1), end: WIDTH };
}
