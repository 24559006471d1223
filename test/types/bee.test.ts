import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type Bee,
  defineBee,
  defineTask,
  defineTaskWith,
  type TaskContext,
  type Transact,
  z,
} from '../../src/bee/index.ts'

const description = 'a task'

/** Checked by tsc (`npm run check`); at run time these only show that the definitions hold. */
describe('the types of a bee', () => {
  it('follow from the schemas', () => {
    const task = defineTask({
      description,
      input: z.object({
        id: z.string(),
        at: z.iso.datetime().transform((text) => Date.parse(text)),
        n: z.int().default(1),
      }),
      output: z.object({ total: z.int(), note: z.string().default('') }),
      key: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ id: string; at: number; n: number }>()
        return input.id
      },
      run: async ({ input, transact, signal, services, process }) => {
        expectTypeOf(input).toEqualTypeOf<{ id: string; at: number; n: number }>()
        expectTypeOf(transact).toEqualTypeOf<Transact>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        expectTypeOf(services).toEqualTypeOf<unknown>()
        expectTypeOf(process.remainingMs()).toEqualTypeOf<number>()
        return { total: 1 }
      },
    })
    expectTypeOf(task.run).returns.resolves.toEqualTypeOf<{ total: number; note?: string | undefined }>()
    expectTypeOf(defineBee({ name: 'one', description, tasks: { task } })).toEqualTypeOf<Bee>()
  })

  it('hold a schedule to what the input schema takes', () => {
    const input = z.object({ days: z.int().default(30), at: z.string().transform(Number) })
    const rest = { description, input, output: z.null(), run: async () => null }
    defineTask({ ...rest, schedule: { everyS: 60, input: { at: '1' } } })
    // @ts-expect-error days is a number
    expect(() => defineTask({ ...rest, schedule: { everyS: 60, input: { days: '3', at: '1' } } })).toThrow('days')
  })

  it('refuse a result that does not fit the output', () => {
    const output = z.object({ total: z.int() })
    // @ts-expect-error total is a number
    defineTask({ description, input: z.object({}), output, run: async () => ({ total: 'one' }) })
    // @ts-expect-error total is missing
    defineTask({ description, input: z.object({}), output, run: async () => ({}) })
    // @ts-expect-error run is asynchronous
    defineTask({ description, input: z.object({}), output, run: () => ({ total: 1 }) })
  })

  it('hold the services to what the bee builds', () => {
    interface Mail {
      readonly send: (to: string) => Promise<void>
    }
    const defineMailTask = defineTaskWith<Mail>()
    const remind = defineMailTask({
      description,
      input: z.object({ to: z.string() }),
      output: z.null(),
      run: async ({ input, services }) => {
        expectTypeOf(services).toEqualTypeOf<Mail>()
        await services.send(input.to)
        return null
      },
    })
    expectTypeOf(remind.run).parameter(0).toEqualTypeOf<TaskContext<{ to: string }, Mail>>()
    const mail: Mail = { send: async () => {} }
    defineBee({ name: 'three', description, services: () => mail, tasks: { remind } })
    // @ts-expect-error the bee builds no services
    defineBee({ name: 'three', description, tasks: { remind } })
    // @ts-expect-error the bee builds other services
    defineBee({ name: 'three', description, services: () => ({ receive: 1 }), tasks: { remind } })
  })

  it('refuse options that do not exist', () => {
    const task = { description, input: z.object({}), output: z.null(), run: async () => null }
    // @ts-expect-error a typing error in deadlineMs
    const define = () => defineTask({ ...task, deadlineMS: 1000 })
    expectTypeOf(define).toBeFunction()
  })
})
