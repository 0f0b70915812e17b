/** What feeds have missed, and whether it was made good. */
import { duration, number } from "../format.js";
import { Badge, Time } from "../parts/basics.js";
import { words } from "../strings.js";
import { html } from "../view.js";
/** @import { FeedGap } from "../types.js" */

/** What became of a back-fill that has not filled a gap. @type {Record<string, string>} */
const BACKFILL = {
  waiting: "back-fill to come",
  incomplete: "the source had not all of it",
  failed: "the back-fill failed",
  late: "fetched too late to be counted",
};

/** @param {{ gaps: FeedGap[], none: string, names?: Map<string, string> | null }} properties `names`: of connectors by id; null: they are known */
export function Gaps({ gaps, none, names = null }) {
  if (gaps.length === 0) return html`<p class="quiet gaps-none">${none}</p>`;
  return html`
    <ul class="gaps">
      ${gaps.map((gap) => html`
        <li key=${gap.id}>
          ${gap.filled_at
            ? html`<${Badge} tone="good" title="A back-fill has brought what was missed">Filled</${Badge}>`
            : html`<${Badge} tone=${gap.end ? "warn" : "bad"} title="Minutes over it are suspect">${gap.end ? "Missed" : "Lasting"}</${Badge}>`}
          <span class="gap-what">
            ${names && html`<strong>${names.get(gap.connector_id ?? "") ?? gap.connector_id ?? ""}</strong> `}${words(gap.reason)}${gap.stream_id ? html` <span class="quiet">on ${gap.stream_id}</span>` : ""}${gap.missing ? html` <span class="quiet">· ${number(gap.missing)} messages</span>` : ""}${!gap.filled_at && BACKFILL[gap.backfill] ? html` <span class="quiet">· ${BACKFILL[gap.backfill]}</span>` : ""}
          </span>
          <span class="quiet gap-when"><${Time} at=${gap.start} />${gap.end ? ` · ${lengthOf(gap.start, gap.end)}` : " until now"}</span>
        </li>`)}
    </ul>`;
}

/** @param {string} start @param {string} end */
function lengthOf(start, end) {
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);
}
