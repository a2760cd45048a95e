//  Long messages on their way out are written from where they are, many at once.

#ifndef __ZL_GATHER_HPP_INCLUDED__
#define __ZL_GATHER_HPP_INCLUDED__

#ifndef ZMQ_HAVE_WINDOWS
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fd.hpp"
#include "msg.hpp"

namespace zmq
{
//  Pieces alternate: what was copied, which ends with a header, and the body that the header is of; last may come what
//  was copied after that. The messages of the bodies are kept until these are written.
class zl_gather_t
{
  public:
    enum
    {
        least = 16384,   //  what is shorter is copied: a piece of its own would cost more
        most = 32,       //  messages in one write
        at_once = 540672 //  bytes: of what is longer, the peer reads the beginning while the rest is written
    };

    zl_gather_t () : _at (0), _count (0)
    {
        for (size_t i = 0; i < most; i++)
            _held[i].init ();
    }

    ~zl_gather_t ()
    {
        for (size_t i = 0; i < most; i++)
            _held[i].close ();
    }

    bool active () const { return _count > 0; }
    bool full () const { return _count >= 2 * most; }

    //  Where the next message is to be moved.
    msg_t *next () { return &_held[_count / 2]; }

    void add (void *data_, size_t size_)
    {
        _pieces[_count].iov_base = data_;
        _pieces[_count++].iov_len = size_;
    }

    //  Like zmq::tcp_write: how much was written, or -1 when the connection is broken.
    int write (fd_t fd_)
    {
        msghdr header;
        memset (&header, 0, sizeof header);
        header.msg_iov = _pieces + _at;
        size_t sum = 0;
        while (_at + header.msg_iovlen < _count && sum < at_once)
            sum += _pieces[_at + header.msg_iovlen++].iov_len;
        const size_t cut = sum > at_once ? sum - at_once : 0;
        iovec &last = _pieces[_at + header.msg_iovlen - 1];
        last.iov_len -= cut;
        const ssize_t written = sendmsg (fd_, &header, 0);
        last.iov_len += cut;
        if (written == -1)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
        size_t left = static_cast<size_t> (written);
        while (_at < _count && left >= _pieces[_at].iov_len) {
            left -= _pieces[_at].iov_len;
            if (_at % 2) {
                _held[_at / 2].close ();
                _held[_at / 2].init ();
            }
            _at++;
        }
        if (_at == _count)
            _at = _count = 0;
        else {
            _pieces[_at].iov_base = static_cast<char *> (_pieces[_at].iov_base) + left;
            _pieces[_at].iov_len -= left;
        }
        return static_cast<int> (written);
    }

  private:
    size_t _at, _count;
    iovec _pieces[2 * most + 1];
    msg_t _held[most];

    zl_gather_t (const zl_gather_t &);
    zl_gather_t &operator= (const zl_gather_t &);
};
}
#endif

#endif
