/* Plays matches of the extended wire as fast as the broker lets it, length-prefixed: turns that ask one player or all at
   once, and matches that end and begin again. All games and bots are in one thread, around one epoll.

   Each message is checked: who was asked, what, in which turn, and each byte of states and decisions. The first wrong
   one ends the run with a line on standard error. What was measured is printed as one line of JSON, as load.c does; a
   `turn` there is an answer. Its time is that of the whole turn: from sending it until all of its answers are read. */

#define _GNU_SOURCE
#include "connection.h"
#include "histogram.h"
#include "options.h"
#include "process.h"
#include "protobuf.h"

#include <signal.h>
#include <sys/epoll.h>

enum {
    GAME = -1,
    FIELDS = 16, /* what a payload begins with: a mark, match, turn and seat, 32 bits each */
    HEAD = 6,    /* length, opcode, operand */
    IN_BYTES = 1 << 17,
    OUT_BYTES = 1 << 17,
    EVENTS = 1024,
};

static const uint32_t STATE = 0x53544154, DECISION = 0x44454349;

struct client {
    struct connection connection;
    int match, seat;
    int generation; /* which it is in this place, from 1 */
    bool over;
    uint8_t *in;
    size_t length;
};

struct match {
    struct client *clients; /* the game, then the bots */
    uint32_t turn, asked, answered;
    uint64_t asked_at;
    int over;
    bool begun;
};

static struct options options;
static struct match *matches;
static int epoll;
static size_t begun_count, over_count, played_matches;
static bool playing, stopping;
static struct histogram turn_times, first_match_turns;
static uint64_t answers;
static uint8_t out[OUT_BYTES], payload[1 << 16];

/* ---- what is said ---- */

static void send_message(struct client *client, uint8_t opcode, uint8_t operand, const uint8_t *end) {
    size_t length = (size_t)(end - out);
    uint32_t announced = htonl((uint32_t)length - 4);
    memcpy(out, &announced, 4);
    out[4] = opcode;
    out[5] = operand;
    send_short(&client->connection, out, length);
}

static void make_payload(uint32_t mark, const struct match *match, uint32_t seat, uint8_t *into) {
    uint32_t fields[4] = {mark, (uint32_t)(match - matches), match->turn, seat};
    memcpy(into, fields, FIELDS);
}

static void greet(struct client *client) {
    char name[32], room[32];
    int name_length = snprintf(name, sizeof name, client->seat == GAME ? "game" : "bot %d", client->seat);
    int room_length = snprintf(room, sizeof room, "room %d", client->match);
    uint8_t *at = put_number(out + HEAD, 1, 1);
    at = put_bytes(at, 2, name, (size_t)name_length);
    at = put_bytes(at, 3, room, (size_t)room_length);
    if (client->seat == GAME)
        at = put_number(at, 8, (uint64_t)options.players);
    else
        at = put_number(at, 6, (uint64_t)client->seat);
    send_message(client, 0x00, client->seat == GAME ? 0x01 : 0x02, at);
}

static void ask(struct match *match) {
    uint32_t players = (uint32_t)options.players, asks = options.asks ? (uint32_t)options.asks : players;
    match->turn++;
    match->asked = asks;
    match->answered = 0;
    match->asked_at = monotonic_ns();
    uint8_t *at = put_number(out + HEAD, 1, match->turn);
    for (uint32_t i = 0; i < asks; i++) {
        uint32_t seat = (match->turn + i) % players;
        uint8_t said[1 << 13];
        make_payload(STATE, match, seat, payload);
        uint8_t *end = put_bytes(put_number(said, 1, seat), 2, payload, options.state_bytes);
        at = put_bytes(at, 2, said, (size_t)(end - said));
    }
    send_message(match->clients, 0x03, 0x00, at);
}

/* It is for this game to go on. */
static void go_on(struct match *match) {
    bool enough = options.match_turns && match->turn == (uint32_t)options.match_turns;
    if (stopping || enough)
        send_message(match->clients, 0x00, 0xFE, out + HEAD);
    else if (playing)
        ask(match);
}

/* ---- what is heard ---- */

