/* Plays matches as fast as the broker lets it: all games and bots in one thread, around one epoll.

   Every message is checked: who was asked, what, in which turn, and each byte of states and decisions. The first wrong
   one ends the run with a line on standard error. What was measured is printed as one line of JSON. A turn is timed
   from when the game begins to send its action until the whole answer has been read; bots answer at once.

   Conversations: the basic wire as base64 lines, length-prefixed, or by WebSocket; and NATS (a subject for each game and
   each bot, the game's as the reply subject). */

#define _GNU_SOURCE
#include "connection.h"
#include "histogram.h"
#include "options.h"
#include "process.h"
#include "websocket.h"

#include <signal.h>
#include <sys/epoll.h>

enum {
    FIELDS = 16,           /* what a body begins with: a mark, match, turn and seat, 32 bits each */
    HEAD = 2 + FIELDS,     /* with opcode and operand before it: 24 characters of base64, none of them shared */
    HEAD_CHARACTERS = 24,  /* the same in a line */
    CONTROL = 512,         /* longer than any line of NATS' that we get to see, but its first, and than an upgrade */
    READ_BYTES = 1 << 18,
    EVENTS = 1024,
    NOBODY = -1,
};

static const uint32_t STATE = 0x53544154, DECISION = 0x44454349;

struct tail { /* what follows the fields: the same in all states, and in all decisions */
    char *bytes;
    size_t length; /* as it travels, without what ends a message */
    size_t whole;  /* with it */
};

struct client {
    struct connection connection;
    int match, seat; /* NOBODY until the first request tells a bot */
    bool is_game, blocked, over, upgraded;
    /* The message that is coming in. */
    char head[HEAD_CHARACTERS];
    size_t position;  /* bytes of it so far */
    size_t remaining; /* bytes to come, where a length said so */
    bool tail_fits;
    char control[CONTROL];
    size_t control_length;
    /* The message that is going out. */
    char out[CONTROL + HEAD_CHARACTERS];
    const struct tail *out_tail;
    size_t out_length, out_sent;
};

struct match {
    struct client *game;
    uint32_t turn, seat; /* of the latest action; the first is 1 */
    uint64_t asked_at;
    bool waits; /* for the answer */
    bool ready; /* it has been triggered, and may act */
};

static struct options options;
static struct tail states, decisions;
static struct match *matches;
static struct client *clients;
static size_t client_count, over_count, ready_count;
static int epoll;
static bool playing, stopping;
static struct histogram all_turns, first_match_turns;
static char read_buffer[READ_BYTES];

static size_t head_length(void) { return options.framing == LINES ? HEAD_CHARACTERS : HEAD; }

/* ---- what is said ---- */

static struct tail make_tail(size_t body_bytes, uint8_t seed) {
    const char *ends[] = {"\n", "", "", "\r\n"};
    size_t bytes = body_bytes - FIELDS;
    uint8_t *pattern = allocate(bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        pattern[i] = (uint8_t)(seed + i * 131 + (i >> 8));
    struct tail tail = {allocate(encoded_length(bytes) + 3), bytes, 0};
    if (options.framing == LINES)
        tail.length = encode_base64(pattern, bytes, tail.bytes);
    else
        memcpy(tail.bytes, pattern, bytes);
    strcpy(tail.bytes + tail.length, ends[options.framing]);
    tail.whole = tail.length + strlen(ends[options.framing]);
    free(pattern);
    return tail;
}

static void watch(struct client *client) {
    struct epoll_event event = {.events = EPOLLIN | (client->blocked ? (uint32_t)EPOLLOUT : 0), .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_MOD, client->connection.fd, &event);
}

static void flush(struct client *client) {
    size_t head = client->out_sent < client->out_length ? client->out_length - client->out_sent : 0;
    size_t into_tail = client->out_sent > client->out_length ? client->out_sent - client->out_length : 0;
    struct iovec pieces[2] = {
        {client->out + client->out_length - head, head},
        {client->out_tail->bytes + into_tail, client->out_tail->whole - into_tail},
    };
    ssize_t n = send_pieces(&client->connection, pieces);
    if (n < 0 && errno != EAGAIN)
        die("cannot send: %s", strerror(errno));
    client->out_sent += n > 0 ? (size_t)n : 0;
    bool blocked = client->out_sent < client->out_length + client->out_tail->whole || holds_back(&client->connection);
    if (blocked != client->blocked) {
        client->blocked = blocked;
        watch(client);
    }
}

static void pack(uint8_t *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, 4);
}

