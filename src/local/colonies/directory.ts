/**
 * Colonies, executors and users. They are few and every call needs them, so they live in memory and every change is
 * written through to the store first. This is why only one server process may use a schema.
 */

import type { Queryable, Row, Store } from './store.ts'

export interface Colony {
  readonly name: string
  readonly colonyid: string
  readonly paused: boolean
  readonly addedat: number
}

export interface User {
  readonly colonyname: string
  readonly name: string
  readonly userid: string
  readonly email: string
  readonly phone: string
}

/** 0 pending, 1 approved, 2 rejected, 3 unregistered */
export type ExecutorState = 0 | 1 | 2 | 3

export interface Executor {
  readonly colonyname: string
  readonly executorname: string
  readonly executorid: string
  readonly executortype: string
  readonly state: ExecutorState
  readonly requirefuncreg: boolean
  /** Microseconds since 1970. */
  readonly commissiontime: number
  /** Microseconds since 1970; 0 = never assigned anything. */
  readonly lastheardfromtime: number
  readonly locationname: string
  /** JSON text. */
  readonly capabilities: string
  /** JSON text. */
  readonly allocations: string
  readonly blueprintid: string
  readonly blueprintgen: number
}

export interface Directory {
  /** Identity of the server owner: the configured one, unless it was changed by a call. */
  serverId(): string
  saveServerId(serverid: string): Promise<void>

  colonies(): readonly Colony[]
  colony(name: string): Colony | undefined
  saveColony(colony: Colony, queryable?: Queryable): Promise<void>
  /** Forgets the colony with its users and executors. */
  removeColony(name: string, queryable?: Queryable): Promise<void>

  users(colonyname: string): readonly User[]
  saveUser(user: User): Promise<void>
  removeUser(colonyname: string, name: string): Promise<void>

  executors(colonyname: string): readonly Executor[]
  executor(colonyname: string, executorname: string): Executor | undefined
  /** Several names may share one key. */
  executorsWithId(colonyname: string, executorid: string): readonly Executor[]
  saveExecutor(executor: Executor, queryable?: Queryable): Promise<void>
  /** Notes a sign of life. In memory at once, in the store with the next `flush`. */
  heard(executor: Executor, us: number): void
  /** Writes the signs of life of the last second; one statement, none when nothing changed. */
  flush(): Promise<void>
}

interface Household {
  readonly colony: Colony
  readonly users: Map<string, User>
  readonly executors: Map<string, Executor>
  /** Names by identity. */
  readonly names: Map<string, readonly string[]>
}

function seat({ executors, names }: Household, executor: Executor): void {
  const before = executors.get(executor.executorname)
  if (before !== undefined && before.executorid !== executor.executorid) {
    const left = names.get(before.executorid)?.filter((name) => name !== before.executorname) ?? []
    names.set(before.executorid, left)
  }
  executors.set(executor.executorname, executor)
  const sharing = names.get(executor.executorid) ?? []
  if (!sharing.includes(executor.executorname)) names.set(executor.executorid, [...sharing, executor.executorname])
}

