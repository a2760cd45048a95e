// zeromq.js 6.
const zmq = require("zeromq")

const [role, endpoint, serverKey, publicKey, secretKey] = process.argv.slice(2)
const types = { req: "Request", rep: "Reply", dealer: "Dealer", sub: "Subscriber", pub: "Publisher" }
const options = role === "dealer" ? { routingId: "peer" } : {}
if (serverKey) Object.assign(options, { curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey })
const socket = new zmq[types[role]](options)
if (role === "sub") socket.subscribe("news")
socket.connect(endpoint)

const print = parts => console.log(parts.map(String).join("|"))

async function main() {
  if (role === "req") {
    await socket.send(["hello", "world"])
    print(await socket.receive())
  } else if (role === "rep") {
    for await (const parts of socket) await socket.send(["echo", ...parts])
  } else if (role === "dealer") {
    await socket.send(["a", "", "b"])
    print(await socket.receive())
  } else if (role === "sub") {
    print(await socket.receive())
  } else {
    for (;;) {
      await socket.send(["olds", "-"])
      await socket.send(["news", "hello"])
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  socket.close()
}
main()