static uint32_t unpack(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

/* Writes what comes before the message's own bytes; returns how long it is. */
static size_t write_prefix(char *into, size_t message, bool to_game, uint32_t match, uint32_t seat) {
    if (options.framing == LINES)
        return 0;
    if (options.framing == PREFIXED) {
        pack((uint8_t *)into, (uint32_t)message);
        return 4;
    }
    if (options.framing == WEBSOCKET)
        return put_frame_head(into, message);
    if (to_game)
        return (size_t)sprintf(into, "PUB g%u %zu\r\n", match, message);
    return (size_t)sprintf(into, "PUB b%u.%u g%u %zu\r\n", match, seat, match, message);
}

/* A state or a decision. */
static void say(struct client *client, uint8_t opcode, uint8_t operand, uint32_t mark, const struct match *match) {
    const struct tail *tail = mark == STATE ? &states : &decisions;
    uint32_t index = (uint32_t)(match - matches);
    uint8_t head[HEAD] = {opcode, operand};
    pack(head + 2, mark);
    pack(head + 6, index);
    pack(head + 10, match->turn);
    pack(head + 14, match->seat);
    size_t length = write_prefix(client->out, HEAD + tail->length, mark == DECISION, index, match->seat);
    if (options.framing == LINES) {
        encode_base64(head, HEAD, client->out);
    } else {
        memcpy(client->out + length, head, HEAD);
    }
    client->out_length = length + head_length();
    client->out_tail = tail;
    client->out_sent = 0;
    flush(client);
}

/* A message of two bytes. */
static void say_codes(struct client *client, uint8_t opcode, uint8_t operand) {
    uint8_t codes[2] = {opcode, operand};
    char message[LONGEST_HEAD + 2];
    size_t length = 0;
    if (options.framing == LINES) {
        length = encode_base64(codes, 2, message);
        message[length++] = '\n';
    } else {
        length = write_prefix(message, 2, client->is_game, 0, 0);
        memcpy(message + length, codes, 2);
        length += 2;
    }
    send_short(&client->connection, message, length);
}

/* ---- what is played ---- */

static void finish_client(struct client *client) {
    client->over = true;
    close_connection(&client->connection);
    over_count++;
}

static void ask(struct match *match) {
    match->ready = false;
    match->waits = true;
    match->turn++;
    match->seat = match->turn % (uint32_t)options.players;
    match->asked_at = monotonic_ns();
    say(match->game, 0x01, (uint8_t)match->seat, STATE, match);
}

/* It is for this game to go on. */
static void go_on(struct match *match) {
    if (match->waits || match->ready)
        die("match %zd was triggered before its turn was answered", match - matches);
    match->ready = true;
    if (!playing) {
        ready_count++;
    } else if (!stopping) {
        ask(match);
    } else if (options.framing == NATS) {
        finish_client(match->game);
    } else {
        say_codes(match->game, 0x00, 0xFE);
    }
}

static void take_answer(struct match *match) {
    uint64_t now = monotonic_ns();
    match->waits = false;
    record(&all_turns, now - match->asked_at);
    if (match == matches)
        record(&first_match_turns, now - match->asked_at);
    if (options.framing == NATS)
        go_on(match);
}

static void take_request(struct client *bot, uint32_t index, uint32_t turn, uint32_t seat) {
    if (index >= (uint32_t)options.matches)
        die("a bot was asked in match %u, which there is not", index);
    struct match *match = &matches[index];
    if (bot->match == NOBODY) {
        bot->match = (int)index;
        bot->seat = (int)seat;
    }
    if (bot->match != (int)index || bot->seat != (int)seat || !match->waits || turn != match->turn || seat != match->seat)
        die("match %u, seat %u, turn %u: the bot of match %d, seat %d was asked instead", index, seat, turn, bot->match,
            bot->seat);
    say(bot, 0x02, 0x00, DECISION, match);
}

/* Whether a state or a decision came through untouched, and which. */
static bool read_fields(const struct client *client, const uint8_t *head, uint32_t mark) {
    const struct tail *tail = mark == STATE ? &states : &decisions;
    return client->tail_fits && client->position == head_length() + tail->length && unpack(head + 2) == mark;
}

/* A message has come whole. */
static void take_message(struct client *client) {
    uint8_t head[HEAD] = {0};
    size_t kept = client->position < head_length() ? client->position : head_length();
    if (options.framing != LINES)
        memcpy(head, client->head, kept);
    else if (decode_base64(client->head, kept, head) < 2)
        die("a line is no base64");
    bool whole_head = kept == head_length();
    uint8_t opcode = head[0], operand = head[1];
    uint32_t index = unpack(head + 6), turn = unpack(head + 10), seat = unpack(head + 14);
    if (opcode == 0x00 && operand == 0xFF && !whole_head) {
        if (!stopping)
            die("a match was ended by the broker");
        finish_client(client);
    } else if (!client->is_game) {
        bool request = options.framing == NATS ? opcode == 0x01 : opcode == 0x02 && operand;
        if (!whole_head || !request || !read_fields(client, head, STATE))
            die("a bot got what is no request: %02x %02x, %zu bytes", opcode, operand, client->position);
        take_request(client, index, turn, seat);
    } else if (opcode == 0x01 && operand == 0x00 && !whole_head) {
        go_on(&matches[client->match]);
    } else if (opcode == 0x02 && operand == 0x00) {
        struct match *match = &matches[client->match];
        if (!whole_head || !match->waits || !read_fields(client, head, DECISION) || index != (uint32_t)client->match ||
            turn != match->turn || seat != match->seat)
            die("match %d, turn %u: a wrong answer", client->match, match->turn);
        take_answer(match);
    } else if (opcode != 0x00 || operand != 0x11) {
        die("a game got %02x %02x", opcode, operand);
    }
}

/* ---- what is heard ---- */

/* Takes a piece of a message: keeps its head, compares its tail. */
static void take_piece(struct client *client, const char *data, size_t n) {
    size_t head = head_length();
    if (client->position < head) {
        size_t kept = n < head - client->position ? n : head - client->position;
        memcpy(client->head + client->position, data, kept);
        client->position += kept;
        data += kept;
        n -= kept;
        client->tail_fits = true;
    }
    if (!n)
        return;
    const struct tail *tail = client->is_game ? &decisions : &states;
    size_t at = client->position - head;
    if (at + n > tail->length || memcmp(tail->bytes + at, data, n) != 0)
        client->tail_fits = false;
    client->position += n;
}

static void end_message(struct client *client) {
    take_message(client);
    client->position = 0;
}

static void hear_lines(struct client *client, const char *data, size_t n) {
    while (n && !client->over) {
        const char *end = memchr(data, '\n', n);
        size_t piece = end ? (size_t)(end - data) : n;
        take_piece(client, data, piece);
        if (!end)
            return;
        end_message(client);
        data += piece + 1;
        n -= piece + 1;
    }
}

/* Takes what a length announced; returns how much of the data that was. */
static size_t take_announced(struct client *client, const char *data, size_t n) {
    size_t piece = n < client->remaining ? n : client->remaining;
    take_piece(client, data, piece);
    client->remaining -= piece;
    if (!client->remaining)
        end_message(client);
    return piece;
}

static void hear_prefixed(struct client *client, const char *data, size_t n) {
    while (n && !client->over) {
        size_t used = 1;
        if (client->remaining) {
            used = take_announced(client, data, n);
        } else {
            client->control[client->control_length++] = *data;
            if (client->control_length == 4) {
                client->remaining = unpack((uint8_t *)client->control);
                client->control_length = 0;
                if (client->remaining < 2)
                    die("a message of %zu bytes", client->remaining);
            }
        }
        data += used;
        n -= used;
    }
}

static void greet(struct client *client);

/* Takes another byte of the answer to the upgrade, of which the first line counts. */
static void take_answer_to_upgrade(struct client *client, char byte) {
    static const char accepted[] = "HTTP/1.1 101 ", end[] = "\r\n\r\n";
    size_t length = client->control_length;
    if (length + 1 == CONTROL)
        die("the answer to an upgrade is too long");
    client->control[length++] = byte;
    client->control_length = length;
    if (length < 4 || memcmp(client->control + length - 4, end, 4) != 0)
        return;
    if (strncmp(client->control, accepted, strlen(accepted)) != 0)
        die("no upgrade: %.*s", (int)length, client->control);
    client->control_length = 0;
    client->upgraded = true;
    greet(client);
}

static void hear_websocket(struct client *client, const char *data, size_t n) {
    while (n && !client->over) {
        size_t used = 1;
        if (client->remaining) {
            used = take_announced(client, data, n);
        } else if (!client->upgraded) {
            take_answer_to_upgrade(client, *data);
        } else {
            client->control[client->control_length++] = *data;
            client->remaining = frame_length(client->control, client->control_length);
            if (client->remaining)
                client->control_length = 0;
        }
        data += used;
        n -= used;
    }
}

/* A line of NATS' own: MSG announces bytes, PING wants an answer. */
static void take_control(struct client *client) {
    char *line = client->control;
    if (!strncmp(line, "MSG ", 4))
        client->remaining = (size_t)number(strrchr(line, ' ') + 1, "bytes");
    else if (!strncmp(line, "PING", 4))
        send_short(&client->connection, "PONG\r\n", 6);
    else if (!strncmp(line, "PONG", 4))
        client->is_game ? go_on(&matches[client->match]) : (void)ready_count++;
    else if (!strncmp(line, "-ERR", 4))
        die("NATS says %s", line);
}

static void hear_nats(struct client *client, const char *data, size_t n) {
    while (n && !client->over) {
        size_t used = 1;
        if (client->remaining) {
            used = take_announced(client, data, n);
        } else if (*data == '\n') {
            client->control[client->control_length] = 0;
            if (client->control_length)
                take_control(client);
            client->control_length = 0;
        } else if (*data != '\r' && client->control_length + 1 < CONTROL) {
            client->control[client->control_length++] = *data;
        }
        data += used;
        n -= used;
    }
}

/* Reads once; returns whether there was anything to take. */
static bool hear_some(struct client *client) {
    ssize_t n = receive(&client->connection, read_buffer, READ_BYTES);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        if (!stopping)
            die("a connection was lost: %s", n ? strerror(errno) : "it was closed");
        finish_client(client);
    } else if (options.framing == LINES) {
        hear_lines(client, read_buffer, (size_t)n);
    } else if (options.framing == PREFIXED) {
        hear_prefixed(client, read_buffer, (size_t)n);
    } else if (options.framing == WEBSOCKET) {
        hear_websocket(client, read_buffer, (size_t)n);
    } else {
        hear_nats(client, read_buffer, (size_t)n);
    }
    return !client->over;
}

