/* The options of both load generators. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "common.h"

#include <getopt.h>

enum framing { LINES, PREFIXED, WEBSOCKET, NATS };

struct options {
    int port, matches, players, waiting;
    int asks, match_turns; /* of the extended wire alone: asks a turn, 0 for all players; turns a match, 0 for no end */
    pid_t broker; /* whose CPU time and memory are looked at; 0 for nobody's */
    enum framing framing;
    const char *ca_file; /* of who vouches for the broker, in programs that speak TLS */
    size_t state_bytes, decision_bytes;
    uint64_t warm_up, duration, patience; /* ns */
};

static const char USAGE[] =
    "usage: load --port N [--broker PID] [--framing lines|prefixed|websocket|nats] [--matches N] [--players N] [--waiting N]\n"
    "            [--state BYTES] [--decision BYTES] [--warm-up MS] [--duration MS] [--patience MS]\n"
    "            extended: [--asks N] [--match-turns N]\n"
    "            over TLS: --tls CA_FILE";

static inline enum framing parse_framing(const char *word) {
    const char *names[] = {"lines", "prefixed", "websocket", "nats"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(word, names[i]))
            return (enum framing)i;
    die("%s is no framing: lines, prefixed, websocket or nats", word);
}

static inline void check_options(const struct options *options) {
    if (!options->port)
        die("%s", USAGE);
    if (options->players < 1 || options->players > 255 || options->matches < 1)
        die("there is a match, and it has 1 to 255 players");
    if (options->asks > options->players)
        die("a turn asks each player once at the most");
    if (options->state_bytes < 16 || options->decision_bytes < 16)
        die("states and decisions have 16 bytes or more: they say what they belong to");
}

static inline struct options parse_options(int argc, char **argv) {
    enum { PORT, BROKER, FRAMING, MATCHES, PLAYERS, WAITING, STATE_BYTES, DECISION_BYTES, WARM_UP, DURATION, PATIENCE, ASKS,
           MATCH_TURNS, TLS_AUTHORITY };
    const char *names[] = {"port",  "broker",   "framing", "matches",  "players", "waiting",
                           "state", "decision", "warm-up", "duration", "patience",
                           "asks",  "match-turns", "tls"};
    enum { OPTIONS = sizeof names / sizeof *names };
    struct option known[OPTIONS + 1] = {0};
    for (int i = 0; i < OPTIONS; i++)
        known[i] = (struct option){names[i], required_argument, NULL, i};
    struct options options = {
        .matches = 1,
        .players = 2,
        .state_bytes = 64,
        .decision_bytes = 64,
        .warm_up = 200 * 1000000ull,
        .duration = 1000 * 1000000ull,
        .patience = 60000 * 1000000ull,
    };
    for (int which; (which = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (which == '?')
            die("%s", USAGE);
        if (which == FRAMING) {
            options.framing = parse_framing(optarg);
            continue;
        }
        if (which == TLS_AUTHORITY) {
            options.ca_file = optarg;
            continue;
        }
        long value = number(optarg, names[which]);
        switch (which) {
        case PORT: options.port = (int)value; break;
        case BROKER: options.broker = (pid_t)value; break;
        case MATCHES: options.matches = (int)value; break;
        case PLAYERS: options.players = (int)value; break;
        case WAITING: options.waiting = (int)value; break;
        case STATE_BYTES: options.state_bytes = (size_t)value; break;
        case DECISION_BYTES: options.decision_bytes = (size_t)value; break;
        case WARM_UP: options.warm_up = (uint64_t)value * 1000000; break;
        case DURATION: options.duration = (uint64_t)value * 1000000; break;
        case ASKS: options.asks = (int)value; break;
        case MATCH_TURNS: options.match_turns = (int)value; break;
        case PATIENCE: options.patience = (uint64_t)value * 1000000; break;
        }
    }
    check_options(&options);
    return options;
}

#endif
