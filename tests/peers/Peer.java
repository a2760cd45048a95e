/* JeroMQ: ZMTP in Java, without libzmq. */
import java.util.ArrayList;
import java.util.List;
import org.zeromq.ZMQ;

public class Peer {
    static List<String> receive(ZMQ.Socket socket) {
        List<String> parts = new ArrayList<>();
        do {
            parts.add(socket.recvStr());
        } while (socket.hasReceiveMore());
        return parts;
    }

    static void send(ZMQ.Socket socket, List<String> parts) {
        for (int number = 0; number < parts.size(); number++) {
            socket.send(parts.get(number), number < parts.size() - 1 ? ZMQ.SNDMORE : 0);
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        ZMQ.Context context = ZMQ.context(1);
        ZMQ.Socket socket;
        switch (arguments[0]) {
            case "req":
                socket = context.socket(ZMQ.REQ);
                socket.connect(arguments[1]);
                send(socket, List.of("hello", "world"));
                System.out.println(String.join("|", receive(socket)));
                break;
            case "rep":
                socket = context.socket(ZMQ.REP);
                socket.connect(arguments[1]);
                while (true) {
                    List<String> reply = receive(socket);
                    reply.add(0, "echo");
                    send(socket, reply);
                }
            case "dealer":
                socket = context.socket(ZMQ.DEALER);
                socket.setIdentity("peer".getBytes());
                socket.connect(arguments[1]);
                send(socket, List.of("a", "", "b"));
                System.out.println(String.join("|", receive(socket)));
                break;
            case "sub":
                socket = context.socket(ZMQ.SUB);
                socket.subscribe("news".getBytes());
                socket.connect(arguments[1]);
                System.out.println(String.join("|", receive(socket)));
                break;
            default:
                socket = context.socket(ZMQ.PUB);
                socket.connect(arguments[1]);
                while (true) {
                    send(socket, List.of("olds", "-"));
                    send(socket, List.of("news", "hello"));
                    Thread.sleep(10);
                }
        }
        socket.close();
        context.term();
    }
}
