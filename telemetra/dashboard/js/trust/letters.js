/** Refused events, with the reason and what was sent; each can be sent again once the reason is gone. */
import { path, post, query } from "../api.js";
import { useLoad } from "../load.js";
import { Badge, Card, Empty, Problem, Segments, Skeleton, Time } from "../parts/basics.js";
import { announce } from "../status.js";
import { words } from "../strings.js";
import { html, useState } from "../view.js";
/** @import { DeadLetter } from "../types.js" */

const PAGE = 20;

export function Letters() {
  const [which, setWhich] = useState("open");
  const [limit, setLimit] = useState(PAGE);
  const { data, error, loading, reload } = useLoad(`/api/v1/dead-letters${query({ limit: limit + 1, redriven: which === "open" ? false : which === "again" ? true : null })}`, { everySeconds: 10 });
  const letters = /** @type {DeadLetter[]} */ (data ?? []);
  return html`
    <${Card} title="Dead letters" class="letters" id="dead-letters" aside=${html`
      <${Segments} label="Which" value=${which} onChange=${setWhich} options=${[["open", "Open"], ["again", "Sent again"], ["all", "All"]]} />`}>
      ${error
        ? html`<${Problem} error=${error} retry=${reload} />`
        : loading
          ? html`<${Skeleton} />`
          : letters.length === 0
            ? html`<${Empty} title=${which === "open" ? "None is open" : "None"}>What is refused is kept here with its reason.</${Empty}>`
            : html`
              <ul class="letter-list">${letters.slice(0, limit).map((letter) => html`<${Letter} key=${letter.id} letter=${letter} onDone=${reload} />`)}</ul>
              ${letters.length > limit && html`<button type="button" class="button plain more" onClick=${() => setLimit(limit + PAGE)}>Show more</button>`}`}
    </${Card}>`;
}

/** @param {{ letter: DeadLetter, onDone: () => void }} properties */
function Letter({ letter, onDone }) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const again = async () => {
    setBusy(true);
    setFailed("");
    try {
      const answer = await post(path`/api/v1/dead-letters/${letter.id}/redrive`);
      announce(`Sent again: ${answer.outcome}`);
      onDone();
    } catch (error) {
      setFailed(/** @type {Error} */ (error).message);
    } finally {
      setBusy(false);
    }
  };
  return html`
    <li class="letter">
      <div class="letter-line">
        <${Badge} tone=${letter.disposition === "dead" ? "bad" : "warn"}>${words(letter.code)}</${Badge}>
        <span class="letter-detail">${letter.detail}</span>
        <span class="quiet letter-when">${letter.source} · <${Time} at=${letter.received_at} /></span>
        ${letter.redriven_at
          ? html`<${Badge} tone="good">Sent again</${Badge}>`
          : html`<button type="button" class="button small" disabled=${busy} onClick=${again}>${busy ? "Sending" : "Send again"}</button>`}
      </div>
      ${failed && html`<p class="letter-failed" role="alert">Still refused: ${failed}</p>`}
      <details><summary>What was sent</summary><pre tabindex="0">${letter.raw}</pre></details>
    </li>`;
}
