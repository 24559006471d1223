import { checkName } from '../function-spec.ts'
import type { Allocations, Capabilities, Executor, Location, User } from '../messages/members.ts'
import type { CallOptions } from '../with-deadline.ts'
import { ColonyCalls } from './colony-calls.ts'

export interface NewExecutor {
  /** Identity of the executor's key. One key has one name. */
  readonly executorid: string
  readonly executortype: string
  readonly executorname: string
  readonly colonyname: string
  readonly locationname?: string | undefined
  readonly requirefuncreg?: boolean | undefined
  readonly capabilities?: Capabilities | undefined
}

export type NewLocation = Omit<Location, 'locationid'>

/** Calls about executors, users and locations. Every call rejects with ColoniesError. */
export class MemberCalls extends ColonyCalls {
  /** All executors, unregistered ones too. Member, also a pending executor. */
  getExecutors(colonyName: string, options?: CallOptions): Promise<Executor[]> {
    return this.call('getexecutorsmsg', { colonyname: colonyName }, undefined, options)
  }

  /** One executor; `failed` (500) when there is none. Member. */
  getExecutor(colonyName: string, executorName: string, options?: CallOptions): Promise<Executor> {
    const message = { colonyname: colonyName, executorname: executorName }
    return this.call('getexecutormsg', message, undefined, options)
  }

  /** One executor by its identity; `not_found` when there is none. Member. */
  getExecutorById(colonyName: string, executorId: string, options?: CallOptions): Promise<Executor> {
    return this.call('getexecutorbyidmsg', { colonyname: colonyName, executorid: executorId }, undefined, options)
  }

  /** Registers an executor; it is pending until approved. A name may be used once. Colony owner. */
  async addExecutor(executor: NewExecutor, options?: CallOptions): Promise<Executor> {
    checkName('addexecutormsg', 'colonyname', executor.colonyname)
    checkName('addexecutormsg', 'executorname', executor.executorname)
    checkName('addexecutormsg', 'executortype', executor.executortype)
    return this.call('addexecutormsg', { executor }, undefined, options)
  }

  /** Approves an executor; also revives an unregistered one with its old key. Colony owner. */
  approveExecutor(colonyName: string, executorName: string, options?: CallOptions): Promise<void> {
    const message = { colonyname: colonyName, executorname: executorName }
    return this.call('approveexecutormsg', message, undefined, options)
  }

  /** Rejects an executor. Colony owner. */
  rejectExecutor(colonyName: string, executorName: string, options?: CallOptions): Promise<void> {
    const message = { colonyname: colonyName, executorname: executorName }
    return this.call('rejectexecutormsg', message, undefined, options)
  }

  /** Unregisters an executor and gives back its running processes, without counting a retry. Colony owner. */
  removeExecutor(colonyName: string, executorName: string, options?: CallOptions): Promise<void> {
    const message = { colonyname: colonyName, executorname: executorName }
    return this.call('removeexecutormsg', message, undefined, options)
  }

  /** Publishes what is allocated per project. The executor itself. */
  reportAllocation(
    colonyName: string,
    executorName: string,
    allocations: Allocations,
    options?: CallOptions,
  ): Promise<void> {
    const message = { colonyname: colonyName, executorname: executorName, allocations }
    return this.call('reportallocationmsg', message, undefined, options)
  }

  /** Replaces hardware and software of the executor. The executor itself. */
  updateExecutor(
    colonyName: string,
    executorName: string,
    capabilities: Capabilities,
    options?: CallOptions,
  ): Promise<void> {
    const message = { colonyname: colonyName, executorname: executorName, capabilities }
    return this.call('updateexecutormsg', message, undefined, options)
  }

  /** Replaces the identity of an executor. That executor, with the old key and nothing running. */
  async changeExecutorId(colonyName: string, executorId: string, options?: CallOptions): Promise<void> {
    await this.call('changeexecutoridmsg', { colonyname: colonyName, executorid: executorId }, undefined, options)
  }

  /** All users. Member. */
  getUsers(colonyName: string, options?: CallOptions): Promise<User[]> {
    return this.call('getusersmsg', { colonyname: colonyName }, undefined, options)
  }

  /** One user by name; `failed` (500) when there is none. Member. */
  getUser(colonyName: string, name: string, options?: CallOptions): Promise<User> {
    return this.call('getusermsg', { colonyname: colonyName, name }, undefined, options)
  }

  /** One user by identity. Member. */
  getUserById(colonyName: string, userId: string, options?: CallOptions): Promise<User> {
    return this.call('getuserbyidmsg', { colonyname: colonyName, userid: userId }, undefined, options)
  }

  /** Adds a user: a member that may submit and read, and may not assign. Colony owner. */
  async addUser(user: User, options?: CallOptions): Promise<User> {
    checkName('addusermsg', 'colonyname', user.colonyname)
    checkName('addusermsg', 'name', user.name)
    return this.call('addusermsg', { user }, undefined, options)
  }

  /** Removes a user. Colony owner. */
  removeUser(colonyName: string, name: string, options?: CallOptions): Promise<void> {
    return this.call('removeusermsg', { colonyname: colonyName, name }, undefined, options)
  }

  /** Replaces the identity of a user. That user, with the old key. */
  async changeUserId(colonyName: string, userId: string, options?: CallOptions): Promise<void> {
    await this.call('changeuseridmsg', { colonyname: colonyName, userid: userId }, undefined, options)
  }

  /** Adds a location that conditions can name. Colony owner. */
  async addLocation(location: NewLocation, options?: CallOptions): Promise<Location> {
    checkName('addlocationmsg', 'name', location.name)
    return this.call('addlocationmsg', { location }, undefined, options)
  }

  /** All locations. Member. */
  getLocations(colonyName: string, options?: CallOptions): Promise<Location[]> {
    return this.call('getlocationsmsg', { colonyname: colonyName }, undefined, options)
  }

  /** One location. Member. */
  getLocation(colonyName: string, name: string, options?: CallOptions): Promise<Location> {
    return this.call('getlocationmsg', { colonyname: colonyName, name }, undefined, options)
  }

  /** Removes a location. Colony owner. */
  removeLocation(colonyName: string, name: string, options?: CallOptions): Promise<void> {
    return this.call('removelocationmsg', { colonyname: colonyName, name }, undefined, options)
  }
}
