# Perl through ZMQ::FFI.
use strict;
use warnings;
use ZMQ::FFI qw(ZMQ_REQ ZMQ_REP ZMQ_DEALER ZMQ_SUB ZMQ_PUB);
use Time::HiRes qw(usleep);

my ($role, $endpoint, @keys) = @ARGV;
my %types = (req => ZMQ_REQ, rep => ZMQ_REP, dealer => ZMQ_DEALER, sub => ZMQ_SUB, pub => ZMQ_PUB);
my $context = ZMQ::FFI->new();
my $socket = $context->socket($types{$role});
if (@keys) {    # ZMQ_CURVE_SERVERKEY, ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY
    $socket->set(50, 'string', $keys[0]);
    $socket->set(48, 'string', $keys[1]);
    $socket->set(49, 'string', $keys[2]);
}
$socket->set_identity('peer') if $role eq 'dealer';
$socket->subscribe('news') if $role eq 'sub';
$socket->connect($endpoint);
if ($role eq 'req') {
    $socket->send_multipart(['hello', 'world']);
    print join('|', $socket->recv_multipart()), "\n";
} elsif ($role eq 'rep') {
    while (1) {
        $socket->send_multipart(['echo', $socket->recv_multipart()]);
    }
} elsif ($role eq 'dealer') {
    $socket->send_multipart(['a', '', 'b']);
    print join('|', $socket->recv_multipart()), "\n";
} elsif ($role eq 'sub') {
    print join('|', $socket->recv_multipart()), "\n";
} else {
    while (1) {
        $socket->send_multipart(['olds', '-']);
        $socket->send_multipart(['news', 'hello']);
        usleep(10_000);
    }
}
