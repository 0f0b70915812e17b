/** The view library in one import: components are functions, markup is tagged templates, no build step. */
import htm from "../vendor/htm.module.js";
import { h } from "../vendor/preact.module.js";

export { Fragment, render } from "../vendor/preact.module.js";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../vendor/hooks.module.js";
export const html = htm.bind(h);
