/**
 * What stands on a part of the page, drawn into one canvas: its canvases, texts, boxes, lines and icons, as they are
 * laid out. What a hand works (buttons, choices, sliders) is left out.
 */

/** @import { Pen } from '../model/types.js' */

/** What a hand works; a button is left out unless it holds a picture or heads a column. */
const LEFT_OUT = [
  'button:not([data-drawn], :has(canvas, img), th button)',
  'select, input, summary, label:has(select, input)',
  '[role="tooltip"], [aria-live]:not(output)',
].join();
const STOP = /(rgba?\([^)]*\))\s*(?:([\d.]+)%)?/g;

/**
 * Paint an element, its upper left corner at 0, 0.
 * @param {Pen} pen
 * @param {Element} element
 */
export function paintElement(pen, element) {
  const { left, top } = element.getBoundingClientRect();
  pen.save();
  pen.translate(-left, -top);
  paintInside(pen, element);
  pen.restore();
}

/**
 * @param {Pen} pen
 * @param {Element} element
 */
function paint(pen, element) {
  if (element.matches(LEFT_OUT)) return;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === 'none' || style.visibility === 'hidden' || style.clipPath !== 'none' || !box.width) return;
  pen.save();
  pen.globalAlpha *= Number(style.opacity);
  paintBox(pen, box, style);
  if (style.overflowX !== 'visible') {
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
  }
  pen.imageSmoothingEnabled = style.imageRendering !== 'pixelated';
  if (element instanceof HTMLCanvasElement || (element instanceof HTMLImageElement && element.naturalWidth))
    pen.drawImage(element, box.left, box.top, box.width, box.height);
  else if (element instanceof SVGSVGElement) paintIcon(pen, element, box);
  else paintInside(pen, element);
  pen.restore();
}

/**
 * @param {Pen} pen
 * @param {Element} element
 */
function paintInside(pen, element) {
  for (const node of element.childNodes) {
    if (node instanceof Text) paintText(pen, node, element);
    else if (node instanceof Element) paint(pen, node);
  }
}

/**
 * @param {Pen} pen
 * @param {DOMRect} box
 * @param {CSSStyleDeclaration} style
 */
function paintBox(pen, { left, top, width, height }, style) {
  pen.beginPath();
  pen.roundRect(left, top, width, height, Math.min(Number.parseFloat(style.borderRadius) || 0, width / 2, height / 2));
  pen.fillStyle = style.backgroundColor;
  pen.fill();
  if (style.backgroundImage.startsWith('linear-gradient')) {
    pen.fillStyle = gradientIn(pen, style.backgroundImage, left, top, width, height);
    pen.fill();
  }
  const wide = Number.parseFloat(style.borderTopWidth);
  if (wide && style.border && style.borderTopStyle === 'solid') {
    // The same on all sides: it goes around the corners.
    pen.beginPath();
    const radius = Math.min(Number.parseFloat(style.borderRadius) || 0, width / 2, height / 2);
    pen.roundRect(left + wide / 2, top + wide / 2, width - wide, height - wide, Math.max(0, radius - wide / 2));
    Object.assign(pen, { strokeStyle: style.borderTopColor, lineWidth: wide });
    pen.stroke();
    return;
  }
  const edges = /** @type {const} */ ([
    ['Top', left, top, left + width, top, 0, 1],
    ['Bottom', left, top + height, left + width, top + height, 0, -1],
    ['Left', left, top, left, top + height, 1, 0],
    ['Right', left + width, top, left + width, top + height, -1, 0],
  ]);
  for (const [side, x0, y0, x1, y1, inX, inY] of edges) {
    const thick = Number.parseFloat(style[`border${side}Width`]);
    const kind = style[`border${side}Style`];
    if (!thick || kind === 'none') continue;
    const [x, y] = [(inX * thick) / 2, (inY * thick) / 2];
    pen.beginPath();
    pen.moveTo(x0 + x, y0 + y);
    pen.lineTo(x1 + x, y1 + y);
    pen.setLineDash(kind === 'dashed' ? [2 * thick, 1.5 * thick] : []);
    Object.assign(pen, { strokeStyle: style[`border${side}Color`], lineWidth: thick });
    pen.stroke();
  }
  pen.setLineDash([]);
}

