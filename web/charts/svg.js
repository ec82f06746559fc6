// @ts-check
// SVG elements and icons. Text is always a text node.

const space = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag @param {Record<string, string | number | null | undefined>} [attributes] @param {...any} kids nested lists and nulls are fine
 * @returns {SVGElement}
 */
export function s(tag, attributes = {}, ...kids) {
  const element = document.createElementNS(space, tag);
  for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, String(value));
  element.append(...kids.flat(9).filter((kid) => kid != null && kid !== false));
  return element;
}

/** @param {string} id a symbol of index.html @returns {SVGElement} */
export function icon(id, name = 'i') { return s('svg', { class: name, 'aria-hidden': 'true' }, s('use', { href: `#i-${id}` })); }

/**
 * Fits a canvas to its box and the screen's pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {{pen: CanvasRenderingContext2D, width: number, height: number} | null} null while it has no size
 */
export function fit(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
  const pen = canvas.getContext('2d');
  if (!pen || !width || !height) return null;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** @param {...string} names custom properties @returns {string[]} their colours in the theme of now */
export function tokens(...names) {
  const style = getComputedStyle(document.documentElement);
  return names.map((name) => style.getPropertyValue(name).trim());
}

/**
 * Draws when the element gets its size, when that changes and when the theme changes; never twice in a frame.
 * @param {Element} element @param {() => void} draw
 * @returns {{redraw: () => void, stop: () => void}}
 */
export function drawn(element, draw) {
  let frame = 0;
  const redraw = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(draw); };
  const watch = new ResizeObserver(redraw), media = matchMedia('(prefers-color-scheme: dark)');
  watch.observe(element);
  media.addEventListener('change', redraw);
  addEventListener('themechange', redraw);
  addEventListener('paper', draw); // there is no frame before a page is printed
  return { redraw, stop() { cancelAnimationFrame(frame); watch.disconnect(); media.removeEventListener('change', redraw);
    removeEventListener('themechange', redraw); removeEventListener('paper', draw); } };
}
