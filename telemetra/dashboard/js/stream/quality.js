/** How far the numbers can be trusted: how old they are, what is not final, what lies over a gap. */
import { number } from "../format.js";
import { Ago, Card, Time } from "../parts/basics.js";
import { html } from "../view.js";
import { toSeconds } from "./model.js";
/** @import { Minute, Stream, StreamLedger } from "../types.js" */
/** @import { Range } from "./range.js" */

/** @param {{ stream: Stream, minutes: Minute[], range: Range, whole: boolean, dataAt: number, ledger: StreamLedger | null }} properties */
export function Quality({ stream, minutes, range, whole, dataAt, ledger }) {
  const shown = minutes.filter((minute) => toSeconds(minute.timestamp) >= range.from && toSeconds(minute.timestamp) <= range.to);
  const suspect = shown.filter((minute) => minute.suspect).length;
  const open = minutes.filter((minute) => !minute.final).length;
  const newestFinal = minutes.findLast((minute) => minute.final);
  const newest = ledger?.rows[0];
  return html`
    <${Card} title="Can these numbers be trusted?" aside=${html`<a href="/trust">All accounts</a>`} class="quality">
      <dl>
        <div><dt>Newest event</dt><dd>${stream.state === "ended" ? html`<${Time} at=${dataAt} />` : html`<${Ago} at=${dataAt} />`}</dd></div>
        <div><dt>Minutes shown</dt><dd class="figure">${number(shown.length)}${!whole && range.from < toSeconds(minutes[0]?.timestamp ?? "") ? html` <span class="quiet">of more</span>` : ""}</dd></div>
        <div class=${suspect ? "warn" : ""}><dt>Over a gap of the feed</dt><dd class="figure">${suspect ? `${number(suspect)} suspect` : "none"}</dd></div>
        <div><dt>Not final yet</dt><dd class="figure">${open ? number(open) : "none"}</dd></div>
        <div><dt>Final until</dt><dd>${newestFinal ? html`<${Time} at=${newestFinal.timestamp} />` : "–"}</dd></div>
        ${ledger && html`
          <div class=${ledger.total.late ? "warn" : ""} title="Came after their minute was final: kept, not counted"><dt>Late events</dt><dd class="figure">${some(ledger.total.late)}</dd></div>
          <div title="Repeats of events that are counted: not counted again"><dt>Duplicates</dt><dd class="figure">${some(ledger.total.duplicate)}</dd></div>`}
        ${newest && html`<div><dt>Newest of these came</dt><dd><${Time} at=${newest.minute} /></dd></div>`}
      </dl>
    </${Card}>`;
}

/** @param {number} count */
const some = (count) => (count ? number(count) : "none");
