/** The product's REST API. Every error becomes an ApiError with the server's own words. */

import { heard } from "./clock.js";

const TIMEOUT_MS = 15_000;
/** The header `Date` leaves out the fraction of its second. */
const HALF_SECOND_MS = 500;

export class ApiError extends Error {
  /**
   * @param {string} detail for people
   * @param {{ status?: number, code?: string, fields?: { field: string, code: string, detail: string }[] }} [more]
   */
  constructor(detail, { status = 0, code = "unreachable", fields = [] } = {}) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }

  /** Whether the server could not be asked at all. */
  get unreachable() {
    return this.status === 0;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, signal?: AbortSignal }} [options]
 * @returns {Promise<any>} the decoded answer, null where there is none
 */
async function ask(method, path, { body, signal } = {}) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? { Accept: "application/json" } : { Accept: "application/json", "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server cannot be reached.");
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isFinite(date)) heard(date + HALF_SECOND_MS);
  const text = await response.text();
  const answer = text ? parse(text) : null;
  if (response.ok) return answer;
  throw new ApiError(answer?.detail ?? `The server answered ${response.status}.`, {
    status: response.status,
    code: answer?.error_code ?? "unknown",
    fields: answer?.errors ?? [],
  });
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => ask("GET", path, signal ? { signal } : {});
/** @param {string} path @param {unknown} [body] */
export const post = (path, body) => ask("POST", path, { body });
/** @param {string} path @param {unknown} body */
export const put = (path, body) => ask("PUT", path, { body });
/** @param {string} path */
export const remove = (path) => ask("DELETE", path);

/** A path of the API with its parts and parameters encoded; parameters that are null or undefined are left out.
 * @param {TemplateStringsArray} texts @param {...unknown} values */
export function path(texts, ...values) {
  return texts.reduce((whole, text, n) => whole + text + (n < values.length ? encodeURIComponent(String(values[n])) : ""), "");
}

/** @param {Record<string, unknown>} parameters @returns {string} `?a=1&b=2`, or nothing */
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}