static void hear(struct client *client) {
    while (hear_some(client) && holds_more(&client->connection)) {
    }
}

/* ---- who comes ---- */

/* In NATS a PONG says that the subscription holds: the client is ready then, and play begins when all are. */
static void subscribe(struct client *client) {
    char words[CONTROL];
    char subject[32];
    if (client->is_game)
        sprintf(subject, "g%d", client->match);
    else
        sprintf(subject, "b%d.%d", client->match, client->seat);
    int n = sprintf(words, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB %s 1\r\nPING\r\n", subject);
    send_short(&client->connection, words, (size_t)n);
}

static void upgrade(struct client *client) {
    char words[CONTROL];
    send_short(&client->connection, words, put_upgrade(words));
}

static void greet(struct client *client) {
    if (options.framing == NATS)
        return subscribe(client);
    if (options.framing == WEBSOCKET && !client->upgraded)
        return upgrade(client);
    say_codes(client, 0x00, client->is_game ? 0x01 : 0x02);
    if (!client->is_game)
        say_codes(client, 0x00, 0x22);
}

static void agree_and_greet(struct client *client) {
    if (agree(&client->connection))
        greet(client);
}

static struct client *add_client(bool is_game, int match, int seat) {
    struct client *client = &clients[client_count++];
    *client = (struct client){.is_game = is_game, .match = match, .seat = seat};
    open_connection(&client->connection, options.port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client->connection.fd, &event);
    agree_and_greet(client);
    return client;
}

/* The first matches' players come first, then those who wait for a game that does not come. */
static void connect_all(void) {
    size_t count = (size_t)options.matches * (size_t)(options.players + 1) + (size_t)options.waiting;
    matches = allocate((size_t)options.matches * sizeof *matches);
    clients = allocate(count * sizeof *clients);
    bool named = options.framing == NATS;
    for (int match = 0; match < options.matches; match++) {
        for (int seat = 0; seat < options.players; seat++)
            add_client(false, named ? match : NOBODY, named ? seat : NOBODY);
        matches[match].game = add_client(true, match, NOBODY);
    }
}

/* ---- the run ---- */

/* Serves what is ready; returns at the latest at this time, with nothing ready before. */
static void serve(uint64_t until) {
    struct epoll_event events[EVENTS];
    uint64_t now = monotonic_ns();
    int milliseconds = until > now ? (int)((until - now) / 1000000 + 1) : 0;
    int n = epoll_wait(epoll, events, EVENTS, milliseconds);
    for (int i = 0; i < n; i++) {
        struct client *client = events[i].data.ptr;
        if (!client->over && events[i].events & EPOLLOUT)
            flush(client);
        if (!client->over && events[i].events & ~(uint32_t)EPOLLOUT)
            is_agreed(&client->connection) ? hear(client) : agree_and_greet(client);
    }
}

static void serve_until(uint64_t until) {
    while (monotonic_ns() < until)
        serve(until);
}

static void wait_ready(void) {
    size_t awaited = options.framing == NATS ? client_count : (size_t)options.matches;
    uint64_t until = monotonic_ns() + options.patience;
    while (ready_count < awaited) {
        if (monotonic_ns() > until)
            die("only %zu of %zu are ready to begin", ready_count, awaited);
        serve(until);
    }
}

static void add_waiting(void) {
    for (int i = 0; i < options.waiting; i++)
        add_client(false, NOBODY, NOBODY);
}

/* Everybody must hear that it is over, but those who wait: they leave. */
static void wait_over(void) {
    size_t players = client_count - (size_t)options.waiting;
    if (options.framing == NATS)
        players = (size_t)options.matches;
    uint64_t until = monotonic_ns() + options.patience;
    while (over_count < players) {
        if (monotonic_ns() > until)
            die("only %zu of %zu clients were told that it is over", over_count, players);
        serve(until);
    }
}

static void report(double seconds, const struct usage *broker, const struct usage *self) {
    printf("{\"turns\": %lu, \"seconds\": %.6f, \"broker_cpu\": %.6f, \"load_cpu\": %.6f, \"broker_bytes\": %lu, ",
           (unsigned long)all_turns.count, seconds, broker->cpu_seconds, self->cpu_seconds,
           (unsigned long)broker->resident_bytes);
    print_histogram("turn", &all_turns);
    printf(", ");
    print_histogram("first_match", &first_match_turns);
    printf("}\n");
}

static void measure(void) {
    struct usage broker = usage_of(options.broker), self = usage_of(getpid());
    memset(&all_turns, 0, sizeof all_turns);
    memset(&first_match_turns, 0, sizeof first_match_turns);
    uint64_t began = monotonic_ns();
    serve_until(began + options.duration);
    double seconds = (double)(monotonic_ns() - began) / 1e9;
    struct usage broker_after = usage_of(options.broker), self_after = usage_of(getpid());
    broker_after.cpu_seconds -= broker.cpu_seconds;
    self_after.cpu_seconds -= self.cpu_seconds;
    report(seconds, &broker_after, &self_after);
}

int main(int argc, char **argv) {
    options = parse_options(argc, argv);
    prepare_connections(options.ca_file);
    signal(SIGPIPE, SIG_IGN);
    allow_many_descriptors();
    epoll = epoll_create1(0);
    states = make_tail(options.state_bytes, 7);
    decisions = make_tail(options.decision_bytes, 11);
    connect_all();
    wait_ready();
    add_waiting();
    playing = true;
    for (int i = 0; i < options.matches; i++)
        ask(&matches[i]);
    serve_until(monotonic_ns() + options.warm_up);
    measure();
    stopping = true;
    wait_over();
    return 0;
}
