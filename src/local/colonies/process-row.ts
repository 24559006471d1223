import type { Row } from './store.ts'

/** 0 waiting, 1 running, 2 success, 3 failed, 4 cancelled */
export type ProcessState = 0 | 1 | 2 | 3 | 4

export interface AttributeRow {
  readonly attributeid: string
  readonly targetid: string
  readonly targetcolonyname: string
  readonly targetprocessgraphid: string
  readonly attributetype: number
  readonly key: string
  readonly value: string
}

/** A process as it is stored. Times in microseconds since 1970, 0 = unset; `args`, `out` and so on are JSON text. */
export interface ProcessRow {
  readonly processid: string
  readonly colonyname: string
  readonly executortype: string
  readonly state: ProcessState
  /** Nanoseconds, as text because it is beyond 2^53. */
  readonly prioritytime: string
  readonly initiatorid: string
  readonly initiatorname: string
  readonly assignedexecutorid: string
  readonly isassigned: boolean
  readonly submissiontime: number
  readonly starttime: number
  readonly endtime: number
  readonly waitdeadline: number
  readonly execdeadline: number
  readonly retries: number
  readonly nodename: string
  readonly funcname: string
  readonly args: string
  readonly kwargs: string
  readonly priority: number
  readonly maxwaittime: number
  readonly maxexectime: number
  readonly maxretries: number
  readonly executornames: readonly string[] | null
  readonly locationname: string
  readonly dependencies: readonly string[]
  readonly nodes: number
  /** Thousandths of a core. */
  readonly cpu: number
  readonly processes: number
  readonly processespernode: number
  /** MiB, like `storage` and `gpumem`. */
  readonly mem: number
  readonly storage: number
  readonly gpuname: string
  readonly gpumem: number
  readonly gpucount: number
  readonly gpunodecount: number
  readonly walltime: number
  readonly label: string
  /** JSON text of the whole `fs` object. */
  readonly fs: string
  /** JSON text of the map. */
  readonly env: string
  readonly channels: readonly string[] | null
  readonly waitforparents: boolean
  readonly parents: readonly string[]
  readonly children: readonly string[]
  readonly processgraphid: string
  /** JSON text of `in`. */
  readonly inputs: string
  readonly out: string
  readonly errors: string
  readonly attributes: readonly AttributeRow[]
}

const numeric = [
  'state',
  'submissiontime',
  'starttime',
  'endtime',
  'waitdeadline',
  'execdeadline',
  'retries',
  'priority',
  'maxwaittime',
  'maxexectime',
  'maxretries',
  'nodes',
  'cpu',
  'processes',
  'processespernode',
  'mem',
  'storage',
  'gpumem',
  'gpucount',
  'gpunodecount',
  'walltime',
] as const

const textual = [
  'processid',
  'colonyname',
  'executortype',
  'prioritytime',
  'initiatorid',
  'initiatorname',
  'assignedexecutorid',
  'isassigned',
  'nodename',
  'funcname',
  'args',
  'kwargs',
  'executornames',
  'locationname',
  'dependencies',
  'gpuname',
  'label',
  'fs',
  'env',
  'channels',
  'waitforparents',
  'parents',
  'children',
  'processgraphid',
  'inputs',
  'out',
  'errors',
] as const

/** All columns of the table `processes`, in the order used by `insertValues`. */
export const columns: readonly (keyof ProcessRow)[] = [...textual, ...numeric]

const attributesOf = `(select json_agg(a order by a.ordinal) from $schema.attributes as a where a.targetid = p.processid)`

/** What to select (or return) from `processes as p` so that `toProcessRow` can read it. */
export const processColumns = `${columns.map((name) => `p.${name}`).join(', ')}, ${attributesOf} as attributes`

/** Reads a row selected with `processColumns`. */
export function toProcessRow(row: Row): ProcessRow {
  const numbers = Object.fromEntries(numeric.map((name) => [name, Number(row[name])]))
  // The statement selects exactly the columns of the interface.
  return {
    ...row,
    ...numbers,
    prioritytime: String(row['prioritytime']),
    attributes: row['attributes'] ?? [],
  } as ProcessRow
}

/** An `insert` of one process; bind `insertValues(row)`. */
export const insertProcess = `insert into $schema.processes (${columns.join(', ')})
  values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`

export function insertValues(process: ProcessRow): readonly unknown[] {
  return columns.map((name) => process[name])
}
