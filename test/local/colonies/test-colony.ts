import { ColoniesClient, type FunctionSpec, generatePrivateKey, identityOf } from '../../../src/colonies/index.ts'
import {
  type ColoniesServer,
  type ColoniesServerOptions,
  startColoniesServer,
} from '../../../src/local/colonies/index.ts'

export const colonyName = 'dev'
export const executorType = 'worker'

/** An executor's client together with the key that its assigns are signed with. */
export interface TestExecutor {
  readonly client: ColoniesClient
  readonly key: Uint8Array
  readonly name: string
}

export interface TestColony {
  readonly server: ColoniesServer
  readonly owner: ColoniesClient
  readonly user: ColoniesClient
  readonly keys: Readonly<Record<'server' | 'owner' | 'user', Uint8Array>>
  /** A client of this server, or of another one, that signs with the key. */
  clientFor(key: Uint8Array, url?: string): ColoniesClient
  /** Adds and approves an executor of type `worker`. */
  addExecutor(name: string): Promise<TestExecutor>
  close(): Promise<void>
}

/** A process of type `worker` with a minute for waiting and running. */
export const someWork = (more: Partial<FunctionSpec> = {}): FunctionSpec => ({
  funcname: 'echo',
  args: ['hello'],
  maxwaittime: 60,
  maxexectime: 60,
  maxretries: 3,
  conditions: { colonyname: colonyName, executortype: executorType },
  ...more,
})

/** A server with a colony, its owner and a user. */
export async function startTestColony(options: Omit<ColoniesServerOptions, 'serverId'>): Promise<TestColony> {
  const keys = { server: generatePrivateKey(), owner: generatePrivateKey(), user: generatePrivateKey() }
  const server = await startColoniesServer({ serverId: identityOf(keys.server), ...options })
  const clients: ColoniesClient[] = []
  const clientFor = (privateKey: Uint8Array, url = server.url) => {
    const client = new ColoniesClient({ url, privateKey })
    clients.push(client)
    return client
  }
  const owner = clientFor(keys.owner)
  await clientFor(keys.server).addColony({ colonyid: identityOf(keys.owner), name: colonyName })
  await owner.addUser({ colonyname: colonyName, userid: identityOf(keys.user), name: 'user', email: '', phone: '' })
  return {
    server,
    owner,
    user: clientFor(keys.user),
    keys,
    clientFor,
    async addExecutor(name) {
      const key = generatePrivateKey()
      const executor = {
        executorid: identityOf(key),
        executorname: name,
        executortype: executorType,
        colonyname: colonyName,
      }
      await owner.addExecutor(executor)
      await owner.approveExecutor(colonyName, name)
      return { client: clientFor(key), key, name }
    },
    async close() {
      for (const client of clients) client.close()
      await server.close()
    },
  }
}
