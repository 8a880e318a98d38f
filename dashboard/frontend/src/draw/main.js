/**
 * The Draw page: an example of one's own, drawn, uploaded, picked or moved by hand, and what the network predicts
 * while the hand is still moving. Everything but the nearest training examples is computed here from one snapshot.
 */

import { readerOf } from '../lib/model/output-reader.js';
import { planeOf } from '../lib/model/plane.js';
import { debounce } from '../lib/ui/controls.js';
import { make, messageOf } from '../lib/ui/dom.js';
import { createFrame } from '../lib/ui/frame.js';
import { followTheme, mounting } from '../lib/ui/page.js';
import { createDesk } from './desk.js';
import { openRun } from './source.js';
import { createTime } from './time.js';

/** @import { Component, DrawData, MapChoice } from '../lib/model/types.js' */

/** Called by the component's loader at every change of its data; returns what unmounts it. */
export const mount = mounting(createPage, (page, { run }) => page.run === run);

/**
 * @param {HTMLElement} parent
 * @param {DrawData} about
 */
function createPage(parent, { base, run, newest, snapshot, sample, shows }) {
  const { frame: root } = createFrame(parent, 'Try the network');
  root.classList.add('annscope-draw');
  const notice = make('p', { className: 'dr-notice', hidden: true, role: 'alert' });
  const time = createTime(newest, snapshot, (number, isLast) => {
    wanted = number;
    isFollowing = isLast && atWork;
    showSnapshot();
    sendSnapshot(isFollowing ? null : number);
  });
  const body = make('div', {}, make('p', { className: 'dr-waiting', textContent: 'Loading the network …' }));
  root.append(time.element, notice, body);

  const server = openRun(base, run);
  /** @type {Component<DrawData>['setStateValue']} */
  let send = () => {};
  const sendSnapshot = debounce((/** @type {number | null} */ number) => send('snapshot', number), 150);
  let wanted = Math.min(snapshot ?? newest, newest);
  let isFollowing = snapshot === null; // whether the newest snapshot is shown, as the run goes on
  let atWork = false;
  /** @type {ReturnType<typeof createDesk> | null} */
  let desk = null;
  let isMany = false;
  let closed = false;

  /** @param {string | null} sentence */
  function notify(sentence) {
    notice.hidden = !sentence;
    notice.textContent = sentence ?? '';
  }

  async function showSnapshot() {
    const number = wanted;
    try {
      const frame = await server.frame(number);
      if (closed || number !== wanted) return;
      time.about(frame.line, isMany);
      desk?.useFrame(frame);
    } catch (error) {
      if (!closed) notify(messageOf(error));
    }
  }

  async function open() {
    try {
      const [{ description }, about, frame] = await Promise.all([
        server.history(),
        server.input(),
        server.frame(wanted),
      ]);
      const plane = about.kind === 'plane' ? planeOf(await server.plane()) : null;
      if (closed) return;
      desk = createDesk(body, {
        description,
        about,
        plane,
        server,
        notify,
        frame,
        shows,
        /** @param {string | null} name */
        sendSample: (name) => send('sample', name),
        /** @param {MapChoice} what */
        sendShown: (what) => send('shows', what),
      });
      desk.paint(theme.palette);
      isMany = readerOf(description).isMany;
      time.about(frame.line, isMany);
      if (frame.number !== wanted) showSnapshot();
      if (sample) desk.take(sample);
    } catch (error) {
      if (closed) return;
      body.replaceChildren();
      notify(messageOf(error));
    }
  }

  const theme = followTheme(parent, root, (palette) => desk?.paint(palette));
  open();
  return {
    run,
    /** @param {Component<DrawData>} component */
    update(component) {
      send = (name, value) => component.setStateValue(name, value);
      const last = component.data.newest;
      atWork = component.data.at_work;
      time.grow(last);
      if (!isFollowing || last === wanted) return;
      wanted = last;
      if (desk) showSnapshot();
    },
    destroy() {
      closed = true;
      theme.stop();
      sendSnapshot.cancel();
      desk?.destroy();
      root.remove();
    },
  };
}
