import type { PageData } from '../data';
import { clockOf, pageZone } from '../local-clock';
import { readRows, type SnapshotRow } from '../rows';
import { copyText, enableCopying } from './copying';
import { byId, make } from './dom';
import { TableFilters } from './filters';
import { unfoldWhilePrinting } from './printing';
import { makeSearch } from './search';
import { table } from './table';
import { timeline } from './timeline';
import { Trial } from './trial';

/** The part of the page below the lists that the report wrote: timeline, trial, table. */
function explore(data: PageData, allRows: readonly SnapshotRow[]): void {
  const clock = clockOf(pageZone(data));
  let redraw = (): void => undefined;
  const trial = new Trial(data, allRows, () => redraw());
  const { show, redraw: redrawTable } = table(clock, (row) => trial.markOf(row));
  byId('timeline', HTMLElement).hidden = false;
  for (const link of document.querySelectorAll<HTMLElement>('.scripted')) link.hidden = false;
  trial.start();
  const drawTimeline = timeline(allRows, data.now, clock, {
    markOf: (row) => trial.markOf(row),
    triedOf: (row) => trial.triedOf(row),
  });
  let frame = 0;
  redraw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      drawTimeline();
      redrawTable();
    });
  };
  document
    .getElementById('copy-policy')
    ?.addEventListener('click', () => void copyText(trial.yaml(), 'Policy copied.'));
  new TableFilters(allRows, makeSearch(data), show).start();
}

/** The choice of the hold command. */
function enableHoldChoice(): void {
  const pick = document.getElementById('pick');
  const code = document.getElementById('hold-command');
  if (!(pick instanceof HTMLSelectElement) || code === null) return;
  const box = pick.closest<HTMLElement>('.pick');
  if (box) box.hidden = false;
  for (const note of document.querySelectorAll<HTMLElement>('.unscripted')) note.hidden = true;
  pick.addEventListener('change', () => {
    const words = pick.value.split(' ').flatMap((word) => [' ', make('span', {}, word)]);
    code.replaceChildren(...words.slice(1));
  });
}

function enableOpenAll(): void {
  const button = document.getElementById('open-all');
  if (button === null) return;
  const groups = [...document.querySelectorAll<HTMLDetailsElement>('details.grp')];
  button.hidden = groups.length === 0;
  button.addEventListener('click', () => {
    const open = !groups.every((group) => group.open);
    for (const group of groups) group.open = open;
    button.textContent = open ? 'Hide snapshots' : 'Show every snapshot';
  });
}

const data = JSON.parse(byId('data', HTMLScriptElement).textContent ?? '') as PageData;
const pageRows = readRows(data);
enableCopying();
enableHoldChoice();
enableOpenAll();
unfoldWhilePrinting();
if (pageRows.length > 0) explore(data, pageRows);
