import type { Report } from '../../lambda/core/report/report-model';
import { renderChat } from '../../lambda/render/chat';
import { renderEmail } from '../../lambda/render/email';
import { renderHtml } from '../../lambda/render/html';
import { renderJson } from '../../lambda/render/json';
import { renderMarkdown } from '../../lambda/render/markdown';
import { renderTerminal } from '../../lambda/render/terminal';
import { aReport, aScope, kept } from '../support/report-builder';
import { CONTEXT } from './sample-reports';

const off = (region: string, status: 'disabled' | 'denied') =>
  aScope({ region, status, sources: status, pages: 0, snapshots: 0 });

const REPORT = aReport([kept()], {
  scopes: [
    aScope({ snapshots: 1 }),
    off('ap-east-1', 'disabled'),
    off('eu-west-2', 'denied'),
    off('eu-west-3', 'denied'),
  ],
});

const RENDERERS: Readonly<Record<string, (report: Report) => string>> = {
  'e-mail': (report) => renderEmail(report, CONTEXT).body,
  'chat message': (report) => renderChat(report, CONTEXT).content.description,
  terminal: (report) => [...renderTerminal(report, CONTEXT, { columns: 200, colour: false })].join(''),
  Markdown: (report) => [...renderMarkdown(report, CONTEXT)].join('').replace(/\\/g, ''),
  page: (report) =>
    [...renderHtml(report, { stored: true, tagPrefix: 'retention' })].join('').replace(/[\s\S]*<h1>/, ''),
};

describe('regions that are not read and do not make a report incomplete', () => {
  it.each(Object.entries(RENDERERS))('are named with the reason in the first lines of the %s', (_, render) => {
    const first = render(REPORT).split('\n').slice(0, 8).join('\n');
    expect(first).toContain('Not read (switched off in this account): ap-east-1.');
    expect(first).toContain('Not read (denied by a service control policy): eu-west-2, eu-west-3.');
  });

  it('are not counted as not read: the subject is that of a complete report', () => {
    expect(renderEmail(REPORT, CONTEXT).subject).not.toMatch(/incomplete|not read/i);
  });

  it('are named one by one at the end of a text without limits, with what that means', () => {
    const text = [...renderTerminal(REPORT, CONTEXT, { columns: 200, colour: false })].join('');
    expect(text).toMatch(
      /REGIONS DENIED: 2\nA service control policy denies every call in these regions\..*\n+ {2}- eu-west-2\n {2}- eu-west-3/,
    );
  });

  it('have their status in the JSON, for snapshots and for sources', () => {
    const { scopes } = JSON.parse([...renderJson(REPORT)].join(''));
    expect(scopes.map(({ status, sources }: { status: string; sources: string }) => [status, sources])).toEqual([
      ['read', 'read'],
      ['disabled', 'disabled'],
      ['denied', 'denied'],
      ['denied', 'denied'],
    ]);
  });

  it('are counted where they are many', () => {
    const many = Array.from({ length: 17 }, (_, n) => off(`eu-west-${n + 1}`, 'denied'));
    expect(renderEmail(aReport([kept()], { scopes: [aScope(), ...many] }), CONTEXT).body).toMatch(
      /eu-west-12 and 5 more\./,
    );
  });
});
