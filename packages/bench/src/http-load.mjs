// 50 connections that send the next request as soon as a response arrives: `http-load.mjs <port> GET|PATCH <path> <ms>`.
// Requests and responses are handled on the socket, so that the load costs less than what is measured.
import { connect } from 'node:net'
import { patch3 } from './workload.mjs'

const [, , port, method, path, milliseconds] = process.argv
const connections = 50
const times = []
let [done, bad, sent] = [0, 0, 0]
const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nmaven-api-key: any\r\n`

function request() {
  if (method === 'GET') return `${head}\r\n`
  const body = JSON.stringify(patch3(sent++))
  return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

let [begun, until] = [0, 0]
function ask(socket) {
  let text = ''
  let at = performance.now()
  socket.setEncoding('latin1').on('data', (more) => {
    text += more
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return
    const headers = text.slice(0, end).toLowerCase()
    const length = Number(/\r\ncontent-length: (\d+)/.exec(headers)?.[1] ?? 0)
    const isChunked = headers.includes('transfer-encoding: chunked')
    if (isChunked ? !text.endsWith('0\r\n\r\n') : text.length < end + 4 + length) return
    const now = performance.now()
    done++
    if (!/^http\/1\.1 20[04]/.test(headers)) bad++
    if (done % 16 === 0) times.push((now - at) * 1000)
    text = ''
    if (now >= until) return socket.destroy()
    at = now
    socket.write(request())
  })
  socket.write(request())
}

for (const phase of ['warm', 'measured']) {
  const span = phase === 'warm' ? Number(milliseconds) / 3 : Number(milliseconds)
  const sockets = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise((resolve, reject) => {
          const socket = connect(Number(port), '127.0.0.1', () => resolve(socket)).setNoDelay(true)
          socket.once('error', reject)
        }),
    ),
  )
  begun = performance.now()
  until = begun + span
  done = 0
  times.length = 0
  for (const socket of sockets) ask(socket)
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
}
const rate = (done * 1000) / (performance.now() - begun)
console.log(JSON.stringify({ rate, bad, times: times.slice(0, 2000) }))
