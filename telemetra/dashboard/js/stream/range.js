/** Which part of the stream's time is shown: the last quarter, the last hour, all of it, or a part chosen by hand. */
import { MINUTE, toSeconds } from "./model.js";
/** @import { Moment } from "../types.js" */

/** @typedef {{ name: "15m" | "1h" | "all" } | { name: "part", from: number, to: number }} Choice */
/** @typedef {{ from: number, to: number }} Range in seconds */

const LENGTHS = { "15m": 15 * MINUTE, "1h": 60 * MINUTE };
const LEAST = 2 * MINUTE;
const AROUND_BEFORE = 12 * MINUTE;
const AROUND_AFTER = 8 * MINUTE;

/** @param {Choice} choice @param {number | undefined} first @param {number} last @returns {Range} */
export function rangeOf(choice, first, last) {
  if (choice.name === "part") return { from: choice.from, to: choice.to };
  const start = choice.name === "all" ? (first ?? last) - MINUTE / 2 : last - LENGTHS[choice.name];
  return { from: Math.min(start, last - LEAST), to: last };
}

/** @param {Moment} moment @returns {Choice} with what led to it and what followed */
export function around(moment) {
  const onset = toSeconds(moment.timestamp);
  const end = moment.ended_at ? toSeconds(moment.ended_at) : onset + MINUTE;
  return { name: "part", from: onset - AROUND_BEFORE, to: end + AROUND_AFTER };
}

/** @param {Range} range @param {number} factor < 1 comes nearer @param {number} centre @returns {Choice} */
export function zoomed(range, factor, centre) {
  const half = Math.max(LEAST / 2, ((range.to - range.from) * factor) / 2);
  return { name: "part", from: centre - half, to: centre + half };
}

/** From the address: `range=1h`, or `from` and `to`. @param {URLSearchParams} query @returns {Choice | null} */
export function fromAddress(query) {
  const name = query.get("range");
  if (name === "15m" || name === "1h" || name === "all") return { name };
  const from = toSeconds(query.get("from") ?? "");
  const to = toSeconds(query.get("to") ?? "");
  return from < to ? { name: "part", from, to } : null;
}

/** @param {Choice} choice @returns {Record<string, string>} the parameters of the address */
export function toAddress(choice) {
  if (choice.name !== "part") return { range: choice.name, from: "", to: "" };
  return { range: "", from: iso(choice.from), to: iso(choice.to) };
}

/** @param {number} seconds */
const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
