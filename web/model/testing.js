// @ts-check
// As much of a test library as the model's tests need.

/** @type {{name: string, run: () => void}[]} */
export const cases = [];

/** @param {string} name the promise @param {() => void} run */
export function test(name, run) { cases.push({ name, run }); }

/** @param {unknown} got @param {unknown} want compared by their JSON, so that lists and records compare by value */
export function equal(got, want) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`got ${a}, want ${b}`);
}

/** @param {unknown} value @param {string} [why] */
export function truth(value, why = 'not true') { if (!value) throw new Error(why); }

/** @param {number} got @param {number} want @param {number} [within] */
export function close(got, want, within = 1e-9) { if (!(Math.abs(got - want) <= within)) throw new Error(`got ${got}, want about ${want}`); }

/** @param {number} seed @returns {() => number} the same numbers in 0..<1 each time */
export function seeded(seed) {
  let a = seed >>> 0;
  return () => { a = (a + 0x6d2b79f5) >>> 0; let t = Math.imul(a ^ (a >>> 15), 1 | a); t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
}
