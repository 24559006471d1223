import { defineBee, defineTask, sensitive, TerminalError, z } from '../../src/bee/index.ts'

const note = z.object({ note: z.string() })

/** A handler that a test lets go on: resolves when told, or rejects with the signal's reason if it looks at it. */
export const gates = new Map<string, { readonly open: () => void; readonly opened: Promise<void> }>()
export function gate(name: string) {
  const known = gates.get(name)
  if (known !== undefined) return known
  const { promise, resolve } = Promise.withResolvers<void>()
  const made = { open: () => resolve(), opened: promise }
  gates.set(name, made)
  return made
}

/** What the handlers of the tests saw, by the `note` of their input. */
export const seen = new Map<string, string[]>()
const saw = (name: string, what: string): void => {
  seen.set(name, [...(seen.get(name) ?? []), what])
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })

const codeOf = (reason: unknown): string => String((reason as { code?: unknown }).code)

/** A bee with a task for everything that a handler can do. */
export const worker = defineBee({
  name: 'worker',
  description: 'Does what the tests want.',
  slots: 2,
  tasks: {
    append: defineTask({
      description: 'Writes one row.',
      input: z.object({ note: z.string(), secret: sensitive(z.string()).optional() }),
      output: z.object({ row: z.number(), secret: sensitive(z.string()).optional() }),
      deadlineMs: 20_000,
      run: async ({ transact, input, log }) => {
        log.info('appending', { note: input.note, secret: input.secret, nested: [{ deep: `x${input.secret}x` }] })
        const { output } = await transact()
        return { row: (output as { row: number }).row, secret: input.secret }
      },
    }),
    once: defineTask({
      description: 'Writes one row for each key.',
      input: z.object({ note: z.string() }),
      output: z.object({ row: z.number() }),
      key: ({ note: key }) => key,
      run: async ({ transact }) => ({ row: ((await transact()).output as { row: number }).row }),
    }),
    steps: defineTask({
      description: 'Two transactions.',
      input: note,
      output: z.object({ rows: z.array(z.number()) }),
      run: async ({ transact, input }) => {
        const first = await transact({ note: `${input.note} 1` })
        const second = await transact({ note: `${input.note} 2` })
        return { rows: [first, second].map(({ output }) => (output as { row: number }).row) }
      },
    }),
    wait: defineTask({
      description: 'Waits for its gate, then writes.',
      input: note,
      output: z.object({ row: z.number() }),
      deadlineMs: 20_000,
      run: async ({ input, transact, signal, shuttingDown, process }) => {
        saw(input.note, 'started')
        const told = (): void => saw(input.note, 'shutting down')
        shuttingDown.addEventListener('abort', told, { once: true })
        process.ownershipLost.addEventListener('abort', () => saw(input.note, 'ownership lost'), { once: true })
        try {
          await Promise.race([gate(input.note).opened, untilAborted(signal)])
        } catch (reason) {
          saw(input.note, codeOf(reason))
          throw reason
        }
        return { row: ((await transact()).output as { row: number }).row }
      },
    }),
    one_at_a_time: defineTask({
      description: 'Waits for its gate; one run at once.',
      input: note,
      output: z.object({}),
      concurrency: 1,
      run: async ({ input, signal }) => {
        saw(input.note, 'started')
        await Promise.race([gate(input.note).opened, untilAborted(signal)])
        return {}
      },
    }),
    deaf: defineTask({
      description: 'Ignores its signal.',
      input: note,
      output: z.object({}),
      run: async ({ input, signal, transact }) => {
        saw(input.note, 'started')
        signal.addEventListener('abort', () => saw(input.note, codeOf(signal.reason)), { once: true })
        await gate(input.note).opened
        await transact().then(
          () => saw(input.note, 'wrote'),
          (error: unknown) => saw(input.note, `refused ${codeOf(error)}`),
        )
        return {}
      },
    }),
    polite: defineTask({
      description: 'Ends in good order when it is told to stop.',
      input: note,
      output: z.object({ stopped: z.string() }),
      run: async ({ input, signal }) => {
        saw(input.note, 'started')
        const reason = await untilAborted(signal).catch((error: unknown) => error)
        saw(input.note, codeOf(reason))
        return { stopped: codeOf(reason) }
      },
    }),
    throws: defineTask({
      description: 'Throws.',
      input: z.object({ secret: sensitive(z.string()), terminal: z.boolean() }),
      output: z.object({}),
      run: async ({ input }) => {
        if (input.terminal) throw new TerminalError(`no good: ${input.secret}`)
        throw new Error(`something with ${input.secret}`, { cause: input })
      },
    }),
    counts: defineTask({
      description: 'Counts under the name that it is given.',
      input: note,
      output: z.object({}),
      counts: ['lines', 'pages'],
      run: async ({ input, count }) => {
        count('pages')
        count(input.note, 3)
        return {}
      },
    }),
    throws_early: defineTask({
      description: 'Throws before it returns a promise.',
      input: note,
      output: z.object({}),
      run: () => {
        throw new TerminalError('early')
      },
    }),
    wrong_shape: defineTask({
      description: 'Returns something else.',
      input: note,
      output: z.object({ row: z.number() }),
      // A bee in plain JavaScript has no compiler to stop it.
      run: async () => ({ row: 'not a number' }) as unknown as { row: number },
    }),
    careless: defineTask({
      description: 'Starts a transaction and does not wait for it.',
      input: note,
      output: z.object({}),
      run: async ({ transact }) => {
        transact().catch(() => undefined)
        return {}
      },
    }),
    no_sql: defineTask({
      description: 'Has no SQL function.',
      input: note,
      output: z.object({}),
      retry: { tries: 1 },
      run: async ({ transact }) => {
        await transact()
        return {}
      },
    }),
    echo: defineTask({
      description: 'Gives the input back.',
      input: z.looseObject({}),
      output: z.unknown(),
      run: async ({ input }) => input,
    }),
  },
})

/** A bee that blocks its slots and fails. */
export const poison = defineBee({
  name: 'poison',
  description: 'Never gives its slots back.',
  slots: 2,
  tasks: {
    hang: defineTask({
      description: 'Hangs.',
      input: note,
      output: z.object({}),
      deadlineMs: 60_000,
      run: ({ input }) => {
        saw(input.note, 'started')
        return new Promise<Record<string, never>>(() => undefined)
      },
    }),
  },
})

const table = `
  create schema fixture authorization bees_owner;
  create table fixture.effects (id bigint generated always as identity, task text not null, payload jsonb not null);
  alter table fixture.effects owner to bees_owner;`

const effectOf = (name: string): string => `
  create function bee_tasks.worker__${name}(input jsonb, call jsonb) returns jsonb language plpgsql as $$
  declare id bigint;
  begin
    insert into fixture.effects (task, payload) values ('${name}', input) returning effects.id into id;
    return jsonb_build_object('row', id);
  end $$;`

/** Their SQL: every task of the worker writes one row a call and gives its id. */
export const fixture =
  table + ['append', 'once', 'steps', 'wait', 'deaf', 'careless'].map((name) => effectOf(name)).join('')
