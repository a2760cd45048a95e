# Ruby through ffi-rzmq.
require "ffi-rzmq"

role, endpoint, *keys = ARGV
types = { "req" => ZMQ::REQ, "rep" => ZMQ::REP, "dealer" => ZMQ::DEALER, "sub" => ZMQ::SUB, "pub" => ZMQ::PUB }
context = ZMQ::Context.new
socket = context.socket(types[role])
unless keys.empty?
  socket.setsockopt(ZMQ::CURVE_SERVERKEY, keys[0])
  socket.setsockopt(ZMQ::CURVE_PUBLICKEY, keys[1])
  socket.setsockopt(ZMQ::CURVE_SECRETKEY, keys[2])
end
socket.setsockopt(ZMQ::IDENTITY, "peer") if role == "dealer"
socket.setsockopt(ZMQ::SUBSCRIBE, "news") if role == "sub"
socket.connect(endpoint)
parts = []
case role
when "req"
  socket.send_strings(%w[hello world])
  socket.recv_strings(parts)
  puts parts.join("|")
when "rep"
  loop do
    parts.clear
    socket.recv_strings(parts)
    socket.send_strings(["echo"] + parts)
  end
when "dealer"
  socket.send_strings(["a", "", "b"])
  socket.recv_strings(parts)
  puts parts.join("|")
when "sub"
  socket.recv_strings(parts)
  puts parts.join("|")
else
  loop do
    socket.send_strings(%w[olds -])
    socket.send_strings(%w[news hello])
    sleep 0.01
  end
end
socket.close
context.terminate