/**
 * A gradient of the style sheet, from left to right or at an angle.
 * @param {Pen} pen
 * @param {string} text
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 */
function gradientIn(pen, text, left, top, width, height) {
  const angle = (Number.parseFloat(/([\d.]+)deg/.exec(text)?.[1] ?? '90') * Math.PI) / 180;
  const [x, y] = [Math.sin(angle), -Math.cos(angle)];
  const half = (Math.abs(width * x) + Math.abs(height * y)) / 2;
  const [midX, midY] = [left + width / 2, top + height / 2];
  const fill = pen.createLinearGradient(midX - x * half, midY - y * half, midX + x * half, midY + y * half);
  const stops = [...text.matchAll(STOP)];
  stops.forEach(([, color, percent], i) => {
    fill.addColorStop(percent ? Number(percent) / 100 : i / Math.max(1, stops.length - 1), color);
  });
  return fill;
}

/**
 * The lines of a text, each where the page has it; a turned one along its column.
 * @param {Pen} pen
 * @param {Text} node
 * @param {Element} parent
 */
function paintText(pen, node, parent) {
  if (!node.data.trim()) return;
  const style = getComputedStyle(parent);
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  pen.letterSpacing = style.letterSpacing === 'normal' ? '0px' : style.letterSpacing;
  Object.assign(pen, { fillStyle: style.color, textAlign: 'left', textBaseline: 'alphabetic' });
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = pen.measureText('x');
  if (style.writingMode.startsWith('vertical')) {
    const { left, right, bottom } = rectOf(node, 0, node.data.length); // read from below, as names of columns are
    pen.save();
    pen.translate((left + right) / 2, bottom);
    pen.rotate(-Math.PI / 2);
    pen.fillText(node.data, 0, (ascent - descent) / 2);
    pen.restore();
    return;
  }
  for (const { text, rect } of linesOf(node)) {
    pen.fillText(text, rect.left, rect.top + (rect.height + ascent - descent) / 2);
  }
}

/**
 * @param {Text} node
 * @param {number} from
 * @param {number} to
 */
function rectOf(node, from, to) {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, to);
  return range.getBoundingClientRect();
}

/**
 * The lines that a text is broken into, word by word.
 * @param {Text} node
 */
function linesOf(node) {
  /** @type {Array<{ text: string, rect: DOMRect }>} */
  const lines = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+\s*/g)) {
    const rect = rectOf(node, index, index + word.trimEnd().length);
    const line = lines.at(-1);
    if (!rect.width) continue;
    if (line && Math.abs(line.rect.top - rect.top) < rect.height / 2) line.text += word.replaceAll(/\s/g, ' ');
    else lines.push({ text: word.replaceAll(/\s/g, ' '), rect });
  }
  return lines;
}

/**
 * @param {Pen} pen
 * @param {SVGSVGElement} svg
 * @param {DOMRect} box
 */
function paintIcon(pen, svg, box) {
  const { width, height } = svg.viewBox.baseVal;
  pen.save();
  pen.translate(box.left, box.top);
  pen.scale(box.width / (width || box.width), box.height / (height || box.height));
  for (const path of svg.querySelectorAll('path')) {
    const { fill, stroke, strokeWidth } = getComputedStyle(path);
    const shape = new Path2D(path.getAttribute('d') ?? '');
    if (fill !== 'none') {
      pen.fillStyle = fill;
      pen.fill(shape, 'evenodd');
    }
    if (stroke === 'none') continue;
    Object.assign(pen, { strokeStyle: stroke, lineWidth: Number.parseFloat(strokeWidth) });
    pen.stroke(shape);
  }
  pen.restore();
}
