import type { ApplyResult, ItemDetails, ItemResult, RecordedReason, Unsettled } from '../../core/plan/outcome';
import type { Zone } from '../../core/time/zone';
import { appendTo } from '../../core/util/append-to';
import { oneLine } from '../../core/util/safe-text';
import { approvalText } from '../approval';
import { formatCount, formatDollars, formatNumber } from '../numbers';
import { regionLabel } from '../region-names';
import { failedItems, lateItems, unsettledItems } from '../result-text';
import { unknownSizeText } from '../totals';
import { clockOf, type LocalClock } from './local-clock';
import { htmlText } from './page-shell';

/** Rows of one heading. */
interface ResultGroup {
  readonly heading: string;
  readonly note: string;
  readonly rows: readonly (ItemResult | Unsettled)[];
}

const isSettled = (item: ItemResult | Unsettled): item is ItemResult => 'outcome' in item;

/** Rules that explain best why a snapshot was not kept, the best first; then those about its age. */
const MAIN_REASONS = ['monthly', 'weekly', 'daily', 'yearly', 'hourly', 'last'];
const AGE_REASONS = ['expireAfter', 'expire-on'];

/** The reason that is checked most easily, with the one about the age. */
function mainReasons(reasons: readonly RecordedReason[]): string {
  const ranked = MAIN_REASONS.flatMap((code) => reasons.filter((reason) => reason.code === code));
  const main = ranked.find(({ text }) => text.includes(' already kept by ')) ?? ranked[0];
  const ages = reasons.filter(({ code }) => AGE_REASONS.includes(code));
  const shown = [...(main === undefined ? [] : [main]), ...ages];
  return (shown.length === 0 ? reasons.slice(0, 1) : shown).map(({ text }) => oneLine(text)).join('; ');
}

/** Why a snapshot was to be deleted: one line, and where there are more reasons, all of them below it. */
function reasonHtml({ policy, reasons }: ItemDetails): string {
  const name = policy === null ? '' : `<span class="pn">${htmlText(policy)}</span> `;
  const line = `${name}${htmlText(mainReasons(reasons))}`;
  if (line === '') return 'not recorded';
  const all = reasons.map(({ text }) => oneLine(text)).join('; ');
  if (all === mainReasons(reasons)) return line;
  return `<details><summary>${line}</summary><span class="full">${htmlText(all)}</span></details>`;
}

function whyHtml(item: ItemResult | Unsettled): string {
  const isPlain = isSettled(item) && item.outcome === 'deleted' && item.text === 'deleted';
  if (isPlain || !isSettled(item)) return reasonHtml(item);
  const text = `${htmlText(item.text)} <span class="quiet">(${htmlText(item.code)})</span>`;
  return item.outcome === 'deleted' ? `${reasonHtml(item)}<span class="sub">${text}</span>` : text;
}

function timeHtml(item: ItemResult | Unsettled, clock: LocalClock): string {
  if (!isSettled(item)) return 'not known';
  const request = item.requestId === null ? 'no delete request' : htmlText(item.requestId);
  const by =
    item.approvedBy === undefined
      ? ''
      : `<span class="sub">Approved by ${htmlText(approvalText(item.approvedBy))}</span>`;
  return `<span class="nb">${clock.minute(Date.parse(item.at))}</span><span class="sub id">${request}</span>${by}`;
}

const GB_UNKNOWN = 'not known';

function rowHtml(item: ItemResult | Unsettled, clock: LocalClock): string {
  const { sizeGb, monthlyCostCeiling } = item;
  const size = sizeGb === null ? GB_UNKNOWN : `${formatNumber(sizeGb)} GB`;
  const cost = monthlyCostCeiling === null ? '' : `<span class="sub">up to ${formatDollars(monthlyCostCeiling)}</span>`;
  const created = isSettled(item) ? clock.day(Date.parse(item.createdAt)) : GB_UNKNOWN;
  const cells = [
    `<td class="i nb">${created}</td>`,
    `<td class="i r nb">${size}${cost}</td>`,
    `<td class="why">${whyHtml(item)}</td>`,
    `<td class="time">${timeHtml(item, clock)}</td>`,
  ];
  const cut = item.arn.lastIndexOf('/') + 1;
  const [prefix, id] = [htmlText(item.arn.slice(0, cut)), htmlText(item.arn.slice(cut))];
  const arn = item.name === null ? '' : `<span class="sub id"><span class="arn">${prefix}</span>${id}</span>`;
  return `<tr><th scope="row" class="nm"><bdi>${htmlText(item.name ?? item.arn)}</bdi>${arn}</th>${cells.join('')}</tr>\n`;
}

const HEADS =
  '<thead><tr><th scope="col">Snapshot</th><th scope="col">Created</th><th scope="col" class="r">Size</th>' +
  '<th scope="col">Why</th><th scope="col">Time and request id</th></tr></thead>\n';

