/** A chart of Inspect: plotly draws it; a point is reached with the mouse or the keys, and opens what it stands for. */
import { make } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { indexByKey, isCommand } from '../lib/ui/keys.js';

/** @import { Axis, ChartData, Plot, Plotly, Ranges, Trace } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

const NEARER = 0.6;
const ZOOM = '+ − 0: zoom';
/** @type {Promise<Plotly> | null} */
let library = null;

/**
 * The drawing library, fetched once from its address on our own server.
 * @param {string} address
 */
export function plotly(address) {
  library ??= new Promise((resolve, reject) => {
    const script = make('script', { src: address });
    script.addEventListener('load', () =>
      resolve(/** @type {typeof globalThis & { Plotly: Plotly }} */ (globalThis).Plotly),
    );
    script.addEventListener('error', () => {
      library = null;
      reject(new Error('plotly.js could not be loaded'));
    });
    document.head.append(script);
  });
  return library;
}

/**
 * A point's words on one line, as they are read out.
 * @param {unknown} text
 */
const plainly = (text) =>
  String(text)
    .replaceAll('<br>', ', ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

/**
 * A text that plotly, which takes some HTML, shows letter by letter; as `dashboard.escaping.plotly` does.
 * @param {string} text
 */
const escaped = (text) => text.replace(/[&<{]/g, (sign) => `&#${sign.codePointAt(0)};`);

/**
 * Build the chart in `root`; `send` is called with {label, carried}: the class of the curve and what the point carries.
 * The trace whose `meta.walk` is true is the one that the keys go along; its `text` is read out.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} send
 */
export function createChart(root, send) {
  const title = make('b');
  const about = make('span', { className: 'ai-count' });
  const whole = make('button', {
    type: 'button',
    className: 'ai-png',
    textContent: 'Whole',
    title: 'Undo the zoom (0)',
    disabled: true,
  });
  const head = make(
    'div',
    { className: 'ai-head ai-plot-head' },
    title,
    about,
    whole,
    pngButton(picture, () => data.file),
  );
  const say = make('p', { className: 'ai-say ai-plot-say', 'aria-live': 'polite' });
  const plot = /** @type {Plot} */ (
    make('div', { className: 'ai-plot', tabIndex: 0, role: 'application', 'aria-roledescription': 'chart' })
  );
  root.append(head, plot, say);
  /** @type {ChartData} */
  let data;
  /** @type {Palette} */
  let palette;
  /** @type {Plotly | null} */
  let Plotly = null;
  /** @type {Trace | null} */
  let walk = null; // the trace that the keys go along
  let at = 0; // the point of it that they stand on
  let isOn = false; // whether that point is marked
  let isGone = false;
  /** @type {Ranges | null} */
  let zoom = null; // the ranges of both axes, or null for the whole chart; outlives new data

  const points = () => walk?.x.length ?? 0;
  const hint = () => `Arrow keys: points, ${data.opens && `Enter: ${data.opens}, `}${ZOOM}`;
  /** @param {number} i */
  const carriedAt = (i) => {
    const carried = walk?.customdata[i] ?? null;
    return Array.isArray(carried) ? carried[0] : carried;
  };
  /** @param {number} value */
  const nearest = (value) => {
    let best = 0;
    for (let i = 0; i < points(); i += 1) {
      /** @param {number} k */
      const far = (k) => Math.abs(Number(carriedAt(k) ?? Infinity) - value);
      if (far(i) < far(best)) best = i;
    }
    return best;
  };

  /**
   * @param {ChartData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    const before = walk;
    if (data?.run !== given.run) zoom = null;
    data = given;
    palette = colors;
    title.textContent = data.title;
    about.textContent = data.about;
    about.title = data.about;
    plot.setAttribute('aria-label', `${data.label}. ${hint()}`);
    plot.style.height = `${data.figure.layout.height}px`;
    walk = data.figure.data.find(({ meta }) => meta?.walk) ?? null;
    if (!isOn || before?.meta?.label !== walk?.meta?.label) at = data.now === null ? 0 : nearest(data.now);
    at = Math.max(0, Math.min(points() - 1, at));
    if (!walk) isOn = false;
    if (!isOn) say.textContent = walk ? hint() : '';
    if (Plotly) draw();
    else
      plotly(data.plotly).then(begin, (error) => {
        say.textContent = `This chart cannot be drawn: ${error.message}.`;
      });
  }

  const mark = () => ({
    type: 'scatter',
    mode: 'markers',
    name: 'cursor',
    hoverinfo: 'skip',
    cliponaxis: false,
    x: isOn && walk ? [walk.x[at]] : [],
    y: isOn && walk ? [walk.y[at]] : [],
    marker: { size: 16, symbol: 'circle-open', color: palette.ink, line: { width: 3 } },
  });
  /** @type {Axis[]} */
  const axes = ['xaxis', 'yaxis'];
  /**
   * The value of the point that the keys stand on, along an axis.
   * @param {number} k
   */
  const standing = (k) => (walk && isOn ? [walk.x, walk.y][k][at] : null);
  /** @param {Axis} axis */
  const home = (axis) => data.figure.layout[axis].range?.slice() ?? null; // plotly writes into what it is given
  function layout() {
    const made = {
      ...data.figure.layout,
      autosize: true,
      dragmode: matchMedia('(pointer: fine)').matches ? 'zoom' : false,
    };
    axes.forEach((axis, k) => {
      made[axis] = {
        ...made[axis],
        range: zoom ? [...zoom[k]] : (home(axis) ?? undefined),
        autorange: !zoom && !home(axis),
      };
    });
    return made;
  }

  function draw() {
    return Plotly?.react(plot, [...data.figure.data, mark()], layout(), {
      displayModeBar: false,
      doubleClick: false,
    }).then(() => {
      root.dataset.drawn = data.label;
      showZoom();
    });
  }

  /** @param {Plotly} loaded */
  function begin(loaded) {
    if (Plotly || isGone) return;
    Plotly = loaded;
    draw();
    plot.on('plotly_click', ({ points: [point] }) => {
      const { meta } = point.data;
      if (meta?.walk) {
        at = point.pointNumber;
        isOn = true;
        plot.focus({ preventScroll: true });
      }
      choose(meta?.label ?? null, Array.isArray(point.customdata) ? point.customdata[0] : point.customdata);
    });
    plot.on('plotly_relayout', takeZoom);
    plot.on('plotly_doubleclick', () => zoomTo(null));
  }

  /**
   * @param {string | null} label
   * @param {unknown} carried
   */
  function choose(label, carried) {
    if (!data.opens) return;
    if (carried === null || carried === undefined || Number.isNaN(carried))
      say.textContent = 'Nothing is called positive at this point: it has no examples.';
    else send({ label, carried });
  }

  // --- zoom ---
  /** @param {Ranges | null} ranges */
  function zoomTo(ranges) {
    zoom = ranges;
    return draw();
  }

  /**
   * A drag with the mouse has zoomed.
   * @param {Record<string, unknown>} change
   */
  function takeZoom(change) {
    if (!Object.keys(change).some((key) => key.includes('.range'))) return;
    zoom = axes.map((axis) => [plot.layout[axis].range[0], plot.layout[axis].range[1]]);
    showZoom();
  }

  function showZoom() {
    whole.disabled = zoom === null;
    root.dataset.zoomed = String(zoom !== null);
  }

  /** @param {number} factor */
  function zoomBy(factor) {
    zoomTo(
      axes.map((axis, k) => {
        const [low, high] = plot.layout[axis].range;
        const middle = standing(k) ?? (low + high) / 2;
        return /** @type {[number, number]} */ ([middle - (middle - low) * factor, middle + (high - middle) * factor]);
      }),
    );
  }

  // --- keys ---
  /** Mark the point that the keys stand on, read it out, and keep it in sight. */
  function stand() {
    if (!walk || !Plotly) return;
    say.textContent = plainly(walk.text[at]);
    root.dataset.at = String(at);
    const out = axes.some((axis, k) => {
      const [low, high] = plot.layout[axis].range;
      const value = standing(k);
      return value !== null && (value < low || value > high);
    });
    if (out) {
      zoomTo(
        axes.map((axis, k) => {
          const [low, high] = plot.layout[axis].range;
          const middle = standing(k) ?? (low + high) / 2; // an undefined figure stands nowhere
          return /** @type {[number, number]} */ ([middle - (high - low) / 2, middle + (high - low) / 2]);
        }),
      );
    } else Plotly.restyle(plot, { x: [[walk.x[at]]], y: [[walk.y[at]]] }, [(plot.data?.length ?? 1) - 1]);
  }

  plot.addEventListener('keydown', (event) => {
    if (!Plotly || !walk || !points() || isCommand(event)) return;
    const next = indexByKey(event, at, points());
    if (next !== null) {
      if (isOn) at = next;
      isOn = true;
      stand();
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (isOn) choose(walk.meta?.label ?? null, carriedAt(at));
    } else if (event.key === '+' || event.key === '=') zoomBy(NEARER);
    else if (event.key === '-') zoomBy(1 / NEARER);
    else if (event.key === '0') zoomTo(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  plot.addEventListener('focus', () => {
    if (!Plotly || !points() || isOn || !plot.matches(':focus-visible')) return;
    isOn = true;
    stand();
  });
  plot.addEventListener('blur', () => {
    if (!isOn) return;
    isOn = false;
    say.textContent = hint();
    if (Plotly && !isGone) Plotly.restyle(plot, { x: [[]], y: [[]] }, [(plot.data?.length ?? 1) - 1]);
  });
  whole.addEventListener('click', () => {
    zoomTo(null);
    plot.focus();
  });

  /** The chart as one picture, with its name above it. */
  async function picture() {
    const name = {
      text: `<b>${escaped(data.title)}</b>  ${escaped(data.about)}`,
      x: 0.02,
      xanchor: 'left',
      y: 0.97,
      yanchor: 'top',
      font: { size: 14 },
    };
    const drawn = {
      ...data.figure.layout,
      title: name,
      paper_bgcolor: palette.surface,
      margin: { ...data.figure.layout.margin, t: 48 },
      xaxis: { ...data.figure.layout.xaxis, range: plot.layout.xaxis.range },
      yaxis: { ...data.figure.layout.yaxis, range: plot.layout.yaxis.range },
    };
    if (!Plotly) throw new Error('the chart is not drawn yet');
    const address = await Plotly.toImage(
      { data: data.figure.data, layout: drawn },
      { format: 'png', scale: 2, width: Math.max(480, plot.clientWidth), height: data.figure.layout.height + 30 },
    );
    return (await fetch(address)).blob();
  }

  const resize = new ResizeObserver(() => {
    if (Plotly && plot.data && plot.clientWidth) Plotly.Plots.resize(plot);
  });
  resize.observe(root);
  return {
    update,
    destroy() {
      isGone = true;
      resize.disconnect();
      // Not purged: plotly draws in steps, and fails on a chart that was purged between two of them.
    },
  };
}