export async function loadDirectory(store: Store, configuredId: string): Promise<Directory> {
  const households = await load(store)
  const changed = await store.query<{ readonly serverid: string }>(
    `select serverid from $schema.server where configuredid = $1`,
    [configuredId],
  )
  let serverId = changed[0]?.serverid ?? configuredId
  const silent = new Map<string, Executor>()
  const household = (name: string) => households.get(name)

  return {
    serverId: () => serverId,
    async saveServerId(serverid) {
      await store.query(
        `insert into $schema.server (configuredid, serverid) values ($1, $2)
         on conflict (configuredid) do update set serverid = excluded.serverid`,
        [configuredId, serverid],
      )
      serverId = serverid
    },
    colonies: () => [...households.values()].map((entry) => entry.colony),
    colony: (name) => household(name)?.colony,
    async saveColony(colony, queryable = store) {
      await queryable.query(
        `insert into $schema.colonies (name, colonyid, paused, addedat) values ($1, $2, $3, $4)
         on conflict (name) do update set colonyid = excluded.colonyid, paused = excluded.paused`,
        [colony.name, colony.colonyid, colony.paused, colony.addedat],
      )
      const known = household(colony.name)
      households.set(colony.name, {
        colony,
        users: known?.users ?? new Map(),
        executors: known?.executors ?? new Map(),
        names: known?.names ?? new Map(),
      })
    },
    async removeColony(name, queryable = store) {
      await queryable.query(`delete from $schema.users where colonyname = $1`, [name])
      await queryable.query(`delete from $schema.executors where colonyname = $1`, [name])
      await queryable.query(`delete from $schema.colonies where name = $1`, [name])
      households.delete(name)
    },

    users: (colonyname) => [...(household(colonyname)?.users.values() ?? [])],
    async saveUser(user) {
      await store.query(
        `insert into $schema.users (colonyname, name, userid, email, phone) values ($1, $2, $3, $4, $5)
         on conflict (colonyname, name) do update
         set userid = excluded.userid, email = excluded.email, phone = excluded.phone`,
        [user.colonyname, user.name, user.userid, user.email, user.phone],
      )
      household(user.colonyname)?.users.set(user.name, user)
    },
    async removeUser(colonyname, name) {
      await store.query(`delete from $schema.users where colonyname = $1 and name = $2`, [colonyname, name])
      household(colonyname)?.users.delete(name)
    },

    executors: (colonyname) => [...(household(colonyname)?.executors.values() ?? [])],
    executor: (colonyname, executorname) => household(colonyname)?.executors.get(executorname),
    executorsWithId(colonyname, executorid) {
      const home = household(colonyname)
      const names = home?.names.get(executorid) ?? []
      return names.flatMap((name) => home?.executors.get(name) ?? [])
    },
    async saveExecutor(executor, queryable = store) {
      await queryable.query(saveExecutorSql, executorValues(executor))
      const home = household(executor.colonyname)
      if (home !== undefined) seat(home, executor)
    },
    heard(executor, us) {
      const known = household(executor.colonyname)?.executors
      const current = known?.get(executor.executorname)
      if (known === undefined || current === undefined) return
      const updated = { ...current, lastheardfromtime: us }
      known.set(executor.executorname, updated)
      silent.set(`${executor.colonyname}\n${executor.executorname}`, updated)
    },
    async flush() {
      if (silent.size === 0) return
      const heard = [...silent.values()]
      silent.clear()
      await store.query(
        `update $schema.executors as executor set lastheardfromtime = heard.us
         from unnest($1::text[], $2::text[], $3::bigint[]) as heard (colonyname, executorname, us)
         where executor.colonyname = heard.colonyname and executor.executorname = heard.executorname`,
        [
          heard.map((one) => one.colonyname),
          heard.map((one) => one.executorname),
          heard.map((one) => one.lastheardfromtime),
        ],
      )
    },
  }
}

const saveExecutorSql = `insert into $schema.executors
    (colonyname, executorname, executorid, executortype, state, requirefuncreg, commissiontime, lastheardfromtime,
     locationname, capabilities, allocations, blueprintid, blueprintgen)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict (colonyname, executorname) do update set
    executorid = excluded.executorid, executortype = excluded.executortype, state = excluded.state,
    requirefuncreg = excluded.requirefuncreg, commissiontime = excluded.commissiontime,
    lastheardfromtime = excluded.lastheardfromtime, locationname = excluded.locationname,
    capabilities = excluded.capabilities, allocations = excluded.allocations,
    blueprintid = excluded.blueprintid, blueprintgen = excluded.blueprintgen`

function executorValues(executor: Executor): readonly unknown[] {
  return [
    executor.colonyname,
    executor.executorname,
    executor.executorid,
    executor.executortype,
    executor.state,
    executor.requirefuncreg,
    executor.commissiontime,
    executor.lastheardfromtime,
    executor.locationname,
    executor.capabilities,
    executor.allocations,
    executor.blueprintid,
    executor.blueprintgen,
  ]
}

async function load(store: Store): Promise<Map<string, Household>> {
  const households = new Map<string, Household>()
  const [colonies, users, executors] = await Promise.all([
    store.query<Row & Colony>(`select * from $schema.colonies order by addedat`),
    store.query<Row & User>(`select * from $schema.users`),
    store.query<Row & Executor>(`select * from $schema.executors order by commissiontime`),
  ])
  for (const row of colonies) {
    const colony = { name: row.name, colonyid: row.colonyid, paused: row.paused, addedat: Number(row.addedat) }
    households.set(row.name, { colony, users: new Map(), executors: new Map(), names: new Map() })
  }
  for (const user of users) households.get(user.colonyname)?.users.set(user.name, user)
  for (const row of executors) {
    const home = households.get(row.colonyname)
    if (home === undefined) continue
    seat(home, {
      ...row,
      commissiontime: Number(row.commissiontime),
      lastheardfromtime: Number(row.lastheardfromtime),
      blueprintgen: Number(row.blueprintgen),
    })
  }
  return households
}
