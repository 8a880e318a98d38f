import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOfCard } from '../src/network/card-place.js';

const CARD = { width: 300, height: 200 };
const BOX = { width: 700, height: 400 };
const SIGHT = { left: -20, top: -100, right: 1200, bottom: 800 };
const AT = { x: 350, y: 200 };

/** @param {{ x: number, y: number }} place */
const covers =
  ({ x, y }) =>
  /** @param {{ x: number, y: number }} point */
  (point) =>
    point.x > x && point.x < x + CARD.width && point.y > y && point.y < y + CARD.height;

test('the card stands beside the neuron, on the side without paths', () => {
  const avoided = [AT, { x: 100, y: 200 }, { x: 200, y: 190 }];
  const place = placeOfCard({ card: CARD, at: AT, avoided, box: BOX, sight: SIGHT });
  assert.ok(place.x > AT.x && place.x < BOX.width);
  assert.ok(!avoided.some(covers(place)));
});

test('with paths on both sides the card leaves the picture, and stays in sight', () => {
  const avoided = Array.from({ length: 36 }, (_, i) => ({ x: 20 * i, y: 10 + 11 * i }));
  for (const right of [1200, 720]) {
    const place = placeOfCard({ card: CARD, at: AT, avoided, box: BOX, sight: { ...SIGHT, right } });
    assert.ok(!avoided.some(covers(place)), `${right}`);
    assert.ok(place.x + CARD.width <= right && place.y + CARD.height <= SIGHT.bottom);
  }
});
