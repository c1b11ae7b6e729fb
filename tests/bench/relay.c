/* The floor: one thread that carries the basic wire between games and bots, with no rules, no clocks and no limits.

   relay PLAYERS [--codec]

   Prints the port it got. Games and bots meet in the order in which they come, as in the broker. It speaks lines and
   the length-prefixed framing, one of them within a match. A message is forwarded once it is whole. With --codec each
   payload in a line is decoded and encoded again, as a broker does that looks at messages and not at characters. */

#define _GNU_SOURCE
#include "common.h"

#include <sys/epoll.h>
#include <sys/uio.h>

enum { FIRST_BUFFER = 4096, LEAST_ROOM = 2048, EVENTS = 1024 };

enum role { UNKNOWN, GAME, BOT };

struct match;

struct buffer {
    char *bytes;
    size_t length, room;
    size_t begin; /* of what has not been sent yet; 0 in what comes in */
};

struct peer {
    int fd;
    enum role role;
    bool prefixed, knows_framing, named, over;
    uint8_t seat;
    struct match *match;
    struct peer *next; /* who waits behind it */
    struct buffer in, out;
    size_t scanned; /* so much of `in` has no end of line */
};

struct match {
    struct peer *game, **bots;
};

struct queue {
    struct peer *first, **last;
    size_t length;
};

static int epoll, players;
static bool codec;
static struct queue games = {NULL, &games.first, 0}, bots = {NULL, &bots.first, 0};
static struct peer *dead; /* freed when no event of this round can name them */
static struct buffer decoded, encoded;

static void make_room(struct buffer *buffer, size_t more) {
    if (buffer->room - buffer->length >= more)
        return;
    size_t room = buffer->room ? buffer->room : FIRST_BUFFER;
    while (room - buffer->length < more)
        room *= 2;
    if (!(buffer->bytes = realloc(buffer->bytes, room)))
        die("no memory for %zu bytes", room);
    buffer->room = room;
}

static void append(struct buffer *buffer, const void *bytes, size_t n) {
    make_room(buffer, n);
    memcpy(buffer->bytes + buffer->length, bytes, n);
    buffer->length += n;
}

static void watch(struct peer *peer) {
    struct epoll_event event = {.events = EPOLLIN | (peer->out.length ? (uint32_t)EPOLLOUT : 0), .data.ptr = peer};
    epoll_ctl(epoll, EPOLL_CTL_MOD, peer->fd, &event);
}

/* Sends now what the socket takes, and the rest when it takes more. */
static void say(struct peer *peer, struct iovec *pieces, int count) {
    if (peer->over)
        return;
    size_t sent = 0;
    if (!peer->out.length) {
        ssize_t n = writev(peer->fd, pieces, count);
        sent = n < 0 ? 0 : (size_t)n;
    }
    bool waited = peer->out.length;
    for (int i = 0; i < count; i++) {
        size_t skip = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
        sent -= skip;
        if (skip < pieces[i].iov_len)
            append(&peer->out, (char *)pieces[i].iov_base + skip, pieces[i].iov_len - skip);
    }
    if (!waited && peer->out.length)
        watch(peer);
}

/* A short message, whole. */
static size_t frame(bool prefixed, const uint8_t *message, size_t n, char *out) {
    if (!prefixed) {
        size_t length = encode_base64(message, n, out);
        out[length] = '\n';
        return length + 1;
    }
    uint32_t length = htonl((uint32_t)n);
    memcpy(out, &length, 4);
    memcpy(out + 4, message, n);
    return n + 4;
}

static void say_codes(struct peer *peer, uint8_t opcode, uint8_t operand) {
    char out[16];
    uint8_t message[2] = {opcode, operand};
    struct iovec piece = {out, frame(peer->prefixed, message, 2, out)};
    say(peer, &piece, 1);
}

static void hang_up(struct peer *peer) {
    if (peer->over)
        return;
    peer->over = true;
    close(peer->fd);
    peer->next = dead;
    dead = peer;
}

static void dismiss(struct peer *peer) {
    say_codes(peer, 0x00, 0xFF);
    hang_up(peer);
}

