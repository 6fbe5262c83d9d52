import { parsePlan } from '../../lambda/storage/parse-plan';

const item = (n: number) => ({
  arn: `arn:aws:lightsail:us-east-1:123456789012:InstanceSnapshot/${n}`,
  name: `web-${n}`,
  kind: 'instance',
  account: '123456789012',
  region: 'us-east-1',
  createdAt: '2026-10-01T02:03:04.567Z',
});
const scope = (region: string, kind: string) => ({ account: '123456789012', region, kind });
const PLAN = {
  schemaVersion: 1,
  id: '20261123T080000Z-1a2b3c4d',
  account: '123456789012',
  scopes: [scope('us-east-1', 'instance'), scope('us-east-1', 'disk')],
  createdAt: '2026-11-23T08:00:00.000Z',
  expiresAt: '2026-11-30T08:00:00.000Z',
  config: { origin: 'retention.yaml', digest: `sha256:${'0'.repeat(64)}` },
  complete: true,
  blocked: null,
  items: [item(1), item(2)],
  digest: `sha256:${'1'.repeat(64)}`,
};
const DETAILS = { policy: 'standard', source: 'web', sizeGb: '40', monthlyCostCeiling: '2.00', reason: 'It is old.' };
const detailed = (n: number, details: object = {}) => ({ ...item(n), ...DETAILS, ...details });
const wrongOf = (json: unknown): string | null => {
  const result = parsePlan(json);
  return result.ok ? null : result.wrong;
};

