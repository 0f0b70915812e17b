/** Numbers and times as the reader's locale writes them. Times show the local zone; UTC stands in their title. */
/** @import { Metric } from "./types.js" */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const score = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const price = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 8 });
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const dayYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const utc = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "short" });
/** @type {Map<string, Intl.NumberFormat>} */
const currencies = new Map();

export const NOTHING = "–";

/** @param {number} value */
export const number = (value) => (Math.abs(value) < 10 && !Number.isInteger(value) ? tenth : whole).format(value);
/** @param {number} value */
export const short = (value) => (Math.abs(value) < 10_000 ? number(value) : compact.format(value));
/** @param {number} share 0.12 is 12 % */
export const change = (share) => percent.format(share);

/** @param {number} value @param {string} currency */
export function money(value, currency) {
  let format = currencies.get(currency);
  if (!format) {
    format = /^[A-Z]{3}$/.test(currency)
      ? new Intl.NumberFormat(undefined, { style: "currency", currency, currencyDisplay: "narrowSymbol" })
      : new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
    currencies.set(currency, format);
  }
  return format.format(value);
}

/** The number of a metric in a minute, null where it is not known.
 * @param {Metric} metric @param {Record<string, any> | null | undefined} fields @returns {number | null} */
export function valueOf(metric, fields) {
  if (!fields || (metric.known && fields[metric.known] === false)) return null;
  const raw = fields[metric.name];
  if (raw === null || raw === undefined || typeof raw === "object") return null;
  const value = Number(raw);
  return Number.isFinite(value) ? value : null;
}

/** @param {Metric} metric @param {number | null} value @returns {string} */
export function metricText(metric, value) {
  if (value === null) return NOTHING;
  if (metric.form === "score") return score.format(value);
  if (metric.form === "money") return money(value, metric.unit);
  if (metric.form === "price") return price.format(value);
  return short(value);
}

/** @param {string | number} time */
const date = (time) => new Date(time);
/** `14:05`, with the day where it is not today's. @param {string | number} time @param {number} today */
export function moment(time, today) {
  const at = date(time);
  const hours = clockTime.format(at);
  if (at.toDateString() === date(today).toDateString()) return hours;
  return `${(Math.abs(today - at.getTime()) > 300 * 86_400_000 ? dayYear : day).format(at)}, ${hours}`;
}
/** @param {string | number} time */
export const seconds = (time) => clockSeconds.format(date(time));
/** @param {string | number} time */
export const minutes = (time) => clockTime.format(date(time));
/** @param {string | number} time */
export const inUtc = (time) => `${utc.format(date(time))} UTC`;

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]]);

/** `3 min. ago`. @param {number} secondsAgo */
export function ago(secondsAgo) {
  if (secondsAgo < 2) return "just now";
  const [unit, size] = UNITS.find(([, each]) => secondsAgo >= each) ?? ["second", 1];
  return relative.format(-Math.floor(secondsAgo / size), unit);
}

/** `2 h 05 min`, `4 min 10 s`, `45 s`. @param {number} length in seconds */
export function duration(length) {
  const rest = Math.max(0, Math.round(length));
  if (rest < 60) return `${rest} s`;
  if (rest < 3600) return rest % 60 ? `${Math.floor(rest / 60)} min ${rest % 60} s` : `${rest / 60} min`;
  if (rest < 86_400) return `${Math.floor(rest / 3600)} h ${String(Math.floor((rest % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(rest / 86_400)} d ${Math.floor((rest % 86_400) / 3600)} h`;
}
