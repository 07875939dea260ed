import { InvalidOptionError } from '@context-store/core'

/** The hosts of the service (docs/rest-contract.md, "Paths"). */
export const realHosts: readonly string[] = [
  ...['z1', 'z2', 'z3'].map((zone) => `${zone}.context.liveperson.net`),
  ...['z1', 'z2', 'z3'].map((zone) => `${zone}.ccs.liveperson.net`),
  'va-a.context.liveperson.net',
]

/** Checks the hosts of an interceptor, and normalizes them as URLs do: lower case, other scripts in Punycode. */
export function checkedHosts(hosts: unknown): string[] {
  if (!Array.isArray(hosts) || hosts.length === 0) {
    throw new InvalidOptionError('hosts: must be an array of at least one host name')
  }
  return hosts.map(checkedHost)
}

function checkedHost(host: unknown): string {
  if (typeof host !== 'string') throw new InvalidOptionError('hosts: every host name must be a string')
  if (host.includes('/')) {
    throw new InvalidOptionError(
      `hosts: ${JSON.stringify(host)} is a URL: give the host alone, such as api.example or api.example:8080`,
    )
  }
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
  // Only a host: no credentials, query or fragment.
  if (url === undefined || url.href !== `http://${url.host}/`) {
    throw new InvalidOptionError(`hosts: ${JSON.stringify(host)} is not a host name`)
  }
  // A `URL` omits its default port.
  return url.hostname + (/:\d+$/.exec(host)?.[0] ?? '')
}

/** The host of a URL, normalized like {@link checkedHosts}, without and with its port. */
export function hostsOf(url: string): [hostname: string, host: string] {
  const { hostname, port, protocol } = new URL(url)
  return [hostname, `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`]
}
