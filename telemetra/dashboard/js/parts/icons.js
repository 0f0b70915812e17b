/** Line icons of 16 units, drawn for this page. They are decoration: what they mean stands beside them as text. */
import { html } from "../view.js";

/** @type {Record<string, string>} */
const PATHS = {
  up: "M2 11.5 6 7l2.8 2.6L14 4M10 4h4v4",
  down: "M2 4.5 6 9l2.8-2.6L14 12M10 12h4V8",
  turn: "M2 8c1.5-4 3-4 4.5-1s3 5.5 4.5 2.5S13.500 5 14 5",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.600-1.400L14 14",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z",
  auto: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5h3.500M8 8h5.500M8 11h3.500",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  hidden: "M3 3l10 10M6.500 4A7 7 0 0 1 8 3.700C12 3.700 14.500 8 14.500 8a12 12 0 0 1-2 2.500M4.300 5.200A12 12 0 0 0 1.500 8S4 12.500 8 12.500c1 0 1.900-.300 2.700-.700",
  link: "M6.500 9.500a2.500 2.500 0 0 0 3.700.200l2.300-2.300a2.500 2.500 0 0 0-3.600-3.600l-.700.800M9.500 6.500a2.500 2.500 0 0 0-3.700-.200L3.500 8.600a2.500 2.500 0 0 0 3.600 3.600l.700-.800",
  chart: "M2 2v12h12M5 10l2.500-3 2 2L13 5",
  close: "M4 4l8 8M12 4l-8 8",
  chevron: "M6 4l4 4-4 4",
  warning: "M8 2 1.500 13.500h13L8 2ZM8 6.500V10M8 11.800v.100",
  check: "M3 8.500 6.500 12 13 4.500",
  plus: "M8 3v10M3 8h10",
  play: "M5 3.500v9l7-4.500-7-4.500Z",
  stop: "M4.500 4.500h7v7h-7z",
  edit: "M10.500 3l2.500 2.500L6 12.500l-3 .500.500-3 7-7Z",
  trash: "M3 4.500h10M6.500 4V2.500h3V4M4.500 4.500l.500 9h6l.500-9",
  reset: "M3 8a5 5 0 1 0 1.500-3.500L3 6M3 2.500V6h3.500",
  external: "M6 3H3v10h10v-3M9 3h4v4M13 3 7.500 8.500",
  people: "M6 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM1.500 13c.500-2.500 2.200-3.500 4.500-3.500s4 1 4.500 3.500M10.500 3.300a2.500 2.500 0 0 1 0 4.500M12 9.800c1.400.500 2.200 1.600 2.500 3.200",
};

/** @param {{ name: string, size?: number, class?: string }} properties */
export const Icon = ({ name, size = 16, class: style = "" }) => html`
  <svg class="icon ${style}" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? ""} />
  </svg>`;

export const Mark = () => html`
  <svg class="mark" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" />
    <path d="M5 18h5l3-9 5 15 3.2-8.4.6 2.4H27" />
  </svg>`;
