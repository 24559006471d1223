import { describe, expect, it } from 'vitest'
import { defineBee, defineTask, isBee, sqlNameOf, TerminalError, z } from '../../src/bee/index.ts'
import { refusalOf } from './fixtures.ts'

const options = {
  description: 'Says hello',
  input: z.object({ name: z.string() }),
  output: z.object({ greeting: z.string() }),
  run: async () => ({ greeting: 'hello' }),
}
const hello = defineTask(options)
const bee = { name: 'greeter', description: 'Greets', tasks: { hello } }

// The compiler would refuse most of these; a bee may also be written in JavaScript.
const task = (changes: object) => refusalOf(() => defineTask({ ...options, ...changes }))
const beeWith = (changes: object) => refusalOf(() => defineBee({ ...bee, ...changes }))

describe('defineTask', () => {
  it('fills in the defaults and freezes', () => {
    expect(hello).toMatchObject({
      deadlineMs: 60_000,
      brokerRetries: 5,
      retry: { tries: 3, baseMs: 1000, factor: 2, capMs: 30_000 },
      concurrency: undefined,
      key: undefined,
    })
    expect(Object.isFrozen(hello) && Object.isFrozen(hello.retry)).toBe(true)
    expect(defineTask({ ...options, retry: { baseMs: 60_000 } }).retry.capMs).toBe(60_000)
  })

  it.each([
    ['description', '', 'text of 1 to 500 characters', "'' (string)"],
    ['description', undefined, 'text', 'nothing'],
    ['input', z.string(), 'a zod object schema', '(object)'],
    ['input', z.object({}).transform(() => 1), 'a zod object schema', '(object)'],
    ['input', { name: 'string' }, 'a zod object schema', "{ name: 'string' } (object)"],
    ['output', undefined, 'a zod schema', 'nothing'],
    ['run', 'hello', 'a function', "'hello' (string)"],
    ['deadlineMs', 999, 'an integer from 1000 to 86400000', '999 (number)'],
    ['deadlineMs', 1500.5, 'an integer', '1500.5 (number)'],
    ['deadlineMs', Number.NaN, 'an integer', 'NaN (number)'],
    ['deadlineMs', Number.POSITIVE_INFINITY, 'an integer', 'Infinity (number)'],
    ['deadlineMs', '60s', 'an integer', "'60s' (string)"],
    ['deadlineMs', 86_400_001, 'an integer', '86400001 (number)'],
    ['retry', 3, 'an object', '3 (number)'],
    ['retry', null, 'an object', 'null (null)'],
    ['brokerRetries', 0, 'an integer from 1 to 1000', '0 (number)'],
    ['brokerRetries', -1, 'an integer from 1 to 1000', '-1 (number)'],
    ['key', 'id', 'a function', "'id' (string)"],
    ['concurrency', 0, 'an integer from 1', '0 (number)'],
    ['concurrency', 1.5, 'an integer from 1', '1.5 (number)'],
    ['counts', 'lines', 'an array of up to 50 different names', "'lines' (string)"],
    ['counts', ['Lines'], 'an array', "[ 'Lines' ] (object)"],
    ['counts', ['lines', 'lines'], 'an array', "[ 'lines', 'lines' ] (object)"],
    ['counts', [`a${'b'.repeat(60)}`], 'an array', '(object)'],
    ['counts', Array.from({ length: 51 }, (_, index) => `a${index}`), 'an array', '(object)'],
    ['schedule', 60, 'an object', '60 (number)'],
  ])('refuses %s: %s', (option, value, expected, received) => {
    const { code, message } = task({ [option]: value })
    expect(code).toBe('BEE_BEE_INVALID')
    expect(message).toContain(`defineTask: ${option}: expected ${expected}`)
    expect(message).toContain(`received ${received === '(object)' ? '' : received}`)
  })

  it.each([
    ['tries', 0],
    ['tries', 101],
    ['baseMs', -1],
    ['baseMs', '1s'],
    ['factor', 0.5],
    ['factor', Number.NaN],
    ['capMs', Number.POSITIVE_INFINITY],
    ['capMs', 500],
  ])('refuses retry.%s: %s', (option, value) => {
    const { code, message } = task({ retry: { [option]: value } })
    expect(code).toBe('BEE_BEE_INVALID')
    expect(message).toMatch(new RegExp(`^defineTask: retry[:.] ?${option}: expected .* received `))
  })

  it('keeps a frozen copy of its counts and of its schedule', () => {
    const counts = ['lines', 'lines_skipped']
    const input = { name: 'Ada' }
    const made = defineTask({ ...options, counts, schedule: { everyS: 10, input } })
    counts.push('Bad')
    input.name = 'Eve'
    expect(made).toMatchObject({ counts: ['lines', 'lines_skipped'], schedule: { everyS: 10, input: { name: 'Ada' } } })
    expect([made.counts, made.schedule].every(Object.isFrozen)).toBe(true)
    expect(hello).toMatchObject({ counts: [], schedule: undefined })
  })

  it.each([
    [{ everyS: 9, input: { name: 'Ada' } }, 'defineTask: schedule: everyS: expected an integer from 10'],
    [{ everyS: 10.5, input: { name: 'Ada' } }, 'defineTask: schedule: everyS: expected an integer'],
    [{ everyS: 2_678_401, input: { name: 'Ada' } }, 'defineTask: schedule: everyS: expected an integer'],
    [{ everyS: 10 }, 'defineTask: schedule: input: expected an object, received nothing'],
    [{ everyS: 10, input: {}, at: 'noon' }, 'defineTask: schedule: unknown option at'],
    [{ everyS: 10, input: { name: 7 } }, 'defineTask: schedule.input: name: expected string'],
    [{ everyS: 10, input: { name: 'Ada', when: new Date(0) } }, 'defineTask: schedule.input: when: not JSON (Date)'],
  ])('refuses the schedule %j', (schedule, expected) => {
    const { code, message } = task({ schedule })
    expect({ code, message }).toEqual({ code: 'BEE_BEE_INVALID', message: expect.stringContaining(expected) })
  })

  it('refuses options that do not exist, and names those that do', () => {
    expect(task({ deadline: 1000 }).message).toMatch(
      /^defineTask: unknown option deadline; known are description, input/,
    )
    expect(task({ retry: { attempts: 1 } }).message).toContain('unknown option attempts; known are tries, baseMs')
    expect(refusalOf(() => defineTask(null as never)).message).toBe(
      'defineTask: expected an options object, received null (null)',
    )
  })

  it.each([
    ['empty text', () => ''],
    ['text that is too long', () => 'a'.repeat(513)],
    ['a number', () => 42],
    ['a promise', async () => 'key'],
    ['a lone surrogate', () => '\ud800'],
    ['U+0000', () => 'a\u0000b'],
    [
      'an error with the input in it',
      () => {
        throw new TypeError('secret-canary')
      },
    ],
  ])('guards the key against %s', (_, key) => {
    const { key: guarded } = defineTask({ ...options, key: key as () => string })
    const { code, message } = refusalOf(() => guarded?.({ name: 'secret-canary' }))
    expect(code).toBe('BEE_BEE_INVALID')
    expect(message).toContain('key(input): expected text of 1 to 512 characters, received')
    expect(message).not.toContain('secret-canary')
  })

  it('lets a good key through', () => {
    expect(defineTask({ ...options, key: ({ name }) => name }).key?.({ name: 'a'.repeat(512) })).toHaveLength(512)
  })
})

