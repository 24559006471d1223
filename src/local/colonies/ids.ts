import { createHash, randomUUID } from 'node:crypto'

const sha3 = (text: string): string => createHash('sha3-256').update(text).digest('hex')

/** A fresh id of a process, graph, cron, generator, function or location: hex SHA3-256 of a random UUID. */
export function newId(): string {
  return sha3(randomUUID())
}

/** The id of an attribute follows from what it is about. */
export function attributeId(targetId: string, key: string, attributeType: number): string {
  return sha3(`${targetId}${key}${attributeType}`)
}
