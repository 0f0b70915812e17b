/** Small pieces that every page uses. */
import { now, useClock } from "../clock.js";
import { ago, duration, inUtc, moment } from "../format.js";
import { html } from "../view.js";
import { Icon } from "./icons.js";
/** @import { StreamState } from "../types.js" */

/** A time in the reader's zone; UTC in its title. @param {{ at: string | number, text?: string, class?: string }} properties */
export const Time = ({ at, text, class: style }) => html`
  <time class=${style} datetime=${new Date(at).toISOString()} title=${inUtc(at)}>${text ?? moment(at, now())}</time>`;

/** `3 min. ago`, stepping on by itself. @param {{ at: string | number, class?: string }} properties */
export function Ago({ at, class: style }) {
  const text = useClock((time) => ago(Math.max(0, (time - new Date(at).getTime()) / 1000)));
  return html`<${Time} at=${at} class=${style} text=${text} />`;
}

/** How long ago, as a length: `12 s`. @param {{ at: string | number }} properties */
export function Age({ at }) {
  return html`<${Time} at=${at} text=${useClock((time) => duration((time - new Date(at).getTime()) / 1000))} />`;
}

const STATES = { live: "Live", stale: "Stale", ended: "Ended" };

/** @param {{ state: StreamState, title?: string }} properties */
export const StateBadge = ({ state, title }) => html`
  <span class="badge state-${state}" title=${title}><span class="dot" aria-hidden="true"></span>${STATES[state]}</span>`;

/** @param {{ tone?: "neutral" | "good" | "warn" | "bad" | "accent", title?: string, children?: any }} properties */
export const Badge = ({ tone = "neutral", title, children }) => html`<span class="badge tone-${tone}" title=${title}>${children}</span>`;

/** One of several choices, as buttons side by side.
 * @param {{ label: string, value: string, options: [string, any][], onChange: (value: string) => void }} properties */
export const Segments = ({ label, value, options, onChange }) => html`
  <div class="segments" role="group" aria-label=${label}>
    ${options.map(
      ([name, text]) => html`<button type="button" key=${name} aria-pressed=${name === value} onClick=${() => onChange(name)}>${text}</button>`,
    )}
  </div>`;

/** Something that went wrong, in the server's words. @param {{ error: Error, retry?: () => void, title?: string }} properties */
export const Problem = ({ error, retry, title = "This could not be loaded" }) => html`
  <div class="problem" role="alert">
    <${Icon} name="warning" size=${20} />
    <div><strong>${title}</strong><p>${error.message}</p></div>
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  </div>`;

/** A place that is empty, and what to do about it. @param {{ title: string, class?: string, children?: any }} properties */
export const Empty = ({ title, class: style = "", children }) => html`<div class="empty ${style}"><strong>${title}</strong><div>${children}</div></div>`;

/** Grey bars where something will be. @param {{ lines?: number, class?: string }} properties */
export const Skeleton = ({ lines = 3, class: style = "" }) => html`
  <div class="skeleton ${style}" role="status" aria-label="Loading">${Array.from({ length: lines }, (_, n) => html`<span key=${n}></span>`)}</div>`;

/** A card of the page. @param {{ title?: any, aside?: any, class?: string, id?: string, children?: any }} properties */
export const Card = ({ title, aside, class: style = "", id, children }) => html`
  <section class="card ${style}" aria-label=${typeof title === "string" ? title : undefined} id=${id}>
    ${title && html`<header class="card-head"><h2>${title}</h2>${aside && html`<div class="card-aside">${aside}</div>`}</header>`}
    ${children}
  </section>`;
