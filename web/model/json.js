// @ts-check
// JSON with whole numbers as they were written: beyond 2^53 a Number is the nearest one, and a filter made of that finds nothing.

const raw = /** @type {{rawJSON?: (text: string) => any}} */ (JSON).rawJSON; // browsers from before 2025 have none, nor the digits in a reviver: they round
const large = /(?:^|[:,[])\s*-?(?:9\d{15}|[1-9]\d{16})/; // 2^53 is 9007199254740992

/** A whole number that no Number is: it counts as the nearest one, and is shown and written by its digits. @param {string} digits */
function largeInteger(digits) { return Object.assign(new Number(digits), { toString: () => digits, toJSON: () => raw?.(digits) ?? Number(digits) }); }

/** @param {unknown} value @returns {boolean} */
export function isLarge(value) { return value instanceof Number; }

/** @param {string} text a number @returns {number} exact where it is whole */
export function exactNumber(text) {
  const number = Number(text);
  return raw && /^-?[1-9]\d{15,}$/.test(text) && !Number.isSafeInteger(number) ? /** @type {any} */ (largeInteger(text)) : number;
}

/** @param {unknown} value @returns {value is number} */
export function isNumber(value) { return Number.isFinite(value) || isLarge(value); }

/** @param {string} text @returns {any} its value; throws where it is no JSON. A reviver sees every value: it is left out where no number is large */
export function readJSON(text) {
  if (!large.test(text)) return JSON.parse(text);
  return JSON.parse(text, (/** @type {any[]} */ ...[, value, context]) => (typeof value === 'number' && context?.source ? exactNumber(context.source) : value));
}
