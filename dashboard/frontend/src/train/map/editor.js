/** Painting points on the decision map: the tools, and what the hand does with them. */

import { classColor } from '../../lib/charts/plane.js';
import { counted } from '../../lib/format/text.js';
import { generator } from '../../lib/model/transforms.js';
import { press, segmented } from '../../lib/ui/controls.js';
import { make, messageOf } from '../../lib/ui/dom.js';
import { isCommand } from '../../lib/ui/keys.js';
import { namesOf, Painting, scattered } from './painting.js';

/** @import { Palette, Plane, Point } from '../../lib/model/types.js' */
/** @import { Painted } from './painting.js' */

const MOST_CLASSES = 9; // as many as there are digits to choose them by
const REACH = 11; // pixels from a point that still mean it
const APART = 9; // pixels between two points of a stroke
const SCATTER = 9; // pixels about the brush

/**
 * Build the tools. `changed()` is called when the points are others, `send(points)` saves
 * them, and `saved(found)` is called with what the server says.
 * Returns {element, points, open(plane, names), close(), paint(palette), down(at), drag(at), up(), key(event, at)}: places
 * are in pixels of a map of `side()`.
 * @param {{ side: () => number, send: (points: number[][]) => Promise<{ data: string }>, changed: () => void, saved: (found: { data: string }) => void }} about
 */
export function createEditor({ side, send, changed, saved }) {
  const random = generator(Date.now());
  let painting = new Painting([]);
  /** @type {Plane | null} */
  let plane = null;
  /** @type {string[]} */
  let classNames = [];
  /** @type {Palette | null} */
  let palette = null;
  let label = 0;
  let moving = -1; // the point in hand
  /** @type {{ x: number, y: number } | null} */
  let last = null; // where the stroke is
  let stays = ''; // what the last answer of the server said

  const classes = make('span', { className: 'nv-choice mp-classes', role: 'group', 'aria-label': 'Class to paint' });
  const tool = segmented(
    'Tool',
    [
      ['brush', 'Brush', 'Click for one point, drag for many'],
      ['move', 'Move', 'Drag a point'],
      ['erase', 'Erase', 'Delete points'],
    ],
    'brush',
    () => {},
  );
  const undo = press('Undo', 'Take the last stroke back (Ctrl+Z)', () => act(() => painting.undo()));
  const clear = press('Clear', 'Delete every point', () => act(() => painting.clear()));
  const use = press('Use these points', 'Save them as the data set of the next run', save, {
    className: 'nv-button mp-use',
  });
  const say = make('p', { className: 'mp-say', role: 'status' });
  const element = make(
    'div',
    { className: 'mp-editor', hidden: true },
    make('div', { className: 'mp-tools' }, classes, tool.element, undo, clear, use),
    say,
  );

  /** @param {() => void} change */
  function act(change) {
    change();
    stays = '';
    show();
    changed();
  }

  function show() {
    const { points, past } = painting;
    undo.disabled = !past.length;
    clear.disabled = use.disabled = !points.length;
    const used = points.reduce(
      (most, point) => Math.max(most, point.label + 1),
      Math.max(classNames.length, label + 1),
    );
    const names = namesOf(classNames, Math.min(MOST_CLASSES, used + 1));
    const written = JSON.stringify([names, palette?.dark]);
    if (classes.dataset.names !== written) {
      classes.dataset.names = written;
      classes.replaceChildren(
        ...names.map((name, c) => {
          const chip = make('i', { className: 'mp-chip' });
          if (palette) chip.style.background = classColor(palette, c);
          const button = press('', `Class ${name} (key ${c + 1})`, () => choose(c));
          button.append(chip, name);
          return button;
        }),
      );
    }
    [...classes.children].forEach((button, c) => button.setAttribute('aria-pressed', String(c === label)));
    say.textContent =
      stays ||
      `${counted(points.length, 'point')}. Click or drag to paint class ${names[label]}; keys: 1 to ${names.length} choose the class, arrows and Enter paint, Delete deletes.`;
  }

  /** @param {number} c */
  function choose(c) {
    label = c;
    tool.set('brush');
    show();
  }

  async function save() {
    use.disabled = true;
    try {
      const found = await send(painting.points.map(({ x, y, label: of }) => [x, y, of]));
      stays = `${counted(painting.points.length, 'point')}, the data set of the next run: press Start.`;
      saved(found);
    } catch (error) {
      stays = messageOf(error);
    }
    show();
  }

  /** @param {Point} at */
  function spotOf(at) {
    const [x, y] = plane?.at([at[0] / side(), at[1] / side()]) ?? at;
    return { x, y };
  }

  /**
   * The point at a place of the map, -1 for none.
   * @param {Point} at
   */
  function pointAt(at) {
    return painting.nearest((point) => {
      const [across, down] = plane?.place([point.x, point.y]) ?? [0, 0];
      return Math.hypot(across * side() - at[0], down * side() - at[1]);
    }, REACH);
  }

  /** @param {Point} at */
  function erase(at) {
    const found = pointAt(at);
    if (found >= 0) act(() => painting.remove(found));
  }

  return {
    element,
    get points() {
      return painting.points;
    },
    /**
     * Begin with the points of the data, or go on where the hand left off.
     * @param {Plane} space
     * @param {string[]} names
     */
    open(space, names) {
      if (plane !== space) {
        painting = new Painting(space.points.map(({ x, y, classes: [of] }) => ({ x, y, label: of })));
        label = 0;
      }
      plane = space;
      classNames = names;
      stays = '';
      element.hidden = false;
      show();
    },
    close() {
      element.hidden = true;
    },
    /** @param {Palette} next */
    paint(next) {
      palette = next;
      if (!element.hidden) show();
    },
    /** @param {Point} at */
    down(at) {
      painting.begin();
      last = { x: at[0], y: at[1] };
      if (tool.value === 'brush') act(() => painting.add({ ...spotOf(at), label }));
      else if (tool.value === 'erase') erase(at);
      else moving = pointAt(at);
    },
    /** @param {Point} at */
    drag(at) {
      if (!last) return;
      const to = { x: at[0], y: at[1] };
      if (tool.value === 'erase') erase(at);
      else if (tool.value === 'move') {
        if (moving >= 0) act(() => painting.move(moving, spotOf(at)));
      } else {
        const spots = scattered(last, to, APART, SCATTER, random);
        if (!spots.length) return; // not far enough yet
        act(() => {
          for (const { x, y } of spots) painting.add({ ...spotOf([x, y]), label });
        });
      }
      last = to;
    },
    up() {
      if (last) painting.end();
      last = null;
      moving = -1;
      show();
    },
    /**
     * Act on a key, with the cross-hair at a place; returns whether it meant something.
     * @param {KeyboardEvent} event
     * @param {Point} at
     */
    key(event, at) {
      const digit = Number(event.key);
      if ((event.ctrlKey || event.metaKey) && event.key === 'z') act(() => painting.undo());
      else if (isCommand(event)) return false;
      else if (digit >= 1 && digit <= classes.children.length) choose(digit - 1);
      else if (event.key === 'Enter' || event.key === ' ') {
        painting.begin();
        act(() => painting.add({ ...spotOf(at), label }));
      } else if (event.key === 'Delete' || event.key === 'Backspace') {
        painting.begin();
        erase(at);
        painting.end();
      } else return false;
      return true;
    },
  };
}
