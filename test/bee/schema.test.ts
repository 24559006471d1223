import { describe, expect, it } from 'vitest'
import { defineBee, defineTask, describeBee, describeFunction, sensitive, z } from '../../src/bee/index.ts'
import { refusalOf, taskOf } from './fixtures.ts'

const input = z.object({
  id: z.string().min(3).describe('The customer'),
  email: sensitive(z.email()).optional(),
  plan: z.enum(['free', 'pro']).default('free'),
  tags: z.array(z.string()).max(5),
})
const output = z.object({ total: z.int(), at: z.iso.datetime() })

describe('the schemas of a task', () => {
  it('are published as JSON Schema: the input as it is written, the output as it is read', () => {
    const { schemas } = taskOf(input, output)
    expect(schemas.input).toMatchObject({
      type: 'object',
      properties: {
        id: { type: 'string', minLength: 3, description: 'The customer' },
        email: { type: 'string', format: 'email', 'x-sensitive': true },
        plan: { default: 'free', enum: ['free', 'pro'] },
      },
      required: ['id', 'tags'],
    })
    expect(schemas.output).toMatchObject({ required: ['total', 'at'], additionalProperties: false })
  })

  it('keep what was said about a field before it was marked', () => {
    const marked = z.object({ a: sensitive(z.string().describe('A name').meta({ title: 'Name' }).optional()) })
    expect(taskOf(marked).schemas.input).toMatchObject({
      properties: { a: { type: 'string', description: 'A name', title: 'Name', 'x-sensitive': true } },
    })
    expect(taskOf(marked).schemas.input['required']).toBeUndefined()
  })

  it('have a hash that stays', () => {
    expect(taskOf(input, output).schemaHash).toBe('f55f5f7fbbea4ab4674de1878f74a294e0b54af7374607c43ab3514ec1677d5d')
  })

  it('have a hash that does not depend on the order of members', () => {
    const turned = z.object({ at: output.shape.at, total: output.shape.total })
    expect(taskOf(input, turned).schemas.output['required']).toEqual(['at', 'total'])
    expect(taskOf(input, turned).schemaHash).toBe(taskOf(input, output).schemaHash)
  })

  it('have a hash that changes with the contract', () => {
    const hashes = [
      taskOf(input, output),
      taskOf(input.extend({ id: z.string().min(4) }), output),
      taskOf(input.extend({ email: z.email().optional() }), output),
      taskOf(input, output.extend({ more: z.null() })),
      taskOf(output, input),
    ].map(({ schemaHash }) => schemaHash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it.each([
    ['dates', z.object({ at: z.date() })],
    ['bigints', z.object({ n: z.bigint() })],
    ['sets', z.object({ s: z.set(z.string()) })],
    ['maps', z.object({ m: z.map(z.string(), z.string()) })],
    ['undefined', z.object({ u: z.undefined() })],
    ['functions of their own', z.object({ c: z.instanceof(URL) })],
  ])('cannot hold %s', (_, schema) => {
    const refusal = refusalOf(() => taskOf(schema))
    expect(refusal.code).toBe('BEE_BEE_INVALID')
    expect(refusal.message).toMatch(/^input: expected a schema of JSON values only: /)
  })

  it('cannot publish what only a transformation knows', () => {
    const transformed = z.string().transform((text) => text.length)
    expect(refusalOf(() => taskOf(z.object({}), transformed)).message).toMatch(/^output: expected a schema of JSON/)
    expect(refusalOf(() => taskOf(z.object({ n: transformed }), transformed.pipe(z.int()))).code).toBe('accepted')
  })
})

describe('the description of a bee', () => {
  const task = defineTask({
    description: 'Bills',
    input,
    output,
    key: ({ id }) => id,
    run: async () => ({ total: 1, at: '' }),
  })
  const bee = defineBee({ name: 'biller', description: 'Bills people', slots: 2, tasks: { bill: task } })

  it('is plain JSON with everything that a submitter needs', () => {
    const described = describeBee(bee)
    expect(JSON.parse(JSON.stringify(described))).toEqual(described)
    expect(described).toMatchObject({
      name: 'biller',
      executorType: 'biller-bee',
      slots: 2,
      tasks: [{ name: 'bill', keyed: true, concurrency: null, sensitive: { input: ['email'], output: [] } }],
    })
    expect(described.tasks[0]?.input).toEqual(task.schemas.input)
  })

  it('tells the Colonies server the members of the input', () => {
    const bill = bee.tasks.get('bill')
    expect(bill && describeFunction(bill)).toEqual({
      funcname: 'bill',
      description: 'Bills',
      args: [
        { name: 'id', type: 'string', required: true, description: 'The customer' },
        { name: 'email', type: 'string', required: false },
        { name: 'plan', type: 'string', required: false, enum: ['free', 'pro'] },
        { name: 'tags', type: 'array', required: true },
      ],
    })
  })
})
