/** The fields of a connector's form, as data: what each is called, how it is typed in, and when it is of use. */
/** @import { Draft } from "./draft.js" */

/**
 * `form`: how its text becomes a value (draft.js). `wide`: a row of its own. `when`: whether it is of use in this draft.
 * @typedef {{
 *   name: string, label: string, form: "text" | "number" | "choice" | "json" | "loose" | "messages" | "secrets",
 *   help?: string, example?: string, unit?: string, choices?: string[], wide?: boolean, lines?: number,
 *   when?: (draft: Draft) => boolean,
 * }} Field
 * @typedef {{ title: string, help?: string, folded?: boolean, fields: Field[], when?: (draft: Draft) => boolean }} Section
 */

/** @param {Draft} draft */
const isSocket = (draft) => /^wss?:/i.test(String(draft.api_url ?? "").trim());
/** @param {Draft} draft */
const isRest = (draft) => /^https?:/i.test(String(draft.api_url ?? "").trim());

/** The credentials that an authentication asks for; names with `?` may be left out. @type {Record<string, string[]>} */
export const CREDENTIALS = {
  "API Key": ["api_key", "header?", "parameter?"],
  "Bearer Token": ["token"],
  "Basic Auth": ["username", "password"],
  HMAC: ["api_key", "api_secret", "passphrase?"],
};

/** @type {Section[]} */
export const SECTIONS = [
  {
    title: "Source",
    fields: [
      { name: "name", label: "Name", form: "text", example: "OKX trades" },
      { name: "exchange_name", label: "Exchange", form: "text", example: "okx", help: "Leads the names of its streams. The host where it is empty." },
      { name: "api_url", label: "Address", form: "text", wide: true, example: "wss://ws.okx.com:8443/ws/v5/public", help: "wss:// is listened to, https:// is asked again and again." },
      { name: "format", label: "Format", form: "choice", choices: ["auto", "okx", "binance", "twitch", "generic", "csv", "text"], help: "auto looks at the first messages." },
    ],
  },
  {
    title: "WebSocket",
    when: isSocket,
    fields: [
      {
        name: "subscribe_messages", label: "Messages to send at each connect", form: "messages", wide: true, lines: 4,
        example: '{"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}',
        help: "One a line, JSON or text. {{timestamp}}, {{signature}} and credentials in double braces are filled in.",
      },
      { name: "ping", label: "Ping", form: "json", example: '{"text": "ping", "interval": 20}', help: "What keeps the connection open, where the source wants it." },
      { name: "rotate_after", label: "New connection every", form: "number", unit: "s" },
    ],
  },
  {
    title: "REST",
    when: isRest,
    fields: [
      { name: "http_method", label: "Method", form: "choice", choices: ["GET", "POST", "PUT", "PATCH", "DELETE"] },
      { name: "polling_interval", label: "Ask every", form: "number", unit: "ms", example: "1000" },
      { name: "query_params", label: "Query parameters", form: "secrets", wide: true, help: "Stored encrypted and never shown again." },
      { name: "body", label: "Body", form: "loose", wide: true, lines: 3, help: "JSON or text." },
      { name: "cursor", label: "Cursor", form: "json", example: '{"parameter": "after", "path": "next"}', help: "Each answer names what the next request sends." },
      { name: "time_window", label: "Time window", form: "json", example: '{"start": "from", "end": "to", "unit": "ms"}', help: "Or each request asks for the time since the last." },
    ],
  },
  {
    title: "Authentication",
    fields: [
      { name: "auth_type", label: "Kind", form: "choice", choices: ["None", "API Key", "Bearer Token", "HMAC", "Basic Auth"] },
      { name: "auth_layout", label: "What is signed", form: "loose", example: "okx", help: "okx, binance, or a layout as JSON.", when: (draft) => draft.auth_type === "HMAC" },
      { name: "credentials", label: "Credentials", form: "secrets", wide: true, help: "Stored encrypted and never shown again.", when: (draft) => draft.auth_type !== "None" },
      { name: "headers", label: "Headers", form: "secrets", wide: true, help: "Stored encrypted and never shown again." },
    ],
  },
  {
    title: "Reading and recovery",
    folded: true,
    fields: [
      { name: "stale_after", label: "Stale after", form: "number", unit: "s", help: "Silence that is not usual for this feed." },
      { name: "max_reconnect_attempts", label: "Attempts to reconnect", form: "number", example: "0", help: "0: for ever." },
      { name: "mapping", label: "Mapping", form: "json", wide: true, lines: 4, example: '{"paths": {"price": "p", "size": "q"}}', help: "Where the generic format finds what." },
      { name: "backfill", label: "Back-fill of gaps", form: "json", wide: true, lines: 4, help: "The REST request that fetches what a gap has lost." },
    ],
  },
];

/** @param {Draft} draft the sections of use in it, with their fields of use @returns {Section[]} */
export const sectionsOf = (draft) =>
  SECTIONS.filter((section) => !section.when || section.when(draft)).map((section) => ({
    ...section,
    fields: section.fields.filter((field) => !field.when || field.when(draft)),
  }));

export const ALL_FIELDS = SECTIONS.flatMap((section) => section.fields);
