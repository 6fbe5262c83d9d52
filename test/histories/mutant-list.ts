/** A deliberate fault: one text of a file replaced. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Is in the file once. */
  readonly from: string;
  readonly to: string;
  /** Another guard does the same, so that no history can tell. */
  readonly isEquivalent?: true;
}

const of = (
  file: string,
  ...mutants: readonly (readonly [name: string, from: string, to: string, isEquivalent?: true])[]
): readonly Mutant[] =>
  mutants.map(([name, from, to, isEquivalent]) => ({
    name,
    file,
    from,
    to,
    ...(isEquivalent === undefined ? {} : { isEquivalent }),
  }));

/** The faults that the histories are tried with. */
export const MUTANTS: readonly Mutant[] = [
  ...of(
    'lambda/deletion/delete-snapshot.ts',
    ['the age of a check does not matter', 'if (!isFresh()) return { again: TOO_OLD };', ''],
    [
      'a check is young from when its answer is read',
      `const age = startAge(this.ports);
    await this.checkOwn();
    const now = await readNow(this.ports, this.request, signal);`,
      `await this.checkOwn();
    const now = await readNow(this.ports, this.request, signal);
    const age = startAge(this.ports);`,
    ],
    [
      'the group is not read again',
      'const breach = await this.request.checkGroup(signal);',
      'const breach: ItemOutcome | null = null as ItemOutcome | null;',
    ],
    [
      'a run does not ask whether an item is still its own',
      '=== false) throw takenOver(',
      '=== null) throw takenOver(',
    ],
    ['a run that takes over does not wait', 'await this.ports.backoff.sleep(TAKE_OVER_WAIT_MS);', ''],
    [
      'a lost answer is taken for a delete that was not sent',
      '|| undone === true;',
      "|| failureClass === 'transient' || undone === true;",
    ],
    [
      'an answer of no known kind is taken for a refusal',
      "'caller', 'not-sent'].includes(failureClass)",
      "'caller', 'not-sent', 'unknown'].includes(failureClass)",
    ],
    ['an accepted delete is success', 'if (isGone(now))', 'if (isDone || isGone(now))'],
    [
      'after a delete without an answer the next one follows at once',
      'return isUndone(failure) ? this.again(reasonOf(failure)) : this.afterSilence(failure);',
      'return this.again(reasonOf(failure));',
    ],
  ),
  ...of(
    'lambda/deletion/read-snapshot.ts',
    [
      'the last reading is not compared',
      "if (skipReason === null) return { state: 'same' };",
      "if (skipReason?.outcome !== 'changed') return { state: 'same' };",
    ],
    [
      'any snapshot of that name is the planned one',
      "if (skipReason === null) return { state: 'same' };",
      "if (skipReason?.outcome !== 'spared') return { state: 'same' };",
    ],
    [
      'a snapshot that cannot be read is taken for gone',
      "if (!answer.ok) return { state: 'unread', failure: answer.failure };",
      "if (!answer.ok) return { state: 'gone' };",
    ],
    [
      'a snapshot that was replaced is recorded as deleted',
      "outcome: sent === 'nothing' ? now.skipReason : goneOutcome(sent) };",
      "outcome: goneOutcome('by-this-run') };",
    ],
  ),
  ...of('lambda/deletion/item-outcome.ts', [
    'failed never says that it may still be deleted',
    "sent === 'nothing'\n    ? { outcome: 'failed', code, text }",
    "sent !== null\n    ? { outcome: 'failed', code, text }",
  ]),
  ...of(
    'lambda/deletion/check-group.ts',
    ['the source is not read again', 'if (named === null) return null;', 'if (named !== undefined) return null;'],
    ['a source that no list had is not asked for', 'const named = source ?? absentSource;', 'const named = source;'],
    ['the kept snapshots are not read again', 'await eachOf(floor, (kept)', 'await eachOf(floor.slice(0, 0), (kept)'],
  ),
  ...of(
    'lambda/core/plan/recheck.ts',
    ['the ARN is not compared', 'if (now.arn !== item.arn) return', 'if (now.arn === null) return'],
    [
      'the creation is not compared',
      'if (isoOrNone(now.createdAt) !== item.createdAt) {',
      'if (now.createdAt === null) {',
    ],
    ['the state is not compared', 'if (now.state !== FINISHED_STATE[now.kind])', 'if (now.state === null)'],
    ['tags are not compared', 'if (!sameTags(before.tags, now.tags)) return', 'if (now.tags === null) return'],
    [
      'tags of a source are not compared',
      'return sameTags(source.tags, read.tags) ? null :',
      'return sameTags(source.tags, read.tags) || source.name !== null ? null :',
    ],
    ['another source of that name is the same', 'if (read === null || read.arn !== source.arn)', 'if (read === null)'],
    [
      'a kept snapshot of that name is the same',
      'if (read.arn !== kept.arn || read.createdAt !== kept.createdAt)',
      'if (read.arn === null)',
    ],
    ['what the fresh decision keeps is deleted', "return evaluated.verdict === 'expire'", 'return evaluated !== null'],
  ),
  ...of(
    'lambda/deletion/outcome-store.ts',
    [
      'an outcome can be written twice',
      'if (await this.ports.store.putIfAbsent(jsonObject(key, settled))) return settled;',
      "await this.ports.store.put(jsonObject(key, settled));\n    if (settled.arn !== '') return settled;",
    ],
    [
      'an attempt of another run is replaced',
      ': store.replaceIf(object, known.version);',
      ': store.put(object).then(() => true);',
    ],
    [
      'attempts of earlier runs are forgotten',
      'this.unsettled = unsettledOfRecords(records);',
      'this.unsettled = new Map();',
    ],
    [
      'an attempt of another run is one of this run',
      '&& attempt.run === this.ports.owner.run;',
      "&& attempt.run !== '';",
    ],
    [
      'a cancelled attempt forgets what was sent before',
      '|| !this.isOwnOpen(attempt) || attempt.earlier) return;',
      '|| !this.isOwnOpen(attempt)) return;',
    ],
    ['a run ends an item that another run has', 'if (isForeign && (hasBegun || tries > 0)) throw takenOver(name);', ''],
  ),
  ...of(
    'lambda/deletion/apply-plan.ts',
    [
      'what has an outcome is worked on again',
      'return !this.ports.outcomes.recorded.has(arn);',
      'return arn !== null;',
      // The start of its attempt finds the outcome.
      true,
    ],
    ['a plan of another configuration is applied', 'checkConfig(plan, config);', ''],
    ['a blocked plan is applied', 'checks.run(() => checkUnblocked(plan, allowsRaisedCaps));', ''],
    ['a wrong clock does not matter', 'checkClock(reading);', ''],
    [
      'caps do not matter',
      'checks.run(() => checkCaps(plan, config, candidates + deleted, inventory.snapshots.length + deleted));',
      '',
    ],
    ['the breach of a group is forgotten', 'breach ??= await checkGroup(', 'breach = await checkGroup('],
  ),
  ...of(
    'lambda/deletion/verify-plan.ts',
    ['a plan never expires', 'if (expiry !== null && now >= expiry)', 'if (expiry !== null && now < 0)'],
    [
      'a list that could not be read does not matter',
      'if (inventory.complete && unread.length === 0) return;',
      'if (inventory.scopes.length > 0) return;',
    ],
  ),
  ...of('lambda/core/policy/evaluate-group.ts', [
    'floors do not matter',
    'if (!keeps && floors.length === 0) draft.verdict',
    'if (!keeps) draft.verdict',
  ]),
  ...of('lambda/core/policy/resolve.ts', [
    'holds of a source do not matter',
    'its.holds.length === 0 ? mine.holds',
    'its.holds.length >= 0 ? mine.holds',
  ]),
  ...of('lambda/aws/walk-pages.ts', [
    'a list ends with its first page',
    '} while (token !== null);',
    '} while (token !== null && pages === 0);',
  ]),
  ...of('lambda/aws/lightsail-deletion.ts', [
    'a read that fails is an answer',
    "return answer.failure.class === 'not-found' ? { ok: true, value: null } : answer;",
    'return { ok: true, value: null };',
  ]),
  ...of('lambda/core/plan/timetable.ts', [
    'the grace period does not matter',
    'now >= addDuration(at, grace, zone) && at <= subtractDuration(now, grace, zone)',
    'at <= now',
  ]),
  ...of(
    'lambda/core/plan/grace-period.ts',
    ['a report that reached nobody counts', 'if (confirmed === null || confirmed < 1)', 'if (confirmed === null)'],
    ['a report that announced nothing counts', 'if (!announced)', 'if (announced === null)'],
    ['an old report is fresh', 'now - run.at > MAX_REPORT_AGE_MS', 'now < run.at - MAX_REPORT_AGE_MS'],
    [
      'what a report in between did not list is taken',
      'if (!keys.has(each)) listed.delete(each);',
      'if (!keys.has(each)) keys.add(each);',
    ],
    ['a report of another configuration counts', 'plan.config.digest !== config.digest', "plan.config.digest === ''"],
  ),
];
