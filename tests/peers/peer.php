<?php
// PHP through php-zmq.
[, $role, $endpoint] = $argv;
$types = ["req" => ZMQ::SOCKET_REQ, "rep" => ZMQ::SOCKET_REP, "dealer" => ZMQ::SOCKET_DEALER,
          "sub" => ZMQ::SOCKET_SUB, "pub" => ZMQ::SOCKET_PUB];
$socket = (new ZMQContext())->getSocket($types[$role]);
if ($role == "dealer") {
    $socket->setSockOpt(ZMQ::SOCKOPT_IDENTITY, "peer");
}
if ($role == "sub") {
    $socket->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, "news");
}
$socket->connect($endpoint);
switch ($role) {
    case "req":
        $socket->sendMulti(["hello", "world"]);
        echo implode("|", $socket->recvMulti()), "\n";
        break;
    case "rep":
        while (true) {
            $socket->sendMulti(array_merge(["echo"], $socket->recvMulti()));
        }
    case "dealer":
        $socket->sendMulti(["a", "", "b"]);
        echo implode("|", $socket->recvMulti()), "\n";
        break;
    case "sub":
        echo implode("|", $socket->recvMulti()), "\n";
        break;
    case "pub":
        while (true) {
            $socket->sendMulti(["olds", "-"]);
            $socket->sendMulti(["news", "hello"]);
            usleep(10000);
        }
}
