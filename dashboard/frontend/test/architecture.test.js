import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, posix, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
/** What a folder may import, beside itself: what is shared knows no page, and no page knows another. */
/** @type {Record<string, string[]>} */
const MAY = {
  lib: [],
  network: ['lib'],
  data: ['lib'],
  train: ['lib', 'network'],
  draw: ['lib', 'network'],
  inspect: ['lib'],
  page: ['lib'],
};
const DOM = /\b(?:document|window|HTML\w*Element|lib\/ui|\.\.\/ui)\b/;

const modules = globSync('**/*.js', { cwd: SOURCE }).map((path) => {
  const name = path.split('\\').join('/');
  const text = readFileSync(`${SOURCE}/${name}`, 'utf8');
  const imports = [...text.matchAll(/^[^/*]*from '(\.[^']+)'/gm)].map(([, to]) => posix.join(dirname(name), to));
  return { name, text, imports };
});

test('imports go one way: lib, then the network view, then the pages', () => {
  for (const { name, imports } of modules) {
    const [folder] = name.split('/');
    for (const other of imports) {
      const [to] = other.split('/');
      assert.ok(to === folder || MAY[folder].includes(to), `${name} imports ${other}`);
    }
  }
});

test('what the browser computes is free of the page', () => {
  const model = modules.filter(({ name }) => name.startsWith('lib/model/'));
  assert.ok(model.length > 8);
  for (const { name, text } of model) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    assert.ok(!DOM.test(code), `${name} knows of the page: ${code.match(DOM)}`);
  }
});

test('modules and style sheets are where they are named', () => {
  const names = new Set([...modules.map(({ name }) => name), ...globSync('**/*.json', { cwd: SOURCE })]);
  for (const { name, imports } of modules)
    for (const other of imports) assert.ok(names.has(other), `${name} imports ${relative('.', other)}`);
  for (const sheet of globSync('**/*.css', { cwd: SOURCE }))
    assert.ok(names.has(sheet.replace(/\.css$/, '.js')), `${sheet} has no module`);
});
