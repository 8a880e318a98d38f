/**
 * The colours of the network view and of the weight tiles: blue below zero, orange above,
 * distinguished by lightness too, on scales that stay what they are over a run.
 */

/** @import { Colors, Palette, Tokens } from '../model/types.js' */

const LIGHT = {
  dark: false,
  surface: '#ffffff',
  panel: '#f6f8fb',
  ink: '#17202c',
  muted: '#566173',
  line: '#d5dbe4',
  faint: '#e9edf3',
  off: '#a3adbb',
  negative: '#2F6FDE',
  positive: '#D9660B',
  zero: '#f0f2f6',
  lowest: '#123f9c',
  highest: '#a83f00',
  paper: '#ffffff',
  pen: '#10161f',
  accent: '#2F6FDE',
};
const DARK = {
  dark: true,
  surface: '#0f141b',
  panel: '#171d26',
  ink: '#eef2f7',
  muted: '#9aa7b8',
  line: '#323c4a',
  faint: '#222a35',
  off: '#5d6a7b',
  negative: '#6EA0FF',
  positive: '#FF9F4A',
  zero: '#2a323e',
  lowest: '#b4d0ff',
  highest: '#ffd9ad',
  paper: '#0b0f14',
  pen: '#f4f6f9',
  accent: '#6EA0FF',
};
const STEPS = 256;
const GAMMA = 0.8;

/**
 * Red, green and blue of a colour.
 * @param {string} hex
 */
export const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
/** @param {number} c */
const toLinear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
/** @param {number} c */
const toByte = (c) =>
  Math.round(255 * Math.min(1, Math.max(0, c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)));

/** @param {string} hex */
function oklab(hex) {
  const [r, g, b] = channels(hex).map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {number[]} about */
function fromOklab([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/**
 * Red, green and blue as one opaque pixel of a canvas, little-endian.
 * @param {number[]} about
 */
export const packed = ([r, g, b]) => ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;

/**
 * Black or white letters, whichever stand out more on a colour: by a ratio of 4.58 at least (WCAG 2 asks for 4.5), which
 * anything but black would not reach on every colour.
 * @param {number[]} color
 */
function lettersOn(color) {
  const [r, g, b] = color.map(toLinear);
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? '#000000' : '#ffffff';
}

/**
 * Evenly mixed colours through the given stops, as [r, g, b] triples.
 * @param {string[]} stops
 * @param {number} count
 */
function ramp(stops, count) {
  const labs = stops.map(oklab);
  return Array.from({ length: count }, (_, i) => {
    const at = (i / (count - 1)) * (labs.length - 1);
    const k = Math.min(labs.length - 2, Math.floor(at));
    return fromOklab(labs[k].map((value, c) => value + (labs[k + 1][c] - value) * (at - k)));
  });
}

/**
 * One colour table: `css(t)` and `rgba(t)` (a little-endian pixel) for t in -1..1 when signed, 0..1 when not.
 * Small values are lifted a little (t to the power 0.8), the same in every legend.
 * @param {number[][]} colors
 * @param {boolean} signed
 * @param {number} [gamma]
 */
function table(colors, signed, gamma = GAMMA) {
  const names = colors.map(([r, g, b]) => `rgb(${r},${g},${b})`);
  const pixels = Uint32Array.from(colors, packed);
  const last = colors.length - 1;
  /** @param {number} t */
  const index = (t) => {
    const size = Math.min(1, Math.abs(t)) ** gamma;
    return Math.round(signed ? (0.5 + 0.5 * Math.sign(t) * size) * last : (t > 0 ? size : 0) * last) || 0;
  };
  const letters = colors.map(lettersOn);
  return {
    signed,
    /** @param {number} t */
    css: (t) => names[index(t)],
    /** @param {number} t */
    rgba: (t) => pixels[index(t)],
    /** @param {number} t */
    letters: (t) => letters[index(t)],
  };
}

const PHOTO = table(
  Array.from({ length: STEPS }, (_, i) => [i, i, i]),
  false,
  1,
);

/** @param {Tokens} tokens */
function palette(tokens) {
  const { lowest, negative, zero, positive, highest } = tokens;
  return Object.freeze({
    ...tokens,
    diverging: table(ramp([lowest, negative, zero, positive, highest], 2 * STEPS + 1), true),
    sequential: table(ramp([zero, positive, highest], STEPS), false),
    picture: table(ramp([tokens.paper, tokens.pen], STEPS), false),
    photo: PHOTO,
  });
}

/** @type {{ light: Palette, dark: Palette } | null} */
let made = null;

/**
 * The colours for a theme: `{dark, surface, ink, ..., diverging, sequential, picture}`.
 * @param {boolean} dark
 */
export function paletteFor(dark) {
  made ??= { light: palette(LIGHT), dark: palette(DARK) };
  return dark ? made.dark : made.light;
}

/**
 * The colours of the images of a data set: as recorded for photographs, else ink on paper.
 * @param {Palette} palette
 * @param {boolean | undefined} isPhoto
 */
export const imageColors = (palette, isPhoto) => (isPhoto ? palette.photo : palette.picture);

/**
 * Whether the page around `element` is dark, by its own background.
 * @param {Node | null} element
 */
export function isDark(element) {
  for (let node = element; node; node = node.parentNode ?? (node instanceof ShadowRoot ? node.host : null)) {
    if (!(node instanceof Element)) continue;
    const parts =
      getComputedStyle(node)
        .backgroundColor.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    if (parts.length >= 3 && parts[3] !== 0) return parts[0] + parts[1] + parts[2] < 384;
  }
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

/**
 * A CSS gradient that shows a colour table from its low end (left) to its high end.
 * @param {Pick<Colors, 'signed' | 'css'>} colors
 */
export function gradientOf(colors) {
  const stops = Array.from({ length: 13 }, (_, i) => colors.css(colors.signed ? i / 6 - 1 : i / 12));
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}

/**
 * The colours of layers, distinguished by lightness too.
 * @param {Palette} palette
 */
export function layerColors(palette) {
  return palette.dark
    ? ['#6EA0FF', '#FF9F4A', '#7fd6b0', '#d7a8ff', '#f4e06d', '#9aa7b8', '#ff8fa3']
    : ['#2F6FDE', '#D9660B', '#0f7a55', '#7a3fc0', '#8a6d00', '#566173', '#b3264a'];
}
