import type { Row } from './account';
import type { Change } from './fault';
import type { Call, Struck } from './faults';
import { ServiceRefusal } from './service-error';
import type { World } from './world';

/** What tests hook in between a call's arrival and its work (`before`), or its work and its answer (`after`). */
export type Hook = (call: Call, world: World) => void | Promise<void>;

interface Hooked {
  readonly when: 'before' | 'after';
  readonly operation: string;
  readonly hook: Hook;
}

/** What happens to the world around the work of a call: hooks of tests, and `change` faults. */
export interface Effects {
  on(when: Hooked['when'], operation: string, hook: Hook): () => void;
  run(when: Hooked['when'], call: Call, struck: Struck, world: World): Promise<void>;
}

export function makeEffects(): Effects {
  const hooks = new Set<Hooked>();
  return {
    on(when, operation, hook) {
      const hooked = { when, operation, hook };
      hooks.add(hooked);
      return () => void hooks.delete(hooked);
    },
    async run(when, call, struck, world) {
      if (when === 'before')
        for (const { rows } of struck.all('shift')) world.removeFirst(call.region, call.operation, rows);
      for (const fault of struck.all('change')) if (fault.when === when) changeWorld(world, call.region, fault.change);
      for (const each of [...hooks]) {
        if (each.when === when && (each.operation === '*' || each.operation === call.operation))
          await each.hook(call, world);
      }
    },
  };
}

const DENIED = {
  'service-control-policy': () => 'with an explicit deny in a service control policy',
  'identity-policy': () => 'with an explicit deny in an identity-based policy',
  'nothing-allows': (action: string) => `because no identity-based policy allows the ${action} action`,
} as const;

/** Throws the error that faults answer a call with, if any. */
export function refuseStruck(struck: Struck, { service, operation, account }: Call): void {
  const denied = struck.first('deny');
  if (denied) {
    const action = `${service}:${operation}`;
    const who = `User: arn:aws:iam::${account}:user/emulated is not authorized to perform: ${action} on resource: *`;
    throw new ServiceRefusal({
      code: 'AccessDeniedException',
      message: `${who} ${DENIED[denied.by](action)}`,
      status: 400,
    });
  }
  const error = struck.first('error');
  if (error) {
    const { code, message, tip, status } = error;
    throw new ServiceRefusal({
      code,
      message: message ?? `${code} by the scenario.`,
      ...(tip === undefined ? {} : { tip }),
      ...(status === undefined ? {} : { status }),
    });
  }
  if (struck.first('throttle'))
    throw new ServiceRefusal({ code: 'ThrottlingException', message: 'Rate exceeded', status: 400 });
}

function changeWorld(world: World, here: string, change: Change): void {
  const { resource: name, list } = change;
  const region = change.region ?? here;
  switch (change.action) {
    case 'tag':
      world.tag(
        region,
        name,
        change.tags.map(({ key, value }) => (value === undefined ? { key } : { key, value })),
        list,
      );
      return;
    case 'untag':
      world.untag(region, name, change.keys, list);
      return;
    case 'delete': {
      const found = world.named(region, name, list);
      if (found) world.remove(region, found.resource.list, name);
      return;
    }
    case 'reuse': {
      // The call itself may just have freed the name.
      const found = world.named(region, name, list) ?? world.former(region, name);
      if (!found) return;
      world.remove(region, found.resource.list, name);
      const { arn: _arn, createdAt: _createdAt, tags: _tags, ...like } = found.row;
      world.add(region, found.resource.list, { ...like, ...(change.row as Row | undefined), name });
    }
  }
}