function* tableOf(groups: readonly ResultGroup[], zone: Zone): Generator<string> {
  const clock = clockOf(zone);
  yield `<table class="rec">${HEADS}`;
  for (const { heading, note, rows } of groups) {
    yield `<tbody><tr class="of"><th scope="rowgroup" colspan="5"><b>${heading}</b> <span>${note}</span></th></tr>\n`;
    for (const row of rows) yield rowHtml(row, clock);
    yield '</tbody>\n';
  }
  yield '</table>\n';
}

/** The size and the cost of deleted snapshots: `540 GB, up to $27.00 a month`. */
export function freedText(items: readonly ItemDetails[]): string {
  const known = items.filter(({ monthlyCostCeiling }) => monthlyCostCeiling !== null);
  if (known.length === 0) return 'size and cost not known';
  const gb = known.reduce((sum, { sizeGb }) => sum + (sizeGb ?? 0), 0);
  const dollars = known.reduce((sum, { monthlyCostCeiling }) => sum + (monthlyCostCeiling ?? 0), 0);
  const unknown = unknownSizeText({ unknown: items.length - known.length });
  return `${formatNumber(gb)} GB, up to ${formatDollars(dollars)} a month${unknown}`;
}

/** The deleted snapshots of a result. */
export const deletedItems = ({ items }: ApplyResult): readonly ItemResult[] =>
  items.filter(({ outcome }) => outcome === 'deleted');

/** The deleted snapshots by source, the largest group first. */
function deletedGroups(result: ApplyResult): readonly ResultGroup[] {
  const groups = new Map<string, ItemResult[]>();
  for (const item of deletedItems(result))
    appendTo(groups, JSON.stringify([item.region, item.kind, item.source]), item);
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .flatMap((rows) => {
      const [first] = rows;
      if (first === undefined) return [];
      const place = `${first.kind} · ${htmlText(regionLabel(first.region))}`;
      const arn = htmlText(first.arn.slice(0, first.arn.lastIndexOf('/') + 1));
      const printed = `<span class="printed id"> · ${arn}…</span>`;
      const note = `${place} · ${formatNumber(rows.length)} deleted, ${freedText(rows)}${printed}`;
      return [{ heading: `<bdi>${htmlText(first.source ?? 'source not known')}</bdi>`, note, rows }];
    });
}

/** What was deleted, by source. */
export function* deletedHtml(result: ApplyResult, zone: Zone): Generator<string> {
  const items = deletedItems(result);
  if (items.length === 0) return;
  yield `<section id="deleted" aria-labelledby="h-deleted"><div class="head"><div><h2 id="h-deleted">\
${formatCount(items.length, 'deleted snapshot')}</h2><p>${freedText(items)} for full copies. \
With the request id, your AWS administrator finds the delete in CloudTrail.</p></div></div>\n`;
  yield* tableOf(deletedGroups(result), zone);
  yield '</section>\n';
}

/** What needs a person comes first. */
function otherGroups(result: ApplyResult): readonly ResultGroup[] {
  const { items } = result;
  const [late, failed] = [lateItems(result), failedItems(result)];
  const skipped = items.filter(({ outcome }) => outcome === 'spared' || outcome === 'changed');
  const gone = items.filter(({ outcome }) => outcome === 'already-gone');
  const all: readonly (readonly [title: string, note: string, ResultGroup['rows']])[] = [
    ['Outcome not known', 'A delete may have been sent.', unsettledItems(result)],
    ['May still be deleted', 'A delete was sent, and Lightsail may still carry it out.', late],
    ['Could not be deleted', 'The next report lists again what your policy does not keep.', failed],
    ['Skipped', 'Held or changed since the plan was made, and not deleted.', skipped],
    ['Already gone', 'Deleted by someone else, or earlier.', gone],
  ];
  return all
    .filter(([, , rows]) => rows.length > 0)
    .map(([title, note, rows]) => ({ heading: `${title}: ${formatNumber(rows.length)}`, note, rows }));
}

/** What the plan listed and was not deleted by this run, with the reason for each. */
export function* notDeletedHtml(result: ApplyResult, zone: Zone): Generator<string> {
  const groups = otherGroups(result);
  const open = result.totals.open - unsettledItems(result).length;
  if (groups.length === 0 && open === 0) return;
  const count = result.totals.requested - result.totals.deleted;
  yield `<section id="others" aria-labelledby="h-others"><div class="head"><div><h2 id="h-others">\
${formatCount(count, 'snapshot')} not deleted</h2>`;
  yield `${open === 0 ? '' : `<p>${formatCount(open, 'snapshot was', 'snapshots were')} not processed; the plan names each.</p>`}</div></div>\n`;
  if (groups.length > 0) yield* tableOf(groups, zone);
  yield '</section>\n';
}
