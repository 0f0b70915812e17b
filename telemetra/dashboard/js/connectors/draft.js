/** A connector while it is typed: texts by field, and the request that they make. */
/** @import { Connector, Preset } from "../types.js" */

export const MASK = "***";
/** What each way of signing in needs, as the server names it. @type {Record<string, [string, string, boolean][]>} */
export const CREDENTIALS = {
  None: [],
  "API Key": [["api_key", "API key", true], ["header", "Header (X-API-Key if empty)", false]],
  "Bearer Token": [["token", "Token", true]],
  "Basic Auth": [["username", "User name", true], ["password", "Password", true]],
  HMAC: [["api_key", "API key", true], ["api_secret", "API secret", true], ["passphrase", "Passphrase, where the venue has one", false]],
};
const PLAIN = /** @type {const} */ (["name", "api_url", "exchange_name", "format", "auth_type"]);
const JSON_FIELDS = /** @type {const} */ (["headers", "query_params", "subscribe_messages", "mapping", "ping", "cursor", "time_window", "backfill"]);
export const MORE_FIELDS = /** @type {[string, string, string][]} */ ([
  ["subscribe_messages", "Subscribe messages", "A JSON list, sent after every connect; {{timestamp}}, {{signature}} and others are filled in"],
  ["headers", "Headers", "A JSON object; stored values are shown as ***"],
  ["query_params", "Query parameters", "A JSON object; stored values are shown as ***"],
  ["mapping", "Mapping", "Options of the format: stream, instrument, paths"],
  ["ping", "Ping", '{"text": "ping", "interval": 20}'],
  ["backfill", "Back-fill", "The REST request that fetches what a gap has lost"],
]);

/** @typedef {Record<string, string>} Draft */

/** @param {Connector | null} connector @returns {Draft} */
export function draftOf(connector) {
  /** @type {Draft} */
  const draft = { format: "auto", auth_type: "None", polling_interval: "1000" };
  if (!connector) return draft;
  for (const field of PLAIN) draft[field] = connector[field] ?? "";
  draft.polling_interval = String(connector.polling_interval);
  for (const field of JSON_FIELDS) {
    const value = connector[field];
    const isEmpty = value === null || value === undefined || Object.keys(value).length === 0;
    draft[field] = isEmpty ? "" : JSON.stringify(value, null, 2);
  }
  for (const name of Object.keys(connector.credentials ?? {})) draft[`credentials.${name}`] = MASK;
  return draft;
}

/** Raised when a text is no JSON: the field and why, in the form of the server's own errors. */
export class DraftProblem extends Error {
  /** @param {string} field @param {string} detail */
  constructor(field, detail) {
    super(`${field}: ${detail}`);
    this.fields = [{ field, code: "invalid_json", detail: `${field}: ${detail}` }];
  }
}

/** The body of a request; what is empty is left out, or null where it is to be taken away. @param {Draft} draft @param {Connector | null} before */
export function bodyOf(draft, before) {
  /** @type {Record<string, any>} */
  const body = {};
  for (const field of PLAIN) if (draft[field]) body[field] = draft[field];
  if (draft.polling_interval && !/^wss?:/.test(draft.api_url ?? "")) body.polling_interval = Number(draft.polling_interval);
  for (const field of JSON_FIELDS) {
    if (draft[field]?.trim()) body[field] = parsed(field, draft[field]);
    else if (before) body[field] = field === "subscribe_messages" ? [] : ["headers", "query_params", "mapping"].includes(field) ? {} : null;
  }
  const names = (CREDENTIALS[draft.auth_type ?? "None"] ?? []).map(([name]) => name);
  const kept = before && before.auth_type === draft.auth_type ? Object.keys(before.credentials ?? {}) : [];
  const credentials = [...new Set([...names, ...kept])].filter((name) => draft[`credentials.${name}`]).map((name) => [name, draft[`credentials.${name}`]]);
  if (credentials.length || before) body.credentials = Object.fromEntries(credentials);
  return body;
}

/** @param {Preset} preset @param {Draft} draft */
export function presetBody(preset, draft) {
  /** @type {Record<string, any>} */
  const parameters = {};
  for (const { name, form } of preset.parameters) {
    const text = draft[`parameters.${name}`]?.trim();
    if (text) parameters[name] = form === "list" ? text.split(/[\s,]+/).filter(Boolean) : text;
  }
  return { preset: preset.name, parameters, ...(draft.name ? { name: draft.name } : {}) };
}

/** @param {string} field @param {string} text */
function parsed(field, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new DraftProblem(field, "is no JSON");
  }
}
