/** A button that puts a text on the clipboard and says so. */
import { html, useState } from "../view.js";
import { Icon } from "./icons.js";

/** @param {{ text: string, label: string, class?: string }} properties */
export function Copy({ text, label, class: style = "" }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      prompt("Copy this", text); // without permission, or without TLS
    }
  };
  return html`<button type="button" class="button ${style}" onClick=${copy}><${Icon} name=${copied ? "check" : "link"} size=${14} /> ${copied ? "Copied" : label}</button>`;
}
