/** A connector as it stands in the form (texts), and as the API takes it (values). Pure. */
import { ALL_FIELDS, CREDENTIALS, sectionsOf } from "./fields.js";
/** @import { Connector } from "../types.js" */
/** @import { Field } from "./fields.js" */

/** The mask of a stored secret: sent back, it keeps what is stored. */
export const MASK = "***";

/** A name and its value; `stored`: the server holds a value that it never shows. @typedef {{ name: string, value: string, stored: boolean }} Pair */
/** Texts by field, and pairs for what is secret. @typedef {Record<string, string | Pair[]>} Draft */
/** What is wrong, by field. @typedef {Record<string, string>} Faults */

/** @type {Draft} */
const NEW = { format: "auto", http_method: "GET", auth_type: "None", headers: [], query_params: [], credentials: [] };

/** @param {string} address @returns {Draft} of a new connector */
export const newDraft = (address) => ({ ...NEW, api_url: address });

/** @param {Connector} connector @returns {Draft} */
export function draftOf(connector) {
  /** @type {Draft} */
  const draft = {};
  for (const field of ALL_FIELDS) draft[field.name] = textOf(field, connector[field.name]);
  return draft;
}

/** @param {Field} field @param {any} value @returns {string | Pair[]} */
function textOf(field, value) {
  if (field.form === "secrets") return Object.keys(value ?? {}).map((name) => ({ name, value: MASK, stored: true }));
  if (value === null || value === undefined) return "";
  if (field.form === "messages") return value.map(messageText).join("\n");
  if (field.form === "json") return Object.keys(value).length ? JSON.stringify(value, null, 2) : "";
  if (field.form === "loose") return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return String(value);
}

/** A text that reads as JSON is written as JSON, so that it stays a text. @param {unknown} message */
const messageText = (message) => (typeof message === "string" && parsed(message) === undefined && !message.includes("\n") ? message : JSON.stringify(message));

/**
 * The values of a draft. Of a stored connector only those that differ from it.
 * @param {Draft} draft @param {Draft | null} stored
 * @returns {{ body: Record<string, unknown>, faults: Faults }}
 */
export function bodyOf(draft, stored) {
  /** @type {Record<string, unknown>} */
  const body = {};
  /** @type {Faults} */
  const faults = {};
  const used = namesOf(draft);
  const before = stored && namesOf(stored);
  for (const field of ALL_FIELDS) {
    const isUsed = used.has(field.name);
    if (!isUsed && !before?.has(field.name)) continue;
    const given = isUsed ? (draft[field.name] ?? "") : blank(field);
    if (stored && JSON.stringify(given) === JSON.stringify(stored[field.name] ?? blank(field))) continue;
    const value = valueOf(field, given, faults);
    if (value !== undefined) body[field.name] = value;
    else if (stored && !faults[field.name]) body[field.name] = DEFAULTS[field.name] ?? null;
  }
  return { body, faults };
}

/** The fields of use. @param {Draft} draft */
const namesOf = (draft) => new Set(sectionsOf(draft).flatMap((section) => section.fields.map((field) => field.name)));

/** What an emptied field of a stored connector goes back to; the others to nothing. @type {Record<string, unknown>} */
const DEFAULTS = { subscribe_messages: [], mapping: {}, headers: {}, query_params: {}, credentials: {}, max_reconnect_attempts: 0, polling_interval: 1000, http_method: "GET", name: "", api_url: "" };

/** @param {Field} field */
const blank = (field) => (field.form === "secrets" ? [] : "");

/** @param {Field} field @param {string | Pair[]} given @param {Faults} faults @returns {unknown} undefined: nothing was given */
function valueOf(field, given, faults) {
  if (typeof given !== "string") {
    const named = given.filter((pair) => pair.name.trim() && pair.value !== "");
    return named.length ? Object.fromEntries(named.map((pair) => [pair.name.trim(), pair.value])) : undefined;
  }
  const text = given.trim();
  if (text === "") return undefined;
  if (field.form === "messages") return messagesOf(text);
  if (field.form === "loose") return parsed(text) ?? text;
  if (field.form === "number" || field.form === "json") {
    const value = field.form === "number" ? Number(text) : parsed(text);
    if (value !== undefined && !Number.isNaN(value)) return value;
    faults[field.name] = field.form === "number" ? "is no number" : "is no valid JSON";
    return undefined;
  }
  return text;
}

/** A JSON list as a whole, else a message a line. @param {string} text @returns {unknown[]} */
function messagesOf(text) {
  const whole = parsed(text);
  if (Array.isArray(whole)) return whole;
  if (whole !== undefined) return [whole];
  return text.split("\n").filter((line) => line.trim()).map((line) => parsed(line) ?? line.trim());
}

/** @param {string} text @returns {any} undefined: no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The pairs that an authentication asks for, with what is there already. @param {string} kind @param {Pair[]} pairs @returns {Pair[]} */
export function credentialsFor(kind, pairs) {
  const wanted = (CREDENTIALS[kind] ?? []).map((name) => name.replace("?", ""));
  const own = wanted.map((name) => pairs.find((pair) => pair.name === name) ?? { name, value: "", stored: false });
  return kind === "None" ? [] : own;
}

/**
 * What the server says of fields, by the fields that a form shows; the others in a list.
 * @param {{ field: string, detail: string }[]} errors @param {string[]} shown
 * @returns {{ faults: Faults, others: string[] }}
 */
export function faultsOf(errors, shown) {
  /** @type {Faults} */
  const faults = {};
  const others = [];
  for (const { field, detail } of errors) {
    const place = shown.find((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
    if (!place) others.push(detail);
    else {
      const own = detail.startsWith(`${place}: `) ? detail.slice(place.length + 2) : detail.startsWith(`${place}.`) ? detail.slice(place.length + 1) : detail;
      faults[place] = faults[place] ? `${faults[place]}; ${own}` : own;
    }
  }
  return { faults, others };
}
