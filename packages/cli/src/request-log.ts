import type { ServedRequest } from '@context-store/rest/node'

/** The log line of an answered request. */
export function requestLine({ method, path, status, milliseconds }: ServedRequest, json: boolean): string {
  const time = new Date().toISOString()
  const took = Math.round(milliseconds * 10) / 10
  if (json) return JSON.stringify({ time, method, path, status, milliseconds: took })
  return `${time} ${method} ${path} ${status} ${took} ms`
}
