/** The moments of a stream, newest first: what happened, how strong it was, why. */
import { now } from "../clock.js";
import { duration, moment as timeText } from "../format.js";
import { Badge, Empty, Time } from "../parts/basics.js";
import { Copy } from "../parts/copy.js";
import { Icon } from "../parts/icons.js";
import { usePrefs } from "../prefs.js";
import { causeName, momentName, momentShape, strength } from "../strings.js";
import { html, useEffect, useRef, useState } from "../view.js";
import { Evidence } from "./evidence.js";
import { toSeconds } from "./model.js";
/** @import { Kind, Moment } from "../types.js" */

const PAGE = 30;

/**
 * @param {{ kind: Kind, moments: Moment[], selected: string | null, fresh: Set<string>, onSelect: (moment: Moment | null) => void,
 *   onShow: (moment: Moment) => void }} properties
 */
export function Moments({ kind, moments, selected, fresh, onSelect, onShow }) {
  const { calm } = usePrefs();
  const [type, setType] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const types = [...new Set(moments.map((moment) => moment.moment_type))].sort();
  const found = type ? moments.filter((moment) => moment.moment_type === type) : moments;
  const place = selected ? found.findIndex((moment) => moment.moment_id === selected) : -1;
  const shown = found.slice(0, Math.max(limit, place + 1));
  return html`
    <section class="card moments" aria-label="Moments" id="moments">
      <header class="card-head"><h2>Moments <span class="chip-count">${moments.length}</span></h2>
        ${types.length > 1 && html`
          <label><span class="unseen">Type of moment</span>
            <select class="select" value=${type} onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) => setType(event.currentTarget.value)}>
              <option value="">All types</option>
              ${types.map((name) => html`<option key=${name} value=${name}>${momentName(name)}</option>`)}
            </select>
          </label>`}
      </header>
      ${shown.length === 0
        ? html`<${Empty} title="No moment yet">A moment needs five minutes of history to stand out from.</${Empty}>`
        : html`<ol class="moment-list">
            ${shown.map((moment) => html`
              <${MomentCard} key=${moment.moment_id} moment=${moment} kind=${kind} open=${moment.moment_id === selected} isNew=${fresh.has(moment.moment_id)}
                hidden=${calm && moment.moment_type.startsWith("viewer_")} onSelect=${onSelect} onShow=${onShow} />`)}
          </ol>
          ${found.length > shown.length && html`<button type="button" class="button plain more" onClick=${() => setLimit(limit + PAGE)}>Show ${Math.min(PAGE, found.length - shown.length)} more</button>`}`}
    </section>`;
}

/**
 * @param {{ moment: Moment, kind: Kind, open: boolean, isNew: boolean, hidden: boolean, onSelect: (moment: Moment | null) => void,
 *   onShow: (moment: Moment) => void }} properties
 */
function MomentCard({ moment, kind, open, isNew, hidden, onSelect, onShow }) {
  const card = useRef(/** @type {HTMLLIElement | null} */ (null));
  useEffect(() => {
    if (open) card.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }, [open]);
  const length = moment.ended_at ? toSeconds(moment.ended_at) - toSeconds(moment.timestamp) : null;
  const cause = moment.metadata.cause;
  const metric = kind.metrics.find(({ name }) => name === moment.metric_name);
  return html`
    <li ref=${card} class="moment ${open ? "is-open" : ""} ${isNew ? "is-new" : ""}">
      <button type="button" class="moment-head" aria-expanded=${open} onClick=${() => onSelect(open ? null : moment)}>
        <span class="moment-mark shape-${momentShape(moment.moment_type)}"><${Icon} name=${momentShape(moment.moment_type)} /></span>
        <span class="moment-line">
          <span class="moment-title"><strong>${momentName(moment.moment_type)}</strong><${Time} at=${moment.timestamp} text=${timeText(moment.timestamp, now())} class="quiet" />
            ${length === null ? html`<span class="badge tone-accent">going on</span>` : html`<span class="quiet">${duration(length)}</span>`}
          </span>
          <span class="moment-words">${hidden ? "Hidden in calm mode" : moment.description}</span>
          <span class="moment-tags">
            <span class="severity" title="Severity ${moment.severity.toFixed(2)}"><span class="severity-bar" aria-hidden="true"><span style=${{ width: `${moment.severity * 100}%` }}></span></span>${strength(moment.severity)}</span>
            ${cause && cause !== "unknown" && html`<${Badge}>${causeName(cause)}</${Badge}>`}
          </span>
        </span>
        <${Icon} name="chevron" class="moment-chevron" />
      </button>
      ${open && !hidden && html`
        <div class="moment-more">
          <${Evidence} moment=${moment} metric=${metric} />
          <div class="moment-actions">
            <button type="button" class="button small" onClick=${() => onShow(moment)}><${Icon} name="chart" size=${14} /> Show on the charts</button>
            <${Copy} text="${location.origin}${location.pathname}?moment=${moment.moment_id}" label="Copy link" class="small plain" />
          </div>
        </div>`}
    </li>`;
}
