/** Chooses what an overlay shows, with the stream's own numbers in a preview, and gives the address for OBS. */
import { path } from "../api.js";
import { Segments } from "../parts/basics.js";
import { Copy } from "../parts/copy.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";
import { words } from "../strings.js";
import { html, useState } from "../view.js";
import { CORNERS, figures, MOST_EMOTES, THEMES, USUAL, usualMetrics, writeOptions } from "./options.js";
import { OverlayView } from "./view.js";
/** @import { Kind, Minute, Moment } from "../types.js" */
/** @import { OverlayOptions } from "./options.js" */
/** @import { OverlayState } from "./view.js" */

const SCALES = [75, 100, 125, 150, 200];

/** @typedef {Event & { currentTarget: HTMLInputElement }} Checked @typedef {Event & { currentTarget: HTMLSelectElement }} Selected */

/**
 * @param {{ streamId: string, kind: Kind, update: Minute | null, state: OverlayState, age: number | null, moment: Moment | null, onClose: () => void }} properties
 * `moment`: one to show as an example
 */
export function OverlayBuilder({ streamId, kind, update, state, age, moment, onClose }) {
  const [options, setOptions] = useState(USUAL);
  const usual = usualMetrics(kind).map(({ name }) => name);
  const names = options.metrics ?? usual;
  const top = kind.metrics.find((metric) => metric.form === "top");
  const address = `${location.origin}${path`/overlay/${streamId}`}${writeOptions(options)}`;
  /** @param {Partial<OverlayOptions>} changes */
  const change = (changes) => setOptions({ ...options, ...changes });
  /** @param {string} name @param {boolean} wanted */
  const choose = (name, wanted) => {
    const chosen = figures(kind).map((metric) => metric.name).filter((each) => (each === name ? wanted : names.includes(each)));
    change({ metrics: chosen.join() === usual.join() ? null : chosen });
  };
  return html`
    <${Dialog} title="An overlay for OBS" wide onClose=${onClose}>
      <p class="quiet">Choose, copy the address, and add it in OBS as a <strong>Browser</strong> source, such as 900 × 400. It says so itself when its numbers are old.</p>
      <div class="builder">
        <div class="builder-choices">
          <fieldset><legend>Figures</legend>
            ${figures(kind).map((metric) => html`
              <label key=${metric.name} class="check"><input type="checkbox" checked=${names.includes(metric.name)}
                onChange=${(/** @type {Checked} */ event) => choose(metric.name, event.currentTarget.checked)} /> ${metric.label}</label>`)}
          </fieldset>
          <fieldset><legend>Beside them</legend>
            <label class="check"><input type="checkbox" checked=${options.moments} onChange=${(/** @type {Checked} */ event) => change({ moments: event.currentTarget.checked })} /> Moments pop up</label>
            ${top && html`<label class="check"><${Pick} value=${options.emotes} values=${[...Array(MOST_EMOTES + 1).keys()]} text=${(/** @type {number} */ n) => n || "no"} onChange=${(/** @type {number} */ emotes) => change({ emotes })} /> ${top.label.toLowerCase()}</label>`}
          </fieldset>
          <fieldset><legend>Look</legend>
            <${Segments} label="Text and glass" value=${options.theme} options=${THEMES.map((name) => [name, words(name)])} onChange=${(/** @type {string} */ theme) => change({ theme })} />
            <label class="check"><input type="checkbox" checked=${options.background} onChange=${(/** @type {Checked} */ event) => change({ background: event.currentTarget.checked })} /> Glass behind the text</label>
            <label class="check">Size <${Pick} value=${options.scale} values=${SCALES} text=${(/** @type {number} */ n) => `${n} %`} onChange=${(/** @type {number} */ scale) => change({ scale })} /></label>
          </fieldset>
          <fieldset><legend>Corner</legend>
            <div class="corners">
              ${CORNERS.map((corner) => html`
                <button type="button" key=${corner} class="corner at-${corner}" aria-pressed=${options.corner === corner} aria-label=${words(corner.replace("-", " "))} title=${words(corner.replace("-", " "))}
                  onClick=${() => change({ corner })}><span></span></button>`)}
            </div>
          </fieldset>
        </div>
        <div class="builder-stage" role="group" aria-label="Preview">
          <div class="builder-scene"><${OverlayView} kind=${kind} options=${options} state=${state} age=${age} update=${update} moment=${moment} /></div>
        </div>
      </div>
      <div class="builder-address">
        <input class="input" type="text" readonly aria-label="Address" value=${address} onFocus=${(/** @type {Checked} */ event) => event.currentTarget.select()} />
        <${Copy} text=${address} label="Copy" class="primary" />
      </div>
      <div class="dialog-actions">
        <a class="button plain" href=${address} target="_blank" rel="noopener"><${Icon} name="external" size=${14} /> Open it</a>
        <button type="button" class="button" onClick=${onClose}>Close</button>
      </div>
    </${Dialog}>`;
}

/** @param {{ value: number, values: number[], text: (n: number) => any, onChange: (n: number) => void }} properties */
const Pick = ({ value, values, text, onChange }) => html`
  <select class="select" value=${value} onChange=${(/** @type {Selected} */ event) => onChange(Number(event.currentTarget.value))}>
    ${values.map((each) => html`<option key=${each} value=${each}>${text(each)}</option>`)}
  </select>`;
