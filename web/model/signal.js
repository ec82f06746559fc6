// @ts-check
/**
 * A value that tells its readers when it changes. The whole state library.
 * @template T
 * @param {T} initial
 * @returns {{get: () => T, set: (next: T) => void, subscribe: (reader: (value: T) => void) => () => void}}
 */
export function signal(initial) {
  let value = initial;
  /** @type {Set<(value: T) => void>} */
  const readers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const reader of [...readers]) reader(value);
    },
    subscribe(reader) {
      readers.add(reader);
      return () => { readers.delete(reader); };
    },
  };
}
