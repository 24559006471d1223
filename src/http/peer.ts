/** Where the front writes down who is connected. It overwrites whatever a client sends under this name. */
export const peerHeader = 'x-bees-peer'

/** Address of whoever is connected to the front; undefined where no front is before us. */
export function peerOf(request: Request): string | undefined {
  return request.headers.get(peerHeader) ?? undefined
}