describe('reading a plan', () => {
  it('takes a plan as a report writes it', () => {
    expect(parsePlan(PLAN)).toEqual({ ok: true, plan: PLAN });
  });

  it('takes one whose items have details, and one whose details are not known', () => {
    const plan = { ...PLAN, items: [detailed(1), detailed(2)] };
    expect(parsePlan(plan)).toEqual({ ok: true, plan });
    const unknown = { policy: null, source: null, sizeGb: null, monthlyCostCeiling: null };
    expect(wrongOf({ ...PLAN, items: [detailed(1, unknown), detailed(2)] })).toBeNull();
    for (const sizeGb of ['0', '0.5', '40', '10000000'])
      expect(wrongOf({ ...PLAN, items: [detailed(1, { sizeGb })] })).toBeNull();
  });

  it.each(Object.keys(DETAILS))('refuses an item that lacks its %s alone', (member) => {
    const { [member as keyof ReturnType<typeof detailed>]: _, ...rest } = detailed(2);
    const wrong = `items[1]: the member ${member} is missing, and other items have details`;
    expect(wrongOf({ ...PLAN, items: [detailed(1), rest] })).toBe(wrong);
    const { [member as keyof ReturnType<typeof detailed>]: only } = detailed(2);
    expect(wrongOf({ ...PLAN, items: [item(1), { ...item(2), [member]: only }] })).toContain('items[0]: the member');
  });

  it('refuses a plan of which some items have details and some have none, in any order', () => {
    expect(wrongOf({ ...PLAN, items: [item(1), detailed(2)] })).toContain('items[0]: the member');
    expect(wrongOf({ ...PLAN, items: [detailed(1), item(2)] })).toContain('items[1]: the member');
  });

  it.each([
    ['sizeGb', 40],
    ['sizeGb', ''],
    ['sizeGb', '-1'],
    ['sizeGb', '1e3'],
    ['sizeGb', '040'],
    ['sizeGb', '40 GB'],
    ['sizeGb', '40.'],
    ['sizeGb', '9'.repeat(30)],
    ['monthlyCostCeiling', 2],
    ['monthlyCostCeiling', '$2.00'],
    ['monthlyCostCeiling', 'NaN'],
    ['policy', 7],
    ['policy', ''],
    ['source', { name: 'web' }],
    ['source', ''],
    ['reason', null],
    ['reason', ''],
    ['reason', 'x'.repeat(201)],
    ['reason', ['It is old.']],
  ])('refuses a detail of another form: %s %j', (member, value) => {
    expect(wrongOf({ ...PLAN, items: [detailed(1), detailed(2, { [member]: value })] })).toContain(
      `items[1].${member}: got`,
    );
  });

  it('takes an empty plan of an unknown account', () => {
    expect(wrongOf({ ...PLAN, account: null, scopes: [], items: [] })).toBeNull();
  });

  it.each(['lock-1', 'locks', 'my-lock', 'lock.json-1'])('takes one with the id %s', (id) => {
    expect(wrongOf({ ...PLAN, id })).toBeNull();
  });

  it('takes one with raised caps, and one without the member', () => {
    expect(wrongOf({ ...PLAN, caps: 'raised' })).toBeNull();
    expect(wrongOf(PLAN)).toBeNull();
  });

  it('takes a blocked one: that it is blocked is another refusal', () => {
    expect(wrongOf({ ...PLAN, complete: false, blocked: { code: 'cap.max-share', message: 'too many' } })).toBeNull();
  });

  it('takes an incomplete one that lacks what was not read, and lists what came of it before: that it is incomplete is another refusal', () => {
    const scopes = [...PLAN.scopes, scope('eu-west-1', 'disk')];
    const items = [...PLAN.items, { ...item(3), region: 'eu-west-1' }];
    expect(wrongOf({ ...PLAN, complete: false, scopes, items })).toBeNull();
    expect(wrongOf({ ...PLAN, scopes })).toContain('scopes: expected each kind in each region');
  });

  it.each(Object.keys(PLAN))('refuses a plan without %s', (member) => {
    const { [member as keyof typeof PLAN]: _, ...rest } = PLAN;
    expect(wrongOf(rest)).toContain(`the member ${member} is missing`);
  });

  it.each(Object.keys(item(1)))('refuses an item without %s', (member) => {
    const { [member as keyof ReturnType<typeof item>]: _, ...rest } = item(1);
    expect(wrongOf({ ...PLAN, items: [item(2), rest] })).toBe(`items[1]: the member ${member} is missing`);
  });

  it.each([
    ['a list', [], 'expected an object'],
    ['nothing', null, 'expected an object'],
    ['a text', 'plan', 'expected an object'],
    ['an unknown member', { ...PLAN, force: true }, 'unknown member "force"'],
    ['a prototype', JSON.parse(JSON.stringify(PLAN).replace('{', '{"__proto__":{},')), 'unknown member "__proto__"'],
    ['another schema', { ...PLAN, schemaVersion: 2 }, 'schemaVersion: got 2, expected 1'],
    ['an id that leads out of its folder', { ...PLAN, id: '../../etc/passwd' }, 'id: got'],
    ['an id that is hidden', { ...PLAN, id: '.hidden' }, 'id: got'],
    ...['lock', 'Lock', 'lock.json'].map((id): [string, unknown, string] => [
      `the id ${id}, whose result or folder would be the lock of its place`,
      { ...PLAN, id },
      `id: got "${id}", expected an id of letters, digits, "-", "_" and ".", other than "lock"`,
    ]),
    ['an id that is a number', { ...PLAN, id: 7 }, 'id: got 7'],
    ['an account that is none', { ...PLAN, account: '12345678901' }, 'account: got'],
    ['a date without time', { ...PLAN, expiresAt: '2026-11-30' }, 'expiresAt: got'],
    ['a day that there is not', { ...PLAN, expiresAt: '2026-02-30T08:00:00.000Z' }, 'expiresAt: got'],
    ['an instant in another zone', { ...PLAN, createdAt: '2026-11-23T09:00:00.000+01:00' }, 'createdAt: got'],
    ['complete as a text', { ...PLAN, complete: 'true' }, 'complete: got "true"'],
    ['caps as false', { ...PLAN, caps: false }, 'caps: got false, expected raised'],
    ['caps of the configuration', { ...PLAN, caps: 'configured' }, 'caps: got "configured", expected raised'],
    ['caps as null', { ...PLAN, caps: null }, 'caps: got null, expected raised'],
    ['blocked as false', { ...PLAN, blocked: false }, 'blocked: got false'],
    ['a digest of another kind', { ...PLAN, digest: 'md5:00' }, 'digest: got'],
    ['a digest in capitals', { ...PLAN, digest: `sha256:${'A'.repeat(64)}` }, 'digest: got'],
    ['items that are no list', { ...PLAN, items: { 0: item(1) } }, 'items: got'],
    ['an item of an unknown kind', { ...PLAN, items: [{ ...item(1), kind: 'bucket' }] }, 'items[0].kind: got "bucket"'],
    ['an item with an empty name', { ...PLAN, items: [{ ...item(1), name: '' }] }, 'items[0].name: got ""'],
    [
      'an item with a number for its creation',
      { ...PLAN, items: [{ ...item(1), createdAt: 1 }] },
      'items[0].createdAt: got 1',
    ],
    ['an item with a wish', { ...PLAN, items: [{ ...item(1), force: 1 }] }, 'items[0]: got the unknown member "force"'],
    ['an item twice', { ...PLAN, items: [item(1), item(2), item(1)] }, 'items[2]: got'],
    ['a name twice', { ...PLAN, items: [item(1), { ...item(2), name: 'web-1' }] }, 'a second time'],
    [
      'an item outside of its scopes',
      { ...PLAN, items: [{ ...item(1), region: 'eu-west-1' }] },
      'items[0]: got a snapshot outside of the scopes',
    ],
    [
      'an item of a kind outside of its scopes',
      { ...PLAN, items: [{ ...item(1), kind: 'database' }] },
      'outside of the scopes',
    ],
    [
      'a scope twice',
      { ...PLAN, scopes: [...PLAN.scopes, scope('us-east-1', 'disk')] },
      'scopes: expected each kind in each region',
    ],
    [
      'a scope left out',
      { ...PLAN, scopes: [...PLAN.scopes, scope('eu-west-1', 'disk')] },
      'scopes: expected each kind in each region',
    ],
  ])('refuses %s', (_, json, wrong) => {
    expect(wrongOf(json)).toContain(wrong);
  });
});
