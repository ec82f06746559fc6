// @ts-check
// A service has one colour everywhere. Twelve colours, told apart under the three kinds of colour blindness.

export const colours = 12;

/** @param {string} text @returns {number} FNV-1a, 32 bit */
export function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/**
 * Gives names colours 1...12: each its hash's place, or the next one that is least used. The order of naming decides collisions, so
 * name services oldest first: then every reader sees the same.
 * @returns {{of: (name: string) => number, learn: (names: string[]) => void}}
 */
export function assignment() {
  /** @type {Map<string, number>} */
  const places = new Map();
  const used = new Array(colours).fill(0);
  const of = (/** @type {string} */ name) => {
    const known = places.get(name);
    if (known) return known;
    const least = Math.min(...used);
    let place = hash(name) % colours;
    while (used[place] > least) place = (place + 1) % colours;
    used[place] += 1;
    places.set(name, place + 1);
    return place + 1;
  };
  return { of, learn: (names) => { for (const name of names) of(name); } };
}

/** The program's one assignment. */
export const services = assignment();
