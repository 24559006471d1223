import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ColoniesClient, identityOf, parsePrivateKey, recoverIdentity, sign } from '../../src/colonies/index.ts'
import { envelope, errorEnvelope, ReplayServer, sendAnswer } from './replay-server.ts'
import { messageOf, otherKey, processText, testKey } from './samples.ts'

const server = new ReplayServer()
let url: string
let bodies: string[] = []
let signatures = 0
const signer = (payload: string, key: Uint8Array): string => {
  signatures++
  return sign(payload, key)
}
let client: ColoniesClient

const answer = (msgtype: string, text: string): void => {
  server.handler = (body, response) => {
    bodies.push(body)
    sendAnswer(response, { status: 200, body: envelope(msgtype, text) })
  }
}
const refuse = (status: number): void => {
  server.handler = (body, response) => {
    bodies.push(body)
    sendAnswer(response, { status, body: errorEnvelope(status) })
  }
}

const identityIn = (body: string | undefined): string | null => {
  const { payload, signature } = JSON.parse(body ?? '') as { payload: string; signature: string }
  return recoverIdentity(payload, signature)
}

beforeAll(async () => {
  url = await server.start()
  client = new ColoniesClient({ url, privateKey: testKey, signer })
})
afterAll(async () => {
  client.close()
  await server.stop()
})
beforeEach(() => {
  bodies = []
  signatures = 0
})

describe('assign', () => {
  it('signs the poll of an idle queue once', async () => {
    refuse(404)
    for (let poll = 0; poll < 25; poll++) {
      await expect(client.assign('dev', 7, otherKey)).rejects.toMatchObject({ kind: 'no_process' })
    }
    expect(signatures).toBe(1)
    expect(new Set(bodies).size).toBe(1)
    expect(identityIn(bodies[0])).toBe(identityOf(parsePrivateKey(otherKey)))
  })

  it('never gives one key the signature of another', async () => {
    refuse(404)
    for (const key of [testKey, otherKey, testKey, otherKey]) {
      await expect(client.assign('dev', 8, key)).rejects.toMatchObject({ kind: 'no_process' })
      expect(identityIn(bodies.at(-1))).toBe(identityOf(parsePrivateKey(key)))
    }
    expect(signatures).toBe(2)
  })

  it('forgets in the end: what it remembers is bounded', async () => {
    refuse(404)
    for (const timeout of [...Array(40).keys()].map((n) => n + 100)) {
      await expect(client.assign('dev', timeout, testKey)).rejects.toMatchObject({ kind: 'no_process' })
    }
    await expect(client.assign('dev', 100, testKey)).rejects.toMatchObject({ kind: 'no_process' })
    expect(signatures).toBe(41)
  })

  it('signs other messages every time', async () => {
    answer('getusersmsg', '[]')
    await client.getUsers('dev')
    await client.getUsers('dev')
    expect(signatures).toBe(2)
  })

  it('sends free resources, and nothing where there is no limit', async () => {
    answer('assignprocessmsg', processText())
    const process = await client.assign('dev', 5, testKey, { availableCpu: '500m', availableMem: '1Gi' })
    expect(process.prioritytime).toBeTypeOf('bigint')
    await client.assign('dev', 5, testKey)
    expect(bodies.map(messageOf)).toEqual([
      { colonyname: 'dev', timeout: 5, availablecpu: '500m', availablemem: '1Gi', msgtype: 'assignprocessmsg' },
      { colonyname: 'dev', timeout: 5, msgtype: 'assignprocessmsg' },
    ])
  })

  it.each([0, 1.5, Number.NaN])('refuses the timeout %d', async (timeout) => {
    await expect(client.assign('dev', timeout, testKey)).rejects.toMatchObject({ kind: 'invalid' })
    expect(bodies).toEqual([])
  })

  it('outlives the usual deadline while it polls', async () => {
    const hasty = new ColoniesClient({ url, timeoutMs: 50 })
    server.handler = (_body, response) => {
      setTimeout(() => sendAnswer(response, { status: 404, body: errorEnvelope(404) }), 150)
    }
    await expect(hasty.assign('dev', 1, testKey)).rejects.toMatchObject({ kind: 'no_process' })
    await expect(hasty.assign('dev', 1, testKey, {}, { deadlineMs: 20 })).rejects.toMatchObject({ kind: 'timeout' })
    hasty.close()
  })
})

describe('heartbeat', () => {
  it('is an assign that matches nothing, and is content with that', async () => {
    refuse(404)
    await client.heartbeat('dev', otherKey)
    expect(messageOf(bodies[0] ?? '')).toEqual({
      colonyname: 'dev',
      timeout: -1,
      availablecpu: '-1m',
      msgtype: 'assignprocessmsg',
    })
  })

  it('reports that the executor is not known', async () => {
    refuse(403)
    await expect(client.heartbeat('dev', otherKey)).rejects.toMatchObject({ kind: 'forbidden' })
  })

  it('reports a process that should not have come', async () => {
    answer('assignprocessmsg', processText())
    await expect(client.heartbeat('dev', otherKey)).rejects.toMatchObject({ kind: 'malformed' })
  })
})

