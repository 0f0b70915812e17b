/** What frames every page: the bar with its links and switches, and what screen readers are told. */
import { setPrefs, usePrefs } from "../prefs.js";
import { useSignal } from "../signal.js";
import { announcement, connection } from "../status.js";
import { html } from "../view.js";
import { Icon, Mark } from "./icons.js";

const LINKS = /** @type {[string, string, string][]} */ ([
  ["/", "Streams", "chart"],
  ["/connectors", "Connectors", "link"],
  ["/trust", "Trust", "check"],
]);
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };
const CONNECTIONS = { connecting: "Connecting", live: "Connected", lost: "Reconnecting" };

/** @param {{ path: string, children?: any }} properties */
export function Shell({ path, children }) {
  return html`
    <a class="skip" href="#main">Skip to content</a>
    <header class="bar">
      <div class="bar-inner">
        <a class="brand" href="/"><${Mark} /><span>Telemetra</span></a>
        <nav aria-label="Pages">
          ${LINKS.map(([href, text, icon]) => {
            const here = href === "/" ? path === "/" || path.startsWith("/streams/") : path.startsWith(href);
            return html`<a key=${href} href=${href} aria-current=${here ? "page" : undefined}><${Icon} name=${icon} />${text}</a>`;
          })}
        </nav>
        <div class="bar-tools"><${ConnectionPill} /><${Switches} /></div>
      </div>
    </header>
    <main id="main" tabindex="-1">${children}</main>
    <${Announcer} />`;
}

function ConnectionPill() {
  const state = useSignal(connection);
  if (state === null) return null;
  return html`<span class="pill pill-${state}" role="status"><span class="dot" aria-hidden="true"></span><span>${CONNECTIONS[state]}</span></span>`;
}

function Switches() {
  const { theme, calm } = usePrefs();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return html`
    <button type="button" class="tool" aria-pressed=${calm} title=${calm ? "Calm mode: viewer counts are hidden" : "Calm mode: hide viewer counts"}
      aria-label="Calm mode: hide viewer counts" onClick=${() => setPrefs({ calm: !calm })}>
      <${Icon} name=${calm ? "hidden" : "eye"} />
    </button>
    <button type="button" class="tool" title="Theme: ${theme}" aria-label="Theme: ${theme}. Change to ${next}" onClick=${() => setPrefs({ theme: next })}>
      <${Icon} name=${THEME_ICONS[theme]} />
    </button>`;
}

function Announcer() {
  return html`<div class="unseen" role="status" aria-live="polite">${useSignal(announcement)}</div>`;
}