static void check_payload(const struct field *field, size_t length, uint32_t mark, const struct match *match,
                          uint32_t seat) {
    uint8_t expected[FIELDS];
    make_payload(mark, match, seat, expected);
    if (!field->bytes || field->value != length || memcmp(field->bytes, expected, FIELDS) != 0 ||
        memcmp(field->bytes + FIELDS, payload + FIELDS, length - FIELDS) != 0)
        die("match %zd, turn %u, seat %u: a wrong state or decision", match - matches, match->turn, seat);
}

static void take_request(struct client *bot, const uint8_t *at, const uint8_t *end) {
    struct match *match = &matches[bot->match];
    struct field field;
    uint64_t number = 0;
    while (take_field(&at, end, &field)) {
        if (field.number == 1)
            number = field.value;
        else if (field.number == 2)
            check_payload(&field, options.state_bytes, STATE, match, (uint32_t)bot->seat);
    }
    if (number != match->turn)
        die("match %d: turn %lu was asked, and not %u", bot->match, (unsigned long)number, match->turn);
    make_payload(DECISION, match, (uint32_t)bot->seat, payload);
    send_message(bot, 0x03, 0x03, put_bytes(put_number(out + HEAD, 1, number), 2, payload, options.decision_bytes));
}

static void take_answer(struct match *match, const uint8_t *at, const uint8_t *end) {
    struct field field, decision = {0};
    uint32_t seat = 0;
    while (take_field(&at, end, &field)) {
        if (field.number == 1)
            seat = (uint32_t)field.value;
        else if (field.number == 2)
            decision = field;
        else if (field.number == 3 && field.value)
            die("match %zd, turn %u, seat %u: cause %lu", match - matches, match->turn, seat,
                (unsigned long)field.value);
    }
    check_payload(&decision, options.decision_bytes, DECISION, match, seat);
    match->answered++;
}

static void take_result(struct match *match, const uint8_t *at, const uint8_t *end) {
    struct field field;
    bool more = false;
    while (take_field(&at, end, &field)) {
        if (field.number == 1 && field.value != match->turn)
            die("the result of turn %lu, and not %u", (unsigned long)field.value, match->turn);
        if (field.number == 2)
            take_answer(match, field.bytes, field.bytes + field.value);
        if (field.number == 3)
            more = field.value;
    }
    if (more)
        return;
    if (match->answered != match->asked)
        die("match %zd, turn %u: %u answers to %u asks", match - matches, match->turn, match->answered, match->asked);
    answers += match->answered;
    record(&turn_times, monotonic_ns() - match->asked_at);
    if (match == matches)
        record(&first_match_turns, monotonic_ns() - match->asked_at);
    go_on(match);
}

static void begin(struct match *match);

static void finish(struct client *client) {
    struct match *match = &matches[client->match];
    client->over = true;
    close_connection(&client->connection);
    if (++match->over <= options.players)
        return;
    played_matches++;
    if (stopping)
        over_count++;
    else
        begin(match);
}

static void take_message(struct client *client, const uint8_t *message, size_t n) {
    struct match *match = &matches[client->match];
    const uint8_t *body = message + 2, *end = message + n;
    int code = message[0] << 8 | message[1];
    if (code == 0x0012 && client->seat == GAME) {
        begun_count += !match->begun;
        match->begun = true;
        go_on(match);
    } else if (code == 0x0302 && client->seat != GAME) {
        take_request(client, body, end);
    } else if (code == 0x0301 && client->seat == GAME) {
        take_result(match, body, end);
    } else if (code == 0x00FF) {
        finish(client);
    } else if (code != 0x0010 && code != 0x0012) {
        die("match %d, seat %d: %04x, %zu bytes: %.*s", client->match, client->seat, code, n, (int)n - 2, body);
    }
}

/* Takes the messages that are here whole. */
static void take_messages(struct client *client) {
    size_t at = 0;
    int generation = client->generation;
    while (!client->over && client->length - at >= 4) {
        uint32_t announced;
        memcpy(&announced, client->in + at, 4);
        size_t whole = 4 + ntohl(announced);
        if (whole < HEAD || whole > IN_BYTES)
            die("a message of %zu bytes", whole - 4);
        if (client->length - at < whole)
            break;
        at += whole;
        take_message(client, client->in + at - whole + 4, whole - 4);
        if (client->generation != generation)
            return; /* its place has been taken by the next match's */
    }
    memmove(client->in, client->in + at, client->length - at);
    client->length -= at;
}