describe('calls that stand for several', () => {
  const graph = {
    processgraphid: 'g',
    initiatorid: '',
    initiatorname: '',
    colonyname: 'dev',
    rootprocessids: null,
    state: 1,
    submissiontime: '2026-01-01T00:00:00Z',
    starttime: '0001-01-01T00:00:00Z',
    endtime: '0001-01-01T00:00:00Z',
    processids: ['p1', 'gone', 'p2'],
    nodes: [],
    edges: [],
  }

  it('lists the processes of a workflow through the workflow', async () => {
    server.handler = (body, response) => {
      const { msgtype, processid } = messageOf(body)
      const text = msgtype === 'getprocessgraphmsg' ? JSON.stringify(graph) : processText({ processid })
      if (processid === 'gone') sendAnswer(response, { status: 404, body: errorEnvelope(404) })
      else sendAnswer(response, { status: 200, body: envelope(String(msgtype), text) })
    }
    const processes = await client.getProcessesForWorkflow('g', 'dev')
    expect(processes.map((process) => process.processid)).toEqual(['p1', 'p2'])
    await expect(client.getProcessesForWorkflow('g', 'other')).rejects.toMatchObject({ kind: 'not_found' })
  })

  it('lists workflows of all states when none is given', async () => {
    answer('getprocessgraphsmsg', JSON.stringify([graph]))
    expect(await client.getProcessGraphs('dev', 3)).toHaveLength(3)
    expect(bodies.map((body) => messageOf(body)['state'])).toEqual([0, 1, 2, 3, 4])
    expect(await client.getProcessGraphs('dev', 3, 2)).toHaveLength(1)
  })

  it('gives log times back to the last digit', async () => {
    answer(
      'getlogsmsg',
      '[{"processid":"p","colonyname":"dev","executorname":"e","message":"m","timestamp":1795381228095052049}]',
    )
    const [line] = await client.getLogs('dev', 'p', '')
    expect(line?.timestamp).toBe(1795381228095052049n)
    await client.getLogs('dev', 'p', '', 100, line?.timestamp ?? 0)
    const { payload } = JSON.parse(bodies[1] ?? '') as { payload: string }
    expect(Buffer.from(payload, 'base64').toString()).toContain('"since":1795381228095052049')
  })

  it('sends and reads channel entries as bytes', async () => {
    const binary = new Uint8Array([0, 255, 128])
    answer('channelappendmsg', '{}')
    await client.channelAppend('p', 'c', 1, 0, binary, { payloadType: 'end' })
    expect(messageOf(bodies[0] ?? '')).toMatchObject({ payload: 'AP+A', payloadtype: 'end' })
    answer(
      'channelreadmsg',
      '[{"sequence":1,"timestamp":"2026-01-01T00:00:00Z","senderid":"s","payload":"AP+A"},{"sequence":2,"timestamp":"2026-01-01T00:00:00Z","senderid":"s","payload":"w6U="}]',
    )
    const [first, second] = await client.channelRead('p', 'c', 0, 0)
    expect(first).toMatchObject({ payload: binary, text: null })
    expect(second?.text).toBe('å')
  })
})

describe('keys', () => {
  it('are nowhere to be seen', async () => {
    const secretive = new ColoniesClient({ url, privateKey: otherKey })
    refuse(404)
    const error: unknown = await secretive.assign('dev', 3, testKey).catch((reason: unknown) => reason)
    for (const thing of [secretive, error]) {
      const shown = inspect(thing, { depth: 12, showHidden: true, getters: true }) + JSON.stringify(thing)
      for (const key of [testKey, otherKey]) {
        expect(shown).not.toContain(key)
        expect(shown).not.toContain([...Buffer.from(key, 'hex')].slice(0, 8).join(', '))
        expect(shown).not.toContain(Buffer.from(key, 'hex').toString('base64').slice(0, 20))
      }
    }
    secretive.close()
  })

  it('that are malformed are refused without being repeated', async () => {
    const almost = `${testKey.slice(0, 63)}g`
    for (const attempt of [
      () => client.setPrivateKey(almost),
      () => new ColoniesClient({ url, privateKey: almost }),
      () => client.requestBody('getusersmsg', {}, almost),
    ]) {
      expect(attempt).toThrow(TypeError)
      expect(attempt).not.toThrow(almost.slice(0, 16))
    }
    await expect(client.assign('dev', 1, almost)).rejects.toBeInstanceOf(TypeError)
  })

  it('given as bytes are copied', async () => {
    const bytes = parsePrivateKey(otherKey)
    const copied = new ColoniesClient({ url, privateKey: bytes })
    bytes.fill(0)
    answer('getusersmsg', '[]')
    await copied.getUsers('dev')
    expect(identityIn(bodies[0])).toBe(identityOf(parsePrivateKey(otherKey)))
    copied.close()
  })

  it('are asked for', async () => {
    const keyless = new ColoniesClient({ url })
    await expect(keyless.getUsers('dev')).rejects.toMatchObject({ kind: 'invalid' })
    answer('versionmsg', '{"buildversion":"v","buildtime":"t","msgtype":"versionmsg"}')
    expect(await keyless.version()).toEqual({ buildversion: 'v', buildtime: 't' })
    keyless.setPrivateKey(testKey)
    answer('getusersmsg', '[]')
    expect(await keyless.getUsers('dev')).toEqual([])
    keyless.close()
  })
})
