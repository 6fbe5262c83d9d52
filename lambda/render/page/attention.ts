import type { Report } from '../../core/report/report-model';
import { escapeHtml } from '../escape';
import { changesText, holdsMatter, type Matter, mattersOf, pluralText } from '../matters';
import { formatNumber } from '../numbers';
import { changesSection, regionsOff } from '../report-sections';
import { listsHtml } from './lists';
import type { Situation } from './situation';

function changesMatter(report: Report): readonly Matter[] {
  const section = changesSection(report);
  if (section.count === 0) return [];
  return [
    {
      id: 'changes',
      count: section.count,
      title: pluralText(section.count, 'change since the last report', 'changes since the last report'),
      line: changesText(report).replace(/^[^:]*: /, ''),
      task: '',
      notes: [],
      items: section.items,
    },
  ];
}

const regionsOffMatters = (report: Report): readonly Matter[] =>
  regionsOff(report).map((section, index) => ({
    id: `off-${index + 1}`,
    count: section.count,
    title: section.title.replace(/: [\d,]+$/, '').toLowerCase(),
    line: section.lead.join(' '),
    task: '',
    notes: [],
    items: section.items,
  }));

function* matterHtml({ id, count, title, line, notes, items }: Matter): Generator<string> {
  const head = `<span class="n">${formatNumber(count)}</span><span>${escapeHtml(title)}</span>`;
  const body = [...items()];
  const about = notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('');
  if (body.length === 0 && about === '') {
    yield `<li id="${id}"><div class="matter">${head}<span class="s2">${escapeHtml(line)}</span></div></li>\n`;
    return;
  }
  yield `<li id="${id}"><details><summary class="matter">${head}<span class="more">Details</span>`;
  yield `<span class="s2">${escapeHtml(line)}</span></summary><div class="body">${about}`;
  yield* listsHtml({ items: () => body });
  yield '</div></details></li>\n';
}

const STOPPING_NOTES: Partial<Record<Situation['kind'], string>> = {
  countdown: 'None of this stops the deletion.',
  undated: 'None of this stops the deletion.',
};

function* sectionHtml(id: string, title: string, note: string, matters: readonly Matter[]): Generator<string> {
  if (matters.length === 0) return;
  yield `<section class="att" aria-labelledby="${id}"><div><h2 id="${id}">${title}</h2>`;
  yield `<p class="small quiet">${note}</p></div><ul>\n`;
  for (const matter of matters) yield* matterHtml(matter);
  yield '</ul></section>\n';
}

/** What needs a person, and what else a person should know; nothing where there is nothing. */
export function* attentionHtml(report: Report, { kind }: Situation): Generator<string> {
  const note = STOPPING_NOTES[kind] ?? 'Each says what to do.';
  yield* sectionHtml('h-att', 'Needs attention', note, mattersOf(report));
  const others = [...holdsMatter(report), ...changesMatter(report), ...regionsOffMatters(report)];
  yield* sectionHtml('h-know', 'Good to know', 'None of this needs you.', others);
}