static void end_match(struct match *match) {
    for (int i = 0; i < players; i++)
        dismiss(match->bots[i]);
    dismiss(match->game);
    free(match->bots);
    free(match);
}

/* Nobody reads the names here, so all are empty: a batch of messages that have an index and no name. */
static void introduce(struct peer *game) {
    uint8_t message[2 + 5 * 256] = {0x00, 0x11};
    size_t n = 2;
    for (int i = 0; i < players; i++) {
        message[n++] = 0x0A;
        message[n++] = i == 0 ? 0 : i < 128 ? 2 : 3;
        if (i) {
            message[n++] = 0x08;
            message[n++] = (uint8_t)(i < 128 ? i : (i & 127) | 128);
            if (i >= 128)
                message[n++] = (uint8_t)(i >> 7);
        }
    }
    char out[2048];
    struct iovec piece = {out, frame(game->prefixed, message, n, out)};
    say(game, &piece, 1);
    say_codes(game, 0x01, 0x00);
}

static void enqueue(struct queue *queue, struct peer *peer) {
    peer->next = NULL;
    *queue->last = peer;
    queue->last = &peer->next;
    queue->length++;
}

static struct peer *dequeue(struct queue *queue) {
    struct peer *peer = queue->first;
    if (!(queue->first = peer->next))
        queue->last = &queue->first;
    queue->length--;
    return peer;
}

static void leave(struct queue *queue, struct peer *peer) {
    for (struct peer **at = &queue->first; *at; at = &(*at)->next)
        if (*at == peer) {
            if (!(*at = peer->next))
                queue->last = at;
            queue->length--;
            return;
        }
}

static void begin_matches(void) {
    while (games.length && bots.length >= (size_t)players) {
        struct match *match = allocate(sizeof *match);
        match->bots = allocate((size_t)players * sizeof *match->bots);
        match->game = dequeue(&games);
        match->game->match = match;
        for (int i = 0; i < players; i++) {
            match->bots[i] = dequeue(&bots);
            match->bots[i]->match = match;
            match->bots[i]->seat = (uint8_t)i;
        }
        introduce(match->game);
    }
}

/* The message with other codes, and perhaps a trigger behind it, in one write. */
static void forward(struct peer *to, char *bytes, size_t n, uint8_t opcode, uint8_t operand, bool trigger) {
    static char line_trigger[] = "AQA=\n", prefixed_trigger[] = {0, 0, 0, 2, 1, 0};
    struct iovec pieces[2] = {{bytes, n}, {line_trigger, 5}};
    if (to->prefixed) {
        bytes[4] = (char)opcode;
        bytes[5] = (char)operand;
        pieces[1] = (struct iovec){prefixed_trigger, 6};
    } else if (codec) {
        make_room(&decoded, n);
        ssize_t length = decode_base64(bytes, n - 1, (uint8_t *)decoded.bytes);
        if (length < 2)
            die("what is to be forwarded is no base64");
        decoded.bytes[0] = (char)opcode;
        decoded.bytes[1] = (char)operand;
        make_room(&encoded, n + 4);
        size_t line = encode_base64((uint8_t *)decoded.bytes, (size_t)length, encoded.bytes);
        encoded.bytes[line] = '\n';
        pieces[0] = (struct iovec){encoded.bytes, line + 1};
    } else {
        uint8_t head[3];
        ssize_t length = decode_base64(bytes, 4, head);
        if (length < 2)
            die("what is to be forwarded is no base64");
        head[0] = opcode;
        head[1] = operand;
        encode_base64(head, (size_t)length, bytes);
    }
    say(to, pieces, trigger ? 2 : 1);
}

static bool greet(struct peer *peer, const uint8_t *codes) {
    if (peer->role == UNKNOWN && codes[0] == 0x00 && codes[1] == 0x01) {
        peer->role = GAME;
        enqueue(&games, peer);
    } else if (peer->role == UNKNOWN && codes[0] == 0x00 && codes[1] == 0x02) {
        peer->role = BOT;
    } else if (peer->role == BOT && !peer->named && codes[0] == 0x00 && codes[1] == 0x22) {
        peer->named = true;
        enqueue(&bots, peer);
    } else {
        return false;
    }
    begin_matches();
    return true;
}

