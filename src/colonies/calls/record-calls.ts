import type { PrivateKey } from '../caller.ts'
import { checkName } from '../function-spec.ts'
import type { Attribute } from '../messages/process.ts'
import type { FileLabel, FileRecord, FileSummary, LogLine, RegisteredFunction } from '../messages/records.ts'
import type { CallOptions } from '../with-deadline.ts'
import { ScheduleCalls } from './schedule-calls.ts'

export interface NewFunction {
  readonly executorname: string
  readonly colonyname: string
  readonly funcname: string
  readonly executortype?: string | undefined
  readonly description?: string | undefined
  readonly args?:
    | readonly {
        readonly name: string
        readonly type: string
        readonly description?: string | undefined
        readonly required?: boolean | undefined
        readonly enum?: readonly string[] | undefined
      }[]
    | undefined
}

export interface NewAttribute {
  /** A running process. */
  readonly targetid: string
  readonly targetcolonyname?: string | undefined
  readonly targetprocessgraphid?: string | undefined
  /** 0 input, 1 output, 2 error, 3 environment. */
  readonly attributetype: number
  readonly key: string
  readonly value: string
}

export interface LogOptions extends CallOptions {
  /** The newest lines instead of the oldest; still in order of time. */
  readonly latest?: boolean | undefined
}

export type FileQuery =
  | { readonly fileId: string }
  | { readonly name: string; readonly label: string; readonly latest?: boolean | undefined }

// A server database column cannot hold NUL; the call would fail with two replies in one body.
const withoutNul = (text: string): string => text.replaceAll('\0', '')

/** Calls about functions, logs, attributes and files. Every call rejects with ColoniesError. */
export class RecordCalls extends ScheduleCalls {
  /** Registers a function, for people and statistics; every call adds a row. That executor. */
  async addFunction(fun: NewFunction, options?: CallOptions): Promise<RegisteredFunction> {
    checkName('addfunctionmsg', 'executorname', fun.executorname)
    return this.call('addfunctionmsg', { fun }, undefined, options)
  }

  /** Functions of an executor; "" for those of the whole colony. Member. */
  getFunctions(executorName: string, colonyName: string, options?: CallOptions): Promise<RegisteredFunction[]> {
    const message = { executorname: executorName, colonyname: colonyName }
    return this.call('getfunctionsmsg', message, undefined, options)
  }

  /** Removes a function. That executor. */
  removeFunction(functionId: string, options?: CallOptions): Promise<void> {
    return this.call('removefunctionmsg', { functionid: functionId }, undefined, options)
  }

  /** Adds a log line to a running process; NUL characters are dropped. Assigned executor. */
  addLog(processId: string, message: string, executorPrvKey?: PrivateKey, options?: CallOptions): Promise<void> {
    return this.call('addlogmsg', { processid: processId, message: withoutNul(message) }, executorPrvKey, options)
  }

  /** Adds a log line without a process. That executor. */
  addExecutorLog(colonyName: string, executorName: string, message: string, options?: CallOptions): Promise<void> {
    const fields = { colonyname: colonyName, executorname: executorName, message: withoutNul(message) }
    return this.call('addexecutorlogmsg', fields, undefined, options)
  }

  /**
   * Log lines, oldest first. An executor name wins over a process id. Member.
   * @param count at most 500.
   * @param since only lines after this time, nanoseconds since 1970; 0 for all. Give the bigint of a line as it is.
   */
  getLogs(
    colonyName: string,
    processId: string,
    executorName: string,
    count = 100,
    since: bigint | number = 0,
    options: LogOptions = {},
  ): Promise<LogLine[]> {
    const { latest, ...rest } = options
    const message = { colonyname: colonyName, processid: processId, executorname: executorName, count, since, latest }
    return this.call('getlogsmsg', message, undefined, rest)
  }

  /**
   * Log lines that contain a text, in no order. Member.
   * @param days at most 30.
   * @param count at most 100.
   */
  searchLogs(colonyName: string, text: string, days: number, count: number, options?: CallOptions): Promise<LogLine[]> {
    return this.call('searchlogsmsg', { colonyname: colonyName, text, days, count }, undefined, options)
  }

  /** Adds an attribute to a running process. A key of a type can be written once. Assigned executor. */
  addAttribute(attribute: NewAttribute, options?: CallOptions): Promise<Attribute> {
    return this.call('addattributemsg', { attribute }, undefined, options)
  }

  /** One attribute; `rejected` when there is none. Member. */
  getAttribute(attributeId: string, options?: CallOptions): Promise<Attribute> {
    return this.call('getattributemsg', { attributeid: attributeId }, undefined, options)
  }

  /** Labels of files. Member. */
  getFileLabels(colonyName: string, name = '', exact = false, options?: CallOptions): Promise<FileLabel[]> {
    return this.call('getfilelabelsmsg', { colonyname: colonyName, name, exact }, undefined, options)
  }

  /** Files under a label. Member. */
  getFiles(colonyName: string, label: string, options?: CallOptions): Promise<FileSummary[]> {
    return this.call('getfilesmsg', { colonyname: colonyName, label }, undefined, options)
  }

  /** Records of a file; with `latest` one at most. They carry storage secrets. Member. */
  getFile(colonyName: string, query: FileQuery, options?: CallOptions): Promise<FileRecord[]> {
    const wanted =
      'fileId' in query ? { fileid: query.fileId } : { name: query.name, label: query.label, latest: query.latest }
    return this.call('getfilemsg', { colonyname: colonyName, ...wanted }, undefined, options)
  }
}