describe('defineBee', () => {
  it('gives names to its tasks, freezes and is known again', async () => {
    const made = defineBee({ ...bee, services: (env) => env['MODE'] })
    expect(made).toMatchObject({ name: 'greeter', executorType: 'greeter-bee', slots: 4 })
    expect(made.tasks.get('hello')).toMatchObject({ name: 'hello', schemaHash: hello.schemaHash })
    expect(Object.isFrozen(made) && Object.isFrozen(made.tasks.get('hello'))).toBe(true)
    expect(await made.services({ MODE: 'live' })).toBe('live')
    expect(await defineBee(bee).services({})).toBeUndefined()
    expect([isBee(made), isBee({ ...made }), isBee(bee), isBee(null)]).toEqual([true, false, false, false])
    expect(JSON.stringify(made)).not.toContain('brand')
  })

  it.each([
    ['name', 'Greeter'],
    ['name', 'night_shift'],
    ['name', '-night'],
    ['name', 'night--shift'],
    ['name', '9lives'],
    ['name', ''],
    ['name', 7],
    ['description', ' '],
    ['slots', 0],
    ['slots', 2.5],
    ['services', {}],
    ['tasks', {}],
    ['tasks', null],
  ])('refuses %s: %j', (option, value) => {
    const { code, message } = beeWith({ [option]: value })
    expect(code).toBe('BEE_BEE_INVALID')
    expect(message).toMatch(new RegExp(`^defineBee: ${option}: expected .*, received `))
  })

  it.each(['Hello', 'say-hello', 'say__hello', '_hello', 'hello_', '', '1st'])('refuses a task named %j', (name) => {
    expect(beeWith({ tasks: { [name]: hello } }).message).toMatch(/^bee greeter, task .*: expected a name like/)
  })

  it('refuses tasks that defineTask did not make, and names that SQL would cut', () => {
    expect(beeWith({ tasks: { hello: options } }).message).toContain(
      'bee greeter, task hello: expected what defineTask returns',
    )
    expect(beeWith({ tasks: { ['a'.repeat(54)]: hello } }).code).toBe('accepted')
    expect(beeWith({ tasks: { ['a'.repeat(55)]: hello } }).message).toContain('an SQL name of at most 63 characters')
    expect(beeWith({ task: {} }).message).toContain('unknown option task; known are name, description, tasks')
  })

  it('names the SQL functions', () => {
    expect(sqlNameOf('night-shift', 'say_hello')).toBe('night_shift__say_hello')
  })
})

describe('TerminalError', () => {
  it('is a coded error that no repeat can help', () => {
    expect(new TerminalError('the customer is deleted')).toMatchObject({
      code: 'BEE_HANDLER_REFUSED',
      failure: 'terminal',
      message: 'the customer is deleted',
    })
  })
})
