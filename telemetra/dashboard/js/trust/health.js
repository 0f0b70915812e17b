/** The parts of the process and how they are. */
import { duration, number } from "../format.js";
import { Badge, Card, Problem, Skeleton } from "../parts/basics.js";
import { words } from "../strings.js";
import { html } from "../view.js";

const TONES = /** @type {const} */ ({ healthy: "good", degraded: "warn", unhealthy: "bad", embedded: "neutral" });
/** @type {Record<string, (details: Record<string, any>) => string>} */
const TELLS = {
  database: ({ version, size_bytes: size, connections }) => (version ? `PostgreSQL ${version} · ${bytes(size)} · ${connections} connections` : ""),
  log: ({ next, first }) => (next === undefined ? "" : `${number(next - first)} positions kept`),
  pipeline: ({ role, lag_seconds: lag }) => `${words(role ?? "")} · ${lag > 0 ? `${duration(lag)} behind` : "nothing waits"}`,
  cache: ({ memory }) => (memory ? hits(memory) : ""),
  live: ({ connections }) => `${number(connections)} live ${connections === 1 ? "connection" : "connections"}`,
  redis: () => "Not configured: the cache lives in the process",
};

/** @typedef {{ status: keyof typeof TONES, latency_ms: number | null, details: Record<string, any> }} Part */

/** @param {{ report: { status: keyof typeof TONES, services: Record<string, Part> } | null, error: Error | null }} properties */
export function Health({ report, error }) {
  return html`
    <${Card} title="Parts" aside=${report && html`<${Badge} tone=${TONES[report.status]}>${words(report.status)}</${Badge}>`}>
      ${error ? html`<${Problem} error=${error} />` : !report ? html`<${Skeleton} />` : html`
        <ul class="parts">
          ${Object.entries(report.services).map(([name, part]) => html`
            <li key=${name}>
              <span class="part-name"><span class="dot dot-${TONES[part.status]}" aria-hidden="true"></span><strong>${words(name)}</strong><span class="unseen">${part.status}</span></span>
              <span class="quiet">${TELLS[name]?.(part.details) ?? words(part.status)}</span>
              <span class="quiet figure">${part.latency_ms === null ? "" : `${number(part.latency_ms)} ms`}</span>
            </li>`)}
        </ul>`}
    </${Card}>`;
}

/** @param {number | undefined} size */
function bytes(size) {
  if (size === undefined) return "";
  return size > 1e9 ? `${number(size / 1e9)} GB` : `${number(size / 1e6)} MB`;
}

/** @param {{ hits: number, misses: number, entries: number }} tier */
function hits({ hits: found, misses, entries }) {
  const asked = found + misses;
  return asked ? `${Math.round((found / asked) * 100)} % of ${number(asked)} questions from the cache, ${number(entries)} entries` : `${number(entries)} entries`;
}
