/** Whether the numbers can be trusted: the accounts of all events, what was refused, how the parts are. */
import { query } from "../api.js";
import { now } from "../clock.js";
import { duration } from "../format.js";
import { useLoad } from "../load.js";
import { Card, Problem, Skeleton } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { AsOf, useReach } from "../parts/reach.js";
import { Gaps } from "../trust/gaps.js";
import { Health } from "../trust/health.js";
import { Balance, ByMinute, BySource } from "../trust/ledger.js";
import { Letters } from "../trust/letters.js";
import { html, useMemo } from "../view.js";
/** @import { Connector } from "../types.js" */

const DAY_MS = 24 * 3_600_000;
const LAG_NOTED_SECONDS = 2;
const REFRESH_SECONDS = 5;
const GAPS_SHOWN = 20;

export function TrustPage() {
  const since = useMemo(() => new Date(now() - DAY_MS).toISOString(), []);
  const ledger = useLoad(`/api/v1/ledger${query({ start_time: since })}`, { everySeconds: REFRESH_SECONDS });
  const health = useLoad("/health/detailed", { everySeconds: REFRESH_SECONDS });
  const gaps = useLoad(`/api/v1/gaps${query({ limit: GAPS_SHOWN })}`, { everySeconds: REFRESH_SECONDS });
  const connectors = useLoad("/api/connectors?limit=1000", { everySeconds: 30 });
  const names = new Map(/** @type {Connector[]} */ (connectors.data ?? []).map((each) => [each.connector_id, each.name]));
  const reach = useReach({ at: ledger.at, error: ledger.error, everySeconds: REFRESH_SECONDS });
  const report = /** @type {any} */ (health.data);
  const lag = report?.services.pipeline?.details.lag_seconds ?? 0;
  return html`
    <div class="page-head"><h1>Trust</h1><p class="quiet">Received = counted + duplicate + late + rejected + dead, over the last 24 hours. <${AsOf} reach=${reach} /></p></div>
    ${reach.lost}
    ${lag > LAG_NOTED_SECONDS && html`<div class="lost" role="status"><${Icon} name="warning" /> The pipeline is ${duration(lag)} behind: the newest numbers are not complete.</div>`}
    ${ledger.error && !reach.lost && html`<${Problem} error=${ledger.error} retry=${ledger.reload} />`}
    ${!ledger.data
      ? !ledger.error && html`<${Skeleton} lines=${4} class="rows" />`
      : html`
        <div class="trust-grid ${reach.lost ? "is-frozen" : ""}">
          <${Balance} total=${/** @type {any} */ (ledger.data).total} />
          <div class="trust-column">
            <${ByMinute} rows=${/** @type {any} */ (ledger.data).rows} now=${now()} />
            <${BySource} rows=${/** @type {any} */ (ledger.data).rows} />
          </div>
          <${Health} report=${report} error=${health.error && !report ? health.error : null} />
          <${Card} title="Gaps of feeds" class="trust-gaps" aside="newest ${GAPS_SHOWN}">
            ${gaps.data
              ? html`<${Gaps} gaps=${gaps.data} names=${names} none="No feed has missed anything." />`
              : gaps.error ? html`<${Problem} error=${gaps.error} retry=${gaps.reload} />` : html`<${Skeleton} />`}
          </${Card}>
          <${Letters} />
        </div>`}`;
}