/* A whole message, framing and all. */
static void take(struct peer *peer, char *bytes, size_t n) {
    uint8_t codes[3] = {0};
    if (peer->prefixed ? n < 6 : n < 5 || decode_base64(bytes, 4, codes) < 2)
        die("a message of %zu bytes is none", n);
    if (peer->prefixed)
        memcpy(codes, bytes + 4, 2);
    struct match *match = peer->match;
    if (!match) {
        if (!greet(peer, codes))
            hang_up(peer);
    } else if (peer->role == BOT) {
        forward(match->game, bytes, n, 0x02, 0x00, true);
    } else if (codes[0] == 0x01 && codes[1] < players) {
        forward(match->bots[codes[1]], bytes, n, 0x02, 5, false);
    } else {
        end_match(match);
    }
}

/* The length of the first whole message from `at` on; 0 if there is none yet. */
static size_t whole(struct peer *peer, size_t at) {
    struct buffer *in = &peer->in;
    if (peer->prefixed) {
        uint32_t length;
        if (in->length - at < 4)
            return 0;
        memcpy(&length, in->bytes + at, 4);
        size_t n = 4 + (size_t)ntohl(length);
        return in->length - at < n ? 0 : n;
    }
    size_t from = peer->scanned > at ? peer->scanned : at;
    char *end = memchr(in->bytes + from, '\n', in->length - from);
    peer->scanned = end ? 0 : in->length;
    return end ? (size_t)(end - (in->bytes + at)) + 1 : 0;
}

static void read_peer(struct peer *peer) {
    struct buffer *in = &peer->in;
    make_room(in, LEAST_ROOM);
    ssize_t n = recv(peer->fd, in->bytes + in->length, in->room - in->length, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        if (peer->match)
            return end_match(peer->match);
        leave(peer->role == GAME ? &games : &bots, peer);
        return hang_up(peer);
    }
    in->length += (size_t)n;
    if (!peer->knows_framing) {
        peer->prefixed = !in->bytes[0];
        peer->knows_framing = true;
    }
    size_t at = 0;
    for (size_t length; !peer->over && (length = whole(peer, at)); at += length)
        take(peer, in->bytes + at, length);
    if (at) {
        in->length -= at;
        memmove(in->bytes, in->bytes + at, in->length);
        peer->scanned = peer->scanned > at ? peer->scanned - at : 0;
    }
}

static void flush(struct peer *peer) {
    struct buffer *out = &peer->out;
    ssize_t n = send(peer->fd, out->bytes + out->begin, out->length - out->begin, 0);
    if (n <= 0)
        return;
    out->begin += (size_t)n;
    if (out->begin == out->length) {
        out->begin = out->length = 0;
        watch(peer);
    }
}

static void accept_peers(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct peer *peer = allocate(sizeof *peer);
        peer->fd = fd;
        send_at_once(fd);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void bury(void) {
    while (dead) {
        struct peer *peer = dead;
        dead = peer->next;
        free(peer->in.bytes);
        free(peer->out.bytes);
        free(peer);
    }
}

static int listen_somewhere(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096))
        die("cannot listen: %s", strerror(errno));
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "--codec") != 0))
        die("usage: relay PLAYERS [--codec]");
    players = (int)number(argv[1], "players");
    if (players < 1 || players > 255)
        die("a match has 1 to 255 players");
    codec = argc == 3;
    allow_many_descriptors();
    epoll = epoll_create1(0);
    int listener = listen_somewhere();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct peer *peer = events[i].data.ptr;
            if (!peer) {
                accept_peers(listener);
                continue;
            }
            if (!peer->over && events[i].events & EPOLLOUT)
                flush(peer);
            if (!peer->over && events[i].events & ~(uint32_t)EPOLLOUT)
                read_peer(peer);
        }
        bury();
    }
}