/* Reads once; returns whether there was anything to take. */
static bool hear_some(struct client *client) {
    ssize_t n = receive(&client->connection, client->in + client->length, IN_BYTES - client->length);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0)
        die("match %d, seat %d: the connection was lost", client->match, client->seat);
    client->length += (size_t)n;
    take_messages(client);
    return !client->over;
}

static void hear(struct client *client) {
    while (hear_some(client) && holds_more(&client->connection)) {
    }
}

/* ---- who comes ---- */

static void agree_and_greet(struct client *client) {
    if (agree(&client->connection))
        greet(client);
}

static void connect_client(struct client *client) {
    int room = OUT_BYTES;
    open_connection(&client->connection, options.port);
    setsockopt(client->connection.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client->connection.fd, &event);
    client->over = false;
    client->generation++;
    client->length = 0;
    agree_and_greet(client);
}

static void begin(struct match *match) {
    match->turn = 0;
    match->over = 0;
    for (int i = options.players; i >= 0; i--)
        connect_client(&match->clients[i]);
}

static void connect_all(void) {
    matches = allocate((size_t)options.matches * sizeof *matches);
    for (int index = 0; index < options.matches; index++) {
        struct match *match = &matches[index];
        match->clients = allocate((size_t)(options.players + 1) * sizeof *match->clients);
        for (int i = 0; i <= options.players; i++)
            match->clients[i] = (struct client){.match = index, .seat = i - 1, .in = allocate(IN_BYTES)};
        begin(match);
    }
}

/* ---- the run ---- */

static void serve(uint64_t until) {
    struct epoll_event events[EVENTS];
    uint64_t now = monotonic_ns();
    int n = epoll_wait(epoll, events, EVENTS, until > now ? (int)((until - now) / 1000000 + 1) : 0);
    for (int i = 0; i < n; i++) {
        struct client *client = events[i].data.ptr;
        if (!client->over)
            is_agreed(&client->connection) ? hear(client) : agree_and_greet(client);
    }
}

static void serve_until_all(const size_t *count, const char *what) {
    uint64_t until = monotonic_ns() + options.patience;
    while (*count < (size_t)options.matches) {
        if (monotonic_ns() > until)
            die("only %zu of %d matches %s", *count, options.matches, what);
        serve(until);
    }
}

static void serve_until(uint64_t until) {
    while (monotonic_ns() < until)
        serve(until);
}

static void measure(void) {
    struct usage broker = usage_of(options.broker), self = usage_of(getpid());
    memset(&turn_times, 0, sizeof turn_times);
    memset(&first_match_turns, 0, sizeof first_match_turns);
    answers = played_matches = 0;
    uint64_t began = monotonic_ns();
    serve_until(began + options.duration);
    double seconds = (double)(monotonic_ns() - began) / 1e9;
    struct usage broker_after = usage_of(options.broker), self_after = usage_of(getpid());
    printf("{\"turns\": %lu, \"matches\": %zu, \"seconds\": %.6f, \"broker_cpu\": %.6f, \"load_cpu\": %.6f, "
           "\"broker_bytes\": %lu, ",
           (unsigned long)answers, played_matches, seconds, broker_after.cpu_seconds - broker.cpu_seconds,
           self_after.cpu_seconds - self.cpu_seconds, (unsigned long)broker_after.resident_bytes);
    print_histogram("turn", &turn_times);
    printf(", ");
    print_histogram("first_match", &first_match_turns);
    printf("}\n");
}

int main(int argc, char **argv) {
    options = parse_options(argc, argv);
    prepare_connections(options.ca_file);
    if (options.framing != PREFIXED || options.state_bytes > 4096 || options.decision_bytes > 4096)
        die("the extended wire is played length-prefixed here, with states and decisions of 4096 bytes at the most");
    signal(SIGPIPE, SIG_IGN);
    allow_many_descriptors();
    epoll = epoll_create1(0);
    for (size_t i = FIELDS; i < sizeof payload; i++)
        payload[i] = (uint8_t)(7 + i * 131);
    connect_all();
    serve_until_all(&begun_count, "began");
    playing = true;
    for (int i = 0; i < options.matches; i++)
        ask(&matches[i]);
    serve_until(monotonic_ns() + options.warm_up);
    measure();
    stopping = true;
    serve_until_all(&over_count, "ended");
    return 0;
}
