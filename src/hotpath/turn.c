/* Whose turn it is: two threads that send and receive take turns with the GIL, hundreds of messages each.
 *
 * Who asks CPython for the GIL while another has it is put to sleep, and to be woken costs as much as those messages. So
 * who comes back from a wait stays awake while another thread of ours goes on sending or receiving, for as long as waits
 * may (set_busy_wait()), until that thread waits in turn. When it does anything else, the GIL is asked for at once.
 * None of this decides who gets the GIL: it is asked for in the end, only later. */
#include "hotpath.h"

struct hp_turns hp_turns;

/* 1: that of our threads which had the GIL last has given it up to wait. */
static zl_atomic_int hp_turn_free = 1;

/* So many looks, with the core given away between them, without HP_TURN_CALLS calls: some microseconds. */
#define HP_TURN_STILL 16

void hp_turn_give (void)
{
    zl_store (&hp_turn_free, 1);
}

void hp_turn_await (zl_busy *busy)
{
    int still = 0, told = zl_load (&hp_turns.told);
    while (!zl_load (&hp_turn_free) && hp.api->busy_more (busy)) {
        int now = zl_load (&hp_turns.told);
        still = now == told ? still + 1 : 0;
        told = now;
        if (still > HP_TURN_STILL) {
            busy->until = 0;
            return;
        }
    }
    if (busy->until)
        hp.api->busy_found (busy);
}

void hp_turn_take (void)
{
    zl_store (&hp_turn_free, 0);
}
