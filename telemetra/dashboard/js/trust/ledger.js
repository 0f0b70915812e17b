/** The ledger: what became of every event, as a sum, by minute as bars, by source as a table. */
import { minutes as minuteText, number, short } from "../format.js";
import { Card, Empty } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { html, useMemo } from "../view.js";
/** @import { LedgerCounts, LedgerRow } from "../types.js" */

export const FATES = /** @type {const} */ (["counted", "duplicate", "late", "rejected", "dead"]);
const MEANINGS = {
  counted: "in the numbers",
  duplicate: "sent again; counted once",
  late: "its minute was final; kept, not counted",
  rejected: "refused by intake; kept as a dead letter",
  dead: "refused by the pipeline; kept as a dead letter",
};
const MINUTES_DRAWN = 60;

/** @param {{ total: LedgerCounts }} properties */
export function Balance({ total }) {
  const sum = FATES.reduce((all, fate) => all + total[fate], 0);
  const balanced = sum === total.received;
  return html`
    <section class="card balance" aria-label="The balance">
      <div class="balance-sum">
        <span><strong class="figure">${number(total.received)}</strong><span class="quiet">events received</span></span>
        <span class="balance-verdict ${balanced ? "is-good" : "is-bad"}">
          <${Icon} name=${balanced ? "check" : "warning"} /> ${balanced ? "every one accounted for" : `${number(Math.abs(total.received - sum))} still on their way`}
        </span>
      </div>
      <div class="balance-bar" aria-hidden="true">
        ${FATES.map((fate) => total[fate] > 0 && html`<span key=${fate} class="fate-${fate}" style=${{ flexGrow: String(total[fate]) }}></span>`)}
      </div>
      <dl class="balance-fates">
        ${FATES.map((fate) => html`
          <div key=${fate}>
            <dt><span class="swatch fate-${fate}" aria-hidden="true"></span>${fate}</dt>
            <dd><span class="figure">${number(total[fate])}</span><span class="quiet">${MEANINGS[fate]}</span></dd>
          </div>`)}
      </dl>
    </section>`;
}

/** The last hour, a bar per minute. @param {{ rows: LedgerRow[], now: number }} properties */
export function ByMinute({ rows, now }) {
  const last = Math.floor(now / 60_000) * 60_000;
  const bars = useMemo(() => {
    /** @type {Map<number, LedgerCounts>} */
    const sums = new Map();
    for (const row of rows) {
      const minute = Date.parse(row.minute);
      const sum = sums.get(minute) ?? { received: 0, counted: 0, duplicate: 0, late: 0, rejected: 0, dead: 0 };
      for (const name of /** @type {const} */ (["received", ...FATES])) sum[name] += row[name];
      sums.set(minute, sum);
    }
    return Array.from({ length: MINUTES_DRAWN }, (_, n) => {
      const minute = last - (MINUTES_DRAWN - 1 - n) * 60_000;
      return { minute, counts: sums.get(minute) ?? null };
    });
  }, [rows, last]);
  const most = Math.max(1, ...bars.map(({ counts }) => counts?.received ?? 0));
  return html`
    <${Card} title="By minute of arrival" aside="last hour">
      <div class="minute-bars" role="img" aria-label="Events received by minute, at most ${number(most)}">
        ${bars.map(({ minute, counts }) => html`
          <span key=${minute} class="minute-bar" title=${counts ? `${minuteText(minute)}: ${FATES.filter((fate) => counts[fate]).map((fate) => `${number(counts[fate])} ${fate}`).join(", ")}` : `${minuteText(minute)}: nothing`}>
            ${counts && FATES.map((fate) => counts[fate] > 0 && html`<span key=${fate} class="fate-${fate}" style=${{ height: `${Math.max(1.5, (counts[fate] / most) * 100)}%` }}></span>`)}
          </span>`)}
      </div>
      <div class="minute-axis quiet"><span>${minuteText(bars[0]?.minute ?? last)}</span><span>most: ${short(most)} a minute</span><span>${minuteText(last)}</span></div>
    </${Card}>`;
}

/** @param {{ rows: LedgerRow[] }} properties */
export function BySource({ rows }) {
  const sources = useMemo(() => {
    /** @type {Map<string, LedgerCounts>} */
    const sums = new Map();
    for (const row of rows) {
      const sum = sums.get(row.source) ?? { received: 0, counted: 0, duplicate: 0, late: 0, rejected: 0, dead: 0 };
      for (const name of /** @type {const} */ (["received", ...FATES])) sum[name] += row[name];
      sums.set(row.source, sum);
    }
    return [...sums].sort((one, other) => other[1].received - one[1].received);
  }, [rows]);
  return html`
    <${Card} title="By source" aside="last 24 hours">
      ${sources.length === 0
        ? html`<${Empty} title="Nothing was received" />`
        : html`
          <div class="table-wrap" tabindex="0" role="region" aria-label="By source">
            <table class="table">
              <thead><tr><th scope="col">Source</th><th scope="col">received</th>${FATES.map((fate) => html`<th scope="col" key=${fate}>${fate}</th>`)}</tr></thead>
              <tbody>
                ${sources.map(([source, counts]) => html`
                  <tr key=${source}>
                    <th scope="row">${source}</th><td class="figure">${number(counts.received)}</td>
                    ${FATES.map((fate) => html`<td key=${fate} class="figure ${counts[fate] === 0 ? "quiet" : fate === "counted" ? "" : "is-odd"}">${number(counts[fate])}</td>`)}
                  </tr>`)}
              </tbody>
            </table>
          </div>`}
    </${Card}>`;
}
